//! Guardians, and how they hand a vault to a new owner.

use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, ApproveRecoveryParams, ChangeGuardiansParams, ProposeRecoveryParams},
    events::{
        GuardianChangeCancelled, GuardianChangeProposed, GuardiansChanged, RecoveryApproved, RecoveryExecuted,
        RecoveryProposed, RecoveryVetoed,
    },
    state::{Config, GuardianOpening, Guardians, Recovery, RecoveryStatus, Vault},
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{
    Check, DAY, Ledger, Outcome, is_event_authority, is_program, raised, require, sha256, vault::is_as_expected,
};
use crate::call::Call;

/// Guardians have thirty days to gather approvals, and as many to see a due recovery executed.
const WINDOW: i64 = 30 * DAY;

fn are_good(guardians: &Guardians, config: &Config) -> Check {
    let Guardians { count, threshold, commitment, recovery_delay } = *guardians;
    if count == 0 {
        return require(threshold == 0 && commitment == [0; 32] && recovery_delay == 0, AegleError::InvalidGuardians);
    }
    require(count <= 10 && (1..=count).contains(&threshold), AegleError::InvalidGuardians)?;
    require(commitment != [0; 32], AegleError::ZeroCommitment)?;
    let bounds = config.min_recovery_delay..=config.max_recovery_delay;
    require(bounds.contains(&recovery_delay), AegleError::InvalidRecoveryDelay)
}

/// The guardian's place among all.
fn place(vault_at: Pubkey, vault: &Vault, guardian: Pubkey, opening: &GuardianOpening) -> Check<u32> {
    require(guardian != vault.owner, AegleError::GuardianIsOwner)?;
    let GuardianOpening { commitments, index, salt } = opening;
    let all: Vec<&[u8]> = commitments.iter().map(|commitment| &commitment[..]).collect();
    let own = sha256(&[b"aegle:guardian:v1", vault_at.as_ref(), guardian.as_ref(), salt]);
    let opens = commitments.len() == usize::from(vault.guardians.count)
        && sha256(&all) == vault.guardians.commitment
        && commitments.get(usize::from(*index)) == Some(&own);
    require(opens, AegleError::GuardianMismatch)?;
    Ok(u32::from(*index))
}

impl Ledger {
    fn is_pending(&self, vault: &Vault) -> bool {
        vault.pending_recovery != Pubkey::default() && self.now < vault.recovery_lapses_at
    }

    /// A change of guardians that is due comes before everything they could do.
    fn none_is_due(&self, vault: &Vault) -> Check {
        let due = vault.guardians_due_at != 0 && vault.guardians_due_at <= self.now;
        require(!due, AegleError::GuardianChangeDue)
    }

    /// One more approval. Enough of them make a proposal pending, and all of them a vetoed one again;
    /// a pending recovery voids a pending change of guardians.
    fn approve(&self, at: Pubkey, recovery: &mut Recovery, vault: &mut Vault, place: u32) -> Check {
        require(recovery.status != RecoveryStatus::Executed, AegleError::RecoveryExecuted)?;
        require(self.now < recovery.lapses_at, AegleError::RecoveryLapsed)?;
        require(recovery.approvals >> place & 1 == 0, AegleError::RecoveryAlreadyApproved)?;
        recovery.approvals |= 1 << place;
        recovery.changed_slot = self.slot;
        recovery.changed_at = self.now;
        let (given, of) = (recovery.approvals.count_ones(), vault.guardians);
        let from = match recovery.status {
            RecoveryStatus::Proposed if given >= u32::from(of.threshold) => {
                recovery.executable_at = self.now + of.recovery_delay;
                recovery.executable_at
            }
            RecoveryStatus::Vetoed if given > 1 && given == u32::from(of.count) => recovery.executable_at.max(self.now),
            _ => return Ok(()),
        };
        require(!self.is_pending(vault), AegleError::RecoveryPending)?;
        recovery.lapses_at = from + WINDOW;
        recovery.status = RecoveryStatus::Pending;
        vault.pending_guardians = Guardians::default();
        vault.guardians_due_at = 0;
        vault.pending_recovery = at;
        vault.recovery_lapses_at = recovery.lapses_at;
        Ok(())
    }

    pub(super) fn change_guardians(&mut self, call: &Call, params: &ChangeGuardiansParams) -> Outcome {
        let [owner, config, vault_at, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let config = self.config(config)?;
        let mut vault = self.vault(vault_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        is_as_expected(&vault, &params.expected)?;
        are_good(&params.guardians, &config)?;
        require(!self.is_pending(&vault), AegleError::RecoveryPending)?;
        self.none_is_due(&vault)?;
        let (old_guardians, old_pending_guardians) = (vault.guardians, vault.pending_guardians);
        let (slot, at, vault_key) = (self.slot, self.now, vault_at);
        let event = if params.guardians == old_guardians {
            require(vault.guardians_due_at != 0, AegleError::NoGuardianChange)?;
            vault.pending_guardians = Guardians::default();
            vault.guardians_due_at = 0;
            Event::GuardianChangeCancelled(GuardianChangeCancelled {
                vault: vault_key,
                authority: owner,
                old_pending_guardians,
                slot,
                at,
            })
        } else if old_guardians.count == 0 {
            vault.guardians = params.guardians;
            vault.guardian_epoch = raised(vault.guardian_epoch)?;
            Event::GuardiansChanged(GuardiansChanged {
                vault: vault_key,
                authority: owner,
                old_guardians,
                new_guardians: params.guardians,
                guardian_epoch: vault.guardian_epoch,
                slot,
                at,
            })
        } else {
            vault.pending_guardians = params.guardians;
            vault.guardians_due_at = self.now + old_guardians.recovery_delay;
            Event::GuardianChangeProposed(GuardianChangeProposed {
                vault: vault_key,
                authority: owner,
                old_pending_guardians,
                new_pending_guardians: params.guardians,
                due_at: vault.guardians_due_at,
                slot,
                at,
            })
        };
        self.write(vault_at, vault.into());
        Ok(event.into())
    }

    pub(super) fn apply_guardian_change(&mut self, call: &Call) -> Outcome {
        let [authority, config, vault_at, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let config = self.config(config)?;
        let mut vault = self.vault(vault_at)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        require(vault.guardians_due_at != 0, AegleError::NoGuardianChange)?;
        require(!self.is_pending(&vault), AegleError::RecoveryPending)?;
        require(self.now >= vault.guardians_due_at, AegleError::GuardianChangeNotDue)?;
        let (old_guardians, new_guardians) = (vault.guardians, vault.pending_guardians);
        vault.guardians = new_guardians;
        vault.guardian_epoch = raised(vault.guardian_epoch)?;
        vault.pending_guardians = Guardians::default();
        vault.guardians_due_at = 0;
        let guardian_epoch = vault.guardian_epoch;
        self.write(vault_at, vault.into());
        Ok(Event::GuardiansChanged(GuardiansChanged {
            vault: vault_at,
            authority,
            old_guardians,
            new_guardians,
            guardian_epoch,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn propose_recovery(&mut self, call: &Call, params: &ProposeRecoveryParams) -> Outcome {
        let [guardian, payer, vault_at, recovery_at, system, event_authority, _] = call.keys();
        let ProposeRecoveryParams {
            recovery_id,
            new_owner,
            new_encryption_key,
            opening,
            guardian_epoch,
            delegate_epoch,
        } = params.clone();
        call.signed_by(guardian)?;
        call.signed_by(payer)?;
        let mut vault = self.vault(vault_at)?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Recovery>(recovery_at, &[b"recovery", vault_at.as_ref(), &recovery_id], payer)?;
        is_event_authority(event_authority)?;

        require(vault.guardian_epoch == guardian_epoch, AegleError::GuardianEpochMismatch)?;
        require(vault.delegate_epoch == delegate_epoch, AegleError::DelegateEpochMismatch)?;
        require(new_owner != vault.owner, AegleError::NewOwnerIsOwner)?;
        self.none_is_due(&vault)?;
        let place = place(vault_at, &vault, guardian, &opening)?;
        require(new_owner != Pubkey::default() && new_encryption_key != [0; 32], AegleError::ZeroKey)?;
        let mut recovery = Recovery {
            version: 1,
            bump,
            status: RecoveryStatus::Proposed,
            rent_payer: payer,
            vault: vault_at,
            recovery_id,
            new_owner,
            new_encryption_key,
            guardian_epoch,
            delegate_epoch,
            approvals: 0,
            executable_at: 0,
            lapses_at: self.now + WINDOW,
            proposed_slot: self.slot,
            proposed_at: self.now,
            changed_slot: self.slot,
            changed_at: self.now,
        };
        self.approve(recovery_at, &mut recovery, &mut vault, place)?;
        let event = RecoveryProposed {
            vault: vault_at,
            recovery_id,
            bump,
            authority: guardian,
            rent_payer: payer,
            new_owner,
            new_encryption_key,
            guardian_epoch,
            delegate_epoch,
            approvals: recovery.approvals,
            status: recovery.status,
            executable_at: recovery.executable_at,
            lapses_at: recovery.lapses_at,
            slot: self.slot,
            at: self.now,
        };
        self.write(vault_at, vault.into());
        self.write(recovery_at, recovery.into());
        Ok(Event::RecoveryProposed(event).into())
    }

    pub(super) fn approve_recovery(&mut self, call: &Call, params: &ApproveRecoveryParams) -> Outcome {
        let [guardian, vault_at, recovery_at, event_authority, _] = call.keys();
        call.signed_by(guardian)?;
        let mut vault = self.vault(vault_at)?;
        let mut recovery = self.recovery(recovery_at)?;
        require(recovery.vault == vault_at, AegleError::RecoveryMismatch)?;
        is_event_authority(event_authority)?;

        require(vault.guardian_epoch == recovery.guardian_epoch, AegleError::GuardianEpochMismatch)?;
        require(vault.delegate_epoch == recovery.delegate_epoch, AegleError::DelegateEpochMismatch)?;
        self.none_is_due(&vault)?;
        let place = place(vault_at, &vault, guardian, &params.opening)?;
        let (old_approvals, old_status) = (recovery.approvals, recovery.status);
        self.approve(recovery_at, &mut recovery, &mut vault, place)?;
        let event = RecoveryApproved {
            recovery: recovery_at,
            vault: vault_at,
            authority: guardian,
            old_approvals,
            new_approvals: recovery.approvals,
            old_status,
            new_status: recovery.status,
            executable_at: recovery.executable_at,
            lapses_at: recovery.lapses_at,
            slot: self.slot,
            at: self.now,
        };
        self.write(vault_at, vault.into());
        self.write(recovery_at, recovery.into());
        Ok(Event::RecoveryApproved(event).into())
    }

    pub(super) fn veto_recovery(&mut self, call: &Call) -> Outcome {
        let [owner, vault_at, recovery_at, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let mut vault = self.vault(vault_at)?;
        let mut recovery = self.recovery(recovery_at)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        require(recovery.vault == vault_at, AegleError::RecoveryMismatch)?;
        is_event_authority(event_authority)?;

        let pending = vault.pending_recovery == recovery_at && recovery.status == RecoveryStatus::Pending;
        require(pending, AegleError::RecoveryNotPending)?;
        require(self.now < recovery.executable_at, AegleError::RecoveryVetoTooLate)?;
        let all = recovery.approvals.count_ones() == u32::from(vault.guardians.count) && vault.guardians.count >= 2;
        require(!all, AegleError::RecoveryUnanimous)?;
        recovery.status = RecoveryStatus::Vetoed;
        recovery.changed_slot = self.slot;
        recovery.changed_at = self.now;
        vault.pending_recovery = Pubkey::default();
        vault.recovery_lapses_at = 0;
        self.write(vault_at, vault.into());
        self.write(recovery_at, recovery.into());
        Ok(Event::RecoveryVetoed(RecoveryVetoed {
            recovery: recovery_at,
            vault: vault_at,
            authority: owner,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn execute_recovery(&mut self, call: &Call) -> Outcome {
        let [new_owner, config, vault_at, recovery_at, event_authority, _] = call.keys();
        call.signed_by(new_owner)?;
        let config = self.config(config)?;
        let mut vault = self.vault(vault_at)?;
        let mut recovery = self.recovery(recovery_at)?;
        require(recovery.vault == vault_at, AegleError::RecoveryMismatch)?;
        require(recovery.new_owner == new_owner, AegleError::NotNewOwner)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        let pending = vault.pending_recovery == recovery_at && recovery.status == RecoveryStatus::Pending;
        require(pending, AegleError::RecoveryNotPending)?;
        require(self.now >= recovery.executable_at, AegleError::RecoveryNotDue)?;
        require(self.now < recovery.lapses_at, AegleError::RecoveryLapsed)?;
        recovery.status = RecoveryStatus::Executed;
        recovery.changed_slot = self.slot;
        recovery.changed_at = self.now;
        let (old_owner, old_encryption_key) = (vault.owner, vault.encryption_key);
        vault.owner = new_owner;
        vault.encryption_key = recovery.new_encryption_key;
        vault.key_epoch = raised(vault.key_epoch)?;
        vault.consent_epoch = raised(vault.consent_epoch)?;
        vault.delegate_epoch = raised(vault.delegate_epoch)?;
        vault.pending_recovery = Pubkey::default();
        vault.recovery_lapses_at = 0;
        let event = RecoveryExecuted {
            recovery: recovery_at,
            vault: vault_at,
            old_owner,
            new_owner,
            old_encryption_key,
            new_encryption_key: vault.encryption_key,
            key_epoch: vault.key_epoch,
            consent_epoch: vault.consent_epoch,
            delegate_epoch: vault.delegate_epoch,
            slot: self.slot,
            at: self.now,
        };
        self.write(vault_at, vault.into());
        self.write(recovery_at, recovery.into());
        Ok(Event::RecoveryExecuted(event).into())
    }
}
