use std::io::{self, Read};

use aead_stream::{KeyInit, NewStream};
use chacha20poly1305::ChaCha20Poly1305;
use rand::{CryptoRng, RngCore};

use super::{ContentError, ContentKey, Stream};
use crate::derive::derive;

/// Length of the header in bytes.
pub const HEADER_LENGTH: usize = 39;

const MAGIC: &[u8; 5] = b"AEGLE";
const VERSION: u8 = 1;
const INFO: &[u8] = b"aegle:content:v1";
pub(super) const CHUNK_LOG2: u8 = 16;

/// What comes before the first chunk: magic, format version, chunk size and 32 random bytes. All of it
/// goes into the key of the chunks, so that none opens under another header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header([u8; HEADER_LENGTH]);

impl Header {
    /// With chunks of 64 KiB.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self::build(CHUNK_LOG2, crate::rng::random(rng))
    }

    /// With chunks of 2^`chunk_log2` bytes, 8 to 20.
    ///
    /// # Errors
    /// Another chunk size.
    pub fn with_chunks(chunk_log2: u8, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, ContentError> {
        check_chunks(chunk_log2)?;
        Ok(Self::build(chunk_log2, crate::rng::random(rng)))
    }

    /// # Errors
    /// Bytes that are no header, or one of another version.
    pub fn parse(bytes: [u8; HEADER_LENGTH]) -> Result<Self, ContentError> {
        if bytes[..5] != *MAGIC {
            return Err(ContentError::NotContent);
        }
        if bytes[5] != VERSION {
            return Err(ContentError::UnknownVersion(bytes[5]));
        }
        check_chunks(bytes[6])?;
        Ok(Self(bytes))
    }

    pub fn bytes(&self) -> &[u8; HEADER_LENGTH] {
        &self.0
    }

    pub fn chunk_log2(&self) -> u8 {
        self.0[6]
    }

    /// Bytes of plaintext in each chunk but the last.
    pub fn chunk_length(&self) -> usize {
        1 << self.chunk_log2()
    }

    pub(super) fn read(source: &mut impl Read) -> io::Result<Self> {
        let mut bytes = [0; HEADER_LENGTH];
        source.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ContentError::Truncated.into(),
            _ => error,
        })?;
        Ok(Self::parse(bytes)?)
    }

    /// The STREAM of the chunks. Its nonce prefix is zero: the key is of this header alone.
    pub(super) fn stream(&self, key: &ContentKey) -> Stream {
        let key = derive(key.as_bytes(), &self.0, &[INFO]);
        Stream::from_aead(ChaCha20Poly1305::new((&*key).into()), &[0; 7].into())
    }

    fn build(chunk_log2: u8, random: [u8; 32]) -> Self {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[..5].copy_from_slice(MAGIC);
        bytes[5] = VERSION;
        bytes[6] = chunk_log2;
        bytes[7..].copy_from_slice(&random);
        Self(bytes)
    }
}

fn check_chunks(chunk_log2: u8) -> Result<(), ContentError> {
    if (8..=20).contains(&chunk_log2) { Ok(()) } else { Err(ContentError::ChunkSize(chunk_log2)) }
}
