use anchor_lang::prelude::*;
use anchor_spl::token_2022::Token2022;

use crate::{
    error::AegleError,
    events::{self, RecordReissued},
    pda,
    state::{Config, Expected, Record, VaultAuthority},
    token::{Payer, RecordToken},
};

#[event_cpi]
#[derive(Accounts)]
pub struct ReissueRecord<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(has_one = owner @ AegleError::Unauthorized)]
    pub vault: Account<'info, VaultAuthority>,
    #[account(
        mut, dup, has_one = vault @ AegleError::RecordMismatch, has_one = rent_payer @ AegleError::RentPayerMismatch,
        constraint = record.token == old_token.key() @ AegleError::TokenMismatch
    )]
    pub record: Box<Account<'info, Record>>,
    /// CHECK: paid the rent of what is closed and gets it back
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: closed and created again at its canonical address
    #[account(mut, seeds = [pda::MINT, record.key().as_ref()], bump = record.mint_bump)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the record names it; closed here
    #[account(mut)]
    pub old_token: UncheckedAccount<'info>,
    /// CHECK: created here at its canonical address, in the owner's name; the old one where the owner
    /// had it already
    #[account(mut, seeds = [pda::TOKEN, mint.key().as_ref(), owner.key().as_ref()], bump)]
    pub token: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token2022>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct ReissueRecordParams {
    pub expected: Expected,
}

impl ReissueRecord<'_> {
    fn validate(&self, params: &ReissueRecordParams) -> Result<()> {
        self.config.pause().require_running()?;
        self.vault.require_expected(&params.expected)
    }

    pub fn handle(ctx: Context<Self>, params: ReissueRecordParams) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.validate(&params)?;
        let token_bump = ctx.bumps.token;
        let ReissueRecord {
            owner,
            payer,
            config,
            vault,
            record,
            rent_payer,
            mint,
            old_token,
            token,
            token_program,
            ..
        } = &mut *ctx.accounts;
        let (vault, old_rent_payer, new_rent_payer) = (vault.key(), rent_payer.key(), payer.key());
        record.reissue(token.key(), new_rent_payer)?;

        let record_id = record.record_id;
        let old = RecordToken {
            record: record.as_ref().as_ref(),
            mint,
            token: old_token,
            token_program,
            seeds: &[pda::RECORD, vault.as_ref(), &record_id, &[record.bump]],
        };
        require!(old_token.key() != token.key() || !old.is_there()?, AegleError::TokenInPlace);
        old.destroy(rent_payer)?;
        let new = RecordToken { token, ..old };
        let payer = Payer { payer };
        new.create_mint(&payer, record.mint_bump, &config.record_uri)?;
        new.issue_to(owner, &payer, token_bump)?;

        events::emit(
            &ctx.accounts.event_authority,
            &RecordReissued {
                record: ctx.accounts.record.key(),
                vault,
                authority: ctx.accounts.owner.key(),
                old_token: ctx.accounts.old_token.key(),
                old_rent_payer,
                new_rent_payer,
                issues: ctx.accounts.record.issues,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
