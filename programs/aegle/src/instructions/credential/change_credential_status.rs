//! Suspending, reinstating and revoking: the same accounts and event. Only what widens a credential
//! can be stopped by a pause or the registrar's removal, and names the revision it knows.

use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, CredentialStatusChanged},
    state::{ConfigPause, Credential, Registrar},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ChangeCredentialStatus<'info> {
    pub authority: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(has_one = authority @ AegleError::NotRegistrar)]
    pub registrar: Box<Account<'info, Registrar>>,
    #[account(mut, dup, has_one = registrar @ AegleError::CredentialMismatch)]
    pub credential: Box<Account<'info, Credential>>,
}

impl ChangeCredentialStatus<'_> {
    pub fn suspend(ctx: Context<Self>) -> Result<()> {
        Self::change(ctx, Credential::suspend)
    }

    pub fn reinstate(ctx: Context<Self>, expected_revision: u32) -> Result<()> {
        ctx.accounts.config.require_running()?;
        ctx.accounts.registrar.require_not_removed()?;
        ctx.accounts.credential.require_revision(expected_revision)?;
        Self::change(ctx, Credential::reinstate)
    }

    pub fn revoke(ctx: Context<Self>) -> Result<()> {
        Self::change(ctx, Credential::revoke)
    }

    fn change(ctx: Context<Self>, change: fn(&mut Credential, &Clock) -> Result<()>) -> Result<()> {
        let clock = Clock::get()?;
        let old_status = ctx.accounts.credential.status;
        change(&mut ctx.accounts.credential, &clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &CredentialStatusChanged {
                credential: ctx.accounts.credential.key(),
                authority: ctx.accounts.authority.key(),
                old_status,
                new_status: ctx.accounts.credential.status,
                revision: ctx.accounts.credential.revision,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
