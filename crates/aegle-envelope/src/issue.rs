use aegle_decision::Key;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Details, text};

const DOMAIN: &[u8] = b"aegle:issue:v1";

/// Who answers for a content, and under which credential. Made by the issuer; whether the credential
/// was in effect when the record was minted is for the chain to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Account of the issuer's credential.
    pub credential: Key,
    /// Ed25519 key, the credential's subject.
    pub issuer: Key,
    /// Over [`Issue::message`].
    #[serde(with = "text::bytes")]
    pub signature: [u8; 64],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    #[error("nobody signed it")]
    Unsigned,
    #[error("the issuer's key is none")]
    Key,
    #[error("the signature is not the issuer's over this content")]
    Signature,
}

impl Issue {
    /// What the issuer signs: domain, vault, SHA-256 of the content, SHA-256 of the media type and the
    /// credential's address, 142 bytes.
    pub fn message(vault: &Key, content_sha256: &[u8; 32], media_type: &str, credential: &Key) -> Vec<u8> {
        let media_type = Sha256::digest(media_type);
        [DOMAIN, &vault.0, content_sha256, media_type.as_slice(), &credential.0].concat()
    }

    /// Signs what `details` says of the content.
    pub fn sign(details: &Details, credential: Key, issuer: &SigningKey) -> Self {
        let message = Self::message(&details.vault, &details.content_sha256, &details.media_type, &credential);
        Self { credential, issuer: Key(issuer.verifying_key().to_bytes()), signature: issuer.sign(&message).to_bytes() }
    }
}

impl Details {
    /// Who issued this content, if the signature is theirs. Keys of small order and signatures in more
    /// than one form are refused.
    ///
    /// # Errors
    /// No signature, or not one of the named issuer's over this.
    pub fn verify_issue(&self) -> Result<&Issue, IssueError> {
        let issue = self.issue.as_ref().ok_or(IssueError::Unsigned)?;
        let message = Issue::message(&self.vault, &self.content_sha256, &self.media_type, &issue.credential);
        let key = VerifyingKey::from_bytes(&issue.issuer.0).map_err(|_| IssueError::Key)?;
        key.verify_strict(&message, &Signature::from_bytes(&issue.signature)).map_err(|_| IssueError::Signature)?;
        Ok(issue)
    }
}
