use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RecoveryExecuted},
    state::{ConfigPause, Recovery, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ExecuteRecovery<'info> {
    /// Signs, so that no vault goes to a key that nobody holds.
    pub new_owner: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
    #[account(
        mut, dup, has_one = vault @ AegleError::RecoveryMismatch, has_one = new_owner @ AegleError::NotNewOwner
    )]
    pub recovery: Box<Account<'info, Recovery>>,
}

impl ExecuteRecovery<'_> {
    fn validate(&self) -> Result<()> {
        self.config.require_running()?;
        self.vault.require_pending(&self.recovery.key())
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.validate()?;
        let ExecuteRecovery { vault, recovery, .. } = &mut *ctx.accounts;
        let (old_owner, old_encryption_key) = (vault.owner, vault.encryption_key);
        recovery.execute(&clock)?;
        vault.recover(recovery)?;

        let ExecuteRecovery { vault, recovery, event_authority, .. } = &*ctx.accounts;
        events::emit(
            event_authority,
            &RecoveryExecuted {
                recovery: recovery.key(),
                vault: vault.key(),
                old_owner,
                new_owner: vault.owner,
                old_encryption_key,
                new_encryption_key: vault.encryption_key,
                key_epoch: vault.key_epoch,
                consent_epoch: vault.consent_epoch,
                delegate_epoch: vault.delegate_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
