//! Ingestion: source → decoder → writer, tasks joined by bounded channels. A full channel makes the
//! one before it wait; nothing is dropped.

mod backfill;
mod branch;
mod doubt;
mod error;
mod fetch;
mod progress;
mod record;
mod replay;
mod start;
mod write;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use solana_transaction_status_client_types::UiConfirmedBlock;
use sqlx::{Connection, PgPool};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use backfill::{Backfilled, backfill};
pub use branch::Branch;
pub use error::IngestError;
pub use record::{Recording as RecordedLedger, record};
pub use replay::{Replayed, replay};
pub use start::prepare;
pub(crate) use start::same_chain;
pub(crate) use write::add;
pub use write::{Step, apply};

use self::{doubt::Doubt, progress::Progress};
use crate::{
    db::checkpoint::BlockId,
    decode::Block,
    leader,
    retry::Backoff,
    source::{Source, SourceError},
    verify::{self, VerifyConfig},
};

/// Settings of ingestion.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Where an empty mirror starts. Default: the node's oldest block.
    pub start_slot: Option<u64>,
    /// Milliseconds between questions for a new block where no hint comes sooner.
    pub poll_ms: u64,
    /// Milliseconds to wait for an answer of the node before asking again.
    pub timeout_ms: u64,
    /// Blocks asked for at once while behind.
    pub concurrency: usize,
    /// Blocks that may wait between two stages.
    pub queue_blocks: usize,
    /// Blocks written in one transaction at most.
    pub batch_blocks: usize,
    /// Seconds without a sign of life after which another process takes over from the ingester.
    pub takeover_after: u64,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            start_slot: None,
            poll_ms: 1_000,
            timeout_ms: 30_000,
            concurrency: 8,
            queue_blocks: 64,
            batch_blocks: 512,
            takeover_after: 10,
        }
    }
}

impl IngestConfig {
    /// How long to wait for an answer of the node.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let ranges = [
            ("poll_ms", self.poll_ms, 10, 60_000),
            ("timeout_ms", self.timeout_ms, 100, 600_000),
            ("concurrency", self.concurrency as u64, 1, 256),
            ("queue_blocks", self.queue_blocks as u64, 1, 10_000),
            ("batch_blocks", self.batch_blocks as u64, 1, 100_000),
            ("takeover_after", self.takeover_after, 2, 3_600),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!("{key} is {value}; it must be from {least} to {most}"));
            }
        }
        Ok(())
    }
}

/// What the source hands on.
enum Fetched {
    Block { slot: u64, block: Box<UiConfirmedBlock>, seen: Instant },
    Finalized(BlockId),
    Tip(Tip),
}

/// What the decoder hands on.
enum Decoded {
    Step {
        step: Step,
        /// When the node first said that it has the block.
        seen: Option<Instant>,
    },
    Tip(Tip),
}

/// The node's newest confirmed block.
#[derive(Debug, Clone, Copy)]
struct Tip {
    slot: i64,
    /// Seconds since the Unix epoch, where known.
    block_time: Option<i64>,
    /// When the node said so.
    seen: Instant,
}

/// Mirrors `source` into the database until `stop`, whenever this process is the elected one.
///
/// # Errors
/// What cannot pass by itself: a block that this version cannot read, a chain other than the
/// mirrored one, a node that refuses; each of them said repeatedly. Lost connections are made anew.
pub async fn run<S: Source>(
    source: Arc<S>,
    pool: PgPool,
    config: IngestConfig,
    verify: VerifyConfig,
    stop: CancellationToken,
) -> Result<(), IngestError> {
    let mut backoff = Backoff::default();
    let mut doubt = Doubt::default();
    while !stop.is_cancelled() {
        match lead(&source, &pool, &config, &verify, &stop, &mut backoff, doubt.any()).await {
            Ok(()) => {}
            // A stage that waited when another one ended, or the process is ending.
            Err(IngestError::Source(SourceError::Stopped)) => {}
            Err(failure) if failure.may_pass() => {
                metrics::counter!("aegle_retries_total", "what" => "database").increment(1);
                let pause = backoff.pause();
                warn!(error = %failure, ?pause, "the database is unavailable; starting again from its checkpoint");
                stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
            Err(failure) => {
                let Some(pause) = doubt.pause(&failure) else {
                    error!(error = %failure, "ingestion stopped");
                    return Err(failure);
                };
                metrics::counter!("aegle_retries_total", "what" => "doubt").increment(1);
                warn!(error = %failure, ?pause, "the node may be wrong; asking it again from the last final block");
                stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
        }
    }
    info!("ingestion ended");
    Ok(())
}

/// One term as the ingester. `afresh` reads again what is not final.
async fn lead<S: Source>(
    source: &Arc<S>,
    pool: &PgPool,
    config: &IngestConfig,
    verify: &VerifyConfig,
    stop: &CancellationToken,
    backoff: &mut Backoff,
    afresh: bool,
) -> Result<(), IngestError> {
    let patience = Duration::from_secs(config.takeover_after);
    let Some(mut connection) = leader::elect(leader::Office::Ingest, &pool.connect_options(), patience, stop).await?
    else {
        return Ok(());
    };
    let _term = Term::begin();
    let mut branch = match start::prepare(source.as_ref(), config, &mut connection, stop).await {
        Ok(branch) => branch,
        Err(failure) => {
            // The next attempt must find the lock free.
            close(connection).await;
            return Err(failure);
        }
    };
    if afresh {
        branch.reset();
    }
    info!(slot = branch.head().slot, finalized = branch.base().slot, "ingesting");
    *backoff = Backoff::default();

    // Whichever stage ends first ends the term; the writer still commits what reached it.
    let term = stop.child_token();
    let (to_decoder, from_source) = mpsc::channel(config.queue_blocks);
    let (to_writer, from_decoder) = mpsc::channel(config.queue_blocks);
    let progress = Arc::new(Progress::new(branch.head().slot));
    let fetcher = fetch::Fetcher::new(source.clone(), config, branch, progress.clone(), to_decoder, term.clone());
    let fetch = tokio::spawn(ending(term.clone(), fetcher.run()));
    let decode = tokio::spawn(ending(term.clone(), decode(from_source, to_writer)));
    let write = tokio::spawn(ending(term.clone(), write::run(connection, from_decoder, config.batch_blocks, progress)));
    let check = tokio::spawn(verify::periodically(source.clone(), pool.clone(), verify.clone(), term.clone()));

    let (decoded, written, fetched) = (join(decode).await, join(write).await, join(fetch).await);
    // It only waits; nothing is lost by ending it.
    check.abort();
    decoded.and(written).and(fetched)
}

/// Shows in the metrics that this process is the ingester, until dropped.
struct Term;

impl Term {
    fn begin() -> Self {
        metrics::gauge!("aegle_ingester").set(1.0);
        Self
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        metrics::gauge!("aegle_ingester").set(0.0);
    }
}

async fn ending(
    term: CancellationToken,
    stage: impl Future<Output = Result<(), IngestError>>,
) -> Result<(), IngestError> {
    let _guard = term.drop_guard();
    stage.await
}

async fn join(task: tokio::task::JoinHandle<Result<(), IngestError>>) -> Result<(), IngestError> {
    task.await.unwrap_or_else(|failure| Err(IngestError::Stage(failure.to_string())))
}

async fn decode(mut from: mpsc::Receiver<Fetched>, to: mpsc::Sender<Decoded>) -> Result<(), IngestError> {
    while let Some(fetched) = from.recv().await {
        let decoded = match fetched {
            Fetched::Block { slot, block, seen } => {
                Decoded::Step { step: Step::Block(Block::decode(slot, &block)?), seen: Some(seen) }
            }
            Fetched::Finalized(block) => Decoded::Step { step: Step::Finalized(block), seen: None },
            Fetched::Tip(tip) => Decoded::Tip(tip),
        };
        metrics::gauge!("aegle_queue_depth", "stage" => "decode").set(from.len() as f64);
        if to.send(decoded).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Closes a connection whose work is done; the lock goes with it.
async fn close(connection: sqlx::PgConnection) {
    if let Err(failure) = connection.close().await {
        warn!(error = %failure, "the database connection did not close cleanly");
    }
}
