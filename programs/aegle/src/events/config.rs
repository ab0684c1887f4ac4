use anchor_lang::prelude::*;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigInitialized {
    pub config: Pubkey,
    pub bump: u8,
    pub governance: Pubkey,
    pub rent_payer: Pubkey,
    pub min_recovery_delay: i64,
    pub max_recovery_delay: i64,
    pub record_uri: String,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseSet {
    pub config: Pubkey,
    pub authority: Pubkey,
    pub old_paused: bool,
    pub new_paused: bool,
    pub slot: u64,
    pub at: i64,
}
