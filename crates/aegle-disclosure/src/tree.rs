//! The Merkle tree of RFC 9162, section 2.1, over the commitments of entries.

use std::{cell::RefCell, collections::HashMap};

use serde::{Deserialize, Serialize};
use tlog_tiles::tlog::{
    Error, Hash, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash, stored_hash_index,
    stored_hashes_for_record_hash, sub_tree_index, tree_hash,
};

use crate::Digest;

/// Where a node of the tree is kept: nodes are numbered in the order in which they become complete.
pub type Position = u64;

/// Node of a leaf: SHA-256(0x00 ‖ commitment).
pub fn leaf_hash(commitment: &Digest) -> Digest {
    Digest(record_hash(&commitment.0).0)
}

/// The right edge of a tree: all that appending needs, and no more than 64 nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    edge: Vec<(Position, Digest)>,
}

/// Nodes that were asked for by position.
pub type Nodes = HashMap<Position, Digest>;

/// Looks nodes up by their positions.
struct Known<F>(F);

impl<F: Fn(Position) -> Option<Digest>> HashReader for Known<F> {
    fn read_hashes(&self, positions: &[u64]) -> Result<Vec<Hash>, Error> {
        let find = |position: &u64| (self.0)(*position).map(|node| Hash(node.0));
        positions.iter().map(find).collect::<Option<_>>().ok_or(Error::MalformedHash)
    }
}

fn among(nodes: &[(Position, Digest)]) -> Known<impl Fn(Position) -> Option<Digest>> {
    Known(|position| nodes.iter().find(|(kept, _)| *kept == position).map(|(_, node)| *node))
}

fn of(nodes: &Nodes) -> Known<impl Fn(Position) -> Option<Digest>> {
    Known(|position| nodes.get(&position).copied())
}

/// Notes what is asked for, and has nothing.
#[derive(Default)]
struct Wanted(RefCell<Vec<Position>>);

impl HashReader for Wanted {
    fn read_hashes(&self, positions: &[u64]) -> Result<Vec<Hash>, Error> {
        self.0.borrow_mut().extend(positions);
        Err(Error::MalformedHash)
    }
}

impl Tree {
    /// Positions of the nodes that [`Tree::resume`] needs for a tree of `size` leaves.
    pub fn edge_of(size: u64) -> Vec<Position> {
        sub_tree_index(0, size, Vec::new())
    }

    /// A tree of `size` leaves again; none where a node is missing.
    pub fn resume(size: u64, nodes: &Nodes) -> Option<Self> {
        let edge = Self::edge_of(size).into_iter().map(|position| Some((position, *nodes.get(&position)?)));
        Some(Self { size, edge: edge.collect::<Option<_>>()? })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and gives the nodes that became complete with it, each with its position.
    pub fn append(&mut self, commitment: &Digest) -> Vec<(Position, Digest)> {
        // The edge holds every left neighbour of what the leaf completes.
        let nodes = stored_hashes_for_record_hash(self.size, Hash(leaf_hash(commitment).0), &among(&self.edge));
        let first = stored_hash_index(0, self.size);
        let nodes = (first..).zip(nodes.unwrap_or_default()).map(|(position, node)| (position, Digest(node.0)));
        let nodes: Vec<_> = nodes.collect();
        self.size += 1;
        let known = |position: Position| {
            let mut all = self.edge.iter().chain(&nodes);
            all.find(|(kept, _)| *kept == position).copied()
        };
        self.edge = Self::edge_of(self.size).into_iter().filter_map(known).collect();
        nodes
    }

    pub fn root(&self) -> Digest {
        tree_hash(self.size, &among(&self.edge)).map(|root| Digest(root.0)).unwrap_or_default()
    }
}

/// Shows that a tree of `size` leaves has a commitment at `index`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    pub index: u64,
    pub size: u64,
    pub path: Vec<Digest>,
}

impl Inclusion {
    /// Positions of the nodes that [`Inclusion::new`] needs. None where `index` is not in the tree.
    pub fn needs(index: u64, size: u64) -> Option<Vec<Position>> {
        let wanted = Wanted::default();
        match prove_record(size, index, &wanted) {
            Err(Error::InvalidInput(_)) => None,
            _ => Some(wanted.0.into_inner()),
        }
    }

    /// None where a node is missing.
    pub fn new(index: u64, size: u64, nodes: &Nodes) -> Option<Self> {
        let path = prove_record(size, index, &of(nodes)).ok()?;
        Some(Self { index, size, path: path.into_iter().map(|node| Digest(node.0)).collect() })
    }

    pub fn proves(&self, commitment: &Digest, root: &Digest) -> bool {
        let path = self.path.iter().map(|node| Hash(node.0)).collect();
        let leaf = Hash(leaf_hash(commitment).0);
        self.index < self.size && check_record(&path, self.size, Hash(root.0), self.index, leaf).is_ok()
    }
}

/// Shows that a tree of `to` leaves begins with the `from` leaves of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    pub from: u64,
    pub to: u64,
    pub path: Vec<Digest>,
}

impl Consistency {
    /// Positions of the nodes that [`Consistency::new`] needs. None where `from` is zero or beyond `to`.
    pub fn needs(from: u64, to: u64) -> Option<Vec<Position>> {
        if from == 0 || from > to {
            return None;
        }
        let wanted = Wanted::default();
        let _ = prove_tree(to, from, &wanted);
        Some(wanted.0.into_inner())
    }

    /// None where a node is missing.
    pub fn new(from: u64, to: u64, nodes: &Nodes) -> Option<Self> {
        let path = prove_tree(to, from, &of(nodes)).ok()?;
        Some(Self { from, to, path: path.into_iter().map(|node| Digest(node.0)).collect() })
    }

    pub fn proves(&self, before: &Digest, after: &Digest) -> bool {
        let path = self.path.iter().map(|node| Hash(node.0)).collect();
        let in_order = 0 < self.from && self.from <= self.to;
        in_order && check_tree(&path, self.to, Hash(after.0), self.from, Hash(before.0)).is_ok()
    }
}

/// What somebody once committed to: that the log's first `size` leaves have this root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    pub size: u64,
    pub root: Digest,
}

/// Why a log is not what was stated of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    #[error("two statements about the first {size} entries contradict each other")]
    Forked { size: u64 },
    #[error("the log ends after {found} entries, and {stated} were stated: its end was cut off")]
    CutOff { found: u64, stated: u64 },
    #[error("an entry from {after} on and before {size} was altered, removed or moved")]
    Altered { after: u64, size: u64 },
}

/// Reads a whole log and compares it with everything that was ever stated of it, in bounded memory.
#[derive(Clone, Debug)]
pub struct Audit {
    tree: Tree,
    /// Those to come, the next one last.
    stated: Vec<Stated>,
    /// Up to where the log is what was stated.
    agreed: u64,
}

impl Audit {
    /// # Errors
    /// Two statements contradict each other.
    pub fn new(mut stated: Vec<Stated>) -> Result<Self, AuditFault> {
        stated.sort_unstable_by_key(|stated| std::cmp::Reverse((stated.size, stated.root)));
        stated.dedup();
        if let Some(pair) = stated.windows(2).find(|pair| pair[0].size == pair[1].size) {
            return Err(AuditFault::Forked { size: pair[0].size });
        }
        let mut audit = Self { tree: Tree::default(), stated, agreed: 0 };
        audit.compare()?;
        Ok(audit)
    }

    /// Takes the commitment of the next entry.
    ///
    /// # Errors
    /// The log is not what was stated of it.
    pub fn push(&mut self, commitment: &Digest) -> Result<(), AuditFault> {
        self.tree.append(commitment);
        self.compare()
    }

    fn compare(&mut self) -> Result<(), AuditFault> {
        let size = self.tree.size();
        let Some(stated) = self.stated.pop_if(|stated| stated.size == size) else { return Ok(()) };
        if stated.root != self.tree.root() {
            return Err(AuditFault::Altered { after: self.agreed, size });
        }
        self.agreed = size;
        Ok(())
    }

    /// Ends the log.
    ///
    /// # Errors
    /// More was stated than there is.
    pub fn finish(self) -> Result<Tree, AuditFault> {
        match self.stated.first() {
            Some(stated) => Err(AuditFault::CutOff { found: self.tree.size(), stated: stated.size }),
            None => Ok(self.tree),
        }
    }
}
