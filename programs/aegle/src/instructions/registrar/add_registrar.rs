use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RegistrarAdded},
    pda,
    state::{Config, Registrar, VERSION},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: AddRegistrarParams)]
pub struct AddRegistrar<'info> {
    pub governance: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(has_one = governance @ AegleError::NotGovernance)]
    pub config: Box<Account<'info, Config>>,
    #[account(
        init, payer = payer, space = 8 + Registrar::INIT_SPACE,
        seeds = [pda::REGISTRAR, params.authority.as_ref()], bump
    )]
    pub registrar: Box<Account<'info, Registrar>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct AddRegistrarParams {
    pub authority: Pubkey,
    /// Bits of [`crate::state::CredentialKind`].
    pub kinds: u8,
    /// SHA-256 over a 32-byte salt and the registrar's profile.
    pub profile_commitment: [u8; 32],
}

impl AddRegistrar<'_> {
    fn validate(&self) -> Result<()> {
        self.config.pause().require_running()
    }

    pub fn handle(ctx: Context<Self>, params: AddRegistrarParams) -> Result<()> {
        ctx.accounts.validate()?;
        let clock = Clock::get()?;
        let rent_payer = ctx.accounts.payer.key();
        let bump = ctx.bumps.registrar;
        let AddRegistrarParams { authority, kinds, profile_commitment } = params;
        ctx.accounts.registrar.set_inner(Registrar {
            version: VERSION,
            bump,
            rent_payer,
            authority,
            kinds,
            profile_commitment,
            added_slot: clock.slot,
            added_at: clock.unix_timestamp,
            removed_slot: 0,
            removed_at: 0,
        });
        ctx.accounts.registrar.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &RegistrarAdded {
                registrar: ctx.accounts.registrar.key(),
                bump,
                authority: ctx.accounts.governance.key(),
                rent_payer,
                registrar_authority: authority,
                kinds,
                profile_commitment,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
