//! Keys for somebody: HPKE (RFC 9180) in base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
//! ChaCha20-Poly1305. What a wrap is for goes into its info and its associated data, so that it opens
//! as nothing else.

use std::fmt;

use aegle_decision::Key;
use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal_with_rng,
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{ContentKey, rng::Adapted, text};

type Kem = X25519HkdfSha256;

const ENC_LENGTH: usize = 32;

/// An X25519 public key, to which keys are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EncryptionKey(#[serde(with = "text::bytes")] pub [u8; 32]);

/// An X25519 private key. The library below wipes it when it is dropped.
pub struct SecretKey(<Kem as hpke::Kem>::PrivateKey);

/// A content key for one recipient: the encapsulated key (32 bytes), then the ciphertext with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wrap(#[serde(with = "text::bytes")] pub [u8; 80]);

/// What a content key is wrapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A reader of the record at this address.
    Record(Key),
    /// The patient whose vault this is: content in the mailbox.
    Mail(Key),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    #[error("nothing can be wrapped to this encryption key: it is of low order")]
    Recipient,
    #[error("it does not open: it is another recipient's, for something else, or was altered")]
    Opening,
}

impl SecretKey {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self::derive(&Zeroizing::new(crate::rng::random::<32>(rng)))
    }

    /// RFC 9180, `DeriveKeyPair`. `ikm` has at least 32 bytes that nobody can guess.
    pub fn derive(ikm: &[u8; 32]) -> Self {
        Self(Kem::derive_keypair(ikm).0)
    }

    /// # Errors
    /// Never for 32 bytes, as of now; the library below decides.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, WrapError> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes).map(Self).map_err(|_| WrapError::Opening)
    }

    /// To be stored, encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.0.write_exact(&mut *bytes);
        bytes
    }

    pub fn encryption_key(&self) -> EncryptionKey {
        EncryptionKey(Kem::sk_to_pk(&self.0).to_bytes().into())
    }
}

impl Binding {
    fn info(&self) -> &'static [u8] {
        match self {
            Self::Record(_) => b"aegle:wrap:v1",
            Self::Mail(_) => b"aegle:mail:v1",
        }
    }

    fn aad(&self, recipient: &EncryptionKey) -> Vec<u8> {
        let (Self::Record(address) | Self::Mail(address)) = self;
        [address.0, recipient.0].concat()
    }
}

impl Wrap {
    /// # Errors
    /// A recipient's key of low order.
    pub fn seal(
        key: &ContentKey,
        binding: &Binding,
        recipient: &EncryptionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, WrapError> {
        let bytes = seal(key.as_bytes(), binding.info(), &binding.aad(recipient), recipient, rng)?;
        bytes.try_into().map(Self).map_err(|_| WrapError::Recipient)
    }

    /// # Errors
    /// A wrap for another recipient or something else, or one that was altered.
    pub fn open(&self, binding: &Binding, recipient: &SecretKey) -> Result<ContentKey, WrapError> {
        let key = open(&self.0, binding.info(), &binding.aad(&recipient.encryption_key()), recipient)?;
        key.as_slice().try_into().map(ContentKey::from_bytes).map_err(|_| WrapError::Opening)
    }
}

impl fmt::Display for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The encapsulated key, then the ciphertext, 48 bytes longer than `plaintext`.
pub(crate) fn seal(
    plaintext: &[u8],
    info: &[u8],
    aad: &[u8],
    recipient: &EncryptionKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, WrapError> {
    let recipient = <Kem as hpke::Kem>::PublicKey::from_bytes(&recipient.0).map_err(|_| WrapError::Recipient)?;
    let (enc, ciphertext) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &recipient,
        info,
        plaintext,
        aad,
        &mut Adapted(rng),
    )
    .map_err(|_| WrapError::Recipient)?;
    Ok([enc.to_bytes().as_slice(), &ciphertext].concat())
}

pub(crate) fn open(
    sealed: &[u8],
    info: &[u8],
    aad: &[u8],
    recipient: &SecretKey,
) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    let (enc, ciphertext) = sealed.split_at_checked(ENC_LENGTH).ok_or(WrapError::Opening)?;
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| WrapError::Opening)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeR::Base, &recipient.0, &enc, info, ciphertext, aad)
        .map(Zeroizing::new)
        .map_err(|_| WrapError::Opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it was given, once.
    struct Fixed(Vec<u8>);

    impl RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            let mut bytes = [0; 4];
            self.fill_bytes(&mut bytes);
            u32::from_le_bytes(bytes)
        }

        fn next_u64(&mut self) -> u64 {
            self.next_u32().into()
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            let rest = self.0.split_off(bytes.len());
            bytes.copy_from_slice(&self.0);
            self.0 = rest;
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for Fixed {}

    #[test]
    fn the_vectors_of_rfc_9180_appendix_a_2_hold() {
        let vector: serde_json::Value = serde_json::from_str(include_str!("../vectors/rfc9180-a2.json")).unwrap();
        let value = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
        let derived = SecretKey::derive(&value("ikmR").try_into().unwrap());
        let given = SecretKey::from_bytes(&value("skRm").try_into().unwrap()).unwrap();
        for recipient in [derived, given] {
            assert_eq!(recipient.encryption_key().0.as_slice(), value("pkRm"));
            let sealed = seal(
                &value("pt"),
                &value("info"),
                &value("aad"),
                &recipient.encryption_key(),
                &mut Fixed(value("ikmE")),
            );
            assert_eq!(sealed.unwrap(), [value("enc"), value("ct")].concat());
            let sealed = [value("enc"), value("ct")].concat();
            assert_eq!(*open(&sealed, &value("info"), &value("aad"), &recipient).unwrap(), value("pt"));
            assert!(open(&sealed, b"other", &value("aad"), &recipient).is_err());
            assert!(open(&sealed, &value("info"), b"other", &recipient).is_err());
        }
    }
}
