use anchor_lang::prelude::*;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultCreated {
    pub vault: Pubkey,
    pub vault_id: [u8; 32],
    pub bump: u8,
    pub owner: Pubkey,
    pub rent_payer: Pubkey,
    pub encryption_key: [u8; 32],
    pub delegate_mint_cap: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotated {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_encryption_key: [u8; 32],
    pub new_encryption_key: [u8; 32],
    pub old_key_epoch: u32,
    pub new_key_epoch: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateMintCapSet {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_delegate_mint_cap: u32,
    pub new_delegate_mint_cap: u32,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyPolicySet {
    pub vault: Pubkey,
    pub authority: Pubkey,
    pub old_emergency_policy: u8,
    pub new_emergency_policy: u8,
    pub slot: u64,
    pub at: i64,
}
