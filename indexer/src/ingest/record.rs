//! Writing a node's finalized blocks to a file.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures::StreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    IngestConfig, IngestError,
    start::{anchor, unsigned},
};
use crate::{
    decode::Block,
    retry::retry,
    source::{Finality, Origin, Recorded, RecordedBlock, Source, SourceError, Writer},
};

/// Blocks listed by one request.
const PAGE: usize = 512;
/// How often to say how far it is.
pub(super) const PROGRESS: Duration = Duration::from_secs(5);

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Recording {
    #[serde(flatten)]
    pub recorded: Recorded,
    pub events: u64,
}

/// Records the blocks from `config.start_slot` (default: the node's oldest) to slot `to` (default: the
/// node's finalized slot) at `path`, which is there only once it is complete.
///
/// # Errors
/// A range that is not final or that the node does not have whole, a block that this release cannot
/// read, a file that is there already.
pub async fn record<S: Source>(
    source: &S,
    config: &IngestConfig,
    path: &Path,
    to: Option<u64>,
    stop: &CancellationToken,
) -> Result<Recording, IngestError> {
    let genesis_hash = retry("genesis", stop, || source.genesis_hash()).await?;
    let finalized = retry("finalized_tip", stop, || source.tip(Finality::Finalized)).await?;
    let to = to.unwrap_or(finalized);
    if to > finalized {
        return Err(IngestError::Range(format!("slot {to} is not final: the node's finalized slot is {finalized}")));
    }
    let parent = anchor(source, config, stop).await?;
    let (parent_slot, parent_hash) = (unsigned(parent.slot), parent.hash);
    if let Some(start) = config.start_slot.filter(|start| *start > to || *start <= parent_slot) {
        return Err(IngestError::Range(format!("the node has no blocks from slot {start} to {to}")));
    }
    let program = aegle_client::PROGRAM_ID.to_bytes();
    let mut writer = Writer::create(path, &Origin { genesis_hash, program, parent_slot, parent_hash })?;

    let (mut events, mut last, mut next) = (0, None, parent_slot + 1);
    let mut said = Instant::now();
    while next <= to {
        let mut slots = retry("slots", stop, || source.slots(next, PAGE)).await?;
        slots.retain(|slot| *slot <= to);
        let Some(highest) = slots.last().copied() else { break };
        let mut blocks = futures::stream::iter(slots)
            .map(|slot| async move {
                let block = retry("block", stop, || async {
                    let block = source.block(slot).await?;
                    block.ok_or_else(|| SourceError::Unavailable(format!("block {slot} is listed and not there")))
                });
                Ok::<_, IngestError>((slot, block.await?))
            })
            .buffered(config.concurrency);
        while let Some(block) = blocks.next().await {
            let (slot, block) = block?;
            let decoded = Block::decode(slot, &block)?;
            events += decoded.events.len() as u64;
            last = Some(decoded.header);
            writer.add(&RecordedBlock::of(slot, &block)?)?;
        }
        next = highest + 1;
        if said.elapsed() > PROGRESS {
            said = Instant::now();
            info!(slot = highest, to, events, "recording");
        }
    }
    let last = last.ok_or_else(|| IngestError::Range(format!("the node has no blocks up to slot {to}")))?;
    // The others follow from it by their links.
    let number = unsigned(last.slot);
    let header = retry("finalized_header", stop, || source.header(number, Finality::Finalized)).await?;
    if header.is_none_or(|header| header.hash != last.hash) {
        return Err(IngestError::Range(format!("the node's block of slot {number} is not the finalized one")));
    }
    Ok(Recording { recorded: writer.finish()?, events })
}
