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

const PREFIX_LENGTH: u64 = 4;

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

impl RecordError {
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

/// Length in bytes and SHA-256 of a content, which its details name.
///
/// # Errors
/// The source's.
pub fn measure(content: impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut content = Hashing { source: content, hasher: Sha256::new() };
    let length = io::copy(&mut content, &mut io::sink())?;
    Ok((length, content.hasher.finalize().into()))
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
    let key = ContentKey::generate(rng);
    let mut writer = Writer::new(&key, sink, rng)?;
    let text = manifest.bytes();
    let length = u32::try_from(text.len()).map_err(|_| ManifestError::TooLong)?;
    let details = manifest.details().value();
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(&text)?;
    // One byte more than named shows content that is longer.
    let mut content = Hashing { source: content.take(details.length + 1), hasher: Sha256::new() };
    let copied = io::copy(&mut content, &mut writer)?;
    if copied != details.length || <[u8; 32]>::from(content.hasher.finalize()) != details.content_sha256 {
        return Err(RecordError::Content);
    }
    let plain = PREFIX_LENGTH + u64::from(length) + copied;
    io::copy(&mut io::repeat(0).take(padded_length(plain) - plain), &mut writer)?;
    Ok((key, writer.finish()?))
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
    if expected.commitment.is_some_and(|commitment| commitment != manifest.commitment()) {
        return Err(RecordError::Commitment);
    }
    if manifest.details().value().vault != expected.vault {
        return Err(RecordError::Vault);
    }
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

struct Hashing<R> {
    source: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
