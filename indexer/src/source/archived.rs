//! A node without its old blocks, and a ledger that has them.

use solana_transaction_status_client_types::UiConfirmedBlock;

use super::{Accounts, Answer, Finality, Source};
use crate::decode::Header;

/// Accounts from `node`, and blocks from `blocks`, such as a recording.
pub struct Archived<N, B> {
    pub node: N,
    pub blocks: B,
}

impl<N: Source, B: Source> Source for Archived<N, B> {
    async fn genesis_hash(&self) -> Answer<[u8; 32]> {
        self.blocks.genesis_hash().await
    }

    async fn first_slot(&self) -> Answer<u64> {
        self.blocks.first_slot().await
    }

    async fn tip(&self, finality: Finality) -> Answer<u64> {
        self.blocks.tip(finality).await
    }

    async fn slots(&self, from: u64, limit: usize) -> Answer<Vec<u64>> {
        self.blocks.slots(from, limit).await
    }

    async fn block(&self, slot: u64) -> Answer<Option<UiConfirmedBlock>> {
        self.blocks.block(slot).await
    }

    async fn header(&self, slot: u64, finality: Finality) -> Answer<Option<Header>> {
        self.blocks.header(slot, finality).await
    }

    async fn accounts(&self) -> Answer<Accounts> {
        self.node.accounts().await
    }

    async fn hint(&self) {
        self.node.hint().await;
    }
}
