//! A Yellowstone gRPC stream in front of a node.
//!
//! The stream pushes each block once it is confirmed, with the program's transactions alone, which
//! spares asking for whole blocks. It proves nothing by what it leaves out: it may lack blocks, stall
//! or end, and gives neither history nor finality. So the node stays the authority on how far the
//! chain is and what is final, and is asked for every block that the stream did not bring.

mod convert;
mod recent;
mod subscription;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use solana_transaction_status_client_types::UiConfirmedBlock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::{recent::Recent, subscription::Subscription};
use super::{Accounts, Answer, Finality, Source};
use crate::decode::Header;

/// Slots that the stream may be behind the node before the node is asked for their blocks.
const LEEWAY: u64 = 16;

/// Where the stream is, and when it counts as stalled.
#[derive(Clone)]
pub struct YellowstoneConfig {
    /// `https://host:port`, or `http://` without TLS.
    pub url: String,
    /// The secret that the server expects as `x-token`.
    pub token: Option<String>,
    /// Longest time without a block. Messages that keep the connection open do not count.
    pub stall: Duration,
}

impl YellowstoneConfig {
    pub fn new(url: String, token: Option<String>) -> Self {
        Self { url, token, stall: Duration::from_secs(15) }
    }
}

/// The stream's newest blocks, and the node `N` for everything else.
pub struct YellowstoneSource<N> {
    node: Arc<N>,
    shared: Arc<Shared>,
    /// The node's confirmed slot as last asked.
    node_tip: AtomicU64,
}

/// What the subscription and the source share.
#[derive(Default)]
struct Shared {
    stream: Mutex<Stream>,
    /// A block arrived, or the stream changed its state.
    arrived: Notify,
}

#[derive(Default)]
struct Stream {
    recent: Recent,
    /// Whether it is connected and was found on the node's chain.
    live: bool,
}

impl Shared {
    /// The cache is consistent after each of its operations, so a panic elsewhere does not spoil it.
    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Source> YellowstoneSource<N> {
    /// Subscribes until `stop`; what the stream lacks, `node` is asked for.
    ///
    /// # Errors
    /// An address or token that cannot be one. Neither is repeated.
    pub fn new(node: Arc<N>, config: YellowstoneConfig, stop: CancellationToken) -> Answer<Self> {
        let shared = Arc::new(Shared::default());
        let subscription = Subscription::new(node.clone(), shared.clone(), config)?;
        tokio::spawn(async move {
            stop.run_until_cancelled(subscription.follow()).await;
        });
        Ok(Self { node, shared, node_tip: AtomicU64::new(0) })
    }
}

impl<N: Source> Source for YellowstoneSource<N> {
    async fn genesis_hash(&self) -> Answer<[u8; 32]> {
        self.node.genesis_hash().await
    }

    async fn first_slot(&self) -> Answer<u64> {
        self.node.first_slot().await
    }

    /// Never behind the node's, so that a stream that lags cannot hide that the mirror does.
    async fn tip(&self, finality: Finality) -> Answer<u64> {
        let tip = self.node.tip(finality).await?;
        if finality == Finality::Finalized {
            return Ok(tip);
        }
        self.node_tip.store(tip, Relaxed);
        let stream = self.shared.stream();
        Ok(stream.recent.newest().filter(|_| stream.live).map_or(tip, |newest| newest.max(tip)))
    }

    async fn slots(&self, from: u64, limit: usize) -> Answer<Vec<u64>> {
        {
            let stream = self.shared.stream();
            if stream.live {
                if let Some(slots) = stream.recent.chain(from, limit) {
                    return Ok(slots);
                }
                // The stream is about to bring what the node had a moment earlier.
                let newest = stream.recent.newest();
                if newest.is_some_and(|newest| newest < from && newest + LEEWAY >= self.node_tip.load(Relaxed)) {
                    return Ok(Vec::new());
                }
            }
        }
        self.node.slots(from, limit).await
    }

    async fn block(&self, slot: u64) -> Answer<Option<UiConfirmedBlock>> {
        let streamed = self.shared.stream().recent.get(slot);
        if let Some(streamed) = streamed {
            return Ok(Some(streamed.block()));
        }
        let block = self.node.block(slot).await?;
        // A header that cannot be read is the decoder's to refuse.
        if let Some(header) = block.as_ref().and_then(|block| Header::of(slot, block).ok()) {
            self.shared.stream().recent.heed(&header);
        }
        Ok(block)
    }

    async fn header(&self, slot: u64, finality: Finality) -> Answer<Option<Header>> {
        if finality == Finality::Confirmed
            && let Some(streamed) = self.shared.stream().recent.get(slot)
        {
            return Ok(Some(streamed.header.clone()));
        }
        let header = self.node.header(slot, finality).await?;
        if let Some(header) = &header {
            let mut stream = self.shared.stream();
            match finality {
                Finality::Confirmed => stream.recent.heed(header),
                Finality::Finalized => stream.recent.finalize(header.clone()),
            }
        }
        Ok(header)
    }

    async fn accounts(&self) -> Answer<Accounts> {
        self.node.accounts().await
    }

    async fn hint(&self) {
        tokio::select! {
            () = self.shared.arrived.notified() => {}
            () = self.node.hint() => {}
        }
    }
}
