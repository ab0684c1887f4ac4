use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use super::Config;
use crate::error::AegleError;

/// Domain of guardian commitments.
pub const GUARDIAN_DOMAIN: &[u8] = b"aegle:guardian:v1";

/// The most guardians a vault may have.
pub const MAX_GUARDIANS: u8 = 10;

/// Who together may hand a vault to a new owner, without saying who they are.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guardians {
    pub count: u8,
    /// How many of them propose a recovery.
    pub threshold: u8,
    /// SHA-256 over their commitments in order; zero without guardians.
    pub commitment: [u8; 32],
    /// Seconds between a recovery's proposal and its execution, and before other guardians are in
    /// effect.
    pub recovery_delay: i64,
}

/// What one guardian shows of all of them to act: every commitment in order, and what opens the own.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct GuardianOpening {
    pub commitments: Vec<[u8; 32]>,
    pub index: u8,
    pub salt: [u8; 32],
}

impl Guardians {
    /// # Errors
    /// A threshold that is zero or above the count, too many guardians, a delay out of the
    /// deployment's bounds, or, for a vault without guardians, anything but zeros.
    pub fn validate(&self, config: &Config) -> Result<()> {
        if self.count == 0 {
            require!(*self == Self::default(), AegleError::InvalidGuardians);
            return Ok(());
        }
        require!(
            self.count <= MAX_GUARDIANS && 0 < self.threshold && self.threshold <= self.count,
            AegleError::InvalidGuardians
        );
        require!(self.commitment != [0; 32], AegleError::ZeroCommitment);
        require!(
            config.min_recovery_delay <= self.recovery_delay && self.recovery_delay <= config.max_recovery_delay,
            AegleError::InvalidRecoveryDelay
        );
        Ok(())
    }

    /// The bit of `guardian` among the approvals of a recovery.
    ///
    /// # Errors
    /// An opening that is not of these guardians and this key.
    pub fn approval(&self, vault: &Pubkey, guardian: &Pubkey, opening: &GuardianOpening) -> Result<u16> {
        let GuardianOpening { commitments, index, salt } = opening;
        require!(
            commitments.len() == usize::from(self.count) && guardians_commitment(commitments) == self.commitment,
            AegleError::GuardianMismatch
        );
        let own = commitments.get(usize::from(*index)).ok_or(AegleError::GuardianMismatch)?;
        require!(*own == guardian_commitment(vault, guardian, salt), AegleError::GuardianMismatch);
        Ok(1 << *index)
    }

    /// Whether every guardian is among `approvals`. One guardian alone is never unanimous: the owner's
    /// veto would mean nothing.
    pub fn unanimous(&self, approvals: u16) -> bool {
        self.count > 1 && approvals.count_ones() == u32::from(self.count)
    }

    pub fn enough(&self, approvals: u16) -> bool {
        approvals.count_ones() >= u32::from(self.threshold)
    }
}

/// One guardian's commitment: SHA-256 over the domain, the vault, the guardian's key and a 32-byte
/// salt.
pub fn guardian_commitment(vault: &Pubkey, guardian: &Pubkey, salt: &[u8; 32]) -> [u8; 32] {
    hashv(&[GUARDIAN_DOMAIN, vault.as_ref(), guardian.as_ref(), salt]).to_bytes()
}

/// The commitment to all guardians: SHA-256 over theirs in order.
pub fn guardians_commitment(commitments: &[[u8; 32]]) -> [u8; 32] {
    hashv(&[commitments.as_flattened()]).to_bytes()
}
