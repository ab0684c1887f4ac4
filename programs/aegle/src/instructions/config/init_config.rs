use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, ConfigInitialized},
    pda,
    program::Aegle,
    state::{Config, VERSION},
};

#[event_cpi]
#[derive(Accounts)]
pub struct InitConfig<'info> {
    pub upgrade_authority: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(init, payer = payer, space = 8 + Config::INIT_SPACE, seeds = [pda::CONFIG], bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(
        constraint = aegle.programdata_address()? == Some(program_data.key()) @ AegleError::NotUpgradeAuthority
    )]
    pub aegle: Program<'info, Aegle>,
    #[account(
        constraint = program_data.upgrade_authority_address == Some(upgrade_authority.key())
            @ AegleError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct InitConfigParams {
    pub governance: Pubkey,
    /// Bounds of a recovery's delay, in seconds.
    pub min_recovery_delay: i64,
    pub max_recovery_delay: i64,
    /// Address of the public JSON that record tokens point to; it must say nothing about a patient.
    pub record_uri: String,
}

impl InitConfig<'_> {
    pub fn handle(ctx: Context<Self>, params: InitConfigParams) -> Result<()> {
        let InitConfigParams { governance, min_recovery_delay, max_recovery_delay, record_uri } = params;
        let rent_payer = ctx.accounts.payer.key();
        let bump = ctx.bumps.config;
        ctx.accounts.config.set_inner(Config {
            version: VERSION,
            bump,
            paused: false,
            rent_payer,
            governance,
            min_recovery_delay,
            max_recovery_delay,
            payment_mints: Default::default(),
            record_uri: record_uri.clone(),
            reserved: [0; 64],
        });
        ctx.accounts.config.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &ConfigInitialized {
                config: ctx.accounts.config.key(),
                bump,
                governance,
                rent_payer,
                min_recovery_delay,
                max_recovery_delay,
                record_uri,
            },
        )
    }
}
