use anchor_lang::prelude::*;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateAdded {
    pub delegate: Pubkey,
    pub vault: Pubkey,
    pub key: Pubkey,
    pub bump: u8,
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub rights: u8,
    pub until_day: u32,
    pub delegate_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateRemoved {
    pub delegate: Pubkey,
    pub vault: Pubkey,
    pub key: Pubkey,
    pub authority: Pubkey,
    pub slot: u64,
    pub at: i64,
}
