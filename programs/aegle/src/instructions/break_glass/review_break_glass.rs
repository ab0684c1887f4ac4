use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, BreakGlassReviewed},
    state::{BreakGlass, Delegate, Right, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ReviewBreakGlass<'info> {
    /// The owner, or a delegate with the right to grant: a review lets its clinician open again.
    pub authority: Signer<'info>,
    pub vault: Account<'info, VaultAuthority>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
    #[account(mut, dup, has_one = vault @ AegleError::BreakGlassMismatch)]
    pub break_glass: Box<Account<'info, BreakGlass>>,
}

impl ReviewBreakGlass<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let ReviewBreakGlass { authority, vault, delegate, break_glass, .. } = &mut *ctx.accounts;
        let delegate = delegate.as_ref().map(|delegate| &***delegate);
        vault.authorize(&vault.key(), &authority.key(), delegate, Right::Grant, clock.unix_timestamp)?;
        break_glass.review(&clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &BreakGlassReviewed {
                break_glass: ctx.accounts.break_glass.key(),
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.authority.key(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
