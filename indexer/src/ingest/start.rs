//! Where ingestion resumes, or starts on an empty mirror.

use std::time::Duration;

use aegle_client::PROGRAM_ID;
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{IngestConfig, IngestError, branch::Branch};
use crate::{
    db::{
        checkpoint::{self, BlockId, Checkpoint},
        slot,
    },
    decode::{Block, Header},
    retry::retry,
    source::{Finality, Source},
};

/// How long to wait before asking for a block again that the node lists but does not give.
const PAUSE: Duration = Duration::from_millis(400);
/// How often in a row the node must say the same of its first blocks.
const AGREE: u32 = 3;

/// Checks that the mirror and the node are of one chain, and loads what is not finalized yet.
///
/// # Errors
/// Another chain or program, or a configured start that would leave a gap.
pub async fn prepare<S: Source>(
    source: &S,
    config: &IngestConfig,
    connection: &mut PgConnection,
    stop: &CancellationToken,
) -> Result<Branch, IngestError> {
    let genesis_hash = retry("genesis", stop, || source.genesis_hash()).await?;
    let mut transaction = connection.begin().await?;
    let checkpoint = match checkpoint::lock(&mut transaction).await? {
        Some(checkpoint) => {
            same_chain(&checkpoint, genesis_hash)?;
            not_above(&checkpoint, config)?;
            same_ledger(&checkpoint, source, &mut transaction, stop).await?;
            checkpoint
        }
        None => {
            let parent = anchor(source, config, stop).await?;
            let checkpoint = Checkpoint::before_first(genesis_hash, PROGRAM_ID.to_bytes(), parent);
            checkpoint::create(&checkpoint, &mut transaction).await?;
            info!(slot = checkpoint.first_slot, "starting an empty mirror");
            checkpoint
        }
    };
    let blocks = slot::blocks(checkpoint.finalized.slot, checkpoint.confirmed.slot, &mut transaction).await?;
    transaction.commit().await?;
    Ok(Branch::new(checkpoint.finalized, blocks))
}

pub fn same_chain(checkpoint: &Checkpoint, genesis_hash: [u8; 32]) -> Result<(), IngestError> {
    let text = |bytes: [u8; 32]| bs58::encode(bytes).into_string();
    if checkpoint.genesis_hash != genesis_hash {
        return Err(IngestError::OtherChain { stored: text(checkpoint.genesis_hash), node: text(genesis_hash) });
    }
    if checkpoint.program != PROGRAM_ID.to_bytes() {
        return Err(IngestError::OtherProgram { stored: text(checkpoint.program), own: PROGRAM_ID.to_string() });
    }
    Ok(())
}

fn not_above(checkpoint: &Checkpoint, config: &IngestConfig) -> Result<(), IngestError> {
    let confirmed = checkpoint.confirmed.slot;
    match config.start_slot {
        Some(start) if i64::try_from(start).map_or(true, |start| start > confirmed + 1) => {
            Err(IngestError::StartAbove { start, confirmed })
        }
        Some(start) if i64::try_from(start).is_ok_and(|start| start < checkpoint.first_slot) => {
            let first = checkpoint.first_slot;
            warn!(
                start,
                first, "ingest.start_slot is below the first mirrored slot; `backfill --from-slot` reads older ones"
            );
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Tells a ledger that was started anew from the one mirrored, where both have the same genesis hash
/// and hashes by number, as local ledgers do: the same block was not made twice.
async fn same_ledger<S: Source>(
    checkpoint: &Checkpoint,
    source: &S,
    connection: &mut PgConnection,
    stop: &CancellationToken,
) -> Result<(), IngestError> {
    let slot = checkpoint.finalized.slot;
    let Some(stored) = slot::time(slot, connection).await? else {
        return Ok(());
    };
    let number = unsigned(slot);
    let node = retry("header", stop, || source.header(number, Finality::Confirmed)).await?;
    match node.and_then(|header| header.time) {
        Some(node) if node != stored => Err(IngestError::Restarted { slot, stored, node }),
        Some(_) => Ok(()),
        None => {
            warn!(slot, "the node does not have the last finalized block of the mirror; it is behind or pruned it");
            Ok(())
        }
    }
}

/// The parent of the first block to mirror.
pub(super) async fn anchor<S: Source>(
    source: &S,
    config: &IngestConfig,
    stop: &CancellationToken,
) -> Result<BlockId, IngestError> {
    let oldest = retry("first_block", stop, || source.first_slot()).await?;
    if let Some(start) = config.start_slot
        && start < oldest
    {
        warn!(start, oldest, "the node's history begins after ingest.start_slot");
    }
    // The genesis block has no parent and no transactions.
    let start = config.start_slot.unwrap_or(oldest).max(oldest).max(1);
    // Everything is built on it, so it is not taken from one answer.
    let (mut parent, mut agreed) = (None, 0);
    loop {
        let slots = retry("slots", stop, || source.slots(start, 2)).await?;
        let found = match slots[..] {
            [first, second, ..] => link(source, first, second, stop).await?,
            _ => None,
        };
        agreed = if found == parent { agreed + 1 } else { 1 };
        parent = found;
        match parent {
            Some(parent) if agreed == AGREE => return Ok(parent),
            Some(_) => {}
            None => {
                info!(start, "waiting for the node's first two blocks");
                stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            }
        }
    }
}

/// The parent of block `first`, or `first` itself as block `second` knows it, where the two disagree
/// and `first` says nothing: some ledgers make up their first block.
async fn link<S: Source>(
    source: &S,
    first: u64,
    second: u64,
    stop: &CancellationToken,
) -> Result<Option<BlockId>, IngestError> {
    let Some(block) = retry("block", stop, || source.block(first)).await? else {
        return Ok(None);
    };
    let Some(child) = retry("header", stop, || source.header(second, Finality::Confirmed)).await? else {
        return Ok(None);
    };
    let header = Header::of(first, &block)?;
    if child.parent_hash == header.hash {
        return Ok(Some(BlockId { slot: header.parent_slot, hash: header.parent_hash }));
    }
    if child.parent_slot != header.slot {
        // Different forks, or a slot in between that was not listed.
        return Ok(None);
    }
    if !Block::decode(first, &block)?.events.is_empty() {
        return Err(IngestError::BrokenStart { first, second });
    }
    warn!(first, second, "the node's oldest block is not the one its child names; starting after it");
    Ok(Some(BlockId { slot: child.parent_slot, hash: child.parent_hash }))
}

/// A slot of the database as the ledger counts; those are never negative.
pub fn unsigned(slot: i64) -> u64 {
    slot.unsigned_abs()
}
