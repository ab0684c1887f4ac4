use anchor_lang::prelude::*;

use crate::{
    pda,
    state::{RecordStatus, TokenHolder},
};

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordMinted {
    pub vault: Pubkey,
    pub record_id: [u8; 32],
    pub bump: u8,
    pub mint_bump: u8,
    pub commitment: [u8; 32],
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    /// Whom the token was issued to: the owner, who signed, or, where a delegate did, the record itself,
    /// which keeps it for the owner.
    pub holder: TokenHolder,
    /// The vault's counts after this one.
    pub record_count: u64,
    pub delegate_mints: u32,
    pub slot: u64,
    pub at: i64,
}

/// A new version was minted; `previous` turned from active to amended.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAmended {
    pub vault: Pubkey,
    pub record_id: [u8; 32],
    pub bump: u8,
    pub mint_bump: u8,
    pub commitment: [u8; 32],
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub previous: Pubkey,
    pub record_version: u32,
    /// Whom the token was issued to: the owner, who signed, or, where a delegate did, the record itself,
    /// which keeps it for the owner.
    pub holder: TokenHolder,
    /// The vault's counts after this one.
    pub record_count: u64,
    pub delegate_mints: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordMarkedEnteredInError {
    pub record: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_status: RecordStatus,
    pub new_status: RecordStatus,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordErased {
    pub record: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_status: RecordStatus,
    pub new_status: RecordStatus,
    pub slot: u64,
    pub at: i64,
}

/// The record's token was issued again, at its address for the owner, who is the authority; whatever
/// was left of it is gone.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordReissued {
    pub record: Pubkey,
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_token: Pubkey,
    pub old_rent_payer: Pubkey,
    pub new_rent_payer: Pubkey,
    /// The record's after this one.
    pub issues: u32,
    pub slot: u64,
    pub at: i64,
}

impl RecordMinted {
    /// Address of the record.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::RECORD, self.vault.as_ref(), &self.record_id], self.bump)
    }
}

impl RecordAmended {
    /// Address of the new record.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::RECORD, self.vault.as_ref(), &self.record_id], self.bump)
    }
}
