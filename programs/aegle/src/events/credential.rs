use anchor_lang::prelude::*;

use crate::{
    pda,
    state::{CredentialKind, CredentialStatus, CredentialTerms},
};

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialIssued {
    pub registrar: Pubkey,
    pub subject: Pubkey,
    pub bump: u8,
    pub authority: Pubkey,
    pub rent_payer: Pubkey,
    pub kind: CredentialKind,
    pub terms: CredentialTerms,
    pub slot: u64,
    pub at: i64,
}

#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRenewed {
    pub credential: Pubkey,
    pub authority: Pubkey,
    pub old_terms: CredentialTerms,
    pub new_terms: CredentialTerms,
    /// The credential's after this one.
    pub revision: u32,
    pub slot: u64,
    pub at: i64,
}

/// A credential was suspended, reinstated or revoked.
#[event]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialStatusChanged {
    pub credential: Pubkey,
    pub authority: Pubkey,
    pub old_status: CredentialStatus,
    pub new_status: CredentialStatus,
    /// The credential's after this one.
    pub revision: u32,
    pub slot: u64,
    pub at: i64,
}

impl CredentialIssued {
    /// Address of the credential.
    pub fn address(&self) -> Pubkey {
        super::derived(&[pda::CREDENTIAL, self.registrar.as_ref(), self.subject.as_ref()], self.bump)
    }
}
