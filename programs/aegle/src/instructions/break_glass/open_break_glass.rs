use anchor_lang::prelude::*;

use crate::{
    events::{self, BreakGlassOpened},
    pda,
    state::{BreakGlass, ConfigPause, VERSION, Vault},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: OpenBreakGlassParams)]
pub struct OpenBreakGlass<'info> {
    /// Anyone: who the clinician is stays off chain, and only the signed statement releases anything.
    pub authority: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    pub vault: Box<Account<'info, Vault>>,
    #[account(
        init, payer = payer, space = 8 + BreakGlass::INIT_SPACE,
        seeds = [pda::BREAK_GLASS, vault.key().as_ref(), &params.break_glass_id], bump
    )]
    pub break_glass: Box<Account<'info, BreakGlass>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct OpenBreakGlassParams {
    /// Random, chosen by the clinician's client.
    pub break_glass_id: [u8; 32],
    /// SHA-256 over a 32-byte salt and the clinician's signed statement.
    pub commitment: [u8; 32],
    /// First second no more in effect, at most [`crate::state::MAX_BREAK_GLASS`] ahead.
    pub expires_at: i64,
}

impl OpenBreakGlass<'_> {
    fn validate(&self) -> Result<()> {
        self.config.require_running()?;
        self.vault.require_emergencies_allowed()
    }

    pub fn handle(ctx: Context<Self>, params: OpenBreakGlassParams) -> Result<()> {
        ctx.accounts.validate()?;
        let clock = Clock::get()?;
        let bump = ctx.bumps.break_glass;
        let OpenBreakGlass { authority, payer, vault, break_glass, .. } = &mut *ctx.accounts;
        let (authority, rent_payer, vault) = (authority.key(), payer.key(), vault.key());
        let OpenBreakGlassParams { break_glass_id, commitment, expires_at } = params;
        break_glass.set_inner(BreakGlass {
            version: VERSION,
            bump,
            rent_payer,
            vault,
            break_glass_id,
            commitment,
            opened_by: authority,
            opened_slot: clock.slot,
            opened_at: clock.unix_timestamp,
            expires_at,
            reviewed_slot: 0,
            reviewed_at: 0,
        });
        break_glass.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &BreakGlassOpened {
                vault,
                break_glass_id,
                bump,
                commitment,
                authority,
                rent_payer,
                expires_at,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
