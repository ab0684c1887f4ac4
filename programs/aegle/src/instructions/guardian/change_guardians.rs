use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, GuardianChangeCancelled, GuardianChangeProposed, GuardiansChanged},
    state::{Config, Expected, GuardianChange, Guardians, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ChangeGuardians<'info> {
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = owner @ AegleError::Unauthorized)]
    pub vault: Box<Account<'info, Vault>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct ChangeGuardiansParams {
    /// Zeros for none; those in effect to cancel a pending change.
    pub guardians: Guardians,
    pub expected: Expected,
}

impl ChangeGuardians<'_> {
    fn validate(&self, params: &ChangeGuardiansParams) -> Result<()> {
        self.config.pause().require_running()?;
        self.vault.authority().require_expected(&params.expected)?;
        params.guardians.validate(&self.config)
    }

    pub fn handle(ctx: Context<Self>, params: ChangeGuardiansParams) -> Result<()> {
        let Clock { slot, unix_timestamp: at, .. } = Clock::get()?;
        ctx.accounts.validate(&params)?;
        let vault = &mut ctx.accounts.vault;
        let (old_guardians, old_pending_guardians) = (vault.guardians, vault.pending_guardians);
        let change = vault.change_guardians(params.guardians, at)?;

        let ChangeGuardians { owner, vault, event_authority, .. } = &*ctx.accounts;
        let (authority, guardian_epoch, due_at) = (owner.key(), vault.guardian_epoch, vault.guardians_due_at);
        let (vault, new_guardians, new_pending_guardians) = (vault.key(), params.guardians, params.guardians);
        match change {
            GuardianChange::InEffect => events::emit(
                event_authority,
                &GuardiansChanged { vault, authority, old_guardians, new_guardians, guardian_epoch, slot, at },
            ),
            GuardianChange::Pending => events::emit(
                event_authority,
                &GuardianChangeProposed {
                    vault,
                    authority,
                    old_pending_guardians,
                    new_pending_guardians,
                    due_at,
                    slot,
                    at,
                },
            ),
            GuardianChange::Cancelled => events::emit(
                event_authority,
                &GuardianChangeCancelled { vault, authority, old_pending_guardians, slot, at },
            ),
        }
    }
}
