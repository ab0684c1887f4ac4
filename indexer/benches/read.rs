//! How many records a second are read under a decision, against an axum handler that selects the same
//! row by its primary key and asks nobody; what logging each decision durably costs those who read a
//! patient's documents; and whether the time of a refusal tells if there is something. Interleaved in one
//! run. Needs DATABASE_URL; prints FIGURE lines.

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
use base64::{Engine, prelude::BASE64_STANDARD};
use mimalloc::MiMalloc;
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;

use client::Client;
use facts::{FINALIZED, Key, base58};
use world::{Grant, TREAT, World, labels, opening};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
/// As many as keep the machine busy.
const CALLERS: usize = 64;
/// Callers who share the log's commits.
const LOGGED_CALLERS: usize = 256;
/// Of a reader who opens a patient's documents: the list, then so many records with their contents, of the
/// size of a letter with a picture or two.
const DOCUMENTS: usize = 10;
const DOCUMENT_BYTES: usize = 256 * 1024;
const READERS: usize = 32;
const PAIRS: usize = 10_000;
const PAIRS_AT_ONCE: usize = 8;

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

    let unlogged = serve(world.client.unlogged(&pool, &config)).await?;
    let logged = serve(world.client.router()).await?;
    let plain = PgPoolOptions::new().max_connections(config.protected_connections).connect(&url).await?;
    let bare = serve(Router::new().route("/v1/records/{record}", get(select)).with_state(plain)).await?;
    let single: Vec<_> = records.iter().map(|record| format!("/v1/records/{}", base58(record))).collect();
    let reading = documents(&mut world, &doctor).await?;
    let mut rates: [Vec<f64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        let [bare, read] =
            [rate(&bare, &token, &single, CALLERS).await?, rate(&unlogged, &token, &single, CALLERS).await?];
        let [many, many_logged] = [
            rate(&unlogged, &token, &single, LOGGED_CALLERS).await?,
            rate(&logged, &token, &single, LOGGED_CALLERS).await?,
        ];
        let [documents, documents_logged] =
            [rate(&unlogged, &token, &reading, READERS).await?, rate(&logged, &token, &reading, READERS).await?];
        println!("answers per second, {CALLERS} callers: by primary key alone {bare:.0}, under a decision {read:.0}");
        println!("    {LOGGED_CALLERS} callers: under a decision {many:.0}, logged too {many_logged:.0}");
        println!(
            "    {READERS} readers of documents: under decisions {documents:.0}, logged too {documents_logged:.0}"
        );
        // The first round warms caches and connections. Neighbours in time are compared: the machine is noisy.
        if round > 0 {
            let measured = [read / bare, many_logged, many_logged / many, documents_logged / documents];
            rates.iter_mut().zip(measured).for_each(|(rates, rate)| rates.push(rate));
        }
    }
    let [read, appended, records_alone, documents] = rates.map(median);
    println!("FIGURE authorised_read_vs_primary_key {read:.2} ratio >=0.6 {}", met(read >= 0.6));
    println!("FIGURE disclosures_appended {appended:.0} per_second >=2000 {}", met(appended >= 2_000.0));
    println!("FIGURE logged_vs_unlogged_reading {documents:.2} ratio >=0.9 {}", met(documents >= 0.9));
    println!("of records alone, the cheapest answer there is, logging leaves {records_alone:.2}");

    let world = Arc::new(world);
    let area = timing::distinguish(&world.client, &token, denied, PAIRS, PAIRS_AT_ONCE).await;
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

/// Stores documents that the doctor may read. What is asked to read them all.
async fn documents(world: &mut World, doctor: &Keypair) -> anyhow::Result<Vec<String>> {
    let mut asked = vec![format!("/v1/records?patient={}", base58(&world.vault))];
    for number in 0..DOCUMENTS {
        let labels = labels(&["document"]);
        let (opening, commitment) = opening(&labels, &format!("document {number}"));
        let record_id = [u8::try_from(number)?; 32];
        let session = world.session(&world.patient).await;
        let upload = session.upload(&vec![7; DOCUMENT_BYTES]).await;
        let wrap = |holder: &Key| json!({ "holder": base58(holder), "recipient": hex::encode(holder), "wrapped_key": BASE64_STANDARD.encode([7; 80]) });
        let body = json!({
            "vault": base58(&world.vault), "record_id": hex::encode(record_id), "upload": upload, "opening": opening,
            "wraps": [wrap(&world.vault), wrap(&doctor.pubkey().to_bytes())],
        });
        session.post("/v1/records", &body).await.ok();
        let record = base58(&world.mint(world.vault, FINALIZED - 20, record_id, commitment).await);
        asked.push(format!("/v1/records/{record}"));
        asked.push(format!("/v1/records/{record}/content"));
    }
    Ok(asked)
}

/// Answers per second that so many callers get together, each asking the same in turn.
async fn rate(server: &SocketAddr, token: &str, asked: &[String], callers: usize) -> anyhow::Result<f64> {
    let answered = Arc::new(AtomicU64::new(0));
    let http = reqwest::Client::builder().tcp_nodelay(true).build()?;
    // Signed before the clock starts: what clients do is not measured.
    let requests = asked.iter().map(|path| {
        let request = http.get(format!("http://{server}{path}")).bearer_auth(token).header("aegle-purpose", TREAT);
        let headers = world::signature(&Method::GET, path, TREAT);
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
