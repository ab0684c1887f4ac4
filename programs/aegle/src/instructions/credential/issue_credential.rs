use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, CredentialIssued},
    pda,
    state::{ConfigPause, Credential, CredentialKind, CredentialStatus, CredentialTerms, Registrar, VERSION},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: IssueCredentialParams)]
pub struct IssueCredential<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    #[account(has_one = authority @ AegleError::NotRegistrar)]
    pub registrar: Box<Account<'info, Registrar>>,
    #[account(
        init, payer = payer, space = 8 + Credential::INIT_SPACE,
        seeds = [pda::CREDENTIAL, registrar.key().as_ref(), params.subject.as_ref()], bump
    )]
    pub credential: Box<Account<'info, Credential>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct IssueCredentialParams {
    pub subject: Pubkey,
    pub kind: CredentialKind,
    pub terms: CredentialTerms,
}

impl IssueCredential<'_> {
    fn validate(&self, params: &IssueCredentialParams) -> Result<()> {
        self.config.require_running()?;
        self.registrar.require_may_issue(params.kind)
    }

    pub fn handle(ctx: Context<Self>, params: IssueCredentialParams) -> Result<()> {
        ctx.accounts.validate(&params)?;
        let clock = Clock::get()?;
        let rent_payer = ctx.accounts.payer.key();
        let registrar = ctx.accounts.registrar.key();
        let bump = ctx.bumps.credential;
        let IssueCredentialParams { subject, kind, terms } = params;
        let CredentialTerms { emergency, encryption_key, profile_commitment, from_day, until_day } = terms;
        ctx.accounts.credential.set_inner(Credential {
            version: VERSION,
            bump,
            kind,
            status: CredentialStatus::Active,
            emergency,
            rent_payer,
            registrar,
            subject,
            encryption_key,
            profile_commitment,
            from_day,
            until_day,
            revision: 0,
            issued_slot: clock.slot,
            issued_at: clock.unix_timestamp,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
        });
        ctx.accounts.credential.invariant(clock.unix_timestamp)?;

        events::emit(
            &ctx.accounts.event_authority,
            &CredentialIssued {
                registrar,
                subject,
                bump,
                authority: ctx.accounts.authority.key(),
                rent_payer,
                kind,
                terms,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
