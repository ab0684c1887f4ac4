use std::time::Duration;

use anyhow::Context;
use axum::{Json, Router, routing::get};
use futures::{StreamExt, stream};
use metrics::{describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    AgentConfig,
    office::Office,
    roster::Roster,
    round::{Post, fail},
    trouble::Trouble,
};

/// How long what is under way may take once it is told to stop. What is cut off is completed by the next run.
const GRACE: Duration = Duration::from_secs(10);

/// Takes in the mail of every vault that lets the agent, until `stop`. `site` is the page that people sign in on.
///
/// # Errors
/// Settings that are wrong, or that do not fit the server's.
pub async fn run(
    config: AgentConfig,
    rpc_url: String,
    site: &str,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    describe();
    let listen = config.listen;
    let office = Office::open(config, rpc_url, site)?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("agent.listen: {listen}"))?;
    info!(address = %listener.local_addr()?, "serving the agent's health and metrics");
    let routes = Router::new()
        .route("/healthz", get(async || Json(json!({"status": "alive"}))))
        .route("/metrics", get(async move || metrics.render()));
    let serving = axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
    let serving = tokio::spawn(async move { serving.await });

    if office.fits(&stop).await? {
        info!("taking in mail");
        let mut posts = Vec::new();
        let working = work(&office, &mut posts, &stop);
        tokio::select! {
            () = working => {}
            () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {}
        }
        let left = stream::iter(posts).for_each_concurrent(office.config.concurrency, Post::leave);
        // Sessions that could not be ended expire by themselves.
        let _ = tokio::time::timeout(GRACE, left).await;
    }
    serving.await.context("the agent's metrics")?.context("the agent's metrics")?;
    info!("ended");
    Ok(())
}

async fn work(office: &Office, posts: &mut Vec<Post>, stop: &CancellationToken) {
    let mut roster = Roster::default();
    let mut is_away = false;
    while !stop.is_cancelled() {
        let mut joined = Vec::new();
        let updated = stop.run_until_cancelled(roster.update(office, &mut joined)).await;
        posts.extend(joined.into_iter().map(|(vault, key)| Post::new(vault, key)));
        match updated {
            Some(Err(error)) if !is_away => {
                is_away = true;
                fail(Trouble::of(&error), error.code());
            }
            Some(Ok(())) => is_away = false,
            _ => {}
        }
        let now = Instant::now();
        let (due, later): (Vec<Post>, Vec<Post>) = std::mem::take(posts).into_iter().partition(|post| post.is_due(now));
        *posts = later;
        let mut visits =
            stream::iter(due).map(|post| post.visit(office, stop)).buffer_unordered(office.config.concurrency);
        while let Some(post) = visits.next().await {
            posts.extend(post);
        }
        gauge!("aegle_agent_vaults").set(posts.len() as f64);
        gauge!("aegle_agent_vaults_ignored").set(roster.ignored as f64);
        gauge!("aegle_agent_waiting").set(posts.iter().map(|post| post.waiting).sum::<usize>() as f64);
        stop.run_until_cancelled(tokio::time::sleep(office.config.poll())).await;
    }
}

fn describe() {
    describe_counter!("aegle_agent_accepted_total", "Items made records, by whether this run minted them");
    describe_counter!("aegle_agent_failed_total", "Attempts at mail that failed, by reason");
    describe_gauge!("aegle_agent_waiting", "Items seen and not taken in yet");
    describe_gauge!("aegle_agent_vaults", "Vaults whose mail is taken in");
    describe_gauge!("aegle_agent_vaults_ignored", "Vaults that gave the agent more rights than it takes");
}
