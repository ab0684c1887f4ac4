use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, CredentialRenewed},
    state::{ConfigPause, Credential, CredentialTerms, Registrar},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RenewCredential<'info> {
    pub authority: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(has_one = authority @ AegleError::NotRegistrar)]
    pub registrar: Box<Account<'info, Registrar>>,
    #[account(mut, dup, has_one = registrar @ AegleError::CredentialMismatch)]
    pub credential: Box<Account<'info, Credential>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct RenewCredentialParams {
    pub terms: CredentialTerms,
    /// The credential's revision that this replaces.
    pub expected_revision: u32,
}

impl RenewCredential<'_> {
    fn validate(&self, params: &RenewCredentialParams) -> Result<()> {
        self.config.require_running()?;
        self.registrar.require_not_removed()?;
        self.credential.require_revision(params.expected_revision)
    }

    pub fn handle(ctx: Context<Self>, params: RenewCredentialParams) -> Result<()> {
        ctx.accounts.validate(&params)?;
        let clock = Clock::get()?;
        let credential = &mut ctx.accounts.credential;
        let old_terms = credential.terms();
        credential.renew(&params.terms, &clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &CredentialRenewed {
                credential: ctx.accounts.credential.key(),
                authority: ctx.accounts.authority.key(),
                old_terms,
                new_terms: params.terms,
                revision: ctx.accounts.credential.revision,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
