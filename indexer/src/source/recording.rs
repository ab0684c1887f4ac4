//! A recorded ledger: a file with the finalized blocks of a node, from which the mirror can be built
//! again without one.
//!
//! # Format, version 1
//! Integers are little-endian; structures are Borsh's.
//!
//! | part | bytes |
//! |---|---|
//! | `AEGLELDG` | 8 |
//! | format version | 2 |
//! | [`Origin`] | 104 |
//! | CRC-32 (IEEE) of all before | 4 |
//! | frames: a [`Head`], then its body | 40 + `length` |
//! | the last head, with `length` 0 and the totals | 40 |
//!
//! A body is a Zstandard frame of `size` bytes of [`RecordedBlock`]s, one after another, in ascending
//! order, each the child of the one before; the first is the child of the origin's parent. After the
//! last head the file ends.
//!
//! What is kept: every block's header, as skipped slots follow from the links; and those transactions
//! that succeeded and name the program, with their place in the block, wire bytes, inner instructions
//! and loaded addresses. What is dropped: every other transaction, as none can hold an event of the
//! program, and logs, balances, rewards and fees, which nothing here reads. Blocks are recorded only
//! if this release can read them whole.

mod block;
mod reader;
mod writer;

use borsh::{BorshDeserialize, BorshSerialize};

pub use block::RecordedBlock;
pub use reader::Recording;
pub use writer::{Recorded, Writer};

const MAGIC: [u8; 8] = *b"AEGLELDG";
const VERSION: u16 = 1;
/// Bytes of a body at most, also when decompressed: a damaged length must not exhaust memory.
const MAX_BODY: u32 = 1 << 28;

/// Which ledger it is, and the block that the first recorded one builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Origin {
    pub genesis_hash: [u8; 32],
    pub program: [u8; 32],
    pub parent_slot: u64,
    pub parent_hash: [u8; 32],
}

impl Origin {
    const LEN: usize = 104;
}

/// What stands before a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Head {
    /// Bytes of the body; 0 where it is the last head.
    length: u32,
    /// Bytes of the body when decompressed.
    size: u32,
    first_slot: u64,
    last_slot: u64,
    blocks: u64,
    /// CRC-32 of the body.
    body: u32,
    /// CRC-32 of the fields above.
    checksum: u32,
}

impl Head {
    const LEN: usize = 40;

    /// What the checksum must be.
    fn own_checksum(&self) -> std::io::Result<u32> {
        let bytes = borsh::to_vec(self)?;
        Ok(crc32fast::hash(&bytes[..Self::LEN - size_of::<u32>()]))
    }
}

/// Why a recording cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it is no recorded ledger: it does not start with AEGLELDG")]
    NoRecording,
    #[error("the recording is of the format version {0}, this release reads {VERSION}")]
    UnknownVersion(u16),
    #[error("the recording is damaged at byte {offset}: {reason}")]
    Damaged { offset: u64, reason: String },
    #[error("it exists already; a recording is never overwritten")]
    Exists,
    #[error("slot {slot}: {reason}")]
    Block { slot: u64, reason: String },
}
