//! How many records a second are read under a decision, against an axum handler that selects the same
//! row by its primary key and asks nobody; what logging each decision durably costs; and whether the
//! time of a refusal tells if there is something. Interleaved in one run. Needs DATABASE_URL; prints FIGURE lines.

#[allow(dead_code)]
#[path = "../tests/api/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "../tests/api/facts.rs"]
mod facts;
#[allow(dead_code, unused_imports)]
#[path = "../tests/api/sign_in.rs"]
mod sign_in;
#[path = "../tests/api/timing.rs"]
mod timing;
#[allow(dead_code)]
#[path = "../tests/api/world.rs"]
mod world;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aegle_indexer::{api::ApiConfig, db::MIGRATIONS};
use anyhow::{Context, ensure};
use axum::{Json, Router, extract::State, http::Method, routing::get};
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;

use client::Client;
use facts::{Key, base58};
use world::{Grant, TREAT, World, labels};

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const CALLERS: usize = 8;
/// Callers who share the log's commits.
const LOGGED_CALLERS: usize = 256;
const PAIRS: usize = 10_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL").context("set DATABASE_URL to an empty database")?;
    let pool = PgPool::connect(&url).await?;
    MIGRATIONS.run(&pool).await?;
    // The made-up ledger stands still, so its node was asked longer ago with every second.
    let config = ApiConfig { max_lag_seconds: u32::MAX, ..client::config() };
    let mut world = World::with(&pool, Client::with(&pool, &config)).await;
    let doctor = world.practitioner(2).await;
    let mut records = Vec::new();
    for _ in 0..200 {
        records.push(world.record(&labels(&["laboratory"]), &[&doctor]).await);
    }
    let mut secret = labels(&["laboratory"]);
    secret.sensitivity.insert("HIV".parse()?);
    let denied = world.record(&secret, &[]).await;
    world.grant(&doctor, Grant::default()).await;
    let token = world.session(&doctor).await.token;

    let unlogged = serve(Client::unlogged(&pool, &config).router()).await?;
    let logged = serve(world.client.router()).await?;
    let plain = PgPoolOptions::new().max_connections(config.protected_connections).connect(&url).await?;
    let bare = serve(Router::new().route("/{record}", get(select)).with_state(plain)).await?;
    let bare = format!("http://{bare}/");
    let [unlogged, logged] = [unlogged, logged].map(|address| format!("http://{address}/v1/records/"));
    let mut rates: [Vec<f64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        let measured = [
            rate(&bare, &token, &records, CALLERS).await?,
            rate(&unlogged, &token, &records, CALLERS).await?,
            rate(&unlogged, &token, &records, LOGGED_CALLERS).await?,
            rate(&logged, &token, &records, LOGGED_CALLERS).await?,
        ];
        let [bare, few, many, logged] = measured;
        println!("records per second, {CALLERS} callers: by primary key alone {bare:.0}, under a decision {few:.0}");
        println!("                    {LOGGED_CALLERS} callers: under a decision {many:.0}, logged too {logged:.0}");
        // The first round warms caches and connections.
        if round > 0 {
            rates.iter_mut().zip(measured).for_each(|(rates, rate)| rates.push(rate));
        }
    }
    let [bare, few, many, logged] = rates.map(median);
    println!("FIGURE authorised_read_vs_primary_key {:.2} ratio >=0.6 {}", few / bare, met(few / bare >= 0.6));
    println!("FIGURE disclosures_appended {logged:.0} per_second >=2000 {}", met(logged >= 2_000.0));
    println!("FIGURE logged_vs_unlogged_reads {:.2} ratio >=0.9 {}", logged / many, met(logged / many >= 0.9));

    let world = Arc::new(world);
    let area = timing::distinguish(&world.client, &token, denied, PAIRS, CALLERS).await;
    println!("FIGURE denied_vs_absent_auc {area:.3} auc <=0.55 {}", met(area <= 0.55));
    Ok(())
}

fn met(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

/// What a server without decisions would do.
async fn select(
    State(pool): State<PgPool>,
    axum::extract::Path(record): axum::extract::Path<String>,
) -> Result<Json<Value>, String> {
    let mut key = [0; 32];
    bs58::decode(&record).onto(&mut key).map_err(|error| error.to_string())?;
    let row: (Key, Key, i64, String, Key, Vec<u8>) = sqlx::query_as(
        "SELECT vault, blob, size, labels, erasure_key, opening FROM protected.content WHERE record = $1",
    )
    .bind(key)
    .fetch_one(&pool)
    .await
    .map_err(|error| error.to_string())?;
    let (vault, blob, size, labels, erasure_key, opening) = row;
    Ok(Json(json!({
        "vault": hex::encode(vault), "blob": hex::encode(blob), "size": size, "labels": labels,
        "erasure_key": hex::encode(erasure_key), "opening": hex::encode(opening),
    })))
}

/// Answers per second that so many callers get together.
async fn rate(prefix: &str, token: &str, records: &[Key], callers: usize) -> anyhow::Result<f64> {
    let answered = Arc::new(AtomicU64::new(0));
    let http = reqwest::Client::builder().tcp_nodelay(true).build()?;
    // Signed before the clock starts: what clients do is not measured.
    let requests = records.iter().map(|record| {
        let (uri, path) = (format!("{prefix}{}", base58(record)), format!("/v1/records/{}", base58(record)));
        let request = http.get(uri).bearer_auth(token).header("aegle-purpose", TREAT);
        let headers = world::signature(&Method::GET, &path, TREAT);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value)).build()
    });
    let requests: Arc<Vec<_>> = Arc::new(requests.collect::<Result<_, _>>()?);
    let start = Instant::now();
    let mut asking = Vec::new();
    for caller in 0..callers {
        let (http, answered, requests) = (http.clone(), answered.clone(), requests.clone());
        asking.push(tokio::spawn(async move {
            for request in requests.iter().cycle().skip(caller * 17) {
                if start.elapsed() >= ROUND {
                    break;
                }
                let request = request.try_clone().context("a request that cannot be repeated")?;
                let answer = http.execute(request).await?;
                let status = answer.status();
                let body = answer.bytes().await?;
                ensure!(status == 200, "{}", String::from_utf8_lossy(&body));
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
    }
    for caller in asking {
        caller.await??;
    }
    Ok(answered.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}
