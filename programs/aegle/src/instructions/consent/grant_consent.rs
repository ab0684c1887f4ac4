use anchor_lang::prelude::*;

use crate::{
    events::{self, ConsentGranted},
    pda,
    state::{ConfigPause, Consent, Delegate, Expected, Right, VERSION, VaultAuthority},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(consent_id: [u8; 32])]
pub struct GrantConsent<'info> {
    /// The owner, or a delegate with the right to grant.
    pub authority: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    pub vault: Account<'info, VaultAuthority>,
    pub delegate: Option<Box<Account<'info, Delegate>>>,
    #[account(
        init, payer = payer, space = 8 + Consent::INIT_SPACE,
        seeds = [pda::CONSENT, vault.key().as_ref(), &consent_id], bump
    )]
    pub consent: Box<Account<'info, Consent>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct GrantConsentParams {
    /// See [`crate::state::grantee_handle`].
    pub handle: [u8; 32],
    /// SHA-256 over a 32-byte salt and the policy.
    pub policy_commitment: [u8; 32],
    /// Bits of [`crate::state::Purpose`].
    pub purposes: u16,
    /// Bits of [`crate::state::Action`].
    pub actions: u8,
    /// First day in effect and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    pub expected: Expected,
}

impl GrantConsent<'_> {
    fn validate(&self, params: &GrantConsentParams, now: i64) -> Result<()> {
        self.config.require_running()?;
        self.vault.require_expected(&params.expected)?;
        let delegate = self.delegate.as_ref().map(|delegate| &***delegate);
        self.vault.authorize(&self.vault.key(), &self.authority.key(), delegate, Right::Grant, now)?;
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, consent_id: [u8; 32], params: GrantConsentParams) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.validate(&params, clock.unix_timestamp)?;
        let vault = ctx.accounts.vault.key();
        let rent_payer = ctx.accounts.payer.key();
        let bump = ctx.bumps.consent;
        let GrantConsentParams { handle, policy_commitment, purposes, actions, from_day, until_day, expected } = params;
        let consent_epoch = expected.consent_epoch;
        ctx.accounts.consent.set_inner(Consent {
            version: VERSION,
            bump,
            actions,
            purposes,
            rent_payer,
            vault,
            consent_id,
            handle,
            policy_commitment,
            from_day,
            until_day,
            consent_epoch,
            granted_slot: clock.slot,
            granted_at: clock.unix_timestamp,
            revoked_slot: 0,
            revoked_at: 0,
        });
        ctx.accounts.consent.invariant()?;

        events::emit(
            &ctx.accounts.event_authority,
            &ConsentGranted {
                vault,
                consent_id,
                bump,
                handle,
                policy_commitment,
                authority: ctx.accounts.authority.key(),
                rent_payer,
                purposes,
                actions,
                from_day,
                until_day,
                consent_epoch,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
