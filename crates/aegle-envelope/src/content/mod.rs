//! Content as an encrypted stream: a header, then chunks, each an AEAD message of its own (STREAM, see
//! [1]), so that any chunk can be read alone and none can be moved, cut off or added.
//!
//! [1]: <https://eprint.iacr.org/2015/189.pdf>

mod header;
mod layout;
mod padding;
mod pieces;
mod reader;
mod writer;

use std::io;

use aead_stream::{StreamBE32, StreamPrimitive};
use chacha20poly1305::ChaCha20Poly1305;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use header::{HEADER_LENGTH, Header};
pub use layout::Layout;
pub use padding::padded_length;
pub use pieces::Pieces;
pub use reader::Reader;
pub use writer::Writer;

/// Bytes that authenticate a chunk, at its end.
pub const TAG_LENGTH: usize = 16;

type Stream = StreamBE32<ChaCha20Poly1305>;

/// Encrypts the chunk at a place and adds its tag.
fn seal_chunk(stream: &Stream, place: u32, last: bool, chunk: &mut Vec<u8>) -> Result<(), ContentError> {
    stream.encrypt_in_place(place, last, &[], chunk).map_err(|_| ContentError::TooLong)
}

/// Opens the chunk at a place, with its tag.
fn open_chunk(stream: &Stream, place: u32, last: bool, chunk: &mut Vec<u8>) -> Result<(), ContentError> {
    // An empty chunk after others would be a second way to write the same content.
    if chunk.len() < TAG_LENGTH || chunk.len() == TAG_LENGTH && place > 0 {
        return Err(ContentError::Truncated);
    }
    stream.decrypt_in_place(place, last, &[], chunk).map_err(|_| ContentError::Altered(place))
}

/// Encrypts the content of one record, and of no other. Given away as a [`crate::Wrap`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(crate::rng::random(rng))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To be stored, encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why content cannot be read. Within an [`io::Error`] of kind `InvalidData` or `UnexpectedEof`; see
/// [`ContentError::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    #[error("it is not encrypted content of Aegle")]
    NotContent,
    #[error("it is of format version {0}, of which nothing is known here")]
    UnknownVersion(u8),
    #[error("its chunks have 2^{0} bytes, which is not between 2^8 and 2^20")]
    ChunkSize(u8),
    #[error("it ends too early")]
    Truncated,
    #[error("chunk {0} does not open: the key is another one, or it was altered, moved or cut off")]
    Altered(u32),
    #[error("it has more chunks than can be counted")]
    TooLong,
    #[error("it failed before")]
    Failed,
}

impl ContentError {
    /// The reason within an error of [`Reader`] or [`Writer`], where it is not the source's or the
    /// sink's own.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<ContentError> for io::Error {
    fn from(error: ContentError) -> Self {
        let kind = match error {
            ContentError::Truncated => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
