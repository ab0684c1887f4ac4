use std::io;

use sha2::{Digest, Sha256};

use crate::{
    ContentKey, Expected, Manifest, ManifestError, RecordError,
    content::{ContentError, Pieces, padded_length},
    manifest::MAX_MANIFEST,
    record::PREFIX_LENGTH,
};

/// Opens a record whose ciphertext comes in pieces, in constant memory: checks its manifest, then gives out its
/// content. The end of the content is given out by [`RecordPieces::finish`] alone, once all of it has the length
/// and the SHA-256 that the details name and the padding is right.
pub struct RecordPieces {
    pieces: Pieces,
    opening: Opening,
}

/// What was opened.
struct Opening {
    expected: Expected,
    /// Plaintext before the content, while the manifest is not whole.
    prefix: Vec<u8>,
    manifest: Option<Manifest>,
    start: u64,
    position: u64,
    hasher: Sha256,
    /// The end of the content.
    held: Vec<u8>,
    padding: u64,
}

impl RecordPieces {
    pub fn new(key: ContentKey, expected: Expected) -> Self {
        let opening = Opening {
            expected,
            prefix: Vec::new(),
            manifest: None,
            start: 0,
            position: 0,
            hasher: Sha256::new(),
            held: Vec::new(),
            padding: 0,
        };
        Self { pieces: Pieces::new(key), opening }
    }

    /// The manifest, once enough was given.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.opening.manifest.as_ref()
    }

    /// Bytes of content that were opened.
    pub fn position(&self) -> u64 {
        self.opening.position
    }

    /// Takes the next piece; adds what it opens to `out`.
    ///
    /// # Errors
    /// A key or ciphertext that is not right, and a manifest that is not what is expected.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        let Self { pieces, opening } = self;
        pieces.push(piece, &mut |plain| Ok(opening.take(plain, out)?)).map_err(RecordError::within)
    }

    /// Everything was given: checks it, and adds the end of the content to `out`.
    ///
    /// # Errors
    /// As those of [`RecordPieces::push`], and content or padding that are not right.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let Self { pieces, opening } = self;
        pieces.finish(&mut |plain| Ok(opening.take(plain, out)?)).map_err(RecordError::within)?;
        opening.check()?;
        out.append(&mut opening.held);
        Ok(())
    }
}

impl Opening {
    fn take(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        if self.manifest.is_some() {
            return self.content(plain, out);
        }
        self.prefix.extend_from_slice(plain);
        let Some((length, rest)) = self.prefix.split_first_chunk() else { return Ok(()) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_MANIFEST {
            return Err(ManifestError::TooLong.into());
        }
        let Some((text, content)) = rest.split_at_checked(length) else { return Ok(()) };
        let manifest = Manifest::read(text)?;
        self.expected.check(&manifest)?;
        self.start = PREFIX_LENGTH + length as u64;
        let content = content.to_vec();
        (self.manifest, self.prefix) = (Some(manifest), Vec::new());
        self.content(&content, out)
    }

    fn content(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        let length = self.length();
        let left = usize::try_from(length - self.position).unwrap_or(usize::MAX).min(plain.len());
        let (content, padding) = plain.split_at(left);
        self.hasher.update(content);
        self.position += content.len() as u64;
        if self.position < length { out } else { &mut self.held }.extend_from_slice(content);
        self.padding += padding.len() as u64;
        if self.padding > self.padding_wanted() || padding.iter().any(|byte| *byte != 0) {
            return Err(RecordError::Padding);
        }
        Ok(())
    }

    fn length(&self) -> u64 {
        self.manifest.as_ref().map_or(0, |manifest| manifest.details().value().length)
    }

    fn padding_wanted(&self) -> u64 {
        let plain = self.start + self.length();
        padded_length(plain) - plain
    }

    fn check(&self) -> Result<(), RecordError> {
        let Some(manifest) = &self.manifest else {
            return Err(io::Error::from(ContentError::Truncated).into());
        };
        let details = manifest.details().value();
        let hash: [u8; 32] = self.hasher.clone().finalize().into();
        if self.position != details.length || hash != details.content_sha256 {
            return Err(RecordError::Content);
        }
        if self.padding == self.padding_wanted() { Ok(()) } else { Err(RecordError::Padding) }
    }
}
