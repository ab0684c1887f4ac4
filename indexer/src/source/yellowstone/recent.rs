//! The newest blocks of the stream, bounded, none of which contradicts another.

use std::{collections::BTreeMap, sync::Arc};

use super::convert::Streamed;
use crate::decode::Header;

/// Blocks kept at most: some three minutes of them.
const MOST_BLOCKS: usize = 512;
/// Their size on the wire at most, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// Blocks that arrived, by slot. Blocks that contradict each other are of different forks, and which
/// one is left is not theirs to say: then the older ones are forgotten, and the node is asked.
#[derive(Debug, Default)]
pub struct Recent {
    blocks: BTreeMap<u64, Arc<Streamed>>,
    bytes: usize,
    /// The newest slot that arrived, also where its block is no longer held.
    newest: Option<u64>,
    /// The last finalized block heard of. Nothing at or below it is held.
    floor: Option<Header>,
}

impl Recent {
    /// Takes a block, unless it is or contradicts what is final.
    pub fn insert(&mut self, block: Streamed) {
        if self.floor.as_ref().is_some_and(|floor| !is_above(&block.header, floor)) {
            return;
        }
        if self.contradicts(&block.header) {
            self.forget();
        }
        self.newest = self.newest.max(Some(block.slot));
        if self.blocks.contains_key(&block.slot) {
            return;
        }
        self.bytes += block.size;
        self.blocks.insert(block.slot, Arc::new(block));
        while self.blocks.len() > MOST_BLOCKS || self.bytes > MOST_BYTES {
            self.drop_oldest();
        }
    }

    /// Takes note of a slot whose block arrived and cannot be used.
    pub fn pass_over(&mut self, slot: u64) {
        self.newest = self.newest.max(Some(slot));
    }

    pub fn get(&self, slot: u64) -> Option<Arc<Streamed>> {
        self.blocks.get(&slot).cloned()
    }

    pub fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// The slots of the newest block and its parents from `from` on, ascending, at most `limit`; `None`
    /// where one between is not held, or there is none.
    pub fn chain(&self, from: u64, limit: usize) -> Option<Vec<u64>> {
        let (_, mut block) = self.blocks.last_key_value().filter(|(slot, _)| **slot >= from)?;
        let mut slots = vec![block.slot];
        while block.header.parent_slot.unsigned_abs() >= from {
            block = self.blocks.get(&block.header.parent_slot.unsigned_abs())?;
            slots.push(block.slot);
        }
        slots.reverse();
        slots.truncate(limit);
        Some(slots)
    }

    /// Takes note of a block of the node: where the stream's contradict it, they are forgotten.
    pub fn heed(&mut self, header: &Header) {
        if self.contradicts(header) {
            self.forget();
        }
    }

    /// Takes note of a finalized block of the mirror: what is not above it is no longer needed.
    pub fn finalize(&mut self, header: Header) {
        self.heed(&header);
        while let Some(oldest) = self.blocks.first_key_value().map(|(_, block)| block)
            && oldest.header.slot <= header.slot
        {
            self.drop_oldest();
        }
        if self.floor.as_ref().is_none_or(|floor| floor.slot < header.slot) {
            self.floor = Some(header);
        }
    }

    /// Drops every block; what is final stays known.
    pub fn forget(&mut self) {
        self.blocks.clear();
        self.bytes = 0;
        self.newest = None;
    }

    fn drop_oldest(&mut self) {
        if let Some((_, block)) = self.blocks.pop_first() {
            self.bytes -= block.size;
        }
    }

    /// Whether a held block cannot be of one chain with this one. Parents skip what lies between.
    fn contradicts(&self, header: &Header) -> bool {
        let (slot, parent_slot) = (header.slot.unsigned_abs(), header.parent_slot.unsigned_abs());
        let other_hash = |slot, hash| self.blocks.get(&slot).is_some_and(|held| held.header.hash != hash);
        let skipped = self.blocks.range(parent_slot + 1..slot).next().is_some();
        let skipping = self.blocks.range(slot + 1..).next().is_some_and(|(_, above)| {
            let above = &above.header;
            above.parent_slot < header.slot || (above.parent_slot == header.slot && above.parent_hash != header.hash)
        });
        other_hash(slot, header.hash) || other_hash(parent_slot, header.parent_hash) || skipped || skipping
    }
}

/// Whether a block may descend from a finalized one.
fn is_above(header: &Header, floor: &Header) -> bool {
    header.parent_slot > floor.slot || (header.parent_slot == floor.slot && header.parent_hash == floor.hash)
}

#[cfg(test)]
mod tests {
    use yellowstone_grpc_proto::prelude::SubscribeUpdateBlock;

    use super::*;

    fn hash(slot: u64, fork: u8) -> [u8; 32] {
        let mut hash = [fork; 32];
        hash[..8].copy_from_slice(&slot.to_be_bytes());
        hash
    }

    fn block(slot: u64, fork: u8, parent: (u64, u8), size: usize) -> Streamed {
        let text = |hash: [u8; 32]| bs58::encode(hash).into_string();
        let update = SubscribeUpdateBlock {
            slot,
            blockhash: text(hash(slot, fork)),
            parent_slot: parent.0,
            parent_blockhash: text(hash(parent.0, parent.1)),
            ..Default::default()
        };
        Streamed::read(update, size).expect("block")
    }

    fn held(recent: &Recent) -> Vec<(u64, u8)> {
        recent.blocks.values().map(|block| (block.slot, block.header.hash[31])).collect()
    }

    /// Blocks of one chain at 10, 11, 13 and 14; slot 12 was skipped.
    fn recent() -> Recent {
        let mut recent = Recent::default();
        for (slot, parent) in [(10, 9), (11, 10), (13, 11), (14, 13)] {
            recent.insert(block(slot, 0, (parent, 0), 1));
        }
        recent
    }

    #[test]
    fn a_chain_is_told_only_where_every_link_is_held() {
        let mut recent = recent();
        assert_eq!(recent.chain(10, 9), Some(vec![10, 11, 13, 14]));
        assert_eq!(recent.chain(12, 9), Some(vec![13, 14]));
        assert_eq!(recent.chain(11, 2), Some(vec![11, 13]));
        assert_eq!(recent.chain(9, 9), None, "block 9 is not held");
        assert_eq!(recent.chain(15, 9), None);
        recent.insert(block(17, 0, (16, 0), 1));
        assert_eq!(recent.chain(14, 9), None, "block 16 is not held");
        recent.insert(block(16, 0, (14, 0), 1));
        assert_eq!(recent.chain(14, 9), Some(vec![14, 16, 17]));
        assert_eq!(recent.newest(), Some(17));
    }

    #[test]
    fn order_and_repetition_change_nothing() {
        let mut other = Recent::default();
        for (slot, parent) in [(14, 13), (10, 9), (14, 13), (13, 11), (11, 10), (10, 9)] {
            other.insert(block(slot, 0, (parent, 0), 1));
        }
        assert_eq!(held(&other), held(&recent()));
        assert_eq!(other.bytes, 4);
    }

    #[test]
    fn of_blocks_that_contradict_each_other_the_newest_to_arrive_stays_alone() {
        let contradictions = [
            ("the same slot", (13, 1, (11, 0))),
            ("another parent at its slot", (15, 0, (14, 1))),
            ("a parent below held ones", (15, 0, (11, 0))),
            ("a skipped slot", (12, 0, (11, 0))),
            ("another hash than its child names", (9, 1, (8, 0))),
        ];
        for (what, (slot, fork, parent)) in contradictions {
            let mut recent = recent();
            recent.insert(block(slot, fork, parent, 1));
            assert_eq!(held(&recent), [(slot, fork)], "{what}");
            assert_eq!(recent.bytes, 1);
        }
        let mut recent = recent();
        recent.heed(&block(15, 0, (14, 1), 1).header);
        assert_eq!((held(&recent), recent.newest()), (Vec::new(), None), "the node's word");
    }

    #[test]
    fn what_is_final_is_let_go_and_never_contradicted() {
        let mut recent = recent();
        recent.finalize(block(11, 0, (10, 0), 1).header);
        assert_eq!(held(&recent), [(13, 0), (14, 0)]);
        for (slot, fork, parent) in [(11, 1, (10, 0)), (12, 1, (10, 0)), (15, 1, (11, 1)), (11, 0, (10, 0))] {
            recent.insert(block(slot, fork, parent, 1));
            assert_eq!(held(&recent), [(13, 0), (14, 0)], "slot {slot} on {parent:?}");
        }
        // A fork was finalized that the stream did not follow.
        recent.finalize(block(14, 1, (11, 0), 1).header);
        assert_eq!(held(&recent), []);
        recent.insert(block(15, 0, (14, 0), 1));
        assert_eq!(held(&recent), []);
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut recent = Recent::default();
        for slot in 1..=MOST_BLOCKS as u64 + 10 {
            recent.insert(block(slot, 0, (slot - 1, 0), 1));
        }
        assert_eq!(recent.blocks.len(), MOST_BLOCKS);
        assert_eq!(recent.chain(11, 1), Some(vec![11]));
        let next = MOST_BLOCKS as u64 + 11;
        recent.insert(block(next, 0, (next - 1, 0), MOST_BYTES));
        assert_eq!(held(&recent), [(next, 0)]);
    }
}
