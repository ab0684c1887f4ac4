use anchor_lang::prelude::*;

use super::period_is_valid;
use crate::error::AegleError;

/// What a registrar attests its subject to be.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    Practitioner,
    Organization,
    Researcher,
    Pharmacy,
    Manufacturer,
    Insurer,
    Custodian,
    Agent,
}

impl CredentialKind {
    /// This kind among [`super::Registrar::kinds`].
    pub fn bit(self) -> u8 {
        1 << self as u8
    }
}

#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialStatus {
    Active,
    Suspended,
    /// For good.
    Revoked,
}

/// A registrar's attestation of who a key belongs to. Names are in a profile that it signs off chain.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Credential {
    pub version: u8,
    pub bump: u8,
    pub kind: CredentialKind,
    pub status: CredentialStatus,
    /// Whether the subject may open records in an emergency.
    pub emergency: bool,
    pub rent_payer: Pubkey,
    pub registrar: Pubkey,
    pub subject: Pubkey,
    /// X25519 public key to which content is wrapped for the subject.
    pub encryption_key: [u8; 32],
    /// SHA-256 over a 32-byte salt and the profile that the registrar signed.
    pub profile_commitment: [u8; 32],
    /// First day valid and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    /// One more for each change. What widens a credential names the revision it knows, so that nothing
    /// held back undoes a suspension.
    pub revision: u32,
    pub issued_slot: u64,
    pub issued_at: i64,
    /// Slot and time of the last change.
    pub changed_slot: u64,
    pub changed_at: i64,
}

/// What a renewal may change.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialTerms {
    pub emergency: bool,
    /// X25519 public key.
    pub encryption_key: [u8; 32],
    /// SHA-256 over a 32-byte salt and the profile.
    pub profile_commitment: [u8; 32],
    /// First day valid and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
}

impl Credential {
    pub fn terms(&self) -> CredentialTerms {
        let Self { emergency, encryption_key, profile_commitment, from_day, until_day, .. } = *self;
        CredentialTerms { emergency, encryption_key, profile_commitment, from_day, until_day }
    }

    pub fn invariant(&self, now: i64) -> Result<()> {
        require_keys_neq!(self.subject, Pubkey::default(), AegleError::ZeroKey);
        require!(self.encryption_key != [0; 32], AegleError::ZeroKey);
        require!(self.profile_commitment != [0; 32], AegleError::ZeroCommitment);
        require!(period_is_valid(self.from_day, self.until_day, now), AegleError::InvalidPeriod);
        Ok(())
    }

    pub fn require_revision(&self, revision: u32) -> Result<()> {
        require_eq!(self.revision, revision, AegleError::CredentialRevisionMismatch);
        Ok(())
    }

    /// Sets new terms. A suspension stays.
    pub fn renew(&mut self, terms: &CredentialTerms, clock: &Clock) -> Result<()> {
        let CredentialTerms { emergency, encryption_key, profile_commitment, from_day, until_day } = *terms;
        self.require_not_revoked()?;
        self.emergency = emergency;
        self.encryption_key = encryption_key;
        self.profile_commitment = profile_commitment;
        self.from_day = from_day;
        self.until_day = until_day;
        self.changed(clock)?;
        self.invariant(clock.unix_timestamp)
    }

    pub fn suspend(&mut self, clock: &Clock) -> Result<()> {
        self.require_not_revoked()?;
        require!(self.status == CredentialStatus::Active, AegleError::CredentialSuspended);
        self.status = CredentialStatus::Suspended;
        self.changed(clock)
    }

    pub fn reinstate(&mut self, clock: &Clock) -> Result<()> {
        self.require_not_revoked()?;
        require!(self.status == CredentialStatus::Suspended, AegleError::CredentialNotSuspended);
        self.status = CredentialStatus::Active;
        self.changed(clock)
    }

    pub fn revoke(&mut self, clock: &Clock) -> Result<()> {
        self.require_not_revoked()?;
        self.status = CredentialStatus::Revoked;
        self.changed(clock)
    }

    fn require_not_revoked(&self) -> Result<()> {
        require!(self.status != CredentialStatus::Revoked, AegleError::CredentialRevoked);
        Ok(())
    }

    fn changed(&mut self, clock: &Clock) -> Result<()> {
        self.revision = self.revision.checked_add(1).ok_or(AegleError::CounterOverflow)?;
        self.changed_slot = clock.slot;
        self.changed_at = clock.unix_timestamp;
        Ok(())
    }
}
