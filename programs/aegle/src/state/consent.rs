use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use super::{period_holds, period_is_valid};
use crate::error::AegleError;

/// Domain of grantee handles.
pub const GRANTEE_DOMAIN: &[u8] = b"aegle:grantee:v1";

/// HL7 v3 PurposeOfUse codes, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    /// TREAT, treatment
    Treatment = 1,
    /// ETREAT, emergency treatment
    EmergencyTreatment = 1 << 1,
    /// HPAYMT, healthcare payment
    Payment = 1 << 2,
    /// HOPERAT, healthcare operations
    Operations = 1 << 3,
    /// HRESCH, healthcare research
    Research = 1 << 4,
    /// PUBHLTH, public health
    PublicHealth = 1 << 5,
    /// FAMRQT, family requested
    FamilyRequest = 1 << 6,
    /// PATRQT, patient requested
    PatientRequest = 1 << 7,
    /// HMARKT, healthcare marketing
    Marketing = 1 << 8,
}

/// Every known purpose.
pub const ALL_PURPOSES: u16 = (1 << 9) - 1;

/// What a grantee may do, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    Read = 1,
    Annotate = 1 << 1,
    Contribute = 1 << 2,
    Export = 1 << 3,
    Compute = 1 << 4,
}

/// Every known action.
pub const ALL_ACTIONS: u8 = (1 << 5) - 1;

/// A patient's permission for one grantee, whom the handle names only to who holds its opening.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Consent {
    pub version: u8,
    pub bump: u8,
    pub actions: u8,
    pub purposes: u16,
    pub rent_payer: Pubkey,
    pub vault: Pubkey,
    pub consent_id: [u8; 32],
    /// See [`grantee_handle`].
    pub handle: [u8; 32],
    /// SHA-256 over a 32-byte salt and the policy.
    pub policy_commitment: [u8; 32],
    /// First day in effect and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    pub consent_epoch: u32,
    pub granted_slot: u64,
    pub granted_at: i64,
    /// Zero while the consent is not revoked.
    pub revoked_slot: u64,
    pub revoked_at: i64,
}

impl Consent {
    pub fn invariant(&self) -> Result<()> {
        require!(self.handle != [0; 32] && self.policy_commitment != [0; 32], AegleError::ZeroCommitment);
        require!(self.purposes != 0 && self.purposes & !ALL_PURPOSES == 0, AegleError::InvalidPurposes);
        require!(self.actions != 0 && self.actions & !ALL_ACTIONS == 0, AegleError::InvalidActions);
        require!(period_is_valid(self.from_day, self.until_day, self.granted_at), AegleError::InvalidPeriod);
        Ok(())
    }

    pub fn revoke(&mut self, clock: &Clock) -> Result<()> {
        require!(self.revoked_slot == 0, AegleError::ConsentRevoked);
        self.revoked_slot = clock.slot;
        self.revoked_at = clock.unix_timestamp;
        Ok(())
    }

    /// Whether the consent permits now, for all of `purposes` and `actions`, whatever its policy
    /// narrows.
    pub fn permits(&self, consent_epoch: u32, purposes: u16, actions: u8, now: i64) -> bool {
        self.revoked_slot == 0
            && self.consent_epoch == consent_epoch
            && period_holds(self.from_day, self.until_day, now)
            && self.purposes & purposes == purposes
            && self.actions & actions == actions
    }
}

/// The salted hash under which a consent names its grantee: SHA-256 over the domain, the vault, the
/// consent's id, the grantee's key and a 32-byte salt.
pub fn grantee_handle(vault: &Pubkey, consent_id: &[u8; 32], grantee: &Pubkey, salt: &[u8; 32]) -> [u8; 32] {
    hashv(&[GRANTEE_DOMAIN, vault.as_ref(), consent_id, grantee.as_ref(), salt]).to_bytes()
}
