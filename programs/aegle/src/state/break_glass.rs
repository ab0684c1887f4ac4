use anchor_lang::prelude::*;

use crate::error::AegleError;

/// The longest an emergency opens records, in seconds.
pub const MAX_BREAK_GLASS: i64 = 24 * 60 * 60;

/// That records of a vault are opened in an emergency. It stays, whatever becomes of it.
///
/// It names no clinician and permits nothing alone: who holds shares of record keys releases them for
/// the signed statement it commits to.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    pub version: u8,
    pub bump: u8,
    pub rent_payer: Pubkey,
    pub vault: Pubkey,
    pub break_glass_id: [u8; 32],
    /// SHA-256 over a 32-byte salt and the clinician's signed statement.
    pub commitment: [u8; 32],
    /// Who submitted it: a relay, never the clinician.
    pub opened_by: Pubkey,
    pub opened_slot: u64,
    pub opened_at: i64,
    /// First second no more in effect.
    pub expires_at: i64,
    /// Zero while nobody of the patient's side has reviewed it.
    pub reviewed_slot: u64,
    pub reviewed_at: i64,
}

impl BreakGlass {
    pub fn invariant(&self) -> Result<()> {
        require!(self.commitment != [0; 32], AegleError::ZeroCommitment);
        require!(
            self.expires_at.checked_sub(self.opened_at).is_some_and(|open| (1..=MAX_BREAK_GLASS).contains(&open)),
            AegleError::InvalidPeriod
        );
        Ok(())
    }

    pub fn review(&mut self, clock: &Clock) -> Result<()> {
        require!(self.reviewed_slot == 0, AegleError::BreakGlassReviewed);
        self.reviewed_slot = clock.slot;
        self.reviewed_at = clock.unix_timestamp;
        Ok(())
    }
}
