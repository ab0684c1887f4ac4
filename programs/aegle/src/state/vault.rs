use anchor_lang::prelude::*;

use super::{Delegate, Right};
use crate::error::AegleError;

/// How many records all delegates of a new vault together may mint.
pub const DEFAULT_DELEGATE_MINT_CAP: u32 = 1_000;

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
    /// Whether emergencies may open records: 0 forbids it.
    pub emergency_policy: u8,
    pub guardian_count: u8,
    pub guardian_threshold: u8,
    /// SHA-256 over the guardians' salted commitments in order; zero without guardians.
    pub guardian_commitment: [u8; 32],
    /// Account of the pending recovery; zero where none is.
    pub pending_recovery: Pubkey,
    pub reserved: [u8; 64],
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

impl VaultAuthority {
    pub fn require_expected(&self, expected: &Expected) -> Result<()> {
        require_keys_eq!(self.owner, expected.owner, AegleError::OwnerMismatch);
        require_eq!(self.key_epoch, expected.key_epoch, AegleError::KeyEpochMismatch);
        require_eq!(self.consent_epoch, expected.consent_epoch, AegleError::ConsentEpochMismatch);
        require_eq!(self.delegate_epoch, expected.delegate_epoch, AegleError::DelegateEpochMismatch);
        Ok(())
    }

    /// The owner may do everything; a delegate what its rights cover while they last.
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

    pub fn revoke_all_consents(&mut self) -> Result<()> {
        self.consent_epoch = next(self.consent_epoch)?;
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
