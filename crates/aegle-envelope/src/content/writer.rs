use std::io::{self, Write};

use rand::{CryptoRng, RngCore};

use super::{ContentError, ContentKey, Header, Stream, TAG_LENGTH, seal_chunk};

/// Encrypts what is written into it. Holds one chunk in memory.
///
/// Must be [finished](Writer::finish): a stream that is not does not open, since its end is missing.
#[must_use = "content that is not finished does not open"]
pub struct Writer<W> {
    sink: W,
    stream: Stream,
    /// Plaintext that may still turn out to be the last chunk.
    chunk: Vec<u8>,
    chunk_length: usize,
    position: u32,
    failed: bool,
}

impl<W: Write> Writer<W> {
    /// Writes the header, for chunks of 64 KiB.
    ///
    /// # Errors
    /// The sink's.
    pub fn new(key: &ContentKey, sink: W, rng: &mut (impl RngCore + CryptoRng)) -> io::Result<Self> {
        Self::with_header(key, &Header::generate(rng), sink)
    }

    /// With chunks of 2^`chunk_log2` bytes, 8 to 20.
    ///
    /// # Errors
    /// Another chunk size, and the sink's.
    pub fn with_chunks(
        key: &ContentKey,
        chunk_log2: u8,
        sink: W,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> io::Result<Self> {
        Self::with_header(key, &Header::with_chunks(chunk_log2, rng)?, sink)
    }

    /// A header is used only once.
    fn with_header(key: &ContentKey, header: &Header, mut sink: W) -> io::Result<Self> {
        sink.write_all(header.bytes())?;
        let chunk_length = header.chunk_length();
        Ok(Self {
            sink,
            stream: header.stream(key),
            chunk: Vec::with_capacity(chunk_length + TAG_LENGTH),
            chunk_length,
            position: 0,
            failed: false,
        })
    }

    /// Where the ciphertext goes. Whole chunks are there; the rest waits for more, or the end.
    pub fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes the last chunk and gives the sink back, flushed.
    ///
    /// # Errors
    /// The sink's, now or before.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        // A second chunk at the same place would repeat a nonce, so what failed stays failed.
        if std::mem::replace(&mut self.failed, true) {
            return Err(ContentError::Failed.into());
        }
        let next = self.position.checked_add(1).ok_or(ContentError::TooLong)?;
        seal_chunk(&self.stream, self.position, last, &mut self.chunk)?;
        self.sink.write_all(&self.chunk)?;
        self.chunk.clear();
        self.position = next;
        self.failed = false;
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.chunk.len() == self.chunk_length || self.failed {
            self.write_chunk(false)?;
        }
        let taken = bytes.len().min(self.chunk_length - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Whole chunks only: the rest waits for more, or the end.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
