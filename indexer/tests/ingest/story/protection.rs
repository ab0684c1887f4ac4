//! Guardians and recoveries of a story's vault, by the program's own transitions.

use aegle_client::{
    pda,
    state::{GuardianChange, Guardians, RECOVERY_WINDOW, Recovery, RecoveryStatus, VERSION},
};

use super::{Story, id, key};

/// Guardians told apart by their number; none for some.
pub fn guardians(number: u8) -> Guardians {
    if number % 7 == 6 {
        return Guardians::default();
    }
    let count = 1 + number % 3;
    Guardians {
        count,
        threshold: 1 + number % count,
        commitment: [number.max(1); 32],
        recovery_delay: 1 + i64::from(number % 4),
    }
}

impl Story {
    pub(super) fn change_guardians(&mut self, new: Guardians) {
        let (slot, at, vault, authority) = (self.slot, self.at(), self.vault, self.root.owner);
        let (old_guardians, old_pending_guardians) = (self.root.guardians, self.root.pending_guardians);
        let mut root = self.root.clone();
        let Ok(change) = root.change_guardians(new, at) else { return };
        let (guardian_epoch, due_at) = (root.guardian_epoch, root.guardians_due_at);
        self.root = root;
        match change {
            GuardianChange::InEffect => {
                let new_guardians = new;
                push!(
                    self,
                    GuardiansChanged { vault, authority, old_guardians, new_guardians, guardian_epoch, slot, at }
                );
            }
            GuardianChange::Pending => {
                let new_pending_guardians = new;
                push!(
                    self,
                    GuardianChangeProposed {
                        vault,
                        authority,
                        old_pending_guardians,
                        new_pending_guardians,
                        due_at,
                        slot,
                        at
                    }
                );
            }
            GuardianChange::Cancelled => {
                push!(self, GuardianChangeCancelled { vault, authority, old_pending_guardians, slot, at });
            }
        }
    }

    /// Cancels the pending change of guardians, or else proposes one.
    pub(super) fn cancel_guardian_change(&mut self) {
        let pending = self.root.guardians_due_at != 0;
        self.change_guardians(if pending { self.root.guardians } else { guardians(self.ledger.len() as u8) });
    }

    pub(super) fn apply_guardian_change(&mut self) {
        let (slot, at, vault, authority) = (self.slot, self.at(), self.vault, key(105));
        let old_guardians = self.root.guardians;
        let mut root = self.root.clone();
        if root.apply_guardian_change(at).is_err() {
            return;
        }
        let (new_guardians, guardian_epoch) = (root.guardians, root.guardian_epoch);
        self.root = root;
        push!(self, GuardiansChanged { vault, authority, old_guardians, new_guardians, guardian_epoch, slot, at });
    }

    /// One more guardian for the newest recovery, or a new one where it takes no more; the first
    /// guardians where there are none.
    pub(super) fn advance_recovery(&mut self) {
        if self.root.guardians.count == 0 {
            self.change_guardians(guardians(self.ledger.len() as u8));
        } else if !self.approve_recovery() {
            self.propose_recovery();
        }
    }

    fn propose_recovery(&mut self) {
        let (slot, at, clock, vault) = (self.slot, self.at(), self.clock(), self.vault);
        let number = self.recoveries.len() as u8;
        let recovery_id = id(number);
        let (address, bump) = pda::find_recovery(&vault, &recovery_id);
        let (authority, rent_payer) = (key(106), key(101));
        let (new_owner, new_encryption_key) = (key(110 + number % 40), [number.max(1); 32]);
        let mut root = self.root.clone();
        let (guardian_epoch, delegate_epoch) = (root.guardian_epoch, root.delegate_epoch);
        if root.require_no_guardian_change_due(at).is_err() || root.owner == new_owner {
            return;
        }
        let mut recovery = Recovery {
            version: VERSION,
            bump,
            status: RecoveryStatus::Proposed,
            rent_payer,
            vault,
            recovery_id,
            new_owner,
            new_encryption_key,
            guardian_epoch,
            delegate_epoch,
            approvals: 0,
            executable_at: 0,
            lapses_at: at + RECOVERY_WINDOW,
            proposed_slot: slot,
            proposed_at: at,
            changed_slot: slot,
            changed_at: at,
        };
        let pending = recovery.approve(1, &root.guardians, &clock).expect("the first approval");
        if pending && root.await_recovery(address, &recovery, at).is_err() {
            return;
        }
        self.root = root;
        let Recovery { approvals, status, executable_at, lapses_at, .. } = recovery;
        self.recoveries.push((address, recovery));
        push!(
            self,
            RecoveryProposed {
                vault,
                recovery_id,
                bump,
                authority,
                rent_payer,
                new_owner,
                new_encryption_key,
                guardian_epoch,
                delegate_epoch,
                approvals,
                status,
                executable_at,
                lapses_at,
                slot,
                at
            }
        );
    }

    fn approve_recovery(&mut self) -> bool {
        let (slot, at, clock, vault) = (self.slot, self.at(), self.clock(), self.vault);
        let mut root = self.root.clone();
        let Some((address, state)) = self.recoveries.last_mut() else { return false };
        let (address, mut recovery) = (*address, state.clone());
        let (old_approvals, old_status) = (recovery.approvals, recovery.status);
        let place = old_approvals.trailing_ones();
        let epochs = (root.guardian_epoch, root.delegate_epoch);
        if place >= u32::from(root.guardians.count)
            || epochs != (recovery.guardian_epoch, recovery.delegate_epoch)
            || root.require_no_guardian_change_due(at).is_err()
        {
            return false;
        }
        let Ok(pending) = recovery.approve(1 << place, &root.guardians, &clock) else { return false };
        if pending && root.await_recovery(address, &recovery, at).is_err() {
            return false;
        }
        *state = recovery.clone();
        self.root = root;
        let Recovery { approvals: new_approvals, status: new_status, executable_at, lapses_at, .. } = recovery;
        push!(
            self,
            RecoveryApproved {
                recovery: address,
                vault,
                authority: key(107),
                old_approvals,
                new_approvals,
                old_status,
                new_status,
                executable_at,
                lapses_at,
                slot,
                at
            }
        );
        true
    }

    /// Vetoes the pending recovery, or else brings one on its way.
    pub(super) fn veto_recovery(&mut self) {
        let (slot, at, clock, vault, authority) = (self.slot, self.at(), self.clock(), self.vault, self.root.owner);
        let guardians = self.root.guardians;
        let Some((recovery, state)) =
            self.recoveries.iter_mut().find(|(recovery, _)| *recovery == self.root.pending_recovery)
        else {
            return self.advance_recovery();
        };
        let recovery = *recovery;
        if state.veto(&guardians, &clock).is_err() {
            return;
        }
        self.root.forget_recovery();
        push!(self, RecoveryVetoed { recovery, vault, authority, slot, at });
    }

    pub(super) fn execute_recovery(&mut self) {
        let (slot, at, clock, vault) = (self.slot, self.at(), self.clock(), self.vault);
        let (old_owner, old_encryption_key) = (self.root.owner, self.root.encryption_key);
        let Some((recovery, state)) =
            self.recoveries.iter_mut().find(|(recovery, _)| *recovery == self.root.pending_recovery)
        else {
            return;
        };
        let recovery = *recovery;
        if state.execute(&clock).is_err() {
            return;
        }
        self.root.recover(state).expect("a new owner");
        let (new_owner, new_encryption_key) = (self.root.owner, self.root.encryption_key);
        let (key_epoch, consent_epoch, delegate_epoch) =
            (self.root.key_epoch, self.root.consent_epoch, self.root.delegate_epoch);
        push!(
            self,
            RecoveryExecuted {
                recovery,
                vault,
                old_owner,
                new_owner,
                old_encryption_key,
                new_encryption_key,
                key_epoch,
                consent_epoch,
                delegate_epoch,
                slot,
                at
            }
        );
    }
}
