use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, DelegateMintCapSet},
    state::{Expected, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetDelegateMintCap<'info> {
    pub owner: Signer<'info>,
    #[account(mut, dup, has_one = owner @ AegleError::Unauthorized)]
    pub vault: Box<Account<'info, Vault>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct SetDelegateMintCapParams {
    /// How many records all delegates together may ever have minted.
    pub delegate_mint_cap: u32,
    pub expected: Expected,
}

impl SetDelegateMintCap<'_> {
    pub fn handle(ctx: Context<Self>, params: SetDelegateMintCapParams) -> Result<()> {
        let clock = Clock::get()?;
        let vault = &mut ctx.accounts.vault;
        vault.authority().require_expected(&params.expected)?;
        let old_delegate_mint_cap = vault.delegate_mint_cap;
        vault.delegate_mint_cap = params.delegate_mint_cap;

        events::emit(
            &ctx.accounts.event_authority,
            &DelegateMintCapSet {
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.owner.key(),
                old_delegate_mint_cap,
                new_delegate_mint_cap: params.delegate_mint_cap,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
