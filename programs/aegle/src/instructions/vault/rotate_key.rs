use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, KeyRotated},
    state::{Expected, Vault},
};

#[event_cpi]
#[derive(Accounts)]
pub struct RotateKey<'info> {
    pub owner: Signer<'info>,
    #[account(mut, dup, has_one = owner @ AegleError::Unauthorized)]
    pub vault: Box<Account<'info, Vault>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct RotateKeyParams {
    /// X25519 public key.
    pub encryption_key: [u8; 32],
    pub expected: Expected,
}

impl RotateKey<'_> {
    pub fn handle(ctx: Context<Self>, params: RotateKeyParams) -> Result<()> {
        let clock = Clock::get()?;
        let vault = &mut ctx.accounts.vault;
        vault.authority().require_expected(&params.expected)?;
        let (old_encryption_key, old_key_epoch) = (vault.encryption_key, vault.key_epoch);
        vault.rotate_key(params.encryption_key)?;
        let new_key_epoch = vault.key_epoch;

        events::emit(
            &ctx.accounts.event_authority,
            &KeyRotated {
                vault: ctx.accounts.vault.key(),
                authority: ctx.accounts.owner.key(),
                old_encryption_key,
                new_encryption_key: params.encryption_key,
                old_key_epoch,
                new_key_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
