//! The source's end of ingestion: asks for blocks in order and proves how they link.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use solana_transaction_status_client_types::UiConfirmedBlock;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Fetched, IngestConfig, IngestError, Tip, branch::Branch, progress::Progress, start::unsigned};
use crate::{
    db::checkpoint::BlockId,
    decode::Header,
    retry::retry,
    source::{Finality, Source, SourceError},
};

/// Blocks listed by one request.
const PAGE: usize = 256;
/// How far to follow parents before listing anew.
const LONGEST_WALK: usize = 1_024;
/// How often to read again what was finalized otherwise, before asking somebody.
const MOST_CONTRADICTIONS: u32 = 3;

pub struct Fetcher<S> {
    source: Arc<S>,
    poll: Duration,
    concurrency: usize,
    branch: Branch,
    /// Height of the branch's base, once known.
    base_height: Option<i64>,
    /// How often in a row finality contradicted what was read.
    contradictions: u32,
    progress: Arc<Progress>,
    /// The newest block time known, with its slot.
    newest: Option<(u64, i64)>,
    to: mpsc::Sender<Fetched>,
    stop: CancellationToken,
}

/// A block of the node with its link.
struct Link {
    header: Header,
    block: UiConfirmedBlock,
}

impl<S: Source> Fetcher<S> {
    pub fn new(
        source: Arc<S>,
        config: &IngestConfig,
        branch: Branch,
        progress: Arc<Progress>,
        to: mpsc::Sender<Fetched>,
        stop: CancellationToken,
    ) -> Self {
        let poll = Duration::from_millis(config.poll_ms);
        Self {
            source,
            poll,
            concurrency: config.concurrency,
            branch,
            base_height: None,
            contradictions: 0,
            progress,
            newest: None,
            to,
            stop,
        }
    }

    /// Runs until `stop`.
    pub async fn run(mut self) -> Result<(), IngestError> {
        self.base_height = self.height(self.branch.base()).await?;
        while !self.stop.is_cancelled() {
            let tip = retry("tip", &self.stop, || self.source.tip(Finality::Confirmed)).await?;
            let seen = Instant::now();
            let before = self.branch.head();
            if tip > unsigned(before.slot) {
                self.catch_up(seen).await?;
            }
            self.finalize().await?;
            self.report(tip, seen).await?;
            let behind = tip > unsigned(self.branch.head().slot);
            if !behind || self.branch.head() == before {
                let pause = async {
                    tokio::select! { () = self.source.hint() => {}, () = tokio::time::sleep(self.poll) => {} }
                };
                self.stop.run_until_cancelled(pause).await;
            }
        }
        Ok(())
    }

    /// How many blocks are below that one, which is final, where the node knows.
    async fn height(&self, block: BlockId) -> Result<Option<i64>, IngestError> {
        let number = unsigned(block.slot);
        if number == 0 {
            return Ok(Some(0));
        }
        let header = match retry("base_header", &self.stop, || self.source.header(number, Finality::Finalized)).await {
            // The parent of the mirror's first block may be older than what the node keeps.
            Err(SourceError::Refused(_)) => None,
            header => header?,
        };
        Ok(header.filter(|header| header.hash == block.hash).and_then(|header| header.height))
    }

    /// Fetches one page of the blocks above the head, several at once, and takes them in order.
    async fn catch_up(&mut self, seen: Instant) -> Result<(), IngestError> {
        let from = unsigned(self.branch.head().slot) + 1;
        let slots = retry("slots", &self.stop, || self.source.slots(from, PAGE)).await?;
        let (source, stop) = (self.source.clone(), self.stop.clone());
        let mut blocks = futures::stream::iter(slots)
            .map(|slot| {
                let (source, stop) = (source.clone(), stop.clone());
                async move { (slot, retry("block", &stop, || source.block(slot)).await) }
            })
            .buffered(self.concurrency);
        while let Some((slot, block)) = blocks.next().await {
            let Some(block) = block? else {
                // Listed and not there: late or another fork. Its child will tell.
                retried("absent_block", slot);
                break;
            };
            if !self.take(slot, block, seen).await? {
                break;
            }
        }
        Ok(())
    }

    /// Hands on the block and those of its parents that the branch does not hold, oldest first. False
    /// where the node cannot tell them now.
    async fn take(&mut self, slot: u64, block: UiConfirmedBlock, seen: Instant) -> Result<bool, IngestError> {
        let mut links = vec![Link { header: Header::of(slot, &block)?, block }];
        while let Some(Link { header, .. }) = links.last() {
            let parent = header.parent();
            if self.branch.holds(parent) {
                break;
            }
            let base = self.branch.base();
            if parent.slot <= base.slot {
                return Err(IngestError::FinalizedReplaced { slot: base.slot, child: header.slot });
            }
            if links.len() == LONGEST_WALK {
                retried("long_walk", slot);
                return Ok(false);
            }
            let number = unsigned(parent.slot);
            let Some(block) = retry("block", &self.stop, || self.source.block(number)).await? else {
                retried("absent_parent", number);
                return Ok(false);
            };
            let parent_header = Header::of(number, &block)?;
            if parent_header.hash != parent.hash {
                warn!(slot = header.slot, parent = number, "the node does not have the block's parent");
                retried("contradiction", number);
                return Ok(false);
            }
            links.push(Link { header: parent_header, block });
        }
        for Link { header, block } in links.into_iter().rev() {
            if header.parent_slot != self.branch.head().slot {
                info!(slot = header.slot, parent = header.parent_slot, "following another fork");
                metrics::counter!("aegle_forks_total").increment(1);
            }
            self.branch.extend(&header);
            self.newest = header.time.map(|time| (unsigned(header.slot), time));
            let slot = unsigned(header.slot);
            if !self.send(Fetched::Block { slot, block: Box::new(block), seen }).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Moves the finalized block up over what the node, asked a second time, gives as final and linked
    /// as it was when it was read. Where it is not, gives up what is not finalized.
    async fn finalize(&mut self) -> Result<(), IngestError> {
        let finalized = retry("finalized_tip", &self.stop, || self.source.tip(Finality::Finalized)).await?;
        let blocks = self.branch.until(i64::try_from(finalized).unwrap_or(i64::MAX));
        let mut headers = futures::stream::iter(blocks)
            .map(|block| {
                let (source, stop) = (self.source.clone(), self.stop.clone());
                async move {
                    let ask = || source.header(unsigned(block.slot), Finality::Finalized);
                    (block, retry("finalized_header", &stop, ask).await)
                }
            })
            .buffered(self.concurrency);
        let mut parent = (self.branch.base(), self.base_height);
        let (mut last, mut complete, mut contradiction) = (None, true, None);
        while let Some((block, header)) = headers.next().await {
            let Some(header) = header? else {
                // It proves nothing, but a later one may.
                (complete, parent) = (false, (block, None));
                continue;
            };
            // A parent too low would leave blocks out: the height tells where slots are passed over.
            let adjacent = header.slot == parent.0.slot + 1;
            let follows = adjacent || header.height.zip(parent.1).is_none_or(|(height, below)| height == below + 1);
            if header.hash != block.hash || header.parent() != parent.0 || !follows {
                contradiction = Some(block.slot);
                break;
            }
            parent = (block, header.height);
            if complete {
                last = Some(parent);
            }
        }
        drop(headers);
        if let Some((block, height)) = last {
            (self.base_height, self.contradictions) = (height, 0);
            self.branch.finalize(block);
            self.send(Fetched::Finalized(block)).await;
        }
        if let Some(slot) = contradiction {
            warn!(slot, "another block or link was finalized; reading again from the last final one");
            metrics::counter!("aegle_forks_total").increment(1);
            self.contradictions += 1;
            if self.contradictions == MOST_CONTRADICTIONS {
                return Err(IngestError::Contradiction { slot });
            }
            self.branch.reset();
        }
        Ok(())
    }

    /// Says how far the node is, in the database and the metrics. The writer stores it: of two processes
    /// that take themselves for the ingester, only the one that is may say how far the node is.
    async fn report(&mut self, tip: u64, seen: Instant) -> Result<(), IngestError> {
        if self.newest.is_none_or(|(slot, _)| slot != tip) {
            let header = retry("tip_header", &self.stop, || self.source.header(tip, Finality::Confirmed)).await?;
            self.newest = header.and_then(|header| header.time).map(|time| (tip, time));
        }
        let slot = i64::try_from(tip).unwrap_or(i64::MAX);
        self.send(Fetched::Tip(Tip { slot, block_time: self.newest.map(|(_, time)| time), seen })).await;
        self.progress.observed(slot);
        Ok(())
    }

    /// False when the next stage has ended.
    async fn send(&self, fetched: Fetched) -> bool {
        let depth = self.to.max_capacity() - self.to.capacity();
        metrics::gauge!("aegle_queue_depth", "stage" => "fetch").set(depth as f64);
        self.to.send(fetched).await.is_ok()
    }
}

fn retried(what: &'static str, slot: u64) {
    metrics::counter!("aegle_retries_total", "what" => what).increment(1);
    debug!(what, slot, "asking again later");
}
