use anchor_lang::prelude::*;

use super::{DAY, Guardians};
use crate::error::AegleError;

/// How long guardians may gather approvals, and how long a recovery may be executed once its delay
/// has passed, in seconds.
pub const RECOVERY_WINDOW: i64 = 30 * DAY;

#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryStatus {
    /// Fewer guardians than the threshold approved.
    Proposed,
    /// Enough approved; waits for its delay and may be vetoed.
    Pending,
    /// The owner vetoed it; only all guardians together can go on.
    Vetoed,
    Executed,
}

/// Guardians handing a vault to a new owner. It stays, whatever becomes of it.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Recovery {
    pub version: u8,
    pub bump: u8,
    pub status: RecoveryStatus,
    pub rent_payer: Pubkey,
    pub vault: Pubkey,
    pub recovery_id: [u8; 32],
    pub new_owner: Pubkey,
    /// X25519 public key of the new owner.
    pub new_encryption_key: [u8; 32],
    /// What the vault had when this was proposed; void where it has others.
    pub guardian_epoch: u32,
    pub delegate_epoch: u32,
    /// One bit for each guardian who approved, by place.
    pub approvals: u16,
    /// First second it may be executed; zero until enough guardians approved.
    pub executable_at: i64,
    /// First second it is void.
    pub lapses_at: i64,
    pub proposed_slot: u64,
    pub proposed_at: i64,
    /// Slot and time of the last change.
    pub changed_slot: u64,
    pub changed_at: i64,
}

impl Recovery {
    pub fn invariant(&self) -> Result<()> {
        require_keys_neq!(self.new_owner, Pubkey::default(), AegleError::ZeroKey);
        require!(self.new_encryption_key != [0; 32], AegleError::ZeroKey);
        Ok(())
    }

    /// Adds a guardian's approval. Whether the recovery became pending by it: by enough approvals, or,
    /// after a veto, by all.
    pub fn approve(&mut self, approval: u16, guardians: &Guardians, clock: &Clock) -> Result<bool> {
        let now = clock.unix_timestamp;
        require!(self.status != RecoveryStatus::Executed, AegleError::RecoveryExecuted);
        require!(now < self.lapses_at, AegleError::RecoveryLapsed);
        require!(self.approvals & approval == 0, AegleError::RecoveryAlreadyApproved);
        self.approvals |= approval;
        self.changed(clock);
        match self.status {
            RecoveryStatus::Proposed if guardians.enough(self.approvals) => {
                self.executable_at = after(now, guardians.recovery_delay)?;
            }
            // The delay passed or goes on; what was vetoed late is executable at once.
            RecoveryStatus::Vetoed if guardians.unanimous(self.approvals) => {}
            _ => return Ok(false),
        }
        self.lapses_at = after(self.executable_at.max(now), RECOVERY_WINDOW)?;
        self.status = RecoveryStatus::Pending;
        Ok(true)
    }

    pub fn veto(&mut self, guardians: &Guardians, clock: &Clock) -> Result<()> {
        require!(self.status == RecoveryStatus::Pending, AegleError::RecoveryNotPending);
        require!(clock.unix_timestamp < self.executable_at, AegleError::RecoveryVetoTooLate);
        require!(!guardians.unanimous(self.approvals), AegleError::RecoveryUnanimous);
        self.status = RecoveryStatus::Vetoed;
        self.changed(clock);
        Ok(())
    }

    pub fn execute(&mut self, clock: &Clock) -> Result<()> {
        require!(self.status == RecoveryStatus::Pending, AegleError::RecoveryNotPending);
        require!(clock.unix_timestamp >= self.executable_at, AegleError::RecoveryNotDue);
        require!(clock.unix_timestamp < self.lapses_at, AegleError::RecoveryLapsed);
        self.status = RecoveryStatus::Executed;
        self.changed(clock);
        Ok(())
    }

    fn changed(&mut self, clock: &Clock) {
        self.changed_slot = clock.slot;
        self.changed_at = clock.unix_timestamp;
    }
}

fn after(now: i64, seconds: i64) -> Result<i64> {
    Ok(now.checked_add(seconds).ok_or(AegleError::InvalidRecoveryDelay)?)
}
