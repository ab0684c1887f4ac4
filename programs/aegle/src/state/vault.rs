use anchor_lang::prelude::*;

use super::{Delegate, GuardianOpening, Guardians, Recovery, Right, TokenHolder};
use crate::error::AegleError;

/// How many records all delegates of a new vault together may mint.
pub const DEFAULT_DELEGATE_MINT_CAP: u32 = 1_000;

/// The values of [`Vault::emergency_policy`].
pub const EMERGENCIES_FORBIDDEN: u8 = 0;
pub const EMERGENCIES_ALLOWED: u8 = 1;

/// A patient's root. Its id never changes; its owner can.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Vault {
    pub version: u8,
    pub bump: u8,
    pub owner: Pubkey,
    pub key_epoch: u32,
    /// A consent of another epoch permits nothing.
    pub consent_epoch: u32,
    /// A delegate of another epoch has no rights.
    pub delegate_epoch: u32,
    pub vault_id: [u8; 32],
    pub rent_payer: Pubkey,
    /// X25519 public key to which content is wrapped for the patient.
    pub encryption_key: [u8; 32],
    pub delegate_mints: u32,
    pub delegate_mint_cap: u32,
    /// Records ever minted, amendments included.
    pub record_count: u64,
    pub created_slot: u64,
    pub created_at: i64,
    /// Whether emergencies may open records: 0 forbids it, 1 allows it.
    pub emergency_policy: u8,
    /// How often the guardians in effect changed. A recovery proposed under others is void.
    pub guardian_epoch: u32,
    pub guardians: Guardians,
    /// Guardians in effect from `guardians_due_at` on, unless a recovery becomes pending before; zero
    /// where no change is pending.
    pub pending_guardians: Guardians,
    pub guardians_due_at: i64,
    /// Account of the pending recovery and the first second it is void; zero where none is.
    pub pending_recovery: Pubkey,
    pub recovery_lapses_at: i64,
    pub reserved: [u8; 32],
}

/// What decides who may act on a vault: the first fields of [`Vault`], in its order. Instructions that
/// leave the vault as it is read only these, which saves some 700 compute units.
#[derive(AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultAuthority {
    pub version: u8,
    pub bump: u8,
    pub owner: Pubkey,
    pub key_epoch: u32,
    pub consent_epoch: u32,
    pub delegate_epoch: u32,
}

/// What a prepared transaction takes for granted about its vault. A mismatch fails, so nothing held
/// back lands after a revocation of everything, a recovery or a key change.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub owner: Pubkey,
    pub key_epoch: u32,
    pub consent_epoch: u32,
    pub delegate_epoch: u32,
}

/// Who acts on a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Owner,
    Delegate,
}

/// What a request to change the guardians led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardianChange {
    InEffect,
    Pending,
    Cancelled,
}

impl Actor {
    /// Who `authority` is, if it may act at all.
    pub fn of(owner: &Pubkey, authority: &Pubkey) -> Self {
        if owner == authority { Self::Owner } else { Self::Delegate }
    }

    /// In whose name the token of a record that this actor mints is.
    pub fn token_holder(self) -> TokenHolder {
        match self {
            Self::Owner => TokenHolder::Owner,
            Self::Delegate => TokenHolder::Record,
        }
    }
}

impl VaultAuthority {
    #[inline(always)]
    pub fn require_expected(&self, expected: &Expected) -> Result<()> {
        require_keys_eq!(self.owner, expected.owner, AegleError::OwnerMismatch);
        require_eq!(self.key_epoch, expected.key_epoch, AegleError::KeyEpochMismatch);
        require_eq!(self.consent_epoch, expected.consent_epoch, AegleError::ConsentEpochMismatch);
        require_eq!(self.delegate_epoch, expected.delegate_epoch, AegleError::DelegateEpochMismatch);
        Ok(())
    }

    /// The owner may do everything; a delegate what its rights cover while they last.
    #[inline(always)]
    pub fn authorize(
        &self,
        vault: &Pubkey,
        authority: &Pubkey,
        delegate: Option<&Delegate>,
        right: Right,
        now: i64,
    ) -> Result<Actor> {
        if self.owner == *authority {
            return Ok(Actor::Owner);
        }
        let Some(delegate) = delegate else {
            return err!(AegleError::Unauthorized);
        };
        require!(delegate.vault == *vault && delegate.key == *authority, AegleError::DelegateMismatch);
        delegate.require_right(right, self.delegate_epoch, now)?;
        Ok(Actor::Delegate)
    }
}

super::read_prefix!(VaultAuthority of Vault);

impl Vault {
    pub fn authority(&self) -> VaultAuthority {
        let Self { version, bump, owner, key_epoch, consent_epoch, delegate_epoch, .. } = *self;
        VaultAuthority { version, bump, owner, key_epoch, consent_epoch, delegate_epoch }
    }

    pub fn invariant(&self) -> Result<()> {
        require_keys_neq!(self.owner, Pubkey::default(), AegleError::ZeroKey);
        require!(self.encryption_key != [0; 32], AegleError::ZeroKey);
        Ok(())
    }

    pub fn rotate_key(&mut self, encryption_key: [u8; 32]) -> Result<()> {
        self.encryption_key = encryption_key;
        self.key_epoch = next(self.key_epoch)?;
        self.invariant()
    }

    /// The bit of a guardian among the approvals of a recovery.
    pub fn approval(&self, address: &Pubkey, guardian: &Pubkey, opening: &GuardianOpening) -> Result<u16> {
        require_keys_neq!(self.owner, *guardian, AegleError::GuardianIsOwner);
        self.guardians.approval(address, guardian, opening)
    }

    pub fn recovery_is_pending(&self, now: i64) -> bool {
        self.pending_recovery != Pubkey::default() && now < self.recovery_lapses_at
    }

    /// Sets the first guardians at once. Later ones wait as long as a recovery would, so that a thief
    /// of the owner's key cannot replace those who would take it back.
    pub fn change_guardians(&mut self, guardians: Guardians, now: i64) -> Result<GuardianChange> {
        require!(!self.recovery_is_pending(now), AegleError::RecoveryPending);
        self.require_no_guardian_change_due(now)?;
        if self.guardians == guardians {
            require!(self.guardians_due_at != 0, AegleError::NoGuardianChange);
            self.drop_guardian_change();
            return Ok(GuardianChange::Cancelled);
        }
        if self.guardians.count == 0 {
            self.put_guardians(guardians)?;
            return Ok(GuardianChange::InEffect);
        }
        self.pending_guardians = guardians;
        self.guardians_due_at =
            now.checked_add(self.guardians.recovery_delay).ok_or(AegleError::InvalidRecoveryDelay)?;
        Ok(GuardianChange::Pending)
    }

    /// Puts the pending guardians in effect once they are due.
    pub fn apply_guardian_change(&mut self, now: i64) -> Result<()> {
        require!(self.guardians_due_at != 0, AegleError::NoGuardianChange);
        require!(!self.recovery_is_pending(now), AegleError::RecoveryPending);
        require!(now >= self.guardians_due_at, AegleError::GuardianChangeNotDue);
        self.put_guardians(self.pending_guardians)
    }

    /// A recovery stops every change of guardians that is not due yet. One that is due comes first.
    pub fn await_recovery(&mut self, address: Pubkey, recovery: &Recovery, now: i64) -> Result<()> {
        require!(!self.recovery_is_pending(now), AegleError::RecoveryPending);
        self.require_no_guardian_change_due(now)?;
        self.drop_guardian_change();
        self.pending_recovery = address;
        self.recovery_lapses_at = recovery.lapses_at;
        Ok(())
    }

    /// Guardians who were replaced have no say, also before anyone wrote that down.
    pub fn require_no_guardian_change_due(&self, now: i64) -> Result<()> {
        require!(self.guardians_due_at == 0 || now < self.guardians_due_at, AegleError::GuardianChangeDue);
        Ok(())
    }

    pub fn require_pending(&self, recovery: &Pubkey) -> Result<()> {
        require_keys_eq!(self.pending_recovery, *recovery, AegleError::RecoveryNotPending);
        Ok(())
    }

    pub fn forget_recovery(&mut self) {
        self.pending_recovery = Pubkey::default();
        self.recovery_lapses_at = 0;
    }

    /// Hands the vault to the recovery's owner. Nothing that the old owner signed or allowed holds.
    pub fn recover(&mut self, recovery: &Recovery) -> Result<()> {
        self.owner = recovery.new_owner;
        self.encryption_key = recovery.new_encryption_key;
        self.key_epoch = next(self.key_epoch)?;
        self.consent_epoch = next(self.consent_epoch)?;
        self.delegate_epoch = next(self.delegate_epoch)?;
        self.forget_recovery();
        self.invariant()
    }

    fn put_guardians(&mut self, guardians: Guardians) -> Result<()> {
        self.guardians = guardians;
        self.guardian_epoch = next(self.guardian_epoch)?;
        self.drop_guardian_change();
        Ok(())
    }

    fn drop_guardian_change(&mut self) {
        self.pending_guardians = Guardians::default();
        self.guardians_due_at = 0;
    }

    pub fn revoke_all_consents(&mut self) -> Result<()> {
        self.consent_epoch = next(self.consent_epoch)?;
        Ok(())
    }

    pub fn set_emergency_policy(&mut self, policy: u8) -> Result<()> {
        require!([EMERGENCIES_FORBIDDEN, EMERGENCIES_ALLOWED].contains(&policy), AegleError::InvalidEmergencyPolicy);
        self.emergency_policy = policy;
        Ok(())
    }

    pub fn require_emergencies_allowed(&self) -> Result<()> {
        require!(self.emergency_policy == EMERGENCIES_ALLOWED, AegleError::EmergencyForbidden);
        Ok(())
    }

    /// Counts one more record, against the cap where a delegate mints it.
    pub fn count_record(&mut self, actor: Actor) -> Result<()> {
        if actor == Actor::Delegate {
            require_gt!(self.delegate_mint_cap, self.delegate_mints, AegleError::DelegateMintCapReached);
            self.delegate_mints = next(self.delegate_mints)?;
        }
        self.record_count = self.record_count.checked_add(1).ok_or(AegleError::CounterOverflow)?;
        Ok(())
    }
}

fn next(epoch: u32) -> Result<u32> {
    Ok(epoch.checked_add(1).ok_or(AegleError::CounterOverflow)?)
}
