use aegle_client::commitment::random_bytes;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::{RngCore, rngs::OsRng};
use zeroize::Zeroizing;

use super::ErasureError;

pub(super) const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;
/// Bytes that sealing adds: a nonce before, a tag after.
pub const OVERHEAD: usize = NONCE_LENGTH + 16;

/// What is sealed, so that nothing opens as something else or for somebody else.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// The salts that open a record's commitment as far as its labels.
    Opening,
    /// A content key, wrapped to this X25519 key.
    Wrap(&'a [u8; 32]),
    /// A custodian's share of a content key, encrypted to this X25519 key.
    Share(&'a [u8; 32]),
    /// A share that a custodian released for this emergency opening.
    Release(&'a [u8; 32]),
}

impl Part<'_> {
    fn bound_to(&self) -> Vec<u8> {
        match self {
            Self::Opening => b"aegle:erasure:opening:v1".to_vec(),
            Self::Wrap(recipient) => [b"aegle:erasure:wrap:v1".as_slice(), *recipient].concat(),
            Self::Share(recipient) => [b"aegle:erasure:share:v1".as_slice(), *recipient].concat(),
            Self::Release(break_glass) => [b"aegle:erasure:release:v1".as_slice(), *break_glass].concat(),
        }
    }
}

/// The key under which what opens one record is stored. It is wiped from memory when it is dropped.
pub struct ErasureKey(Zeroizing<[u8; KEY_LENGTH]>);

impl ErasureKey {
    pub(super) fn random() -> Self {
        Self(Zeroizing::new(random_bytes(&mut OsRng)))
    }

    /// # Errors
    /// [`ErasureError::Damaged`] for another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, ErasureError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        if bytes.len() != KEY_LENGTH {
            return Err(ErasureError::Damaged);
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }

    /// `plain` under this key: a random nonce (24 bytes), then XChaCha20-Poly1305 with its tag.
    ///
    /// # Errors
    /// [`ErasureError::Damaged`] for more than the cipher takes.
    pub fn seal(&self, part: Part<'_>, plain: &[u8]) -> Result<Vec<u8>, ErasureError> {
        let mut nonce = [0; NONCE_LENGTH];
        OsRng.fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: &part.bound_to() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| ErasureError::Damaged)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What [`ErasureKey::seal`] sealed as this part.
    ///
    /// # Errors
    /// [`ErasureError::Damaged`] for anything else.
    pub fn open(&self, part: Part<'_>, sealed: &[u8]) -> Result<Vec<u8>, ErasureError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(ErasureError::Damaged)?;
        let payload = Payload { msg: sealed, aad: &part.bound_to() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| ErasureError::Damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_as_what_it_is_and_for_whom() {
        let (key, other) = (ErasureKey::random(), ErasureKey::random());
        let sealed = key.seal(Part::Wrap(&[1; 32]), b"wrapped").unwrap();
        assert_eq!(sealed.len(), b"wrapped".len() + OVERHEAD);
        assert_eq!(key.open(Part::Wrap(&[1; 32]), &sealed).unwrap(), b"wrapped");
        assert_ne!(sealed, key.seal(Part::Wrap(&[1; 32]), b"wrapped").unwrap(), "a nonce is used once");

        assert!(other.open(Part::Wrap(&[1; 32]), &sealed).is_err());
        assert!(key.open(Part::Wrap(&[2; 32]), &sealed).is_err(), "another's");
        assert!(key.open(Part::Opening, &sealed).is_err(), "as something else");
        assert!(key.open(Part::Share(&[1; 32]), &sealed).is_err(), "as something else");
        for place in [0, NONCE_LENGTH, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open(Part::Wrap(&[1; 32]), &changed).is_err(), "byte {place}");
        }
        assert!(key.open(Part::Wrap(&[1; 32]), &sealed[..20]).is_err(), "cut off");
    }
}
