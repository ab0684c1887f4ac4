use anchor_lang::prelude::*;

use crate::pda;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassOpened {
    pub vault: Pubkey,
    pub break_glass_id: [u8; 32],
    pub bump: u8,
    pub commitment: [u8; 32],
    /// Who submitted it: a relay, never the clinician.
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub expires_at: i64,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassReviewed {
    pub break_glass: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub slot: u64,
    pub at: i64,
}

impl BreakGlassOpened {
    /// Address of the opening.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::BREAK_GLASS, self.vault.as_ref(), &self.break_glass_id], self.bump)
    }
}
