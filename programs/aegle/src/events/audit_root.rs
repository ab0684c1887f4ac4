use anchor_lang::prelude::*;

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRootAnchored {
    pub audit_root: Pubkey,
    pub operator: Pubkey,
    pub index: u64,
    pub bump: u8,
    pub rent_payer: Pubkey,
    pub tree_size: u64,
    pub root: [u8; 32],
    pub heads: [u8; 32],
    pub slot: u64,
    pub at: i64,
}
