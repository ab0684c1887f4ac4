//! Consents, which name their grantees by salted hashes.

use aegle_client::{
    Event,
    aegle::{AegleError, CheckConsentParams, ConsentAnswer, GrantConsentParams},
    events::{AllConsentsRevoked, ConsentGranted, ConsentRevoked},
    state::Consent,
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{
    DAY, Ledger, Outcome, Shown, is_event_authority, is_program, optional, period_is_good, raised, require, sha256,
    vault::{GRANT, REVOKE, is_as_expected},
};
use crate::call::Call;

impl Ledger {
    pub(super) fn grant_consent(&mut self, call: &Call, consent_id: &[u8; 32], params: &GrantConsentParams) -> Outcome {
        let [authority, payer, config, vault_at, delegate, consent_at, system, event_authority, _] = call.keys();
        let GrantConsentParams { handle, policy_commitment, purposes, actions, from_day, until_day, expected } =
            params.clone();
        call.signed_by(authority)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Consent>(consent_at, &[b"consent", vault_at.as_ref(), consent_id], payer)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        is_as_expected(&vault, &expected)?;
        self.may(GRANT, authority, vault_at, &vault, delegate.as_ref())?;
        require(handle != [0; 32] && policy_commitment != [0; 32], AegleError::ZeroCommitment)?;
        // Nine purposes of use and five actions are known.
        require((1..1 << 9).contains(&purposes), AegleError::InvalidPurposes)?;
        require((1..1 << 5).contains(&actions), AegleError::InvalidActions)?;
        require(period_is_good(from_day, until_day, self.now), AegleError::InvalidPeriod)?;
        let consent = Consent {
            version: 1,
            bump,
            actions,
            purposes,
            rent_payer: payer,
            vault: vault_at,
            consent_id: *consent_id,
            handle,
            policy_commitment,
            from_day,
            until_day,
            consent_epoch: vault.consent_epoch,
            granted_slot: self.slot,
            granted_at: self.now,
            revoked_slot: 0,
            revoked_at: 0,
        };
        self.write(consent_at, consent.into());
        Ok(Event::ConsentGranted(ConsentGranted {
            vault: vault_at,
            consent_id: *consent_id,
            bump,
            handle,
            policy_commitment,
            authority,
            rent_payer: payer,
            purposes,
            actions,
            from_day,
            until_day,
            consent_epoch: vault.consent_epoch,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn revoke_consent(&mut self, call: &Call) -> Outcome {
        let [authority, vault_at, delegate, consent_at, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        let mut consent = self.consent(consent_at)?;
        require(consent.vault == vault_at, AegleError::ConsentMismatch)?;
        is_event_authority(event_authority)?;

        self.may(REVOKE, authority, vault_at, &vault, delegate.as_ref())?;
        require(consent.revoked_slot == 0, AegleError::ConsentRevoked)?;
        consent.revoked_slot = self.slot;
        consent.revoked_at = self.now;
        self.write(consent_at, consent.into());
        Ok(Event::ConsentRevoked(ConsentRevoked {
            consent: consent_at,
            vault: vault_at,
            authority,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn revoke_all_consents(&mut self, call: &Call) -> Outcome {
        let [authority, vault_at, delegate, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let mut vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        is_event_authority(event_authority)?;

        self.may(REVOKE, authority, vault_at, &vault, delegate.as_ref())?;
        let old_consent_epoch = vault.consent_epoch;
        vault.consent_epoch = raised(old_consent_epoch)?;
        let new_consent_epoch = vault.consent_epoch;
        self.write(vault_at, vault.into());
        Ok(Event::AllConsentsRevoked(AllConsentsRevoked {
            vault: vault_at,
            authority,
            old_consent_epoch,
            new_consent_epoch,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    /// INV-2: what is revoked, of another epoch or out of its days permits nothing.
    pub(super) fn check_consent(&mut self, call: &Call, params: &CheckConsentParams) -> Outcome {
        let [grantee, config, vault_at, consent] = call.keys();
        let CheckConsentParams { salt, purposes, actions } = params;
        call.signed_by(grantee)?;
        let config = self.config(config)?;
        let vault = self.vault(vault_at)?;
        let consent = self.consent(consent)?;
        require(consent.vault == vault_at, AegleError::ConsentMismatch)?;

        require(!config.paused, AegleError::Paused)?;
        require(*purposes != 0, AegleError::InvalidPurposes)?;
        require(*actions != 0, AegleError::InvalidActions)?;
        let opened = sha256(&[b"aegle:grantee:v1", vault_at.as_ref(), &consent.consent_id, grantee.as_ref(), salt]);
        require(opened == consent.handle, AegleError::GranteeMismatch)?;
        let (from, expires_at) = (i64::from(consent.from_day) * DAY, i64::from(consent.until_day) * DAY);
        let lasts = consent.revoked_slot == 0 && consent.consent_epoch == vault.consent_epoch;
        let covers = !consent.purposes & purposes == 0 && !consent.actions & actions == 0;
        let permit = lasts && covers && (from..expires_at).contains(&self.now);
        let answer = ConsentAnswer { permit, expires_at, policy_commitment: consent.policy_commitment };
        Ok(Shown { event: None, answer: Some(answer) })
    }
}
