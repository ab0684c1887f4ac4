//! What protected routes have in common on the wire.

use std::borrow::Cow;

use aegle_decision::{Document, Key, Labels, Purpose, purpose_of};
pub use aegle_decision::{PURPOSES, purpose_code};
use axum::{
    extract::FromRequestParts,
    http::{HeaderName, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Type,
        schema::{ObjectBuilder, Schema},
    },
};

use crate::{
    api::{
        access::content::Content,
        bytes::{Address, Digest},
        error::ApiError,
        model::RecordStatus,
        time::Time,
    },
    erasure::{ErasureError, ErasureKey, Part},
};

/// Name of the header that states the purpose.
pub const PURPOSE: HeaderName = HeaderName::from_static("aegle-purpose");

/// The purpose of use that the caller states with a request: an HL7 code in `aegle-purpose`.
#[derive(Clone, Copy, Debug)]
pub struct Stated(pub Purpose);

impl<S: Send + Sync> FromRequestParts<S> for Stated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.headers.get(PURPOSE).and_then(|value| value.to_str().ok());
        text.and_then(purpose_of).map(Self).ok_or(ApiError::NoPurpose)
    }
}

/// A code of [`PURPOSES`], as the document describes it.
pub struct PurposeCode;

impl PartialSchema for PurposeCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(PURPOSES.map(|(code, _)| code))).into()
    }
}

impl ToSchema for PurposeCode {}

/// Bytes in base64, from `LEAST` to `MOST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64<const MOST: usize, const LEAST: usize = 0>(pub Vec<u8>);

impl<const MOST: usize, const LEAST: usize> PartialSchema for Base64<MOST, LEAST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("{LEAST} to {MOST} bytes in base64")))
            .content_encoding("base64")
            .pattern(Some("^[A-Za-z0-9+/]*={0,2}$"))
            .min_length(Some(LEAST.div_ceil(3) * 4))
            .max_length(Some(MOST.div_ceil(3) * 4))
            .into()
    }
}

impl<const MOST: usize, const LEAST: usize> ToSchema for Base64<MOST, LEAST> {
    fn name() -> Cow<'static, str> {
        format!("Base64_{MOST}").into()
    }
}

impl<const MOST: usize, const LEAST: usize> Serialize for Base64<MOST, LEAST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de, const MOST: usize, const LEAST: usize> Deserialize<'de> for Base64<MOST, LEAST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(|_| D::Error::custom("not base64"))?;
        if (LEAST..=MOST).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(D::Error::custom(format!("{LEAST} to {MOST} bytes are expected")))
        }
    }
}

/// A content key, encrypted by HPKE to one recipient: 80 bytes.
pub type WrappedKey = Base64<80, 80>;

/// What opens a record's commitment as far as its labels.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelsOpening {
    pub salt: Digest,
    /// The very text of the labels that is committed to.
    pub labels: String,
    pub labels_salt: Digest,
    pub details_commitment: Digest,
}

impl LabelsOpening {
    /// All of it but the labels, sealed under the record's erasure key.
    ///
    /// # Errors
    /// The key's.
    pub fn seal(&self, key: &ErasureKey) -> Result<Vec<u8>, ErasureError> {
        key.seal(Part::Opening, [self.salt.0, self.labels_salt.0, self.details_commitment.0].as_flattened())
    }

    /// What [`LabelsOpening::seal`] sealed.
    ///
    /// # Errors
    /// [`ErasureError::Damaged`] for anything else.
    pub fn open(key: &ErasureKey, sealed: &[u8], labels: String) -> Result<Self, ErasureError> {
        let opened = key.open(Part::Opening, sealed)?;
        let ([salt, labels_salt, details], []) = opened.as_chunks::<32>() else { return Err(ErasureError::Damaged) };
        let digest = |bytes: &[u8; 32]| Digest(*bytes);
        Ok(Self { salt: digest(salt), labels, labels_salt: digest(labels_salt), details_commitment: digest(details) })
    }

    /// # Errors
    /// [`ApiError::InvalidBody`] for labels that cannot be read or that make no sense.
    pub fn check(&self) -> Result<(), ApiError> {
        Document::<Labels>::read(self.labels.clone().into_bytes())
            .and_then(|labels| labels.value().validate())
            .map_err(|error| ApiError::InvalidBody(format!("opening.labels: {error}")))
    }
}

/// Whether the caller can open the content.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    /// The content key for the caller.
    Wrapped {
        /// X25519 key that it is encrypted to.
        recipient: Digest,
        wrapped_key: WrappedKey,
        /// Encrypted as mail, before the record's address was known.
        mail: bool,
    },
    /// Permitted, but not encrypted to the caller yet: that happens in the patient's next session.
    KeyPending,
}

/// A record that the caller may read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldRecord {
    pub record: Address,
    pub vault: Address,
    pub status: RecordStatus,
    /// 1 for an original, one more for each amendment.
    pub version: i64,
    /// The record this one amends.
    pub previous: Option<Address>,
    pub minted_slot: i64,
    pub minted_at: Time,
    /// Bytes of ciphertext.
    pub size: i64,
    pub opening: LabelsOpening,
    pub key: KeyState,
    /// The consent by which it is open; null for the patient's own.
    pub consent: Option<Address>,
}

impl HeldRecord {
    /// What a content's erasure key opens of it.
    ///
    /// # Errors
    /// It is the key of another content, or what was stored is damaged.
    pub fn new(vault: Key, content: Content, key: &ErasureKey) -> Result<Self, ErasureError> {
        let labels = String::from_utf8_lossy(content.labels.bytes()).into_owned();
        let wrapped = match content.key {
            None => KeyState::KeyPending,
            Some(wrapped) => KeyState::Wrapped {
                recipient: wrapped.recipient,
                wrapped_key: Base64(key.open(Part::Wrap(&wrapped.recipient.0), &wrapped.sealed)?),
                mail: wrapped.mail,
            },
        };
        Ok(Self {
            record: content.record,
            vault: Address(vault.0),
            status: content.status.into(),
            version: content.version,
            previous: content.previous,
            minted_slot: content.minted_slot,
            minted_at: content.minted_at,
            size: content.size,
            opening: LabelsOpening::open(key, &content.opening, labels)?,
            key: wrapped,
            consent: content.verdict.consent().map(|consent| Address(consent.0)),
        })
    }
}
