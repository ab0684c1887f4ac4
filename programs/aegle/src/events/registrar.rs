use anchor_lang::prelude::*;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrarAdded {
    pub registrar: Pubkey,
    pub bump: u8,
    /// Governance, which added it.
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub registrar_authority: Pubkey,
    pub kinds: u8,
    pub profile_commitment: [u8; 32],
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrarRemoved {
    pub registrar: Pubkey,
    /// Governance, which removed it.
    pub authority: Pubkey,
    pub registrar_authority: Pubkey,
    pub slot: u64,
    pub at: i64,
}
