use anchor_lang::prelude::*;

use crate::pda;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentGranted {
    pub vault: Pubkey,
    pub consent_id: [u8; 32],
    pub bump: u8,
    pub handle: [u8; 32],
    pub policy_commitment: [u8; 32],
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub purposes: u16,
    pub actions: u8,
    pub from_day: u32,
    pub until_day: u32,
    pub consent_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRevoked {
    pub consent: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllConsentsRevoked {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_consent_epoch: u32,
    pub new_consent_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

impl ConsentGranted {
    /// Address of the consent.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::CONSENT, self.vault.as_ref(), &self.consent_id], self.bump)
    }
}
