//! Commitments: SHA-256 over a random salt and the document, so that the chain holds nothing that
//! could be guessed.

use aegle::state::grantee_handle;
use anchor_lang::prelude::Pubkey;
use rand::RngCore;
use solana_sha256_hasher::hashv;

/// A salt of 32 random bytes. Whoever has it and the document can prove the commitment.
pub type Salt = [u8; 32];

/// 32 random bytes from the operating system's generator behind `rng`.
pub fn random_bytes(rng: &mut impl RngCore) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// SHA-256 over `salt` and `document`.
pub fn commit(salt: &Salt, document: &[u8]) -> [u8; 32] {
    hashv(&[salt, document]).to_bytes()
}

/// What opens a consent's handle: it names the grantee to whoever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub vault: Pubkey,
    pub consent_id: [u8; 32],
    pub grantee: Pubkey,
    pub salt: Salt,
}

impl Opening {
    /// The handle that the consent on chain holds.
    pub fn handle(&self) -> [u8; 32] {
        grantee_handle(&self.vault, &self.consent_id, &self.grantee, &self.salt)
    }
}
