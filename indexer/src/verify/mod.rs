//! Verification in two layers.
//!
//! Accounts against state: accounts are the truth, events the history, so every account of the
//! program is compared with what the tables hold. Accounts forget, so history is compared as well:
//! every stored event, projected again, with the rows that stand for it, and the slots with their
//! links. A deep verification also reads the finalized blocks again and compares every row with them;
//! what was left out or made up consistently shows only there.

mod accounts;
mod ledger;
mod stored;
mod tables;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use accounts::Difference;
pub(crate) use ledger::{Batch, Walk, same_history};
pub(crate) use tables::Coverage;
pub use tables::{Changed, NOT_DERIVED, RowDifference, Shadow};

use crate::{
    db::checkpoint::{self, Checkpoint},
    decode::DecodeError,
    ingest::IngestError,
    source::{Source, SourceError},
};

/// How long after its start an ingester compares first.
const FIRST: Duration = Duration::from_secs(5);
/// How often a running ingester compares the whole history again, and not just what joined it.
const WHOLE_HISTORY: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows that differ which a report lists; more are only counted.
const LISTED: usize = 1_000;
/// Affected slots that are no further apart are repaired together, with those between them.
pub(crate) const NEAR: i64 = 16;
/// Slots that a report remembers for a repair.
const SLOTS: usize = 100_000;
/// How often a deep verification says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// Settings of the comparison.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyConfig {
    /// Seconds between two comparisons of a running ingester; 0 for none.
    pub interval: u64,
    /// Seconds to wait for the mirror to reach the slot that the node answered for.
    pub patience: u64,
    /// Seconds before accounts that differ are read again. A node may list accounts as they are some
    /// slots after the one it names.
    pub reread_after: u64,
}

impl Default for VerifyConfig {
    fn default() -> Self {
        Self { interval: 300, patience: 60, reread_after: 2 }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Chain(#[from] IngestError),
    #[error("the mirror has no checkpoint yet; start it with `aegle-indexer run` first")]
    NoCheckpoint,
    #[error("the mirror is at slot {confirmed} and did not reach slot {slot} in time; is an ingester running?")]
    Behind { slot: i64, confirmed: i64 },
    #[error(
        "blocks from slot {needed} on are needed, and the oldest of the node is of slot {oldest}; ask a node that \
         keeps them (AEGLE_RPC_URL), repair from a recorded ledger (--recording), or read --deep --from-slot {oldest} alone"
    )]
    Pruned { needed: i64, oldest: u64 },
    #[error("the blocks end at slot {last}, and those up to slot {needed} are needed; ask another node")]
    Ends { last: i64, needed: i64 },
    #[error("the node lists the block of slot {slot} and does not give it; ask another node")]
    Withheld { slot: u64 },
    #[error(
        "the node's block of slot {slot} does not build on the block that the node has before it; ask another node"
    )]
    Contradiction { slot: i64 },
    #[error(
        "the node's final block of slot {slot} is not the one mirrored: one of the two is not of this chain, and \
         nothing is repaired from it; compare the block with other nodes"
    )]
    OtherHistory { slot: i64 },
    #[error("the node does not have the block of slot {slot} as final; ask one that is not behind the mirror")]
    NotFinal { slot: i64 },
}

/// How much of the history is compared, besides all accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The stored events and slots from this slot on.
    Stored { from_slot: i64 },
    /// All of them, and the finalized blocks of the source from this slot on.
    Ledger { from_slot: i64 },
}

impl Depth {
    /// The whole history, without reading blocks.
    pub const STORED: Self = Self::Stored { from_slot: i64::MIN };
    /// The whole history and every block.
    pub const LEDGER: Self = Self::Ledger { from_slot: i64::MIN };
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The slot at which accounts were compared.
    pub slot: i64,
    /// Accounts that the chain has.
    pub accounts: usize,
    /// Slots whose links were checked.
    pub slots: u64,
    /// Stored events that were projected again.
    pub events: u64,
    /// Blocks read again; absent where none had to be.
    pub blocks: Option<u64>,
    /// Where accounts and state differ.
    pub differences: Vec<Difference>,
    /// Where history differs, the first 1,000 rows of it.
    pub rows: Vec<RowDifference>,
    /// How many rows of the history differ.
    pub row_count: u64,
    /// The slots of all of them, and whether those are too many to remember.
    #[serde(skip)]
    pub(crate) affected: Affected,
}

/// Slots that rows which differ are in, or should be in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Affected {
    pub slots: BTreeSet<i64>,
    pub too_many: bool,
}

impl Report {
    /// How many differences there are in all.
    pub fn drift(&self) -> u64 {
        self.differences.len() as u64 + self.row_count
    }

    fn found(&mut self, row: RowDifference) {
        self.affected.slots.extend(&row.slots);
        self.affected.too_many |= self.affected.slots.len() > SLOTS;
        if self.affected.too_many {
            self.affected.slots.clear();
        }
        if self.rows.iter().any(|known| (&known.table, &known.key) == (&row.table, &row.key)) {
            // Told by another layer.
            return;
        }
        self.row_count += 1;
        if self.rows.len() < LISTED {
            self.rows.push(row);
        }
    }
}

/// Compares until `stop`: soon after the start, then at the configured interval. Keeps the drift
/// metric.
pub async fn periodically<S: Source>(source: Arc<S>, pool: PgPool, config: VerifyConfig, stop: CancellationToken) {
    if config.interval == 0 {
        return;
    }
    let interval = Duration::from_secs(config.interval);
    let mut pause = interval.min(FIRST);
    // When the whole history was last found to agree, and up to where it has been compared since.
    let mut agreed: Option<(Instant, i64)> = None;
    let mut kept: Option<Shadow> = None;
    while stop.run_until_cancelled(sleep(pause)).await.is_some() {
        let whole = agreed.filter(|(at, _)| at.elapsed() < WHOLE_HISTORY);
        let from_slot = whole.map_or(i64::MIN, |(_, slot)| slot);
        let compared = async {
            let shadow = match kept.take() {
                Some(shadow) => shadow,
                None => Shadow::open(&pool).await?,
            };
            let shadow = kept.insert(shadow);
            verify_with(shadow, Depth::Stored { from_slot }, source.as_ref(), &pool, &config, &stop).await
        };
        match compared.await {
            Ok(report) if report.drift() == 0 => {
                info!(
                    slot = report.slot,
                    accounts = report.accounts,
                    events = report.events,
                    "the tables agree with the chain"
                );
                // What is confirmed now may yet be replaced.
                let finalized = finalized(&pool).await;
                agreed = finalized.map(|slot| (whole.map_or_else(Instant::now, |(at, _)| at), slot));
            }
            Ok(report) => {
                for difference in &report.differences {
                    error!(slot = report.slot, %difference, "the tables differ from the chain");
                }
                for difference in &report.rows {
                    error!(slot = report.slot, %difference, "the history does not fit together");
                }
                // A part that agrees must not hide the rest that does not.
                agreed = None;
            }
            Err(VerifyError::Source(SourceError::Stopped)) => return,
            Err(failure) => {
                warn!(error = %failure, "could not compare the tables with the chain");
                kept = None;
                continue;
            }
        }
        pause = interval;
    }
}

async fn finalized(pool: &PgPool) -> Option<i64> {
    read_checkpoint(pool).await.ok().map(|checkpoint| checkpoint.finalized.slot)
}

/// Compares every account and the whole stored history. Reads no blocks.
///
/// # Errors
/// A node or database that does not answer, or a mirror that does not catch up.
pub async fn verify<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<Report, VerifyError> {
    verify_to(Depth::STORED, source, pool, config, stop).await
}

/// Compares every account and as much of the history as `depth` says, and sets the drift metric.
///
/// # Errors
/// A node or database that does not answer, a mirror that does not catch up, or blocks that the node
/// no longer has.
pub async fn verify_to<S: Source>(
    depth: Depth,
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<Report, VerifyError> {
    let mut shadow = Shadow::open(pool).await?;
    let report = verify_with(&mut shadow, depth, source, pool, config, stop).await?;
    shadow.close().await?;
    Ok(report)
}

/// As [`verify_to`], with tables to compare in that are there already.
///
/// # Errors
/// As [`verify_to`].
pub async fn verify_with<S: Source>(
    shadow: &mut Shadow,
    depth: Depth,
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<Report, VerifyError> {
    let (slot, accounts, differences) = accounts::compare(source, pool, config, stop).await?;
    let mut report = Report { slot, accounts, differences, ..Default::default() };
    let from_slot = match depth {
        Depth::Stored { from_slot } => from_slot,
        Depth::Ledger { .. } => i64::MIN,
    };
    report.slots = stored::compare_slots(from_slot, pool, |row| report.found(row)).await?;
    report.events = stored::compare_events(from_slot, shadow, stop, |row| report.found(row)).await?;
    if let Depth::Ledger { from_slot } = depth {
        compare_blocks(from_slot, shadow, source, pool, stop, &mut report).await?;
    }
    metrics::gauge!("aegle_drift").set(report.drift() as f64);
    Ok(report)
}

/// Compares every row of the finalized slots from `from` on with the blocks of the source.
async fn compare_blocks<S: Source>(
    from: i64,
    shadow: &mut Shadow,
    source: &S,
    pool: &PgPool,
    stop: &CancellationToken,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let checkpoint = read_checkpoint(pool).await?;
    same_history(source, pool, &checkpoint, stop).await?;
    let last = checkpoint.finalized.slot;
    let mut walk = Walk::new(source, &checkpoint, from, last, stop).await?;
    let (mut blocks, mut said) = (0, Instant::now());
    while let Some(batch) = walk.next().await? {
        blocks += batch.blocks;
        let mut comparison = shadow.read().await?;
        comparison.expect(batch.facts).await?;
        let differences = comparison.differences(batch.from, batch.to, Coverage::All).await?;
        comparison.end().await?;
        differences.into_iter().for_each(|row| report.found(row));
        if said.elapsed() >= PROGRESS {
            info!(slot = batch.to, last, blocks, differences = report.drift(), "comparing with the blocks");
            said = Instant::now();
        }
    }
    report.blocks = Some(blocks);
    Ok(())
}

pub(crate) async fn read_checkpoint(pool: &PgPool) -> Result<Checkpoint, VerifyError> {
    let mut connection = pool.acquire().await?;
    checkpoint::read(&mut connection).await?.ok_or(VerifyError::NoCheckpoint)
}
