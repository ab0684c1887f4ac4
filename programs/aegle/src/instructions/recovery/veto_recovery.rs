use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RecoveryVetoed},
    state::{Recovery, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct VetoRecovery<'info> {
    pub owner: Signer<'info>,
    #[account(mut, dup, has_one = owner @ AegleError::Unauthorized)]
    pub vault: Box<Account<'info, Vault>>,
    #[account(mut, dup, has_one = vault @ AegleError::RecoveryMismatch)]
    pub recovery: Box<Account<'info, Recovery>>,
}

impl VetoRecovery<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let VetoRecovery { vault, recovery, .. } = &mut *ctx.accounts;
        vault.require_pending(&recovery.key())?;
        recovery.veto(&vault.guardians, &clock)?;
        vault.forget_recovery();

        events::emit(
            &ctx.accounts.event_authority,
            &RecoveryVetoed {
                recovery: ctx.accounts.recovery.key(),
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.owner.key(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
