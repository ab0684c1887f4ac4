use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    state::{ConfigPause, Consent, DAY, VaultAuthority, grantee_handle},
};

#[derive(Accounts)]
pub struct CheckConsent<'info> {
    pub grantee: Signer<'info>,
    pub config: Account<'info, ConfigPause>,
    pub vault: Account<'info, VaultAuthority>,
    #[account(has_one = vault @ AegleError::ConsentMismatch)]
    pub consent: Box<Account<'info, Consent>>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CheckConsentParams {
    /// Salt of the grantee handle.
    pub salt: [u8; 32],
    /// Purposes and actions that must all be covered.
    pub purposes: u16,
    pub actions: u8,
}

/// Return data of `check_consent`.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct ConsentAnswer {
    pub permit: bool,
    /// First second no more in effect, since the Unix epoch.
    pub expires_at: i64,
    /// Commitment of the policy that narrows the permit off chain.
    pub policy_commitment: [u8; 32],
}

impl CheckConsent<'_> {
    pub fn handle(ctx: Context<Self>, params: CheckConsentParams) -> Result<ConsentAnswer> {
        let CheckConsent { grantee, config, vault, consent } = &ctx.accounts;
        let CheckConsentParams { salt, purposes, actions } = params;
        config.require_running()?;
        require!(purposes != 0, AegleError::InvalidPurposes);
        require!(actions != 0, AegleError::InvalidActions);
        let handle = grantee_handle(&vault.key(), &consent.consent_id, &grantee.key(), &salt);
        require!(handle == consent.handle, AegleError::GranteeMismatch);
        let now = Clock::get()?.unix_timestamp;
        Ok(ConsentAnswer {
            permit: consent.permits(vault.consent_epoch, purposes, actions, now),
            expires_at: i64::from(consent.until_day) * DAY,
            policy_commitment: consent.policy_commitment,
        })
    }
}
