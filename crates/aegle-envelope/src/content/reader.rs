use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::{ContentError, ContentKey, Header, Layout, Stream, TAG_LENGTH, open_chunk};

/// Decrypts content. Holds one chunk in memory and gives out nothing of a chunk that did not open, nor
/// an end that is not the true one.
///
/// Seeking takes the content to begin at the source's start. The first seek reads the last chunk, so
/// that the length is known to be true.
pub struct Reader<R> {
    source: R,
    header: Header,
    stream: Stream,
    /// The open chunk, of which `taken` bytes were given out.
    chunk: Vec<u8>,
    taken: usize,
    /// The chunk to open next. The one that is open comes before.
    next: u32,
    /// First byte of the next chunk: whether there is one tells which is the last.
    ahead: Option<u8>,
    last: bool,
    layout: Option<Layout>,
    failed: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The source's, and [`ContentError`] where the header is none.
    pub fn new(key: &ContentKey, mut source: R) -> io::Result<Self> {
        let header = Header::read(&mut source)?;
        Ok(Self {
            source,
            stream: header.stream(key),
            header,
            chunk: Vec::with_capacity(header.chunk_length() + TAG_LENGTH + 1),
            taken: 0,
            next: 0,
            ahead: None,
            last: false,
            layout: None,
            failed: false,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Opens the next chunk.
    fn open_chunk(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(ContentError::Failed.into());
        }
        let opened = self.try_open_chunk();
        match opened {
            Ok(()) => self.failed = false,
            Err(_) => self.chunk.clear(),
        }
        opened
    }

    fn try_open_chunk(&mut self) -> io::Result<()> {
        let sealed = self.header.chunk_length() + TAG_LENGTH;
        self.taken = 0;
        self.chunk.resize(sealed + 1, 0);
        let mut filled = 0;
        if let Some(byte) = self.ahead.take() {
            self.chunk[0] = byte;
            filled = 1;
        }
        while filled < self.chunk.len() {
            match self.source.read(&mut self.chunk[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.last = filled <= sealed;
        if !self.last {
            self.ahead = self.chunk.pop();
        } else {
            self.chunk.truncate(filled);
        }
        open_chunk(&self.stream, self.next, self.last, &mut self.chunk)?;
        self.next = self.next.checked_add(1).ok_or(ContentError::TooLong)?;
        Ok(())
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.failed || self.taken >= self.chunk.len() && !self.last {
            self.open_chunk()?;
        }
        Ok(self.chunk.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
    }
}

impl<R: Read + Seek> Reader<R> {
    /// The layout, with a length that the last chunk proved. Reading goes on where it was.
    ///
    /// # Errors
    /// As those of reading.
    pub fn layout(&mut self) -> io::Result<Layout> {
        let position = self.position();
        let layout = self.prove_layout()?;
        self.go_to(layout, position)?;
        Ok(layout)
    }

    /// Leaves the reader at the end where the layout was not known before.
    fn prove_layout(&mut self) -> io::Result<Layout> {
        if let Some(layout) = self.layout {
            return Ok(layout);
        }
        let length = self.source.seek(SeekFrom::End(0))?;
        let layout = Layout::of_ciphertext(&self.header, length)?;
        self.go_to(layout, layout.plaintext_length())?;
        if !self.last {
            return Err(ContentError::Truncated.into());
        }
        self.layout = Some(layout);
        Ok(layout)
    }

    fn position(&self) -> u64 {
        match self.next {
            0 => 0,
            next => u64::from(next - 1) * self.header.chunk_length() as u64 + self.taken as u64,
        }
    }

    /// Goes to `position` in the plaintext, within its chunk.
    fn go_to(&mut self, layout: Layout, position: u64) -> io::Result<()> {
        let chunk = layout.chunk_of(position).min(layout.chunks() - 1);
        let index = u32::try_from(chunk).map_err(|_| ContentError::TooLong)?;
        if self.failed || self.next.checked_sub(1) != Some(index) {
            self.source.seek(SeekFrom::Start(layout.chunk_start(chunk)))?;
            self.ahead = None;
            self.next = index;
            self.open_chunk()?;
        }
        let within = position - chunk * self.header.chunk_length() as u64;
        // Behind the end there is nothing, wherever that is.
        self.taken = usize::try_from(within).unwrap_or(usize::MAX);
        Ok(())
    }
}

impl<R: Read + Seek> Seek for Reader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let before = self.position();
        let layout = self.prove_layout()?;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => before.checked_add_signed(offset),
            SeekFrom::End(offset) => layout.plaintext_length().checked_add_signed(offset),
        };
        self.go_to(layout, position.unwrap_or(before))?;
        position.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}
