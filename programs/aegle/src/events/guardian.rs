use anchor_lang::prelude::*;

use crate::state::Guardians;

/// Other guardians are in effect, and none are pending any more.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardiansChanged {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_guardians: Guardians,
    pub new_guardians: Guardians,
    /// The vault's after this one.
    pub guardian_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

/// Other guardians will be in effect; they replace those that were pending.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianChangeProposed {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_pending_guardians: Guardians,
    pub new_pending_guardians: Guardians,
    pub due_at: i64,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianChangeCancelled {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_pending_guardians: Guardians,
    pub slot: u64,
    pub at: i64,
}
