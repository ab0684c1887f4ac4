use anchor_lang::prelude::*;
use anchor_spl::token_2022::Token2022;

use crate::{
    error::AegleError,
    events::{self, RecordErased},
    pda,
    state::{Record, VaultAuthority},
    token::RecordToken,
};

#[event_cpi]
#[derive(Accounts)]
pub struct EraseRecord<'info> {
    pub owner: Signer<'info>,
    #[account(has_one = owner @ AegleError::Unauthorized)]
    pub vault: Account<'info, VaultAuthority>,
    #[account(
        mut, dup, has_one = vault @ AegleError::RecordMismatch, has_one = rent_payer @ AegleError::RentPayerMismatch,
        has_one = token @ AegleError::TokenMismatch
    )]
    pub record: Box<Account<'info, Record>>,
    /// CHECK: paid the rent and gets it back
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: at its canonical address; Token-2022 checks the rest
    #[account(
        mut, seeds = [pda::MINT, record.key().as_ref()], bump = record.mint_bump
    )]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the record names it
    #[account(mut)]
    pub token: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token2022>,
}

impl EraseRecord<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let EraseRecord { vault, record, rent_payer, mint, token, token_program, .. } = &mut *ctx.accounts;
        let old_status = record.status;
        record.erase(&clock)?;

        let vault_key = vault.key();
        RecordToken {
            record: record.as_ref().as_ref(),
            mint,
            token,
            token_program,
            seeds: &[pda::RECORD, vault_key.as_ref(), &record.record_id, &[record.bump]],
        }
        .destroy(rent_payer)?;

        events::emit(
            &ctx.accounts.event_authority,
            &RecordErased {
                record: ctx.accounts.record.key(),
                vault: vault_key,
                authority: ctx.accounts.owner.key(),
                old_status,
                new_status: ctx.accounts.record.status,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
