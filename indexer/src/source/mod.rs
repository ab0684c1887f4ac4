//! Where blocks come from: a small trait, so that the ledger may be a node, a recording or a liar.

mod archived;
mod recording;
mod rpc;
mod surfpool;
#[cfg(feature = "yellowstone")]
mod yellowstone;

use std::future::Future;

use aegle_client::Pubkey;
use solana_transaction_status_client_types::UiConfirmedBlock;

pub use archived::Archived;
pub use recording::{Origin, Recorded, RecordedBlock, Recording, RecordingError, Writer};
pub use rpc::RpcSource;
#[cfg(feature = "yellowstone")]
pub use yellowstone::{YellowstoneConfig, YellowstoneSource};

use crate::decode::Header;

/// Why a source gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// May pass: ask again.
    #[error("the node is unavailable: {0}")]
    Unavailable(String),
    /// Will not pass by itself: somebody must act.
    #[error("the node refuses: {0}")]
    Refused(String),
    /// The process is about to end.
    #[error("stopped while waiting for the node")]
    Stopped,
}

/// How settled an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    Confirmed,
    Finalized,
}

/// Every account of the program as of one slot.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    pub slot: u64,
    pub accounts: Vec<(Pubkey, Vec<u8>)>,
}

type Answer<T> = Result<T, SourceError>;

/// A ledger. An absent block (`None`) proves nothing: the node may be late, on another fork, or
/// pruned. Only the parent that a later block names proves that a slot was skipped.
pub trait Source: Send + Sync + 'static {
    fn genesis_hash(&self) -> impl Future<Output = Answer<[u8; 32]>> + Send;

    /// The oldest slot whose block the source still has.
    fn first_slot(&self) -> impl Future<Output = Answer<u64>> + Send;

    /// The newest slot at `finality`.
    fn tip(&self, finality: Finality) -> impl Future<Output = Answer<u64>> + Send;

    /// Up to `limit` slots from `from` on that have a confirmed block, ascending; maybe not all.
    fn slots(&self, from: u64, limit: usize) -> impl Future<Output = Answer<Vec<u64>>> + Send;

    /// The confirmed block of `slot` with its transactions.
    fn block(&self, slot: u64) -> impl Future<Output = Answer<Option<UiConfirmedBlock>>> + Send;

    /// The block of `slot` without its transactions.
    fn header(&self, slot: u64, finality: Finality) -> impl Future<Output = Answer<Option<Header>>> + Send;

    /// Every account of the program at confirmed commitment.
    fn accounts(&self) -> impl Future<Output = Answer<Accounts>> + Send;

    /// Returns when there may be a new block. A hint: it may come late or never.
    fn hint(&self) -> impl Future<Output = ()> + Send;
}
