use anchor_lang::prelude::*;

use super::{NewRecord, NewRecordParams};
use crate::{
    error::AegleError,
    events::{self, RecordAmended},
};

impl NewRecord<'_> {
    pub fn amend(ctx: Context<Self>, params: NewRecordParams) -> Result<()> {
        let clock = Clock::get()?;
        let new = &mut *ctx.accounts;
        let actor = new.validate(&params, clock.unix_timestamp)?;
        let Some(previous) = &mut new.previous else {
            return err!(AegleError::LineageMismatch);
        };
        previous.amend(&clock)?;
        let record_version = previous.record_version.checked_add(1).ok_or(AegleError::CounterOverflow)?;
        new.create(&params, record_version, actor, &ctx.bumps, &clock)?;

        let new = &*ctx.accounts;
        events::emit(
            &ctx.accounts.event_authority,
            &RecordAmended {
                vault: new.vault.key(),
                record_id: params.record_id,
                bump: new.record.bump,
                mint_bump: new.record.mint_bump,
                commitment: params.commitment,
                authority: new.authority.key(),
                rent_payer: new.payer.key(),
                previous: new.record.previous,
                record_version,
                holder: actor.token_holder(),
                record_count: new.vault.record_count,
                delegate_mints: new.vault.delegate_mints,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
