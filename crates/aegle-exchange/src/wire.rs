//! What the server says, as it says it.

use aegle_decision::{Explanation, Key};
use aegle_envelope::{Binding, EncryptionKey, LabelsOpening, Wrap};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An answer with the state it reflects.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer<T> {
    pub meta: Meta,
    pub data: T,
}

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<T> {
    pub meta: Meta,
    pub data: Vec<T>,
    pub next: Option<String>,
}

/// Which state of the chain an answer reflects.
#[derive(Clone, Debug, Deserialize)]
pub struct Meta {
    pub slot: u64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
}

/// 32 bytes in hex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut bytes)
            .map_err(|_| D::Error::custom("not 32 bytes in hex"))?;
        Ok(Self(bytes))
    }
}

/// A wrapped content key, in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKey(pub Wrap);

impl Serialize for WrappedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0.0))
    }
}

impl<'de> Deserialize<'de> for WrappedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64_STANDARD.decode(String::deserialize(deserializer)?).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(Wrap(bytes))).ok_or_else(|| D::Error::custom("not 80 bytes in base64"))
    }
}

/// Bytes in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64_STANDARD.decode(String::deserialize(deserializer)?).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom(format_args!("not {N} bytes in base64")))
    }
}

/// Bytes in base64.
pub mod base64_bytes {
    use super::*;

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| BASE64_STANDARD.encode(bytes)).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| BASE64_STANDARD.decode(text).map_err(|_| D::Error::custom("not base64"));
        text.map(read).transpose()
    }
}

/// Whether the caller can open the content.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    Wrapped { recipient: EncryptionKey, wrapped_key: WrappedKey, mail: bool },
    KeyPending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Amended,
    EnteredInError,
    Erased,
}

/// A record that the caller may read.
#[derive(Clone, Debug, Deserialize)]
pub struct HeldRecord {
    pub record: Key,
    pub vault: Key,
    pub status: Status,
    pub version: u32,
    pub previous: Option<Key>,
    pub minted_slot: u64,
    /// RFC 3339.
    pub minted_at: String,
    /// Bytes of ciphertext.
    pub size: u64,
    pub opening: LabelsOpening,
    pub key: KeyState,
    /// The consent by which it is open; none for the patient's own.
    pub consent: Option<Key>,
}

impl HeldRecord {
    /// What the caller's key is wrapped for.
    pub fn binding(&self, mail: bool) -> Binding {
        if mail { Binding::Mail(self.vault) } else { Binding::Record(self.record) }
    }
}

/// A credential as it was at some slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialState {
    pub credential: Key,
    pub registrar: Key,
    pub subject: Key,
    pub kind: String,
    pub in_effect: bool,
    pub reason: Option<String>,
}

/// A content key for a holder: the vault, or a wallet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWrap {
    pub holder: Key,
    pub recipient: EncryptionKey,
    pub wrapped_key: WrappedKey,
}

/// A content key that is permitted and missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct PendingWrap {
    pub record: Key,
    pub holder: Key,
    pub recipient: EncryptionKey,
}

/// Who has or had the key of a record, and what went out to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldWrap {
    pub record: Key,
    pub holder: Key,
    /// None for a key that the holder had and lost.
    pub recipient: Option<EncryptionKey>,
    pub key_given: bool,
    pub content_given: bool,
    /// The content was encrypted anew since.
    pub replaced: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Stored {
    pub stored: usize,
}

/// A record's content that was stored.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct StoredRecord {
    pub record: Key,
    pub commitment: Digest,
}

/// How far the erasure of a record is at the server.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordErasure {
    pub record: Key,
    pub state: ErasureState,
    /// What was destroyed there; none where nothing was, yet or ever.
    pub destroyed: Option<DestroyedContent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    NotErased,
    /// It is refused to everybody, and not final yet.
    Confirmed,
    Destroying,
    /// A legal hold keeps what is stored, unreadable to everybody, until it is lifted.
    Held,
    Destroyed,
    /// The server had no content of it.
    NothingKept,
    /// The record stands, and the operator does not store its content any more.
    StorageEnded,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestroyedContent {
    /// When its erasure key, salts, labels and wrapped keys were gone.
    pub at: String,
    pub wraps: u64,
    /// Shares of the record's key that custodians kept or released.
    pub shares: u64,
    /// Bytes of ciphertext.
    pub bytes: u64,
    /// When the ciphertext was gone; none while it is being deleted.
    pub blob_gone_at: Option<String>,
}

impl RecordErasure {
    /// Whether nothing of the record is left there, or nothing will be destroyed for now.
    pub fn is_over(&self) -> bool {
        match self.state {
            ErasureState::NothingKept | ErasureState::Held => true,
            ErasureState::Destroyed => self.destroyed.as_ref().is_some_and(|gone| gone.blob_gone_at.is_some()),
            _ => false,
        }
    }
}

/// A result that waits to become a record.
#[derive(Clone, Debug, Deserialize)]
pub struct MailboxItem {
    pub item: Digest,
    pub vault: Key,
    pub sender: Key,
    pub practitioner: Option<Key>,
    /// Bytes of ciphertext.
    pub size: u64,
    pub opening: LabelsOpening,
    pub recipient: EncryptionKey,
    pub wrapped_key: WrappedKey,
    pub posted_at: String,
}

/// What a policy would open now.
#[derive(Clone, Debug, Deserialize)]
pub struct DraftPreview {
    pub records: Vec<Key>,
    pub withheld: u64,
    /// The very text whose hash goes into the policy.
    pub preview: String,
    pub hash: Digest,
}

/// What opens a consent, and what the chain says of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldConsent {
    pub consent: Key,
    pub vault: Key,
    pub consent_id: Digest,
    pub grantee: Key,
    pub salt: Digest,
    pub policy: String,
    pub policy_salt: Digest,
    pub encryption_key: EncryptionKey,
    pub opened: bool,
    pub revoked: bool,
}

/// A request that waits for the patient.
#[derive(Clone, Debug, Deserialize)]
pub struct AccessRequest {
    pub request: Digest,
    pub vault: Key,
    pub requester: Key,
    pub practitioner: Option<Key>,
    pub purposes: u16,
    pub actions: u8,
    #[serde(default, with = "base64_bytes")]
    pub message: Option<Vec<u8>>,
    pub requested_at: String,
}

/// A patient who lets the caller read something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Patient {
    pub patient: Key,
    pub consents: Vec<Key>,
}

/// A session, as the list of them has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionEntry {
    pub id: String,
    pub wallet: Key,
    pub practitioner: Option<Key>,
    pub created_at: String,
    pub expires_at: String,
    pub ends_at: String,
    pub current: bool,
}

/// A guardian's share of a root secret.
#[derive(Clone, Debug, Deserialize)]
pub struct KeptShare {
    pub vault: Key,
    pub key_epoch: u32,
    pub guardian: Key,
    /// Whoever can open it: the guardian, or the new owner.
    pub holder: Key,
    pub share: String,
}

/// What a grantee would see.
pub type Explained = Explanation;
