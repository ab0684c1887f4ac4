//! What minting and amending share: the new record's accounts, parameters and steps.

use anchor_lang::{error::ErrorCode, prelude::*};
use anchor_spl::token_2022::Token2022;

use crate::{
    error::AegleError,
    pda,
    state::{Actor, Config, Delegate, Expected, Record, RecordStatus, Right, VERSION, Vault},
    token::{Payer, RecordToken},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: NewRecordParams)]
pub struct NewRecord<'info> {
    /// The owner, or a delegate with the right to mint.
    pub authority: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
    #[account(
        init, payer = payer, space = 8 + Record::INIT_SPACE,
        seeds = [pda::RECORD, vault.key().as_ref(), &params.record_id], bump
    )]
    pub record: Box<Account<'info, Record>>,
    /// The record that is amended; none when minting.
    #[account(mut, dup, has_one = vault @ AegleError::RecordMismatch)]
    pub previous: Option<Box<Account<'info, Record>>>,
    /// CHECK: created here at its canonical address
    #[account(mut, seeds = [pda::MINT, record.key().as_ref()], bump)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: created here at its canonical address, in the owner's name or the record's
    #[account(mut)]
    pub token: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token2022>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct NewRecordParams {
    /// Random, chosen by the client.
    pub record_id: [u8; 32],
    /// SHA-256 over a 32-byte salt and the manifest.
    pub commitment: [u8; 32],
    pub expected: Expected,
}

impl NewRecord<'_> {
    pub fn validate(&self, params: &NewRecordParams, now: i64) -> Result<Actor> {
        self.config.pause().require_running()?;
        let vault = self.vault.authority();
        vault.require_expected(&params.expected)?;
        let delegate = self.delegate.as_ref().map(|delegate| &***delegate);
        vault.authorize(&self.vault.key(), &self.authority.key(), delegate, Right::Mint, now)
    }

    /// Writes the record, then creates its mint and account and issues the token.
    pub fn create(
        &mut self,
        params: &NewRecordParams,
        record_version: u32,
        actor: Actor,
        bumps: &NewRecordBumps,
        clock: &Clock,
    ) -> Result<()> {
        self.vault.count_record(actor)?;
        let holder = actor.token_holder().key(&self.vault.owner, &self.record.key());
        let (token, token_bump) = pda::find_token(self.mint.key, &holder);
        require_keys_eq!(self.token.key(), token, ErrorCode::ConstraintSeeds);
        self.record.set_inner(Record {
            version: VERSION,
            bump: bumps.record,
            mint_bump: bumps.mint,
            status: RecordStatus::Active,
            rent_payer: self.payer.key(),
            vault: self.vault.key(),
            record_id: params.record_id,
            commitment: params.commitment,
            record_version,
            previous: self.previous.as_ref().map_or_else(Pubkey::default, |previous| previous.key()),
            minted_slot: clock.slot,
            minted_at: clock.unix_timestamp,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
            issues: 1,
            token: self.token.key(),
        });
        self.record.invariant()?;

        let vault = self.vault.key();
        let token = RecordToken {
            record: self.record.as_ref().as_ref(),
            mint: &self.mint,
            token: &self.token,
            token_program: &self.token_program,
            seeds: &[pda::RECORD, vault.as_ref(), &params.record_id, &[bumps.record]],
        };
        let payer = Payer { payer: &self.payer };
        token.create_mint(&payer, bumps.mint, &self.config.record_uri)?;
        match actor {
            Actor::Owner => token.issue_to(&self.authority, &payer, token_bump),
            Actor::Delegate => {
                token.create_account(&payer, token_bump, &holder)?;
                token.issue()
            }
        }
    }
}
