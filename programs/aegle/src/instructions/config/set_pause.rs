use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, PauseSet},
    state::Config,
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetPause<'info> {
    pub governance: Signer<'info>,
    #[account(mut, dup, has_one = governance @ AegleError::NotGovernance)]
    pub config: Account<'info, Config>,
}

impl SetPause<'_> {
    pub fn handle(ctx: Context<Self>, paused: bool) -> Result<()> {
        let clock = Clock::get()?;
        let config = &mut ctx.accounts.config;
        let old_paused = config.paused;
        config.paused = paused;

        events::emit(
            &ctx.accounts.event_authority,
            &PauseSet {
                config: ctx.accounts.config.key(),
                authority: ctx.accounts.governance.key(),
                old_paused,
                new_paused: paused,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
