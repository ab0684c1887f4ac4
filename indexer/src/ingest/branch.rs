//! The part of the chain that may still be replaced, from the last finalized block to the head.

use std::collections::BTreeMap;

use crate::{db::checkpoint::BlockId, decode::Header};

/// Blocks linked by parents. The first is finalized and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    base: BlockId,
    /// Above the base, by slot.
    above: BTreeMap<i64, [u8; 32]>,
}

impl Branch {
    pub fn new(base: BlockId, above: impl IntoIterator<Item = (i64, [u8; 32])>) -> Self {
        Self { base, above: above.into_iter().filter(|(slot, _)| *slot > base.slot).collect() }
    }

    pub fn base(&self) -> BlockId {
        self.base
    }

    pub fn head(&self) -> BlockId {
        self.above.last_key_value().map_or(self.base, |(slot, hash)| BlockId { slot: *slot, hash: *hash })
    }

    pub fn holds(&self, block: BlockId) -> bool {
        block == self.base || self.above.get(&block.slot) == Some(&block.hash)
    }

    /// Takes the block as the new head, in place of everything above its parent. The parent must be held.
    pub fn extend(&mut self, header: &Header) {
        self.above.split_off(&(header.parent_slot + 1));
        self.above.insert(header.slot, header.hash);
    }

    /// The blocks above the base that are not above `slot`, oldest first.
    pub fn until(&self, slot: i64) -> Vec<BlockId> {
        let blocks = self.above.iter().take_while(|(other, _)| **other <= slot);
        blocks.map(|(slot, hash)| BlockId { slot: *slot, hash: *hash }).collect()
    }

    /// Makes `block`, which is held, the base.
    pub fn finalize(&mut self, block: BlockId) {
        self.above = self.above.split_off(&(block.slot + 1));
        self.base = block;
    }

    /// Forgets everything above the base.
    pub fn reset(&mut self) {
        self.above.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slot: i64, fork: u8) -> BlockId {
        BlockId { slot, hash: [fork; 32] }
    }

    fn header(slot: i64, fork: u8, parent: BlockId) -> Header {
        let (parent_slot, parent_hash) = (parent.slot, parent.hash);
        Header { slot, hash: [fork; 32], parent_slot, parent_hash, height: None, time: None }
    }

    #[test]
    fn a_block_on_an_older_parent_replaces_what_was_above_it() {
        let mut branch = Branch::new(id(10, 1), [(11, [2; 32]), (12, [3; 32])]);
        branch.extend(&header(13, 4, id(11, 2)));
        assert_eq!(branch.head(), id(13, 4));
        assert!(branch.holds(id(11, 2)));
        assert!(!branch.holds(id(12, 3)));
    }

    #[test]
    fn the_base_moves_with_finality_and_only_forward() {
        let mut branch = Branch::new(id(10, 1), [(11, [2; 32]), (14, [3; 32])]);
        assert_eq!(branch.until(10), []);
        assert_eq!(branch.until(13), [id(11, 2)]);
        assert_eq!(branch.until(14), [id(11, 2), id(14, 3)]);
        branch.finalize(id(11, 2));
        assert_eq!(branch.base(), id(11, 2));
        assert_eq!(branch.until(11), []);
        branch.reset();
        assert_eq!(branch.head(), id(11, 2));
    }
}
