//! Structured logs and Prometheus metrics.

use std::time::Duration;

use anyhow::Context;
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// Bounds of the latency buckets, in seconds.
const LATENCY: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
const UPKEEP: Duration = Duration::from_secs(5);

/// Settings of the logs.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    pub format: LogFormat,
    /// Directives such as `info,aegle_indexer=debug`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Json,
    Pretty,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), filter: "info".into() }
    }
}

impl LogConfig {
    /// # Errors
    /// A sentence that starts with the key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let filter = EnvFilter::try_new(&self.filter);
        filter
            .map(drop)
            .map_err(|error| format!("filter is '{}', which is no list of directives: {error}", self.filter))
    }
}

/// Starts logging to standard error.
///
/// # Errors
/// A filter that cannot be read, or logs that were started before.
pub fn start_logs(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("log.filter")?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => logs.json().try_init(),
        LogFormat::Pretty => logs.compact().try_init(),
    }
    .map_err(|error| anyhow::anyhow!("logs: {error}"))
}

/// Starts collecting metrics. Needs a runtime, which tidies them up.
///
/// # Errors
/// Metrics that were started before.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), LATENCY)?
        .install_recorder()?;
    describe_gauge!("aegle_ingester", "1 while this process is the ingester, else 0");
    metrics::gauge!("aegle_ingester").set(0.0);
    describe_gauge!("aegle_streams", "Streams of events that are open");
    describe_gauge!("aegle_lag_slots", "Slots that the mirror is behind the node's confirmed slot");
    describe_gauge!("aegle_lag_seconds", "Age of the newest mirrored block");
    describe_gauge!("aegle_node_slot", "Confirmed slot of the node");
    describe_gauge!("aegle_confirmed_slot", "Newest mirrored slot");
    describe_gauge!("aegle_finalized_slot", "Newest mirrored slot that is final");
    describe_gauge!("aegle_queue_depth", "Blocks that wait for a stage of ingestion");
    describe_gauge!("aegle_drift", "Differences between the chain's accounts and the tables");
    describe_gauge!("aegle_rate_limited_seconds", "Time spent waiting because the node limits requests");
    describe_gauge!("aegle_stream_live", "Whether blocks come by the stream: 1, else 0");
    describe_counter!("aegle_stream_blocks_total", "Blocks of the stream, by whether they could be used");
    describe_gauge!("aegle_blobs", "Uploads and blobs, by state");
    describe_gauge!("aegle_blob_bytes", "Bytes of uploads and blobs, by state");
    describe_gauge!("aegle_upload_chunks", "Requests that add to an upload");
    describe_counter!("aegle_blob_stored_bytes_total", "Bytes written to the blob store");
    describe_counter!("aegle_blob_read_bytes_total", "Bytes read from the blob store");
    describe_counter!("aegle_blob_swept_total", "Uploads, parts and unknown objects deleted by sweeps");
    describe_counter!("aegle_blob_swept_bytes_total", "Bytes of parts deleted by sweeps");
    describe_counter!("aegle_retention_deleted_total", "What the retention schedule deleted, by class of data");
    describe_counter!("aegle_retention_announced_total", "Contents whose end of storage was announced");
    describe_gauge!("aegle_holds", "Legal holds in force");
    describe_counter!("aegle_events_total", "Events mirrored, by name");
    describe_counter!("aegle_stream_events_total", "Events given on streams");
    describe_counter!("aegle_retries_total", "Questions asked again, by what was asked");
    describe_counter!("aegle_forks_total", "Abandoned branches met");
    describe_histogram!("aegle_slot_to_queryable_seconds", "From the node having a block to its rows being committed");
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}
