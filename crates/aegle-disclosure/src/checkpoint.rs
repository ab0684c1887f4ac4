//! Signed heads of the log: C2SP tlog-checkpoint, a note that other tools for transparency logs read.

use std::str::FromStr;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{SigningKey, VerifyingKey};
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList, new_ed25519_verifier_key};
use tlog_tiles::tlog::Hash;

use crate::{Digest, tree::Stated};

/// Line of a checkpoint that commits to the last entry of every vault.
const HEADS: &str = "heads ";

/// Which log, and by which key it speaks: all that a reader has to trust, or to take from the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The name in its checkpoints, such as `records.example.org/disclosures`.
    pub origin: String,
    pub key: VerifyingKey,
}

/// The key by which a log speaks.
pub struct LogKey {
    origin: String,
    key: SigningKey,
}

/// What a log says of itself at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub tree: Stated,
    /// Root of [`Heads`](crate::Heads) over the first `tree.size` entries.
    pub heads: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("the log's name must be 1 to 200 printable characters without space and +")]
    Origin,
    #[error("it is not a checkpoint")]
    Malformed,
    #[error("it is a checkpoint of another log")]
    OtherLog,
    #[error("the log's key did not sign it")]
    Signature,
}

impl LogKey {
    /// # Errors
    /// A name that no checkpoint can have.
    pub fn new(origin: &str, secret: [u8; 32]) -> Result<Self, CheckpointError> {
        let plain = origin.chars().all(|character| character.is_ascii_graphic() && character != '+');
        if !plain || origin.is_empty() || origin.len() > 200 {
            return Err(CheckpointError::Origin);
        }
        Ok(Self { origin: origin.to_owned(), key: SigningKey::from_bytes(&secret) })
    }

    pub fn log(&self) -> Log {
        Log { origin: self.origin.clone(), key: self.key.verifying_key() }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// The checkpoint as a signed note.
    ///
    /// # Errors
    /// None that its name would not have had before.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, CheckpointError> {
        let extension = format!("{HEADS}{}\n", checkpoint.heads);
        let Stated { size, root } = checkpoint.tree;
        let text = tlog_tiles::Checkpoint::new(&self.origin, size, Hash(root.0), &extension);
        let text = text.map_err(|_| CheckpointError::Malformed)?.to_bytes();
        let mut note = Note::new(&text, &[]).map_err(|_| CheckpointError::Malformed)?;
        let signer = StandardSigner::new(&self.encoded()).map_err(|_| CheckpointError::Origin)?;
        note.add_sigs(&[&signer]).map_err(|_| CheckpointError::Signature)?;
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Malformed)
    }

    fn encoded(&self) -> String {
        let public = new_ed25519_verifier_key(&self.origin, &self.key.verifying_key());
        let id = public.split('+').nth(1).unwrap_or_default();
        let secret = BASE64_STANDARD.encode([&[1], &self.key.to_bytes()[..]].concat());
        format!("PRIVATE+KEY+{}+{id}+{secret}", self.origin)
    }
}

impl FromStr for Log {
    type Err = CheckpointError;

    /// The log of a verifier key.
    fn from_str(verifier: &str) -> Result<Self, CheckpointError> {
        StandardVerifier::new(verifier).map_err(|_| CheckpointError::Malformed)?;
        let mut parts = verifier.splitn(3, '+');
        let (Some(origin), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CheckpointError::Malformed);
        };
        // One byte of algorithm, checked above, stands before the key.
        let key = BASE64_STANDARD.decode(key).map_err(|_| CheckpointError::Malformed)?;
        let key = key.get(1..).and_then(|key| key.try_into().ok()).ok_or(CheckpointError::Malformed)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { origin: origin.to_owned(), key })
    }
}

impl Log {
    /// The key as C2SP writes it, `name+id+key`, for other tools.
    pub fn verifier(&self) -> String {
        new_ed25519_verifier_key(&self.origin, &self.key)
    }

    /// What a signed note of this log says.
    ///
    /// # Errors
    /// It is not one, or not of this log.
    pub fn read(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
        let verifier = StandardVerifier::new(&self.verifier()).map_err(|_| CheckpointError::Origin)?;
        note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|_| CheckpointError::Signature)?;
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Malformed)?;
        if checkpoint.origin() != self.origin {
            return Err(CheckpointError::OtherLog);
        }
        let heads = checkpoint.extension().lines().find_map(|line| line.strip_prefix(HEADS));
        let heads = heads.and_then(|heads| heads.parse().ok()).ok_or(CheckpointError::Malformed)?;
        Ok(Checkpoint { tree: Stated { size: checkpoint.size(), root: Digest(checkpoint.hash().0) }, heads })
    }
}
