use anchor_lang::prelude::*;

use super::{DAY, day_of, period_is_valid};
use crate::error::AegleError;

/// What a delegate may be given, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Right {
    Mint = 1,
    Grant = 1 << 1,
    Revoke = 1 << 2,
    Read = 1 << 3,
}

/// Every known right.
pub const ALL_RIGHTS: u8 = Right::Mint as u8 | Right::Grant as u8 | Right::Revoke as u8 | Right::Read as u8;

/// A parent, carer or agent of a vault, by a key used for this vault alone. A removed delegate stays
/// as a tombstone, so that an addition held back cannot bring it back.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Delegate {
    pub version: u8,
    pub bump: u8,
    pub rent_payer: Pubkey,
    pub vault: Pubkey,
    pub key: Pubkey,
    pub rights: u8,
    /// First day without rights, in days since the Unix epoch, UTC.
    pub until_day: u32,
    pub delegate_epoch: u32,
    pub added_slot: u64,
    pub added_at: i64,
    /// Zero while the delegate is not removed.
    pub removed_slot: u64,
    pub removed_at: i64,
}

impl Delegate {
    pub fn invariant(&self) -> Result<()> {
        require_keys_neq!(self.key, Pubkey::default(), AegleError::ZeroKey);
        require!(self.rights != 0 && self.rights & !ALL_RIGHTS == 0, AegleError::InvalidRights);
        let from = day_of(self.added_at).ok_or(AegleError::InvalidPeriod)?;
        require!(period_is_valid(from, self.until_day, self.added_at), AegleError::InvalidPeriod);
        Ok(())
    }

    pub fn require_right(&self, right: Right, delegate_epoch: u32, now: i64) -> Result<()> {
        require!(self.removed_slot == 0, AegleError::DelegateRemoved);
        require_eq!(self.delegate_epoch, delegate_epoch, AegleError::DelegateEpochMismatch);
        require!(now < i64::from(self.until_day) * DAY, AegleError::DelegateExpired);
        require!(self.rights & right as u8 != 0, AegleError::DelegateRightMissing);
        Ok(())
    }

    pub fn remove(&mut self, clock: &Clock) -> Result<()> {
        require!(self.removed_slot == 0, AegleError::DelegateRemoved);
        self.removed_slot = clock.slot;
        self.removed_at = clock.unix_timestamp;
        Ok(())
    }
}
