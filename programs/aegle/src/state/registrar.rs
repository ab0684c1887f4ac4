use anchor_lang::prelude::*;

use super::CredentialKind;
use crate::error::AegleError;

/// Who may attest credentials, such as a medical board, a university or an ethics board. A removed
/// registrar stays as a tombstone; its credentials count no more.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Registrar {
    pub version: u8,
    pub bump: u8,
    pub rent_payer: Pubkey,
    pub authority: Pubkey,
    /// Kinds of credentials it may issue, bits of [`CredentialKind`].
    pub kinds: u8,
    /// SHA-256 over a 32-byte salt and the registrar's profile, which governance vouches for.
    pub profile_commitment: [u8; 32],
    pub added_slot: u64,
    pub added_at: i64,
    /// Zero while the registrar is not removed.
    pub removed_slot: u64,
    pub removed_at: i64,
}

impl Registrar {
    pub fn invariant(&self) -> Result<()> {
        require_keys_neq!(self.authority, Pubkey::default(), AegleError::ZeroKey);
        require!(self.kinds != 0, AegleError::InvalidCredentialKinds);
        require!(self.profile_commitment != [0; 32], AegleError::ZeroCommitment);
        Ok(())
    }

    pub fn require_may_issue(&self, kind: CredentialKind) -> Result<()> {
        self.require_not_removed()?;
        require!(self.kinds & kind.bit() != 0, AegleError::CredentialKindNotAllowed);
        Ok(())
    }

    pub fn require_not_removed(&self) -> Result<()> {
        require!(self.removed_slot == 0, AegleError::RegistrarRemoved);
        Ok(())
    }

    pub fn remove(&mut self, clock: &Clock) -> Result<()> {
        self.require_not_removed()?;
        self.removed_slot = clock.slot;
        self.removed_at = clock.unix_timestamp;
        Ok(())
    }
}
