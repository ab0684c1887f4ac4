//! The database's end of ingestion: rows and checkpoint, one transaction for each batch.

use std::{sync::Arc, time::Instant};

use sqlx::{Connection, PgConnection};
use tokio::{sync::mpsc, time::timeout};
use tracing::{debug, info};

use super::{Decoded, IngestError, Tip, close, progress::Progress};
use crate::{
    db::{
        Facts,
        checkpoint::{self, BlockId, Checkpoint},
        node_tip, slot,
    },
    decode::{Block, DecodeError},
    leader,
    project::project,
};

/// One step of the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The next block, or one that replaces everything above its parent.
    Block(Block),
    /// Everything up to this block is final.
    Finalized(BlockId),
}

/// Writes what comes until the channel closes.
pub async fn run(
    mut connection: PgConnection,
    mut from: mpsc::Receiver<Decoded>,
    batch: usize,
    progress: Arc<Progress>,
) -> Result<(), IngestError> {
    let mut steps = Vec::new();
    let mut seen = Vec::new();
    let mut buffer = Vec::new();
    loop {
        match timeout(leader::PING, from.recv_many(&mut buffer, batch)).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(_) => leader::ping(&mut connection).await?,
        }
        metrics::gauge!("aegle_queue_depth", "stage" => "write").set(from.len() as f64);
        let mut tip = None;
        for decoded in buffer.drain(..) {
            match decoded {
                Decoded::Step { step, seen: first_seen } => {
                    seen.extend(first_seen);
                    steps.push(step);
                }
                Decoded::Tip(newest) => tip = Some(newest),
            }
        }
        if !steps.is_empty() {
            let checkpoint = apply(&steps, &mut connection).await?;
            report(&checkpoint, &steps, &seen, &progress);
        }
        if let Some(Tip { slot, block_time, seen }) = tip {
            node_tip::store(slot, block_time, seen.elapsed(), &mut connection).await?;
        }
        steps.clear();
        seen.clear();
    }
    close(connection).await;
    Ok(())
}

/// Writes `steps` and the checkpoint they lead to, all or nothing. Steps that were applied before
/// change nothing.
///
/// # Errors
/// A block that builds on none that is stored, or on one below the finalized block.
pub async fn apply(steps: &[Step], connection: &mut PgConnection) -> Result<Checkpoint, IngestError> {
    let mut transaction = connection.begin().await?;
    let mut checkpoint = checkpoint::lock(&mut transaction).await?.ok_or(IngestError::NoCheckpoint)?;
    let mut facts = Facts::default();
    for step in steps {
        match step {
            Step::Block(block) => {
                let header = &block.header;
                let parent = header.parent();
                if parent != checkpoint.confirmed {
                    facts.insert(&mut transaction).await?;
                    if slot::links(header, &mut transaction).await? {
                        continue;
                    }
                    fork(&checkpoint, parent, header.slot, &mut transaction).await?;
                }
                checkpoint.confirmed = BlockId { slot: header.slot, hash: header.hash };
                add(block, &mut facts)?;
            }
            Step::Finalized(block) if block.slot > checkpoint.finalized.slot => {
                facts.insert(&mut transaction).await?;
                if !slot::holds(block.slot, &block.hash, &mut transaction).await? {
                    return Err(IngestError::Unlinked { slot: block.slot });
                }
                checkpoint.finalized = *block;
            }
            Step::Finalized(_) => {}
        }
    }
    facts.insert(&mut transaction).await?;
    checkpoint::update(&checkpoint, &mut transaction).await?;
    transaction.commit().await?;
    Ok(checkpoint)
}

/// Makes `parent` the head by deleting the branch above it.
async fn fork(
    checkpoint: &Checkpoint,
    parent: BlockId,
    child: i64,
    connection: &mut PgConnection,
) -> Result<(), IngestError> {
    if parent.slot < checkpoint.finalized.slot
        || (parent.slot == checkpoint.finalized.slot && parent != checkpoint.finalized)
    {
        return Err(IngestError::FinalizedReplaced { slot: checkpoint.finalized.slot, child });
    }
    if parent != checkpoint.finalized && !slot::holds(parent.slot, &parent.hash, connection).await? {
        return Err(IngestError::Unlinked { slot: child });
    }
    let slots = slot::delete_above(parent.slot, connection).await?;
    info!(ancestor = parent.slot, slots, "left an abandoned branch");
    Ok(())
}

/// Projects a block, naming the transaction of what cannot be stored.
pub fn add(block: &Block, facts: &mut Facts) -> Result<(), DecodeError> {
    project(block, facts).map_err(|(event, reason)| DecodeError {
        slot: block.header.slot.unsigned_abs(),
        signature: Some(bs58::encode(event.signature).into_string()),
        reason,
    })
}

fn report(checkpoint: &Checkpoint, steps: &[Step], seen: &[Instant], progress: &Progress) {
    let now = Instant::now();
    for seen in seen {
        metrics::histogram!("aegle_slot_to_queryable_seconds").record(now.duration_since(*seen));
    }
    let mut events = 0;
    for step in steps {
        let Step::Block(block) = step else { continue };
        for ledger in &block.events {
            metrics::counter!("aegle_events_total", "name" => ledger.event.name()).increment(1);
            events += 1;
        }
        if block.header.slot == checkpoint.confirmed.slot {
            progress.committed(&block.header);
        }
    }
    metrics::gauge!("aegle_confirmed_slot").set(checkpoint.confirmed.slot as f64);
    metrics::gauge!("aegle_finalized_slot").set(checkpoint.finalized.slot as f64);
    debug!(
        confirmed = checkpoint.confirmed.slot,
        finalized = checkpoint.finalized.slot,
        steps = steps.len(),
        events,
        "committed"
    );
}
