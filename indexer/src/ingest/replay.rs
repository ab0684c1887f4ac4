//! Building the mirror from a recorded ledger.

use std::time::Instant;

use futures::StreamExt;
use serde::Serialize;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    IngestError, Step, close,
    record::PROGRESS,
    start::{same_chain, unsigned},
    write,
};
use crate::{
    db::{
        checkpoint::{self, BlockId, Checkpoint},
        slot,
    },
    decode::Block,
    leader,
    source::{Recording, SourceError},
};

/// Frames decoded at once, and ready before the database asks for them.
const AHEAD: usize = 4;

/// What a replay read and what of it was new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Replayed {
    pub first_slot: u64,
    pub last_slot: u64,
    pub blocks: u64,
    pub events: u64,
    pub blocks_added: u64,
    pub events_added: u64,
    pub seconds: f64,
    /// Events read, whether added or there already.
    pub events_per_second: f64,
}

/// Writes the recorded blocks into the mirror, which is empty, or holds a part of them, or all: then it
/// stays as it is. They count as final.
///
/// # Errors
/// A mirror that another process writes, that is of another chain, or that the blocks do not join; a
/// damaged recording. What was written before the error stays, and is consistent.
pub async fn replay(recording: &Recording, pool: &PgPool, stop: &CancellationToken) -> Result<Replayed, IngestError> {
    let started = Instant::now();
    let mut connection =
        leader::claim(leader::Office::Ingest, &pool.connect_options()).await?.ok_or(IngestError::Busy)?;
    let mut checkpoint = prepare(recording, &mut connection).await?;
    let total = recording.total();
    let mut done = Replayed {
        first_slot: total.first_slot,
        last_slot: total.last_slot,
        blocks: total.blocks,
        ..Default::default()
    };
    let mut frames = futures::stream::iter(0..recording.frames())
        .map(|number| {
            let recording = recording.clone();
            async move {
                let decoding = tokio::task::spawn_blocking(move || decode(&recording, number));
                decoding.await.map_err(|failure| IngestError::Stage(failure.to_string()))?
            }
        })
        .buffered(AHEAD);
    let mut said = Instant::now();
    while let Some(blocks) = frames.next().await {
        if stop.is_cancelled() {
            return Err(SourceError::Stopped.into());
        }
        let mut blocks = blocks?;
        done.events += blocks.iter().map(|block| block.events.len() as u64).sum::<u64>();
        let last = blocks.last().map(|block| BlockId { slot: block.header.slot, hash: block.header.hash });
        leave_out_known(&mut blocks, &checkpoint, &mut connection).await?;
        done.blocks_added += blocks.len() as u64;
        done.events_added += blocks.iter().map(|block| block.events.len() as u64).sum::<u64>();
        let steps: Vec<Step> = blocks.into_iter().map(Step::Block).chain(last.map(Step::Finalized)).collect();
        checkpoint = write::apply(&steps, &mut connection).await?;
        if said.elapsed() > PROGRESS {
            said = Instant::now();
            info!(slot = checkpoint.finalized.slot, to = total.last_slot, events = done.events, "replaying");
        }
    }
    close(connection).await;
    done.seconds = started.elapsed().as_secs_f64();
    done.events_per_second = (done.events as f64 / done.seconds).round();
    Ok(done)
}

/// Checks that the recording and the mirror are of one chain; an empty mirror starts where the
/// recording does.
async fn prepare(recording: &Recording, connection: &mut PgConnection) -> Result<Checkpoint, IngestError> {
    let origin = recording.origin();
    let mut transaction = connection.begin().await?;
    let checkpoint = match checkpoint::lock(&mut transaction).await? {
        Some(checkpoint) => checkpoint,
        None => {
            let slot = i64::try_from(origin.parent_slot).map_err(|error| IngestError::Range(error.to_string()))?;
            let parent = BlockId { slot, hash: origin.parent_hash };
            let checkpoint = Checkpoint::before_first(origin.genesis_hash, origin.program, parent);
            checkpoint::create(&checkpoint, &mut transaction).await?;
            checkpoint
        }
    };
    same_chain(&checkpoint, origin.genesis_hash)?;
    let first = unsigned(checkpoint.first_slot);
    if origin.parent_slot + 1 < first {
        return Err(IngestError::Range(format!(
            "the recording starts at slot {}, below the mirror's first slot {first}; replay it into an empty database",
            origin.parent_slot + 1
        )));
    }
    transaction.commit().await?;
    Ok(checkpoint)
}

fn decode(recording: &Recording, number: usize) -> Result<Vec<Block>, IngestError> {
    let blocks = recording.read(number)?.into_iter();
    blocks.map(|block| Ok(Block::decode(block.slot, &block.into_block())?)).collect()
}

/// Leaves out the blocks that the mirror holds.
async fn leave_out_known(
    blocks: &mut Vec<Block>,
    checkpoint: &Checkpoint,
    connection: &mut PgConnection,
) -> Result<(), IngestError> {
    let Checkpoint { finalized, confirmed, .. } = checkpoint;
    let Some(first) = blocks.first().map(|block| block.header.slot).filter(|slot| *slot <= confirmed.slot) else {
        return Ok(());
    };
    let known = slot::blocks(first, finalized.slot, connection).await?;
    for block in std::mem::take(blocks) {
        let header = &block.header;
        let found = known.binary_search_by_key(&header.slot, |(slot, _)| *slot);
        let held = found.is_ok_and(|index| known[index].1 == header.hash)
            // What is not final yet may be linked wrongly.
            || (finalized.slot < header.slot && header.slot <= confirmed.slot && slot::links(header, connection).await?);
        if !held {
            blocks.push(block);
        }
    }
    Ok(())
}
