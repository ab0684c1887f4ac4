use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RegistrarRemoved},
    state::{Config, Registrar},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RemoveRegistrar<'info> {
    pub governance: Signer<'info>,
    #[account(has_one = governance @ AegleError::NotGovernance)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub registrar: Box<Account<'info, Registrar>>,
}

impl RemoveRegistrar<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.registrar.remove(&clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &RegistrarRemoved {
                registrar: ctx.accounts.registrar.key(),
                authority: ctx.accounts.governance.key(),
                registrar_authority: ctx.accounts.registrar.authority,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
