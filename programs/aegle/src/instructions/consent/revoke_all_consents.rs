use anchor_lang::prelude::*;

use crate::{
    events::{self, AllConsentsRevoked},
    state::{Delegate, Right, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RevokeAllConsents<'info> {
    /// The owner, or a delegate with the right to revoke.
    pub authority: Signer<'info>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
}

impl RevokeAllConsents<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let RevokeAllConsents { authority, vault, delegate, .. } = &mut *ctx.accounts;
        let delegate = delegate.as_ref().map(|delegate| &***delegate);
        vault.authority().authorize(&vault.key(), &authority.key(), delegate, Right::Revoke, clock.unix_timestamp)?;
        let old_consent_epoch = vault.consent_epoch;
        vault.revoke_all_consents()?;

        events::emit(
            &ctx.accounts.event_authority,
            &AllConsentsRevoked {
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.authority.key(),
                old_consent_epoch,
                new_consent_epoch: ctx.accounts.vault.consent_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
