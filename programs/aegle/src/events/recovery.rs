use anchor_lang::prelude::*;

use crate::{pda, state::RecoveryStatus};

/// A guardian proposed a new owner. With the status pending it is the vault's pending recovery, and a
/// pending change of guardians is void.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryProposed {
    pub vault: Pubkey,
    pub recovery_id: [u8; 32],
    pub bump: u8,
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub new_owner: Pubkey,
    pub new_encryption_key: [u8; 32],
    pub guardian_epoch: u32,
    pub delegate_epoch: u32,
    pub approvals: u16,
    pub status: RecoveryStatus,
    pub executable_at: i64,
    pub lapses_at: i64,
    pub slot: u64,
    pub at: i64,
}

/// One more guardian approved. Where the status turned to pending it is the vault's pending recovery,
/// and a pending change of guardians is void.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryApproved {
    pub recovery: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_approvals: u16,
    pub new_approvals: u16,
    pub old_status: RecoveryStatus,
    pub new_status: RecoveryStatus,
    pub executable_at: i64,
    pub lapses_at: i64,
    pub slot: u64,
    pub at: i64,
}

/// The owner vetoed the pending recovery; none is pending any more.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryVetoed {
    pub recovery: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub slot: u64,
    pub at: i64,
}

/// The vault has a new owner, who signed for it, and its epochs were raised by one.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryExecuted {
    pub recovery: Pubkey,
    pub vault: Pubkey,
    pub old_owner: Pubkey,
    pub new_owner: Pubkey,
    pub old_encryption_key: [u8; 32],
    pub new_encryption_key: [u8; 32],
    /// The vault's after this one.
    pub key_epoch: u32,
    pub consent_epoch: u32,
    pub delegate_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

impl RecoveryProposed {
    /// Address of the recovery.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::RECOVERY, self.vault.as_ref(), &self.recovery_id], self.bump)
    }
}
