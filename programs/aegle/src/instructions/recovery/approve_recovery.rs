use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RecoveryApproved},
    state::{GuardianOpening, Recovery, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ApproveRecovery<'info> {
    pub guardian: Signer<'info>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
    #[account(mut, dup, has_one = vault @ AegleError::RecoveryMismatch)]
    pub recovery: Box<Account<'info, Recovery>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct ApproveRecoveryParams {
    pub opening: GuardianOpening,
}

impl ApproveRecovery<'_> {
    /// The guardians who approve are those who were there when it was proposed, of the same owner.
    fn validate(&self, now: i64) -> Result<()> {
        let Self { vault, recovery, .. } = self;
        require_eq!(vault.guardian_epoch, recovery.guardian_epoch, AegleError::GuardianEpochMismatch);
        require_eq!(vault.delegate_epoch, recovery.delegate_epoch, AegleError::DelegateEpochMismatch);
        vault.require_no_guardian_change_due(now)
    }

    pub fn handle(ctx: Context<Self>, params: ApproveRecoveryParams) -> Result<()> {
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        ctx.accounts.validate(now)?;
        let ApproveRecovery { guardian, vault, recovery, .. } = &mut *ctx.accounts;
        let approval = vault.approval(&vault.key(), guardian.key, &params.opening)?;
        let (old_approvals, old_status) = (recovery.approvals, recovery.status);
        if recovery.approve(approval, &vault.guardians, &clock)? {
            vault.await_recovery(recovery.key(), recovery, now)?;
        }

        let ApproveRecovery { guardian, vault, recovery, event_authority, .. } = &*ctx.accounts;
        events::emit(
            event_authority,
            &RecoveryApproved {
                recovery: recovery.key(),
                vault: vault.key(),
                authority: guardian.key(),
                old_approvals,
                new_approvals: recovery.approvals,
                old_status,
                new_status: recovery.status,
                executable_at: recovery.executable_at,
                lapses_at: recovery.lapses_at,
                slot: clock.slot,
                at: now,
            },
        )
    }
}
