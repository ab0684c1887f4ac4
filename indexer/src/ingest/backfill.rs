//! Reading a range of finalized slots again, or slots older than the mirror's first.

use futures::StreamExt;
use serde::Serialize;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::{
    IngestConfig, IngestError,
    start::{same_chain, unsigned},
    write,
};
use crate::{
    db::{
        Facts,
        checkpoint::{self, BlockId},
        slot,
    },
    decode::{Block, Header},
    retry::retry,
    source::{Source, SourceError},
};

/// Blocks listed by one request.
const PAGE: usize = 512;

/// What a backfill read and what of it was new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    pub first_slot: i64,
    pub last_slot: i64,
    pub blocks: u64,
    pub events: u64,
    pub slots_added: u64,
    pub events_added: u64,
}

/// Reads the blocks of `from..=to` (default: to the mirror's finalized slot) and adds what is missing,
/// in one transaction: while a range below the mirror's first slot is incomplete, nobody sees it.
///
/// # Errors
/// A range that the node does not have, or that does not join the mirrored blocks.
pub async fn backfill<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &IngestConfig,
    from: u64,
    to: Option<u64>,
    stop: &CancellationToken,
) -> Result<Backfilled, IngestError> {
    let genesis_hash = retry("genesis", stop, || source.genesis_hash()).await?;
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let checkpoint = checkpoint::read(&mut transaction).await?.ok_or(IngestError::NoCheckpoint)?;
    same_chain(&checkpoint, genesis_hash)?;
    let finalized = unsigned(checkpoint.finalized.slot);
    let to = to.unwrap_or(finalized);
    if from > to || to > finalized {
        return Err(IngestError::Range(format!(
            "slots {from} to {to} cannot be backfilled: the range must be ascending and end at or below the finalized slot {finalized}"
        )));
    }
    if to + 1 < unsigned(checkpoint.first_slot) {
        return Err(IngestError::Range(format!(
            "slots {from} to {to} would leave a gap: the mirror starts at slot {}",
            checkpoint.first_slot
        )));
    }

    let mut done = Backfilled::default();
    let mut facts = Facts::default();
    let mut previous: Option<Header> = None;
    let mut next = from.max(1);
    while next <= to {
        let slots = retry("slots", stop, || source.slots(next, PAGE)).await?;
        let slots: Vec<u64> = slots.into_iter().filter(|slot| *slot <= to).collect();
        let Some(last) = slots.last().copied() else { break };
        let mut blocks =
            futures::stream::iter(slots).map(|slot| present(source, slot, stop)).buffered(config.concurrency);
        while let Some(block) = blocks.next().await {
            let block = block?;
            let header = block.header.clone();
            if previous
                .as_ref()
                .is_some_and(|previous| (header.parent_slot, header.parent_hash) != (previous.slot, previous.hash))
            {
                return Err(IngestError::Range(format!("the node's history has a gap before slot {}", header.slot)));
            }
            if header.slot >= checkpoint.first_slot && !slot::holds(header.slot, &header.hash, &mut transaction).await?
            {
                return Err(IngestError::Range(format!(
                    "the node's block of slot {} is not the mirrored one",
                    header.slot
                )));
            }
            if previous.is_none() {
                done.first_slot = header.parent_slot + 1;
            }
            done.last_slot = header.slot;
            done.blocks += 1;
            done.events += block.events.len() as u64;
            write::add(&block, &mut facts)?;
            if header.slot == checkpoint.first_slot - 1 {
                join(&header, checkpoint.first_slot, checkpoint.finalized, &mut transaction).await?;
            }
            previous = Some(header);
        }
        let added = facts.insert(&mut transaction).await?;
        done.slots_added += added.slots;
        done.events_added += added.events;
        next = last + 1;
    }
    if done.blocks > 0 && done.first_slot < checkpoint.first_slot {
        if done.last_slot < checkpoint.first_slot - 1 {
            return Err(IngestError::Range(format!(
                "the node's blocks end at slot {}, before the mirror's first slot {}",
                done.last_slot, checkpoint.first_slot
            )));
        }
        // Only now: the running ingester updates the same row.
        let mut checkpoint = checkpoint::lock(&mut transaction).await?.ok_or(IngestError::NoCheckpoint)?;
        checkpoint.first_slot = done.first_slot;
        checkpoint::update(&checkpoint, &mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(done)
}

/// A listed block, decoded; asked for until it is there.
async fn present<S: Source>(source: &S, slot: u64, stop: &CancellationToken) -> Result<Block, IngestError> {
    let block = retry("block", stop, || async {
        let block = source.block(slot).await?;
        block.ok_or_else(|| SourceError::Unavailable(format!("block {slot} is listed and not there")))
    });
    Ok(Block::decode(slot, &block.await?)?)
}

/// Checks that the block just below the mirror is the parent of its first.
async fn join(
    header: &Header,
    first_slot: i64,
    finalized: BlockId,
    connection: &mut PgConnection,
) -> Result<(), IngestError> {
    let parent = slot::first_parent(first_slot, connection).await?.unwrap_or(finalized);
    if (parent.slot, parent.hash) != (header.slot, header.hash) {
        return Err(IngestError::Range(format!(
            "the node's block of slot {} is not the parent of the mirror's first block",
            header.slot
        )));
    }
    Ok(())
}
