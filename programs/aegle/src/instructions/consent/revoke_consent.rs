use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, ConsentRevoked},
    state::{Consent, Delegate, Right, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RevokeConsent<'info> {
    /// The owner, or a delegate with the right to revoke.
    pub authority: Signer<'info>,
    pub vault: Account<'info, VaultAuthority>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
    #[account(mut, dup, has_one = vault @ AegleError::ConsentMismatch)]
    pub consent: Box<Account<'info, Consent>>,
}

impl RevokeConsent<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let RevokeConsent { authority, vault, delegate, consent, .. } = &mut *ctx.accounts;
        let delegate = delegate.as_ref().map(|delegate| &***delegate);
        vault.authorize(&vault.key(), &authority.key(), delegate, Right::Revoke, clock.unix_timestamp)?;
        consent.revoke(&clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &ConsentRevoked {
                consent: ctx.accounts.consent.key(),
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.authority.key(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
