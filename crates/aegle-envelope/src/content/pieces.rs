use std::io;

use super::{ContentError, ContentKey, HEADER_LENGTH, Header, Stream, TAG_LENGTH, open_chunk};

/// Decrypts content that comes in pieces of any size, where a [`Reader`](super::Reader) would ask for them.
/// Holds one chunk and the last piece in memory, and gives out nothing of a chunk that did not open.
pub struct Pieces {
    key: ContentKey,
    stream: Option<(Header, Stream)>,
    /// What did not open yet: at least the last chunk, which only the end shows to be it.
    sealed: Vec<u8>,
    next: u32,
    failed: bool,
}

impl Pieces {
    pub fn new(key: ContentKey) -> Self {
        Self { key, stream: None, sealed: Vec::new(), next: 0, failed: false }
    }

    /// Takes the next piece and gives `out` what it opens, chunk by chunk.
    ///
    /// # Errors
    /// [`ContentError`] within, and those of `out`. Nothing more is opened after one.
    pub fn push(&mut self, piece: &[u8], out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.guarded(|pieces| pieces.open(piece, false, out))
    }

    /// Opens the last chunk: everything was given.
    ///
    /// # Errors
    /// As those of [`Pieces::push`].
    pub fn finish(&mut self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.guarded(|pieces| pieces.open(&[], true, out))?;
        self.failed = true;
        Ok(())
    }

    fn guarded(&mut self, run: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(ContentError::Failed.into());
        }
        run(self)?;
        self.failed = false;
        Ok(())
    }

    fn open(&mut self, piece: &[u8], last: bool, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.sealed.extend_from_slice(piece);
        let mut taken = 0;
        let (header, stream) = match &self.stream {
            Some(stream) => stream,
            None => match self.sealed.first_chunk::<HEADER_LENGTH>() {
                Some(bytes) => {
                    let header = Header::parse(*bytes)?;
                    taken = HEADER_LENGTH;
                    self.stream.insert((header, header.stream(&self.key)))
                }
                None if last => return Err(ContentError::Truncated.into()),
                None => return Ok(()),
            },
        };
        let length = header.chunk_length() + TAG_LENGTH;
        let mut chunk = Vec::with_capacity(length);
        while self.sealed.len() - taken > length {
            chunk.clear();
            chunk.extend_from_slice(&self.sealed[taken..taken + length]);
            taken += length;
            open_chunk(stream, self.next, false, &mut chunk)?;
            self.next = self.next.checked_add(1).ok_or(ContentError::TooLong)?;
            out(&chunk)?;
        }
        self.sealed.drain(..taken);
        if last {
            open_chunk(stream, self.next, true, &mut self.sealed)?;
            out(&self.sealed)?;
        }
        Ok(())
    }
}
