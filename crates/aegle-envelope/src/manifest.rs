//! What a record says of itself, within its ciphertext, and how the chain commits to it.

use aegle_decision::{Document, DocumentError, Key, Labels};
use jiff::civil::Date;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Issue, rng::random, text};

/// Largest manifest read, in bytes: labels and details of 64 KiB each, escaped, and what names them.
pub(crate) const MAX_MANIFEST: usize = 264 * 1024;
/// JSON numbers are exact in every language up to here.
const MAX_LENGTH: u64 = 1 << 53;

/// Labels and details, each with a salt of its own, so that the labels can be shown without the details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    kind: ManifestVersion,
    #[serde(with = "text::bytes")]
    salt: [u8; 32],
    #[serde(with = "text::document")]
    labels: Document<Labels>,
    #[serde(with = "text::bytes")]
    labels_salt: [u8; 32],
    #[serde(with = "text::document")]
    details: Document<Details>,
    #[serde(with = "text::bytes")]
    details_salt: [u8; 32],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManifestVersion {
    #[default]
    #[serde(rename = "aegle:manifest:v1")]
    V1,
}

/// What only readers learn of a record besides its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    pub kind: DetailsVersion,
    /// Whose record it is, so that none passes for another's.
    pub vault: Key,
    /// RFC 6838, with parameters where it has some.
    pub media_type: String,
    /// Of the content, in bytes.
    pub length: u64,
    #[serde(with = "text::bytes")]
    pub content_sha256: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Coding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailsVersion {
    #[default]
    #[serde(rename = "aegle:details:v1")]
    V1,
}

/// A clinical code, as FHIR's `Coding` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    pub system: String,
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// What proves to the server which labels the chain committed to, and tells it nothing of the details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelsOpening {
    #[serde(with = "text::bytes")]
    pub salt: [u8; 32],
    #[serde(with = "text::document")]
    pub labels: Document<Labels>,
    #[serde(with = "text::bytes")]
    pub labels_salt: [u8; 32],
    #[serde(with = "text::bytes")]
    pub details_commitment: [u8; 32],
}

/// Why bytes are not a manifest. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest has more than {MAX_MANIFEST} bytes")]
    TooLong,
    #[error("the manifest is not the JSON expected, see line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("the labels are not valid: {0}")]
    Labels(DocumentError),
    #[error("the details are not valid: {0}")]
    Details(&'static str),
}

impl Manifest {
    /// With new salts.
    ///
    /// # Errors
    /// Labels or details that are not valid.
    pub fn new(
        labels: Document<Labels>,
        details: Document<Details>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, ManifestError> {
        let [salt, labels_salt, details_salt] = [random(rng), random(rng), random(rng)];
        Self { kind: ManifestVersion::V1, salt, labels, labels_salt, details, details_salt }.validated()
    }

    /// # Errors
    /// Bytes that are not a manifest, or one with labels or details that are not valid.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_MANIFEST {
            return Err(ManifestError::TooLong);
        }
        serde_json::from_slice::<Self>(bytes)
            .map_err(|error| ManifestError::Malformed { line: error.line(), column: error.column() })?
            .validated()
    }

    /// The JSON that goes into the ciphertext.
    pub fn bytes(&self) -> Vec<u8> {
        // Neither maps nor numbers that JSON has not; documents are valid UTF-8, as they were parsed.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn labels(&self) -> &Document<Labels> {
        &self.labels
    }

    pub fn details(&self) -> &Document<Details> {
        &self.details
    }

    /// What the record on chain holds: SHA-256 over the salt and the commitments to labels and details.
    pub fn commitment(&self) -> [u8; 32] {
        self.labels_opening().commitment()
    }

    /// What the server is given of it.
    pub fn labels_opening(&self) -> LabelsOpening {
        LabelsOpening {
            salt: self.salt,
            labels: self.labels.clone(),
            labels_salt: self.labels_salt,
            details_commitment: self.details.commitment(&self.details_salt),
        }
    }

    fn validated(self) -> Result<Self, ManifestError> {
        let (labels, details) = (self.labels.value(), self.details.value());
        // What was built, not read, may be longer than what is read.
        for length in [self.labels.bytes().len(), self.details.bytes().len()] {
            if length > 64 * 1024 {
                return Err(ManifestError::TooLong);
            }
        }
        labels.validate().map_err(ManifestError::Labels)?;
        details.validate().map_err(ManifestError::Details)?;
        match (&labels.author, &details.issue) {
            (Some(author), Some(issue)) if *author != issue.issuer => {
                Err(ManifestError::Details("the issuer is not the author whom the labels name"))
            }
            _ => Ok(self),
        }
    }
}

impl LabelsOpening {
    /// The commitment that this opens; the one on chain, if the labels are true.
    pub fn commitment(&self) -> [u8; 32] {
        let labels = self.labels.commitment(&self.labels_salt);
        Sha256::new()
            .chain_update(self.salt)
            .chain_update(labels)
            .chain_update(self.details_commitment)
            .finalize()
            .into()
    }
}

impl Details {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// What is not valid.
    pub fn validate(&self) -> Result<(), &'static str> {
        let printable = self.media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let (kind, subtype) = self.media_type.split_once('/').unwrap_or_default();
        if self.media_type.len() > 255 || !printable || kind.is_empty() || subtype.is_empty() {
            return Err("a media type is written type/subtype");
        }
        if self.length > MAX_LENGTH {
            return Err("content has at most 2^53 bytes");
        }
        Ok(())
    }
}
