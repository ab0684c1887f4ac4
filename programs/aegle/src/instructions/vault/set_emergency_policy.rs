use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, EmergencyPolicySet},
    state::{ConfigPause, EMERGENCIES_FORBIDDEN, Expected, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetEmergencyPolicy<'info> {
    pub owner: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(mut, dup, has_one = owner @ AegleError::Unauthorized)]
    pub vault: Box<Account<'info, Vault>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct SetEmergencyPolicyParams {
    /// 0 forbids opening records in an emergency, 1 allows it.
    pub emergency_policy: u8,
    pub expected: Expected,
}

impl SetEmergencyPolicy<'_> {
    fn validate(&self, params: &SetEmergencyPolicyParams) -> Result<()> {
        if params.emergency_policy != EMERGENCIES_FORBIDDEN {
            self.config.require_running()?;
        }
        self.vault.authority().require_expected(&params.expected)
    }

    pub fn handle(ctx: Context<Self>, params: SetEmergencyPolicyParams) -> Result<()> {
        ctx.accounts.validate(&params)?;
        let clock = Clock::get()?;
        let vault = &mut ctx.accounts.vault;
        let old_emergency_policy = vault.emergency_policy;
        vault.set_emergency_policy(params.emergency_policy)?;

        events::emit(
            &ctx.accounts.event_authority,
            &EmergencyPolicySet {
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.owner.key(),
                old_emergency_policy,
                new_emergency_policy: params.emergency_policy,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
