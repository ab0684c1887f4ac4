use anchor_lang::prelude::*;

use super::{NewRecord, NewRecordParams};
use crate::{
    error::AegleError,
    events::{self, RecordMinted},
};

impl NewRecord<'_> {
    pub fn mint(ctx: Context<Self>, params: NewRecordParams) -> Result<()> {
        let clock = Clock::get()?;
        let new = &mut *ctx.accounts;
        let actor = new.validate(&params, clock.unix_timestamp)?;
        require!(new.previous.is_none(), AegleError::LineageMismatch);
        new.create(&params, 1, actor, &ctx.bumps, &clock)?;

        let new = &*ctx.accounts;
        events::emit(
            &ctx.accounts.event_authority,
            &RecordMinted {
                vault: new.vault.key(),
                record_id: params.record_id,
                bump: new.record.bump,
                mint_bump: new.record.mint_bump,
                commitment: params.commitment,
                authority: new.authority.key(),
                rent_payer: new.payer.key(),
                holder: actor.token_holder(),
                record_count: new.vault.record_count,
                delegate_mints: new.vault.delegate_mints,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
