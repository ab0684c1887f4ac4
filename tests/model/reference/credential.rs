//! What registrars attest.

use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, IssueCredentialParams, RenewCredentialParams},
    events::{CredentialIssued, CredentialRenewed, CredentialStatusChanged},
    state::{Credential, CredentialStatus, CredentialTerms, Registrar},
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{Check, Ledger, Outcome, is_event_authority, is_program, period_is_good, raised, require};
use crate::call::Call;

fn are_good(terms: &CredentialTerms, now: i64) -> Check {
    require(terms.encryption_key != [0; 32], AegleError::ZeroKey)?;
    require(terms.profile_commitment != [0; 32], AegleError::ZeroCommitment)?;
    require(period_is_good(terms.from_day, terms.until_day, now), AegleError::InvalidPeriod)
}

/// Who asks for a change of a credential, and of which.
struct Change {
    authority: Pubkey,
    paused: bool,
    registrar: Registrar,
    at: Pubkey,
    credential: Credential,
}

impl Change {
    /// What widens a credential needs a registrar in office and a program that runs, and names the
    /// revision it knows.
    fn may_widen(&self, revision: u32) -> Check {
        require(!self.paused, AegleError::Paused)?;
        require(self.registrar.removed_slot == 0, AegleError::RegistrarRemoved)?;
        require(self.credential.revision == revision, AegleError::CredentialRevisionMismatch)
    }

    fn is_not_revoked(&self) -> Check {
        require(self.credential.status != CredentialStatus::Revoked, AegleError::CredentialRevoked)
    }
}

impl Ledger {
    fn change(&self, call: &Call) -> Check<Change> {
        let [authority, config, registrar_at, credential_at, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let config = self.config(config)?;
        let registrar = self.registrar(registrar_at)?;
        let credential = self.credential(credential_at)?;
        require(registrar.authority == authority, AegleError::NotRegistrar)?;
        require(credential.registrar == registrar_at, AegleError::CredentialMismatch)?;
        is_event_authority(event_authority)?;
        Ok(Change { authority, paused: config.paused, registrar, at: credential_at, credential })
    }

    /// Writes what changed as the next revision.
    fn revise(&mut self, at: Pubkey, mut credential: Credential) -> Check<u32> {
        let revision = raised(credential.revision)?;
        credential.revision = revision;
        credential.changed_slot = self.slot;
        credential.changed_at = self.now;
        self.write(at, credential.into());
        Ok(revision)
    }

    fn set_status(&mut self, change: Change, status: CredentialStatus) -> Outcome {
        let Change { authority, at, mut credential, .. } = change;
        let old_status = credential.status;
        credential.status = status;
        let revision = self.revise(at, credential)?;
        Ok(Event::CredentialStatusChanged(CredentialStatusChanged {
            credential: at,
            authority,
            old_status,
            new_status: status,
            revision,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn issue_credential(&mut self, call: &Call, params: &IssueCredentialParams) -> Outcome {
        let [authority, payer, config, registrar_at, credential_at, system, event_authority, _] = call.keys();
        let IssueCredentialParams { subject, kind, terms } = params.clone();
        call.signed_by(authority)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let registrar = self.registrar(registrar_at)?;
        is_program(system, SYSTEM)?;
        let seeds: &[&[u8]] = &[b"credential", registrar_at.as_ref(), subject.as_ref()];
        let bump = self.init::<Credential>(credential_at, seeds, payer)?;
        require(registrar.authority == authority, AegleError::NotRegistrar)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        require(registrar.removed_slot == 0, AegleError::RegistrarRemoved)?;
        require(registrar.kinds >> kind as u8 & 1 == 1, AegleError::CredentialKindNotAllowed)?;
        require(subject != Pubkey::default(), AegleError::ZeroKey)?;
        are_good(&terms, self.now)?;
        let CredentialTerms { emergency, encryption_key, profile_commitment, from_day, until_day } = terms;
        let credential = Credential {
            version: 1,
            bump,
            kind,
            status: CredentialStatus::Active,
            emergency,
            rent_payer: payer,
            registrar: registrar_at,
            subject,
            encryption_key,
            profile_commitment,
            from_day,
            until_day,
            revision: 0,
            issued_slot: self.slot,
            issued_at: self.now,
            changed_slot: self.slot,
            changed_at: self.now,
        };
        self.write(credential_at, credential.into());
        Ok(Event::CredentialIssued(CredentialIssued {
            registrar: registrar_at,
            subject,
            bump,
            authority,
            rent_payer: payer,
            kind,
            terms,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn renew_credential(&mut self, call: &Call, params: &RenewCredentialParams) -> Outcome {
        let change = self.change(call)?;
        change.may_widen(params.expected_revision)?;
        change.is_not_revoked()?;
        let Change { authority, at, mut credential, .. } = change;
        let Credential { emergency, encryption_key, profile_commitment, from_day, until_day, .. } = credential;
        let old_terms = CredentialTerms { emergency, encryption_key, profile_commitment, from_day, until_day };
        let new_terms = params.terms;
        credential.emergency = new_terms.emergency;
        credential.encryption_key = new_terms.encryption_key;
        credential.profile_commitment = new_terms.profile_commitment;
        credential.from_day = new_terms.from_day;
        credential.until_day = new_terms.until_day;
        let revision = self.revise(at, credential)?;
        are_good(&new_terms, self.now)?;
        Ok(Event::CredentialRenewed(CredentialRenewed {
            credential: at,
            authority,
            old_terms,
            new_terms,
            revision,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn suspend_credential(&mut self, call: &Call) -> Outcome {
        let change = self.change(call)?;
        change.is_not_revoked()?;
        require(change.credential.status != CredentialStatus::Suspended, AegleError::CredentialSuspended)?;
        self.set_status(change, CredentialStatus::Suspended)
    }

    pub(super) fn reinstate_credential(&mut self, call: &Call, revision: u32) -> Outcome {
        let change = self.change(call)?;
        change.may_widen(revision)?;
        change.is_not_revoked()?;
        require(change.credential.status == CredentialStatus::Suspended, AegleError::CredentialNotSuspended)?;
        self.set_status(change, CredentialStatus::Active)
    }

    pub(super) fn revoke_credential(&mut self, call: &Call) -> Outcome {
        let change = self.change(call)?;
        change.is_not_revoked()?;
        self.set_status(change, CredentialStatus::Revoked)
    }
}
