//! A commitment to the last entry of every vault.
//!
//! A binary trie over SHA-256 of the vault's address: a leaf stands where its key first differs from
//! every other, so each vault has exactly one place, and a proof shows both what stands there and that
//! nothing else can. Values are salted, so a proof tells its reader nothing of other vaults.

use aegle_decision::Key;
use serde::{Deserialize, Serialize};
use solana_sha256_hasher::hashv;

use crate::Digest;

const LEAF: &[u8] = b"aegle:heads:leaf:v1";
const NODE: &[u8] = b"aegle:heads:node:v1";
const VALUE: &[u8] = b"aegle:heads:value:v1";
/// What stands where no vault is.
const NOTHING: Digest = Digest([0; 32]);

/// Where a vault's chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many entries the chain has.
    pub entries: u64,
    /// Commitment of the last.
    pub commitment: Digest,
}

impl Head {
    fn value(&self, salt: &Digest) -> Digest {
        Digest(hashv(&[VALUE, &salt.0, &self.entries.to_be_bytes(), &self.commitment.0]).to_bytes())
    }
}

/// The heads of all vaults.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    /// By key.
    leaves: Vec<([u8; 32], Digest)>,
}

/// Shows what the head of a vault is: the salt of its value, and what stands beside the way to it, from
/// the top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadProof {
    pub head: Option<Head>,
    pub salt: Digest,
    pub beside: Vec<Digest>,
    /// For a vault without a head, the leaf that stands where its own would: its key and value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<(Digest, Digest)>,
}

fn place(vault: &Key) -> [u8; 32] {
    hashv(&[&vault.0]).to_bytes()
}

fn bit(key: &[u8; 32], depth: usize) -> bool {
    key[depth / 8] >> (7 - depth % 8) & 1 == 1
}

fn leaf(key: &[u8; 32], value: &Digest) -> Digest {
    Digest(hashv(&[LEAF, key, &value.0]).to_bytes())
}

fn node(left: &Digest, right: &Digest) -> Digest {
    Digest(hashv(&[NODE, &left.0, &right.0]).to_bytes())
}

impl Heads {
    /// Each vault once; of one named twice the last counts.
    pub fn new(heads: impl IntoIterator<Item = (Key, Head, Digest)>) -> Self {
        let mut leaves: Vec<_> =
            heads.into_iter().map(|(vault, head, salt)| (place(&vault), head.value(&salt))).collect();
        leaves.sort_by_key(|(key, _)| *key);
        leaves.reverse();
        leaves.dedup_by_key(|(key, _)| *key);
        leaves.reverse();
        Self { leaves }
    }

    pub fn root(&self) -> Digest {
        root(&self.leaves, 0)
    }

    /// Shows `head`, or that the vault has none.
    pub fn prove(&self, vault: &Key, head: Option<Head>, salt: Digest) -> HeadProof {
        let key = place(vault);
        let (mut beside, mut leaves) = (Vec::new(), &self.leaves[..]);
        for depth in 0.. {
            if leaves.len() < 2 {
                break;
            }
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !bit(key, depth)));
            let (own, other) = if bit(&key, depth) { (right, left) } else { (left, right) };
            beside.push(root(other, depth + 1));
            leaves = own;
        }
        let instead = leaves.first().filter(|(other, _)| *other != key).map(|(other, value)| (Digest(*other), *value));
        HeadProof { head, salt, beside, instead }
    }
}

fn root(leaves: &[([u8; 32], Digest)], depth: usize) -> Digest {
    match leaves {
        [] => NOTHING,
        [(key, value)] => leaf(key, value),
        leaves => {
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !bit(key, depth)));
            node(&root(left, depth + 1), &root(right, depth + 1))
        }
    }
}

impl HeadProof {
    /// Whether a tree of heads with `root` says this of the vault.
    pub fn holds(&self, vault: &Key, root: &Digest) -> bool {
        let key = place(vault);
        let depth = self.beside.len();
        if depth > 256 {
            return false;
        }
        let start = match (&self.head, &self.instead) {
            (Some(head), None) => leaf(&key, &head.value(&self.salt)),
            (None, None) => NOTHING,
            // Another leaf stands here: it must be another, and on the way to where this one would be.
            (None, Some((other, value))) => {
                if other.0 == key || (0..depth).any(|depth| bit(&other.0, depth) != bit(&key, depth)) {
                    return false;
                }
                leaf(&other.0, value)
            }
            (Some(_), Some(_)) => return false,
        };
        let found = self.beside.iter().enumerate().rev().fold(start, |below, (depth, beside)| {
            if bit(&key, depth) { node(beside, &below) } else { node(&below, beside) }
        });
        found == *root
    }
}
