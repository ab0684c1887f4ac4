//! Makes the tables what the ledger says, where verification found that they are not.
//!
//! The finalized blocks of the affected slots are read again and projected, and the rows that differ
//! are replaced. Stored events are no source for this: a stored event and its rows that contradict
//! each other do not tell which of the two is wrong.
//!
//! Safe beside a running ingester: every batch is a transaction that holds the checkpoint, as every
//! batch of the ingester does, and touches final slots alone, which the ingester never does again.
//! The checkpoint itself is never written.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    db::checkpoint::{self, Checkpoint},
    source::{Source, SourceError},
    verify::{
        Affected, Batch, Changed, Coverage, Depth, NEAR, Report, Shadow, VerifyConfig, VerifyError, Walk,
        read_checkpoint, same_history, verify_with,
    },
};

/// How often to verify and repair in turn: a row moved between slots may need a second time.
const ROUNDS: usize = 3;
const POLL: Duration = Duration::from_millis(200);

/// What to repair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepairOptions {
    /// Read every finalized block, not just those of slots that verification names.
    pub deep: bool,
    /// Where reading every block starts; by default at the mirror's first slot.
    pub from_slot: Option<i64>,
    /// Change nothing, and say what would be changed.
    pub dry_run: bool,
}

/// What a repair did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Repaired {
    pub dry_run: bool,
    /// Differences that verification found before.
    pub found: u64,
    /// Blocks read again.
    pub blocks: u64,
    /// Rows written, by table.
    pub changed: BTreeMap<String, Changed>,
    /// Affected slots, from and to, that could not be read again, with the reason.
    pub left: Vec<Left>,
    /// Verification afterwards; before, where nothing was to be changed.
    pub report: Report,
}

/// Slots that were not repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    pub from: i64,
    pub to: i64,
    pub reason: String,
}

impl Repaired {
    /// Whether the tables agree with the chain now, and nothing had to be left.
    pub fn complete(&self) -> bool {
        let nothing_to_do = !self.dry_run || self.changed.is_empty();
        self.report.drift() == 0 && self.left.is_empty() && nothing_to_do
    }
}

/// Verifies, repairs and verifies again.
///
/// # Errors
/// A node or database that does not answer, or a node whose final blocks are not those mirrored.
pub async fn repair<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    options: RepairOptions,
    stop: &CancellationToken,
) -> Result<Repaired, VerifyError> {
    let mut shadow = Shadow::open(pool).await?;
    let repaired = repair_with(&mut shadow, source, pool, config, options, stop).await?;
    shadow.close().await?;
    Ok(repaired)
}

/// As [`repair`], with tables to compare in that are there already.
///
/// # Errors
/// As [`repair`].
pub async fn repair_with<S: Source>(
    shadow: &mut Shadow,
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    options: RepairOptions,
    stop: &CancellationToken,
) -> Result<Repaired, VerifyError> {
    let mut repaired = Repaired { dry_run: options.dry_run, ..Default::default() };
    let checkpoint = read_checkpoint(pool).await?;
    same_history(source, pool, &checkpoint, stop).await?;
    repaired.report = verify_with(shadow, Depth::STORED, source, pool, config, stop).await?;
    repaired.found = repaired.report.drift();
    let mut whole = options.deep;
    for _ in 0..ROUNDS {
        if repaired.report.drift() == 0 && !whole {
            break;
        }
        let affected = &repaired.report.affected;
        // Accounts that differ while the history fits together: events are missing, or made up, and
        // nothing tells where.
        whole |= repaired.report.row_count == 0 || affected.too_many;
        let ranges = if whole { vec![(options.from_slot.unwrap_or(i64::MIN), i64::MAX)] } else { ranges(affected) };
        let checkpoint = final_at(&ranges, pool, config, stop).await?;
        repaired.left.clear();
        let mut changed = delete_strays(shadow, options.dry_run).await?;
        for (from, to) in ranges {
            let mut restore = async |from| {
                let done = (&mut repaired.blocks, &mut changed);
                restore((from, to), source, &checkpoint, shadow, options.dry_run, done, stop).await
            };
            match restore(from).await {
                Err(failure @ VerifyError::Pruned { needed, oldest }) => {
                    warn!(from = needed, to, error = %failure, "not repaired");
                    let oldest = i64::try_from(oldest).unwrap_or(i64::MAX);
                    if oldest <= to {
                        restore(oldest).await?;
                    }
                    let (to, reason) = (to.min(oldest - 1), failure.to_string());
                    repaired.left.push(Left { from: needed, to, reason });
                }
                Err(failure @ VerifyError::Ends { last, needed }) => {
                    warn!(from = last + 1, to = needed, error = %failure, "not repaired");
                    repaired.left.push(Left { from: last + 1, to: needed, reason: failure.to_string() });
                }
                done => done?,
            }
        }
        let progress = !changed.is_empty();
        add(&mut repaired.changed, changed);
        if options.dry_run {
            break;
        }
        repaired.report = verify_with(shadow, Depth::STORED, source, pool, config, stop).await?;
        if !progress && (whole || !repaired.left.is_empty()) {
            break;
        }
        whole = false;
    }
    Ok(repaired)
}

/// Replaces what differs from the blocks of a range, batch by batch, and adds to the blocks read and
/// the rows written.
async fn restore<S: Source>(
    (from, to): (i64, i64),
    source: &S,
    checkpoint: &Checkpoint,
    shadow: &mut Shadow,
    dry_run: bool,
    (read, rows): (&mut u64, &mut BTreeMap<String, Changed>),
    stop: &CancellationToken,
) -> Result<(), VerifyError> {
    let mut walk = Walk::new(source, checkpoint, from, to, stop).await?;
    while let Some(Batch { from, to, blocks, facts }) = walk.next().await? {
        *read += blocks;
        let mut comparison = shadow.read().await?;
        comparison.expect(facts.clone()).await?;
        let agrees = comparison.differences(from, to, Coverage::All).await?.is_empty();
        comparison.end().await?;
        if agrees {
            continue;
        }
        let mut comparison = shadow.write().await?;
        checkpoint::lock(comparison.connection()).await?.ok_or(VerifyError::NoCheckpoint)?;
        comparison.expect(facts).await?;
        let changed = comparison.restore(from, to).await?;
        if dry_run {
            comparison.end().await?;
        } else {
            comparison.commit().await?;
        }
        info!(from, to, ?changed, dry_run, "repaired");
        add(rows, changed);
    }
    Ok(())
}

/// Deletes slots that the checkpoint does not cover, with what is in them, and rows that hang on nothing.
async fn delete_strays(shadow: &mut Shadow, dry_run: bool) -> Result<BTreeMap<String, Changed>, VerifyError> {
    let mut comparison = shadow.write().await?;
    let checkpoint = checkpoint::lock(comparison.connection()).await?.ok_or(VerifyError::NoCheckpoint)?;
    let changed = comparison.delete_strays(checkpoint.first_slot, checkpoint.confirmed.slot).await?;
    if dry_run {
        comparison.end().await?;
    } else {
        comparison.commit().await?;
    }
    Ok(changed)
}

/// The checkpoint once every slot of `ranges` that it covers is final, or when patience ends.
async fn final_at(
    ranges: &[(i64, i64)],
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<Checkpoint, VerifyError> {
    let deadline = Instant::now() + Duration::from_secs(config.patience);
    let (mut checkpoint, mut said) = (read_checkpoint(pool).await?, false);
    let last = ranges.iter().map(|(_, to)| *to).filter(|to| *to <= checkpoint.confirmed.slot).max();
    while last.is_some_and(|last| last > checkpoint.finalized.slot) && Instant::now() < deadline {
        if !said {
            info!(slot = last, finalized = checkpoint.finalized.slot, "waiting until the affected slots are final");
            said = true;
        }
        if stop.run_until_cancelled(sleep(POLL)).await.is_none() {
            return Err(SourceError::Stopped.into());
        }
        checkpoint = read_checkpoint(pool).await?;
    }
    Ok(checkpoint)
}

/// The affected slots as ranges, from and to.
fn ranges(affected: &Affected) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for slot in &affected.slots {
        match ranges.last_mut() {
            Some((_, to)) if slot.saturating_sub(*to) <= NEAR => *to = *slot,
            _ => ranges.push((*slot, *slot)),
        }
    }
    ranges
}

fn add(total: &mut BTreeMap<String, Changed>, changed: BTreeMap<String, Changed>) {
    for (table, Changed { deleted, inserted }) in changed {
        let total = total.entry(table).or_default();
        total.deleted += deleted;
        total.inserted += inserted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_that_are_near_are_read_together() {
        let affected = Affected { slots: [i64::MIN, 5, 6, 20, 90, i64::MAX].into(), too_many: false };
        assert_eq!(ranges(&affected), [(i64::MIN, i64::MIN), (5, 20), (90, 90), (i64::MAX, i64::MAX)]);
    }
}
