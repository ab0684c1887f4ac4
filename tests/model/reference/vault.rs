//! A patient's vault: who may act on it, and its keys and delegates.

use aegle_client::{
    Event, Pubkey,
    aegle::{
        AddDelegateParams, AegleError, CreateVaultParams, RotateKeyParams, SetDelegateMintCapParams,
        SetEmergencyPolicyParams,
    },
    events::{DelegateAdded, DelegateMintCapSet, DelegateRemoved, EmergencyPolicySet, KeyRotated, VaultCreated},
    state::{Delegate, Expected, Guardians, Vault},
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{Check, Content, DAY, Ledger, Outcome, is_event_authority, is_program, period_is_good, raised, require};
use crate::call::Call;

pub const MINT: u8 = 1;
pub const GRANT: u8 = 2;
pub const REVOKE: u8 = 4;

/// Nothing prepared for other epochs or another owner lands.
pub fn is_as_expected(vault: &Vault, expected: &Expected) -> Check {
    require(vault.owner == expected.owner, AegleError::OwnerMismatch)?;
    require(vault.key_epoch == expected.key_epoch, AegleError::KeyEpochMismatch)?;
    require(vault.consent_epoch == expected.consent_epoch, AegleError::ConsentEpochMismatch)?;
    require(vault.delegate_epoch == expected.delegate_epoch, AegleError::DelegateEpochMismatch)
}

impl Ledger {
    /// Makes a vault one whose counters have a step or none left.
    pub fn wear_out(&mut self, vault_at: Pubkey, left: u32) {
        let Some(Content::Vault(mut vault)) = self.get(&vault_at).map(|it| it.content.clone()) else { return };
        let most = u32::MAX - left;
        vault.key_epoch = most;
        vault.consent_epoch = most;
        vault.delegate_epoch = most;
        vault.guardian_epoch = most;
        vault.delegate_mints = most;
        vault.delegate_mint_cap = u32::MAX;
        vault.record_count = u64::MAX - u64::from(left);
        self.write(vault_at, vault.into());
    }

    /// INV-3: the owner may, and a delegate of this vault with the right, until its last day is over.
    pub(super) fn may(
        &self,
        right: u8,
        key: Pubkey,
        vault_at: Pubkey,
        vault: &Vault,
        delegate: Option<&Delegate>,
    ) -> Check {
        if key == vault.owner {
            return Ok(());
        }
        let delegate = delegate.ok_or(AegleError::Unauthorized)?;
        require(delegate.vault == vault_at && delegate.key == key, AegleError::DelegateMismatch)?;
        require(delegate.removed_slot == 0, AegleError::DelegateRemoved)?;
        require(delegate.delegate_epoch == vault.delegate_epoch, AegleError::DelegateEpochMismatch)?;
        require(self.now < i64::from(delegate.until_day) * DAY, AegleError::DelegateExpired)?;
        require(delegate.rights & right == right, AegleError::DelegateRightMissing)
    }

    pub(super) fn create_vault(&mut self, call: &Call, params: &CreateVaultParams) -> Outcome {
        let [owner, payer, config, vault_at, system, event_authority, _] = call.keys();
        let CreateVaultParams { vault_id, encryption_key } = *params;
        call.signed_by(owner)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Vault>(vault_at, &[b"vault", &vault_id], payer)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        require(encryption_key != [0; 32], AegleError::ZeroKey)?;
        let vault = Vault {
            version: 1,
            bump,
            owner,
            key_epoch: 0,
            consent_epoch: 0,
            delegate_epoch: 0,
            vault_id,
            rent_payer: payer,
            encryption_key,
            delegate_mints: 0,
            delegate_mint_cap: 1_000,
            record_count: 0,
            created_slot: self.slot,
            created_at: self.now,
            emergency_policy: 0,
            guardian_epoch: 0,
            guardians: Guardians::default(),
            pending_guardians: Guardians::default(),
            guardians_due_at: 0,
            pending_recovery: Pubkey::default(),
            recovery_lapses_at: 0,
            reserved: [0; 32],
        };
        self.write(vault_at, vault.into());
        Ok(Event::VaultCreated(VaultCreated {
            vault: vault_at,
            vault_id,
            bump,
            owner,
            rent_payer: payer,
            encryption_key,
            delegate_mint_cap: 1_000,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn rotate_key(&mut self, call: &Call, params: &RotateKeyParams) -> Outcome {
        let [owner, vault_at, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let mut vault = self.vault(vault_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        is_event_authority(event_authority)?;

        is_as_expected(&vault, &params.expected)?;
        let (old_encryption_key, old_key_epoch) = (vault.encryption_key, vault.key_epoch);
        vault.encryption_key = params.encryption_key;
        vault.key_epoch = raised(vault.key_epoch)?;
        require(params.encryption_key != [0; 32], AegleError::ZeroKey)?;
        let new_key_epoch = vault.key_epoch;
        self.write(vault_at, vault.into());
        Ok(Event::KeyRotated(KeyRotated {
            vault: vault_at,
            authority: owner,
            old_encryption_key,
            new_encryption_key: params.encryption_key,
            old_key_epoch,
            new_key_epoch,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn set_delegate_mint_cap(&mut self, call: &Call, params: &SetDelegateMintCapParams) -> Outcome {
        let [owner, vault_at, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let mut vault = self.vault(vault_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        is_event_authority(event_authority)?;

        is_as_expected(&vault, &params.expected)?;
        let old_delegate_mint_cap = vault.delegate_mint_cap;
        vault.delegate_mint_cap = params.delegate_mint_cap;
        self.write(vault_at, vault.into());
        Ok(Event::DelegateMintCapSet(DelegateMintCapSet {
            vault: vault_at,
            authority: owner,
            old_delegate_mint_cap,
            new_delegate_mint_cap: params.delegate_mint_cap,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    /// What forbids is never stopped.
    pub(super) fn set_emergency_policy(&mut self, call: &Call, params: &SetEmergencyPolicyParams) -> Outcome {
        let [owner, config, vault_at, event_authority, _] = call.keys();
        let SetEmergencyPolicyParams { emergency_policy, expected } = params.clone();
        call.signed_by(owner)?;
        let config = self.config(config)?;
        let mut vault = self.vault(vault_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        is_event_authority(event_authority)?;

        require(emergency_policy == 0 || !config.paused, AegleError::Paused)?;
        is_as_expected(&vault, &expected)?;
        require(emergency_policy <= 1, AegleError::InvalidEmergencyPolicy)?;
        let old_emergency_policy = vault.emergency_policy;
        vault.emergency_policy = emergency_policy;
        self.write(vault_at, vault.into());
        Ok(Event::EmergencyPolicySet(EmergencyPolicySet {
            vault: vault_at,
            authority: owner,
            old_emergency_policy,
            new_emergency_policy: emergency_policy,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn add_delegate(&mut self, call: &Call, params: &AddDelegateParams) -> Outcome {
        let [owner, payer, config, vault_at, delegate_at, system, event_authority, _] = call.keys();
        let AddDelegateParams { key, rights, until_day, expected } = *params;
        call.signed_by(owner)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let vault = self.vault(vault_at)?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Delegate>(delegate_at, &[b"delegate", vault_at.as_ref(), key.as_ref()], payer)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        is_as_expected(&vault, &expected)?;
        require(key != owner, AegleError::DelegateIsOwner)?;
        require(key != Pubkey::default(), AegleError::ZeroKey)?;
        require((1..16).contains(&rights), AegleError::InvalidRights)?;
        let today = u32::try_from(self.now / DAY).expect("a day in this century");
        require(period_is_good(today, until_day, self.now), AegleError::InvalidPeriod)?;
        let delegate = Delegate {
            version: 1,
            bump,
            rent_payer: payer,
            vault: vault_at,
            key,
            rights,
            until_day,
            delegate_epoch: vault.delegate_epoch,
            added_slot: self.slot,
            added_at: self.now,
            removed_slot: 0,
            removed_at: 0,
        };
        self.write(delegate_at, delegate.into());
        Ok(Event::DelegateAdded(DelegateAdded {
            delegate: delegate_at,
            vault: vault_at,
            key,
            bump,
            authority: owner,
            rent_payer: payer,
            rights,
            until_day,
            delegate_epoch: vault.delegate_epoch,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn remove_delegate(&mut self, call: &Call) -> Outcome {
        let [owner, vault_at, delegate_at, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let vault = self.vault(vault_at)?;
        let mut delegate = self.delegate(delegate_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        require(delegate.vault == vault_at, AegleError::DelegateMismatch)?;
        is_event_authority(event_authority)?;

        require(delegate.removed_slot == 0, AegleError::DelegateRemoved)?;
        delegate.removed_slot = self.slot;
        delegate.removed_at = self.now;
        let key = delegate.key;
        self.write(delegate_at, delegate.into());
        Ok(Event::DelegateRemoved(DelegateRemoved {
            delegate: delegate_at,
            vault: vault_at,
            key,
            authority: owner,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }
}
