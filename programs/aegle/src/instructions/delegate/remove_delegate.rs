use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, DelegateRemoved},
    state::{Delegate, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RemoveDelegate<'info> {
    pub owner: Signer<'info>,
    #[account(has_one = owner @ AegleError::Unauthorized)]
    pub vault: Account<'info, VaultAuthority>,
    #[account(mut, dup, has_one = vault @ AegleError::DelegateMismatch)]
    pub delegate: Box<Account<'info, Delegate>>,
}

impl RemoveDelegate<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.delegate.remove(&clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &DelegateRemoved {
                delegate: ctx.accounts.delegate.key(),
                vault: ctx.accounts.vault.key(),
                key: ctx.accounts.delegate.key,
                authority: ctx.accounts.owner.key(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
