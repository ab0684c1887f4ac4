use std::ops::Range;

use super::{ContentError, HEADER_LENGTH, Header, TAG_LENGTH, header::CHUNK_LOG2};

/// Where which byte of the plaintext is in the ciphertext. All lengths and offsets are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    chunk: u64,
    plaintext: u64,
}

impl Layout {
    pub fn of_plaintext(header: &Header, length: u64) -> Self {
        Self { chunk: header.chunk_length() as u64, plaintext: length }
    }

    /// Of plaintext of `length` in chunks of the usual 64 KiB.
    pub fn usual(length: u64) -> Self {
        Self { chunk: 1 << CHUNK_LOG2, plaintext: length }
    }

    /// `length` is that of header and chunks together.
    ///
    /// # Errors
    /// No content has this length.
    pub fn of_ciphertext(header: &Header, length: u64) -> Result<Self, ContentError> {
        let chunk = header.chunk_length() as u64;
        let body = length.checked_sub(HEADER_LENGTH as u64).ok_or(ContentError::Truncated)?;
        let tag = TAG_LENGTH as u64;
        let (whole, rest) = (body / (chunk + tag), body % (chunk + tag));
        let last = match rest {
            0 if whole > 0 => 0,
            rest if rest > tag || rest == tag && whole == 0 => rest - tag,
            _ => return Err(ContentError::Truncated),
        };
        Ok(Self { chunk, plaintext: whole * chunk + last })
    }

    pub fn plaintext_length(&self) -> u64 {
        self.plaintext
    }

    /// Length of header and chunks together.
    pub fn ciphertext_length(&self) -> u64 {
        (HEADER_LENGTH as u64 + self.chunks() * TAG_LENGTH as u64).saturating_add(self.plaintext)
    }

    /// At least one: empty content is one empty chunk.
    pub fn chunks(&self) -> u64 {
        self.plaintext.div_ceil(self.chunk).max(1)
    }

    /// The chunk that holds the byte of plaintext at `offset`.
    pub fn chunk_of(&self, offset: u64) -> u64 {
        offset / self.chunk
    }

    /// The bytes of ciphertext to fetch for those of plaintext in `range`: whole chunks, header left
    /// out. Empty where the range is, or lies behind the end.
    pub fn ciphertext_range(&self, range: Range<u64>) -> Range<u64> {
        let end = range.end.min(self.plaintext);
        if range.start >= end {
            return 0..0;
        }
        self.chunk_start(self.chunk_of(range.start))
            ..self.chunk_start(self.chunk_of(end - 1) + 1).min(self.ciphertext_length())
    }

    /// Where `chunk` begins in the ciphertext.
    pub(super) fn chunk_start(&self, chunk: u64) -> u64 {
        HEADER_LENGTH as u64 + chunk * (self.chunk + TAG_LENGTH as u64)
    }
}
