//! Registrars and credentials of a story, by the program's own transitions.

use aegle_client::{
    Pubkey, pda,
    state::{Credential, CredentialKind, CredentialStatus, CredentialTerms, DAY, Registrar, VERSION},
};

use super::{Story, key};

impl Story {
    fn registrar_authority(&self, registrar: &Pubkey) -> Pubkey {
        let known = self.registrars.iter().find(|(address, _)| address == registrar);
        known.expect("the registrar of a credential").1.authority
    }

    fn terms(&self) -> CredentialTerms {
        let number = self.ledger.len() as u8;
        let from_day = (self.at() / DAY) as u32;
        CredentialTerms {
            emergency: number.is_multiple_of(2),
            encryption_key: [number.max(1); 32],
            profile_commitment: [number.max(1); 32],
            from_day,
            until_day: from_day + 1 + u32::from(number),
        }
    }

    pub(super) fn add_registrar(&mut self) {
        let (slot, at) = (self.slot, self.at());
        let number = self.registrars.len() as u8;
        if number >= 40 {
            return;
        }
        let (registrar_authority, rent_payer, authority) = (key(60 + number), key(101), self.config.1.governance);
        let (registrar, bump) = pda::find_registrar(&registrar_authority);
        let (kinds, profile_commitment) = (number.max(1), [70; 32]);
        let state = Registrar {
            version: VERSION,
            bump,
            rent_payer,
            authority: registrar_authority,
            kinds,
            profile_commitment,
            added_slot: slot,
            added_at: at,
            removed_slot: 0,
            removed_at: 0,
        };
        self.registrars.push((registrar, state));
        push!(
            self,
            RegistrarAdded {
                registrar,
                bump,
                authority,
                rent_payer,
                registrar_authority,
                kinds,
                profile_commitment,
                slot,
                at
            }
        );
    }

    /// Issues a credential, after adding the first registrar where there is none.
    pub(super) fn issue_credential(&mut self) {
        let Some((registrar, state)) = self.registrars.iter().rev().find(|(_, state)| state.removed_slot == 0) else {
            return self.add_registrar();
        };
        let (registrar, authority) = (*registrar, state.authority);
        let (slot, at, terms) = (self.slot, self.at(), self.terms());
        let (subject, rent_payer) = (key(1 + self.credentials.len() as u8), key(101));
        let (address, bump) = pda::find_credential(&registrar, &subject);
        let kinds = [CredentialKind::Practitioner, CredentialKind::Organization, CredentialKind::Agent];
        let kind = kinds[self.credentials.len() % kinds.len()];
        let credential = Credential {
            version: VERSION,
            bump,
            kind,
            status: CredentialStatus::Active,
            emergency: terms.emergency,
            rent_payer,
            registrar,
            subject,
            encryption_key: terms.encryption_key,
            profile_commitment: terms.profile_commitment,
            from_day: terms.from_day,
            until_day: terms.until_day,
            revision: 0,
            issued_slot: slot,
            issued_at: at,
            changed_slot: slot,
            changed_at: at,
        };
        self.credentials.push((address, credential));
        push!(self, CredentialIssued { registrar, subject, bump, authority, rent_payer, kind, terms, slot, at });
    }

    pub(super) fn renew_credential(&mut self) {
        let (slot, at, clock, new_terms) = (self.slot, self.at(), self.clock(), self.terms());
        let Some((credential, state)) =
            self.credentials.iter_mut().find(|(_, state)| state.status != CredentialStatus::Revoked)
        else {
            return;
        };
        let (credential, registrar, old_terms) = (*credential, state.registrar, state.terms());
        state.renew(&new_terms, &clock).expect("a credential that is not revoked");
        let revision = state.revision;
        let authority = self.registrar_authority(&registrar);
        push!(self, CredentialRenewed { credential, authority, old_terms, new_terms, revision, slot, at });
    }

    /// Suspends the newest credential, or reinstates it.
    pub(super) fn change_credential_status(&mut self) {
        let clock = self.clock();
        let Some((_, state)) = self.credentials.last_mut() else { return };
        let old_status = state.status;
        let changed = match old_status {
            CredentialStatus::Active => state.suspend(&clock),
            CredentialStatus::Suspended => state.reinstate(&clock),
            CredentialStatus::Revoked => return,
        };
        changed.expect("a credential that is not revoked");
        self.tell_credential_status(self.credentials.len() - 1, old_status);
    }

    /// Revokes the oldest credential that is not, or else removes the oldest registrar.
    pub(super) fn end_attestation(&mut self) {
        let (slot, at, clock, authority) = (self.slot, self.at(), self.clock(), self.config.1.governance);
        let live = self.credentials.iter().position(|(_, state)| state.status != CredentialStatus::Revoked);
        if let Some(index) = live {
            let state = &mut self.credentials[index].1;
            let old_status = state.status;
            state.revoke(&clock).expect("a credential that is not revoked");
            self.tell_credential_status(index, old_status);
        } else if let Some((registrar, state)) = self.registrars.iter_mut().find(|(_, state)| state.removed_slot == 0) {
            let (registrar, registrar_authority) = (*registrar, state.authority);
            state.remove(&clock).expect("a registrar that is not removed");
            push!(self, RegistrarRemoved { registrar, authority, registrar_authority, slot, at });
        }
    }

    fn tell_credential_status(&mut self, index: usize, old_status: CredentialStatus) {
        let (slot, at) = (self.slot, self.at());
        let (credential, state) = &self.credentials[index];
        let (credential, new_status, revision) = (*credential, state.status, state.revision);
        let authority = self.registrar_authority(&state.registrar);
        push!(self, CredentialStatusChanged { credential, authority, old_status, new_status, revision, slot, at });
    }
}
