use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events,
    state::{Delegate, Record, Right, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
pub struct MarkRecordEnteredInError<'info> {
    /// The owner, or a delegate with the right to mint.
    pub authority: Signer<'info>,
    pub vault: Account<'info, VaultAuthority>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
    #[account(mut, dup, has_one = vault @ AegleError::RecordMismatch)]
    pub record: Box<Account<'info, Record>>,
}

impl MarkRecordEnteredInError<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let MarkRecordEnteredInError { authority, vault, delegate, record, .. } = &mut *ctx.accounts;
        let delegate = delegate.as_ref().map(|delegate| &***delegate);
        vault.authorize(&vault.key(), &authority.key(), delegate, Right::Mint, clock.unix_timestamp)?;
        let old_status = record.status;
        record.mark_entered_in_error(&clock)?;

        events::emit(
            &ctx.accounts.event_authority,
            &events::RecordMarkedEnteredInError {
                record: ctx.accounts.record.key(),
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.authority.key(),
                old_status,
                new_status: ctx.accounts.record.status,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
