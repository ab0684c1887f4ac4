use anchor_lang::prelude::*;

use crate::{
    events::{self, VaultCreated},
    pda,
    state::{ConfigPause, DEFAULT_DELEGATE_MINT_CAP, Guardians, VERSION, Vault},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: CreateVaultParams)]
pub struct CreateVault<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(init, payer = payer, space = 8 + Vault::INIT_SPACE, seeds = [pda::VAULT, &params.vault_id], bump)]
    pub vault: Box<Account<'info, Vault>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateVaultParams {
    /// Random, chosen by the client.
    pub vault_id: [u8; 32],
    /// X25519 public key.
    pub encryption_key: [u8; 32],
}

impl CreateVault<'_> {
    fn validate(&self) -> Result<()> {
        self.config.require_running()
    }

    pub fn handle(ctx: Context<Self>, params: CreateVaultParams) -> Result<()> {
        ctx.accounts.validate()?;
        let clock = Clock::get()?;
        let owner = ctx.accounts.owner.key();
        let rent_payer = ctx.accounts.payer.key();
        let bump = ctx.bumps.vault;
        ctx.accounts.vault.set_inner(Vault {
            version: VERSION,
            bump,
            emergency_policy: 0,
            rent_payer,
            vault_id: params.vault_id,
            owner,
            encryption_key: params.encryption_key,
            key_epoch: 0,
            consent_epoch: 0,
            delegate_epoch: 0,
            delegate_mints: 0,
            delegate_mint_cap: DEFAULT_DELEGATE_MINT_CAP,
            record_count: 0,
            created_slot: clock.slot,
            created_at: clock.unix_timestamp,
            guardian_epoch: 0,
            guardians: Guardians::default(),
            pending_guardians: Guardians::default(),
            guardians_due_at: 0,
            pending_recovery: Pubkey::default(),
            recovery_lapses_at: 0,
            reserved: [0; 32],
        });
        ctx.accounts.vault.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &VaultCreated {
                vault: ctx.accounts.vault.key(),
                vault_id: params.vault_id,
                bump,
                owner,
                rent_payer,
                encryption_key: params.encryption_key,
                delegate_mint_cap: DEFAULT_DELEGATE_MINT_CAP,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
