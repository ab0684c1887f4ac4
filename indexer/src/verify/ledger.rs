//! Finalized blocks of the source, read again in order.

use futures::StreamExt;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::VerifyError;
use crate::{
    db::{
        Facts,
        checkpoint::{BlockId, Checkpoint},
        slot,
    },
    decode::Block,
    ingest,
    retry::{Backoff, retry},
    source::{Finality, Source, SourceError},
};

/// Blocks listed by one request, and held in memory at once.
const PAGE: usize = 256;
/// Blocks asked for at once.
const CONCURRENCY: usize = 8;
/// How often to ask for a block that the node lists and does not give.
const ATTEMPTS: usize = 5;

/// What the blocks of the slots `from..=to` say.
pub struct Batch {
    pub from: i64,
    pub to: i64,
    pub blocks: u64,
    pub facts: Facts,
}

/// Reads the blocks of a range of final slots, each proven to be the parent of the next.
pub struct Walk<'s, S> {
    source: &'s S,
    stop: &'s CancellationToken,
    /// The mirror's first slot.
    first: i64,
    from: i64,
    to: i64,
    /// The block read last.
    previous: Option<BlockId>,
}

/// Refuses a source of another chain, and one whose finalized blocks are not those mirrored. One that
/// ends below the mirror's finalized slot, as a recorded ledger may, is told by its last block.
///
/// # Errors
/// The refusal, with the way out.
pub async fn same_history<S: Source>(
    source: &S,
    pool: &PgPool,
    checkpoint: &Checkpoint,
    stop: &CancellationToken,
) -> Result<(), VerifyError> {
    let genesis_hash = retry("genesis", stop, || source.genesis_hash()).await?;
    ingest::same_chain(checkpoint, genesis_hash)?;
    let BlockId { slot: finalized, hash } = checkpoint.finalized;
    if finalized < checkpoint.first_slot {
        return Ok(());
    }
    let tip = retry("finalized_tip", stop, || source.tip(Finality::Finalized)).await?;
    let slot = i64::try_from(tip).unwrap_or(i64::MAX).min(finalized);
    let header = retry("header", stop, || source.header(unsigned(slot), Finality::Finalized)).await?;
    let header = header.ok_or(VerifyError::NotFinal { slot })?;
    let same = if slot == finalized {
        header.hash == hash
    } else {
        let mut connection = pool.acquire().await?;
        slot::holds(slot, &header.hash, &mut connection).await?
    };
    if same { Ok(()) } else { Err(VerifyError::OtherHistory { slot }) }
}

impl<'s, S: Source> Walk<'s, S> {
    /// The blocks of `from..=to`, which the mirror holds as final; where `to` was skipped, up to the
    /// block after it.
    ///
    /// # Errors
    /// A source that no longer has them.
    pub async fn new(
        source: &'s S,
        checkpoint: &Checkpoint,
        from: i64,
        to: i64,
        stop: &'s CancellationToken,
    ) -> Result<Self, VerifyError> {
        let (from, to) = (from.max(checkpoint.first_slot), to.min(checkpoint.finalized.slot));
        let oldest = retry("first_block", stop, || source.first_slot()).await?;
        if from <= to && oldest > unsigned(from) {
            return Err(VerifyError::Pruned { needed: from, oldest });
        }
        Ok(Self { source, stop, first: checkpoint.first_slot, from, to, previous: None })
    }

    /// The next blocks; `None` after the last.
    ///
    /// # Errors
    /// A block that is missing, unreadable, or not linked to the one before.
    pub async fn next(&mut self) -> Result<Option<Batch>, VerifyError> {
        let next = self.previous.map_or(self.from, |block| block.slot + 1);
        if next > self.to {
            return Ok(None);
        }
        let mut slots = retry("slots", self.stop, || self.source.slots(unsigned(next), PAGE)).await?;
        if let Some(last) = slots.iter().position(|slot| *slot >= unsigned(self.to)) {
            slots.truncate(last + 1);
        }
        if slots.is_empty() {
            return Err(VerifyError::Ends { last: next - 1, needed: self.to });
        }
        let (source, stop) = (self.source, self.stop);
        let mut blocks = futures::stream::iter(slots).map(|slot| block(source, slot, stop)).buffered(CONCURRENCY);
        let mut batch = Batch { from: next, to: next, blocks: 0, facts: Facts::default() };
        while let Some(block) = blocks.next().await {
            let block = block?;
            let (slot, mut links) = (block.header.slot, vec![block]);
            while let Some(parent) = self.unread_parent(&links)? {
                links.push(self::block(source, unsigned(parent.slot), stop).await?);
                if links.last().is_some_and(|block| block.header.hash != parent.hash) {
                    return Err(VerifyError::Contradiction { slot });
                }
            }
            for block in links.into_iter().rev() {
                let header = &block.header;
                if batch.blocks == 0 {
                    batch.from = (header.parent_slot + 1).min(next).max(self.first);
                }
                ingest::add(&block, &mut batch.facts)?;
                batch.blocks += 1;
                batch.to = header.slot;
                self.previous = Some(BlockId { slot: header.slot, hash: header.hash });
            }
        }
        batch.facts.slots.retain(|row| row.slot >= batch.from);
        Ok(Some(batch))
    }

    /// The parent of the oldest of `links` where it was not listed.
    fn unread_parent(&self, links: &[Block]) -> Result<Option<BlockId>, VerifyError> {
        let Some(header) = links.last().map(|block| &block.header) else {
            return Ok(None);
        };
        let parent = BlockId { slot: header.parent_slot, hash: header.parent_hash };
        match self.previous {
            Some(previous) if previous == parent => Ok(None),
            Some(previous) if previous.slot >= parent.slot => Err(VerifyError::Contradiction { slot: header.slot }),
            None if parent.slot < self.from => Ok(None),
            _ => Ok(Some(parent)),
        }
    }
}

async fn block<S: Source>(source: &S, slot: u64, stop: &CancellationToken) -> Result<Block, VerifyError> {
    let mut backoff = Backoff::default();
    for _ in 0..ATTEMPTS {
        if let Some(block) = retry("block", stop, || source.block(slot)).await? {
            return Ok(Block::decode(slot, &block)?);
        }
        if stop.run_until_cancelled(backoff.wait()).await.is_none() {
            return Err(SourceError::Stopped.into());
        }
    }
    Err(VerifyError::Withheld { slot })
}

/// A slot of the database as the ledger counts; those are never negative.
fn unsigned(slot: i64) -> u64 {
    slot.unsigned_abs()
}
