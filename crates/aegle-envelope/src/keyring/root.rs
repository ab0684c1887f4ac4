use aegle_decision::Key;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{SecretKey, derive::derive};

/// From which everything of a patient derives that only the patient may know, in one key epoch.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RootSecret([u8; 32]);

impl RootSecret {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(crate::rng::random(rng))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To be stored, encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The patient's X25519 key, to which content is wrapped: RFC 9180's `DeriveKeyPair` of HKDF-SHA256
    /// with `vault` and `key_epoch` (little-endian) as salt.
    pub fn vault_key(&self, vault: &Key, key_epoch: u32) -> SecretKey {
        SecretKey::derive(&derive(&self.0, &place(vault, key_epoch), &[b"aegle:vault-key:v1"]))
    }

    /// The salt of a consent's grantee handle: HKDF-SHA256 with `vault` as salt.
    pub fn grantee_salt(&self, vault: &Key, consent_id: &[u8; 32]) -> [u8; 32] {
        *derive(&self.0, &vault.0, &[b"aegle:grantee-salt:v1", consent_id])
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A vault's key epoch: its address and the epoch, little-endian, 36 bytes.
pub(super) fn place(vault: &Key, key_epoch: u32) -> [u8; 36] {
    let mut place = [0; 36];
    place[..32].copy_from_slice(&vault.0);
    place[32..].copy_from_slice(&key_epoch.to_le_bytes());
    place
}
