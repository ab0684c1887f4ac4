//! Content keys for an emergency: each split by itself over the vault's custodians, of whom some
//! together give it to the clinician whose signed statement opened the record.

use std::collections::BTreeMap;

use aegle_decision::{Document, DocumentError, Key, Statement};
use blahaj::{Share as ShamirShare, Sharks};
use ed25519_dalek::{Signature, VerifyingKey};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{ContentKey, EncryptionKey, SecretKey, WrapError, rng::Adapted, text, wrap};

const DEALT_INFO: &[u8] = b"aegle:custodian-share:v1";
const RELEASED_INFO: &[u8] = b"aegle:emergency-share:v1";
/// Most custodians of a vault.
pub const MAX_CUSTODIANS: usize = 10;
/// The share's number, then one byte for each of the key's.
const SHARE_LENGTH: usize = 33;

/// Who together opens a vault's records in an emergency. The patient signs its very bytes (Ed25519).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianPlan {
    pub kind: CustodianPlanVersion,
    pub vault: Key,
    /// How many of them a clinician needs.
    pub threshold: u8,
    pub custodians: Vec<Custodian>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustodianPlanVersion {
    #[default]
    #[serde(rename = "aegle:custodians:v1")]
    V1,
}

/// A custodian, and the X25519 key of its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    pub custodian: Key,
    pub encryption_key: EncryptionKey,
}

/// A share, encrypted to a custodian or by one to a clinician: the encapsulated key (32 bytes), then the
/// ciphertext with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedKeyShare(#[serde(with = "text::bytes")] pub [u8; SHARE_LENGTH + 48]);

/// A share that was opened. Fewer than the threshold tell nothing of the key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyShare {
    bytes: [u8; SHARE_LENGTH],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmergencyError {
    #[error("a threshold is 1 up to the number of custodians, of whom there are at most {MAX_CUSTODIANS}")]
    Threshold,
    #[error("a custodian is named twice")]
    Twice,
    #[error("the signature is not the signer's over this document")]
    Signature,
    #[error(transparent)]
    Wrap(#[from] WrapError),
}

impl CustodianPlan {
    /// # Errors
    /// A threshold that cannot be reached, too many custodians, or one named twice.
    pub fn validate(&self) -> Result<(), EmergencyError> {
        let count = self.custodians.len();
        if self.threshold == 0 || count > MAX_CUSTODIANS || count < usize::from(self.threshold) {
            return Err(EmergencyError::Threshold);
        }
        let named: std::collections::BTreeSet<Key> = self.custodians.iter().map(|entry| entry.custodian).collect();
        if named.len() < count { Err(EmergencyError::Twice) } else { Ok(()) }
    }

    /// Splits the key of a record's content, one share for each custodian in their order.
    ///
    /// # Errors
    /// As [`CustodianPlan::validate`]; a custodian's key of low order.
    pub fn deal(
        &self,
        record: &Key,
        key: &ContentKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<SealedKeyShare>, EmergencyError> {
        self.validate()?;
        let sharks = Sharks(self.threshold);
        let dealt: Vec<_> = sharks.dealer_rng(key.as_bytes(), &mut Adapted(rng)).take(self.custodians.len()).collect();
        let sealed = self.custodians.iter().zip(&dealt).map(|(Custodian { custodian, encryption_key }, share)| {
            let bytes = Zeroizing::new(Vec::from(share));
            let aad = [record.0, custodian.0, encryption_key.0].concat();
            Ok(SealedKeyShare::of(wrap::seal(&bytes, DEALT_INFO, &aad, encryption_key, rng)?)?)
        });
        sealed.collect()
    }
}

impl SealedKeyShare {
    fn of(bytes: Vec<u8>) -> Result<Self, WrapError> {
        bytes.try_into().map(Self).map_err(|_| WrapError::Recipient)
    }

    /// What a custodian does with the own share of a record's key.
    ///
    /// # Errors
    /// Another record's or custodian's share, or one that was altered.
    pub fn open_dealt(&self, record: &Key, custodian: &Key, secret: &SecretKey) -> Result<KeyShare, WrapError> {
        let aad = [record.0, custodian.0, secret.encryption_key().0].concat();
        KeyShare::read(&wrap::open(&self.0, DEALT_INFO, &aad, secret)?)
    }

    /// What a clinician does with a share that a custodian released.
    ///
    /// # Errors
    /// A share for another release or clinician, or one that was altered.
    pub fn open_released(&self, release: &Release, clinician: &SecretKey) -> Result<KeyShare, WrapError> {
        KeyShare::read(&wrap::open(&self.0, RELEASED_INFO, &release.aad(&clinician.encryption_key()), clinician)?)
    }
}

/// Which custodian releases its share of which record for which opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Account of the opening.
    pub break_glass: Key,
    pub record: Key,
    pub custodian: Key,
}

impl Release {
    fn aad(&self, clinician: &EncryptionKey) -> Vec<u8> {
        [self.break_glass.0, self.record.0, self.custodian.0, clinician.0].concat()
    }
}

impl KeyShare {
    /// Gives the share to a clinician.
    ///
    /// # Errors
    /// A key of low order.
    pub fn release(
        &self,
        release: &Release,
        clinician: &EncryptionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SealedKeyShare, WrapError> {
        SealedKeyShare::of(wrap::seal(&self.bytes, RELEASED_INFO, &release.aad(clinician), clinician, rng)?)
    }

    fn read(bytes: &[u8]) -> Result<Self, WrapError> {
        bytes.try_into().map(|bytes| Self { bytes }).map_err(|_| WrapError::Opening)
    }
}

/// Every key that `threshold` of the shares lead to. One of them is the content's unless too many shares
/// are false; which one, the content says, as no other opens it. None where there are too few.
pub fn candidate_keys(threshold: u8, shares: &[KeyShare]) -> impl Iterator<Item = ContentKey> {
    let by_number: BTreeMap<u8, &KeyShare> =
        shares.iter().map(|share| (share.bytes[0], share)).filter(|(number, _)| *number > 0).collect();
    let shares: Vec<&KeyShare> = by_number.into_values().take(MAX_CUSTODIANS).collect();
    let wanted = u32::from(threshold);
    // Ten custodians make at most 252 combinations.
    (1_u16..1 << shares.len()).filter(move |chosen| chosen.count_ones() == wanted).filter_map(move |chosen| {
        let chosen: Vec<ShamirShare> = (0..shares.len())
            .filter(|place| chosen >> place & 1 == 1)
            .filter_map(|place| ShamirShare::try_from(shares[place].bytes.as_slice()).ok())
            .collect();
        let key = Zeroizing::new(Sharks(threshold).recover(&chosen).ok()?);
        key.as_slice().try_into().ok().map(ContentKey::from_bytes)
    })
}

/// Whether `signature` is `signer`'s over the document's bytes. Keys of small order and signatures in more
/// than one form are refused.
///
/// # Errors
/// [`EmergencyError::Signature`].
pub fn verify_signature<T>(document: &Document<T>, signer: &Key, signature: &[u8; 64]) -> Result<(), EmergencyError> {
    let key = VerifyingKey::from_bytes(&signer.0).map_err(|_| EmergencyError::Signature)?;
    key.verify_strict(document.bytes(), &Signature::from_bytes(signature)).map_err(|_| EmergencyError::Signature)
}

/// Why something is not a clinician's signed statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the signature is not the clinician's over the statement")]
    Signature,
}

/// Reads a statement that its clinician signed.
///
/// # Errors
/// Bytes that are no statement or not a valid one, and a signature by anybody else.
pub fn read_statement(bytes: Vec<u8>, signature: &[u8; 64]) -> Result<Document<Statement>, StatementError> {
    let statement: Document<Statement> = Document::read(bytes)?;
    statement.value().validate()?;
    let clinician = statement.value().clinician;
    verify_signature(&statement, &clinician, signature).map_err(|_| StatementError::Signature)?;
    Ok(statement)
}
