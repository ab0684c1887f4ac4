use anchor_lang::prelude::*;

use crate::{
    events::{self, GuardiansChanged},
    state::{ConfigPause, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ApplyGuardianChange<'info> {
    /// Anyone: the owner asked for it, and the owner may be lost by now.
    pub authority: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
}

impl ApplyGuardianChange<'_> {
    fn validate(&self) -> Result<()> {
        self.config.require_running()
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        ctx.accounts.validate()?;
        let clock = Clock::get()?;
        let vault = &mut ctx.accounts.vault;
        let old_guardians = vault.guardians;
        vault.apply_guardian_change(clock.unix_timestamp)?;

        events::emit(
            &ctx.accounts.event_authority,
            &GuardiansChanged {
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.authority.key(),
                old_guardians,
                new_guardians: ctx.accounts.vault.guardians,
                guardian_epoch: ctx.accounts.vault.guardian_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
