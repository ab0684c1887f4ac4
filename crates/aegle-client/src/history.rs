//! What happened to accounts, as any node tells it.

#[cfg(feature = "rpc")]
mod node;

#[cfg(feature = "rpc")]
pub use node::HistoryError;

use crate::Event;

/// An event and the slot of its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub slot: u64,
    pub event: Event,
}

/// A block without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    pub hash: [u8; 32],
    /// Seconds since the Unix epoch.
    pub time: Option<i64>,
}
