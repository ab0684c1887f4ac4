//! A record's plaintext is the manifest's length (32 bits, little-endian), the manifest, the content,
//! and zeros up to a Padmé length.

use std::io::{self, Read, Seek, SeekFrom, Write};

use aegle_decision::Key;
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use crate::{
    ContentKey, Details, Manifest, ManifestError,
    content::{ContentError, Layout, Reader, Writer, padded_length},
    manifest::MAX_MANIFEST,
};

pub(crate) const PREFIX_LENGTH: u64 = 4;

/// What a reader takes for granted of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub vault: Key,
    /// The one on chain; none for what is in the mailbox and not yet a record.
    pub commitment: Option<[u8; 32]>,
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the manifest is not the one that the chain commits to")]
    Commitment,
    #[error("the record is another vault's")]
    Vault,
    #[error("the content is not the one that the details name")]
    Content,
    #[error("the padding is not zeros of the right length")]
    Padding,
}

impl Expected {
    pub(crate) fn check(&self, manifest: &Manifest) -> Result<(), RecordError> {
        if self.commitment.is_some_and(|commitment| commitment != manifest.commitment()) {
            return Err(RecordError::Commitment);
        }
        if manifest.details().value().vault != self.vault {
            return Err(RecordError::Vault);
        }
        Ok(())
    }
}

impl RecordError {
    /// What [`RecordError`] became within an error of a stream.
    pub(crate) fn within(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }

    /// The reason within an error of [`OpenRecord`] as a reader.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<RecordError> for io::Error {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Io(error) => error,
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Length in bytes and SHA-256 of a content, which its details name; for content that comes in pieces.
#[derive(Clone, Default)]
pub struct Measure {
    length: u64,
    hasher: Sha256,
}

impl Measure {
    pub fn push(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.hasher.update(piece);
    }

    pub fn finish(self) -> (u64, [u8; 32]) {
        (self.length, self.hasher.finalize().into())
    }
}

impl Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Length in bytes and SHA-256 of a content, which its details name.
///
/// # Errors
/// The source's.
pub fn measure(mut content: impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut measure = Measure::default();
    io::copy(&mut content, &mut measure)?;
    Ok(measure.finish())
}

/// Length in bytes of what [`seal_record`] writes.
pub fn sealed_length(manifest: &Manifest) -> u64 {
    let plain = PREFIX_LENGTH + manifest.bytes().len() as u64 + manifest.details().value().length;
    Layout::usual(padded_length(plain)).ciphertext_length()
}

/// Encrypts a record into `sink`, under a new key. Where this fails, nobody has the key to what the
/// sink got so far.
///
/// # Errors
/// Content that is not the one `manifest` names, and those of content and sink.
pub fn seal_record<W: Write>(
    manifest: &Manifest,
    content: impl Read,
    sink: W,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(ContentKey, W), RecordError> {
    let (key, mut record) = RecordWriter::new(manifest, sink, rng)?;
    // One byte more than named shows content that is longer.
    io::copy(&mut content.take(record.length + 1), &mut record).map_err(RecordError::within)?;
    Ok((key, record.finish()?))
}

/// Encrypts a record whose content is written into it, in constant memory.
///
/// Must be [finished](RecordWriter::finish): what is not does not open.
#[must_use = "a record that is not finished does not open"]
pub struct RecordWriter<W> {
    writer: Writer<W>,
    content: Measure,
    length: u64,
    content_sha256: [u8; 32],
    /// Zeros to write; known from the beginning.
    padding: u64,
}

impl<W: Write> RecordWriter<W> {
    /// Writes everything before the content, under a new key.
    ///
    /// # Errors
    /// A manifest that is too long, and those of the sink.
    pub fn new(
        manifest: &Manifest,
        sink: W,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(ContentKey, Self), RecordError> {
        let key = ContentKey::generate(rng);
        let mut writer = Writer::new(&key, sink, rng)?;
        let text = manifest.bytes();
        let prefix = u32::try_from(text.len()).map_err(|_| ManifestError::TooLong)?;
        writer.write_all(&prefix.to_le_bytes())?;
        writer.write_all(&text)?;
        let Details { length, content_sha256, .. } = *manifest.details().value();
        let plain = PREFIX_LENGTH + u64::from(prefix) + length;
        let padding = padded_length(plain) - plain;
        Ok((key, Self { writer, content: Measure::default(), length, content_sha256, padding }))
    }

    /// Where the ciphertext goes.
    pub fn sink(&mut self) -> &mut W {
        self.writer.sink()
    }

    /// After the content: checks it, and writes `most` bytes of the padding. Whether that wrote something.
    ///
    /// # Errors
    /// Content that is not the one the manifest names, and those of the sink.
    pub fn pad(&mut self, most: u64) -> Result<bool, RecordError> {
        if self.content.clone().finish() != (self.length, self.content_sha256) {
            return Err(RecordError::Content);
        }
        let zeros = self.padding.min(most);
        io::copy(&mut io::repeat(0).take(zeros), &mut self.writer)?;
        self.padding -= zeros;
        Ok(zeros > 0)
    }

    /// Writes what is left and gives the sink back, flushed.
    ///
    /// # Errors
    /// As those of [`RecordWriter::pad`].
    pub fn finish(mut self) -> Result<W, RecordError> {
        self.pad(u64::MAX)?;
        Ok(self.writer.finish()?)
    }
}

/// The content.
impl<W: Write> Write for RecordWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.content.push(&bytes[..count]);
        if self.content.length > self.length {
            return Err(RecordError::Content.into());
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Opens a record: checks its manifest, then streams its content.
///
/// # Errors
/// A key or ciphertext that is not right, and a manifest that is not what is expected.
pub fn open_record<R: Read>(key: &ContentKey, source: R, expected: &Expected) -> Result<OpenRecord<R>, RecordError> {
    let mut reader = Reader::new(key, source)?;
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length as usize > MAX_MANIFEST {
        return Err(ManifestError::TooLong.into());
    }
    let mut text = vec![0; length as usize];
    reader.read_exact(&mut text)?;
    let manifest = Manifest::read(&text)?;
    expected.check(&manifest)?;
    let start = PREFIX_LENGTH + u64::from(length);
    let mut record = OpenRecord { reader, manifest, start, position: 0, hasher: Some(Sha256::new()), failed: false };
    if record.details().length == 0 {
        record.check()?;
    }
    Ok(record)
}

/// An opened record, to be read for its content.
///
/// Read from its start to its end, the last bytes come only if all of it has the length and the
/// SHA-256 that the details name and the padding is right. After seeking elsewhere, what is read is
/// still what was encrypted under the key, and the hash is not checked.
pub struct OpenRecord<R> {
    reader: Reader<R>,
    manifest: Manifest,
    /// Where the content begins in the plaintext.
    start: u64,
    position: u64,
    /// Of the content before `position`; none after seeking elsewhere.
    hasher: Option<Sha256>,
    failed: bool,
}

impl<R> OpenRecord<R> {
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn details(&self) -> &Details {
        self.manifest.details().value()
    }
}

impl<R: Read> OpenRecord<R> {
    /// Checks hash and padding once all content was read.
    fn check(&mut self) -> Result<(), RecordError> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        if <[u8; 32]>::from(hasher.finalize()) != self.details().content_sha256 {
            return Err(RecordError::Content);
        }
        let plain = self.start + self.position;
        let mut padding = padded_length(plain) - plain;
        let mut zeros = [0; 4096];
        loop {
            match self.reader.read(&mut zeros)? {
                0 if padding == 0 => return Ok(()),
                count if count > 0 && count as u64 <= padding && zeros[..count].iter().all(|byte| *byte == 0) => {
                    padding -= count as u64;
                }
                _ => return Err(RecordError::Padding),
            }
        }
    }
}

impl<R: Read> Read for OpenRecord<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(ContentError::Failed.into());
        }
        let left = self.details().length.saturating_sub(self.position);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.reader.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(RecordError::Content.into());
        }
        self.position += count as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        if self.position == self.details().length
            && let Err(error) = self.check()
        {
            buffer[..count].fill(0);
            self.failed = true;
            return Err(error.into());
        }
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for OpenRecord<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.details().length;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => length.checked_add_signed(offset),
        };
        let position = position.ok_or(io::ErrorKind::InvalidInput)?;
        if position != self.position {
            let plain = self.start.checked_add(position).ok_or(io::ErrorKind::InvalidInput)?;
            self.reader.seek(SeekFrom::Start(plain))?;
            self.hasher = (position == 0).then(Sha256::new);
            self.position = position;
        }
        Ok(position)
    }
}
