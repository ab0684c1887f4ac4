use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, DelegateAdded},
    pda,
    state::{ConfigPause, Delegate, Expected, VERSION, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: AddDelegateParams)]
pub struct AddDelegate<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(has_one = owner @ AegleError::Unauthorized)]
    pub vault: Account<'info, VaultAuthority>,
    #[account(
        init, payer = payer, space = 8 + Delegate::INIT_SPACE,
        seeds = [pda::DELEGATE, vault.key().as_ref(), params.key.as_ref()], bump
    )]
    pub delegate: Box<Account<'info, Delegate>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct AddDelegateParams {
    /// A key used for this vault alone.
    pub key: Pubkey,
    /// Bits of [`crate::state::Right`].
    pub rights: u8,
    /// First day without rights, in days since the Unix epoch, UTC.
    pub until_day: u32,
    pub expected: Expected,
}

impl AddDelegate<'_> {
    fn validate(&self, params: &AddDelegateParams) -> Result<()> {
        self.config.require_running()?;
        self.vault.require_expected(&params.expected)?;
        require_keys_neq!(params.key, self.vault.owner, AegleError::DelegateIsOwner);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, params: AddDelegateParams) -> Result<()> {
        ctx.accounts.validate(&params)?;
        let clock = Clock::get()?;
        let vault = ctx.accounts.vault.key();
        let rent_payer = ctx.accounts.payer.key();
        let bump = ctx.bumps.delegate;
        let AddDelegateParams { key, rights, until_day, expected } = params;
        let delegate_epoch = expected.delegate_epoch;
        ctx.accounts.delegate.set_inner(Delegate {
            version: VERSION,
            bump,
            rent_payer,
            vault,
            key,
            rights,
            until_day,
            delegate_epoch,
            added_slot: clock.slot,
            added_at: clock.unix_timestamp,
            removed_slot: 0,
            removed_at: 0,
        });
        ctx.accounts.delegate.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &DelegateAdded {
                delegate: ctx.accounts.delegate.key(),
                vault,
                key,
                bump,
                authority: ctx.accounts.owner.key(),
                rent_payer,
                rights,
                until_day,
                delegate_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
