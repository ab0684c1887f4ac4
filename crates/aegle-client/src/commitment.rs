//! Commitments: SHA-256 over a random salt and the document, so that the chain holds nothing that
//! could be guessed.

use aegle::state::{GuardianOpening, Guardians, grantee_handle, guardian_commitment, guardians_commitment};
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

/// What opens a vault's guardians: who they are, in order, each with a salt of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianList {
    pub vault: Pubkey,
    pub guardians: Vec<(Pubkey, Salt)>,
}

impl GuardianList {
    pub fn new(vault: Pubkey, keys: &[Pubkey], rng: &mut impl RngCore) -> Self {
        Self { vault, guardians: keys.iter().map(|key| (*key, random_bytes(rng))).collect() }
    }

    /// Each guardian's commitment, in order.
    pub fn commitments(&self) -> Vec<[u8; 32]> {
        self.guardians.iter().map(|(key, salt)| guardian_commitment(&self.vault, key, salt)).collect()
    }

    /// What the vault on chain holds of them.
    ///
    /// `recovery_delay` is in seconds. An empty list gives no guardians, whatever the rest.
    pub fn guardians(&self, threshold: u8, recovery_delay: i64) -> Guardians {
        let count = u8::try_from(self.guardians.len()).unwrap_or(u8::MAX);
        match count {
            0 => Guardians::default(),
            _ => Guardians { count, threshold, commitment: guardians_commitment(&self.commitments()), recovery_delay },
        }
    }

    /// What `guardian` shows to act; none where it is no guardian.
    pub fn opening(&self, guardian: &Pubkey) -> Option<GuardianOpening> {
        let place = self.guardians.iter().position(|(key, _)| key == guardian)?;
        let (_, salt) = self.guardians[place];
        Some(GuardianOpening { commitments: self.commitments(), index: u8::try_from(place).ok()?, salt })
    }
}
