//! Whether an owner, a delegate, a consent or a credential stands: at one slot, then at both.

use std::{collections::BTreeMap, sync::Arc};

use aegle::state::{CredentialKind, CredentialStatus, DAY, Right, period_holds};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    Action, ChainView, ConsentOpening, ConsentView, CredentialView, DelegateView, Emergency, Key, Policy, Purpose,
    Request, RuleId, Statement, VaultView, Views, emergency::CLINICIANS,
};

/// Who acts for an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    /// Whom the request names.
    Named,
    /// Somebody qualified; for explaining what an organization would see.
    Assumed,
}

/// One request against one vault at its two slots.
pub(crate) struct Standing<'a> {
    pub vault: Key,
    confirmed: At<'a>,
    finalized: At<'a>,
    request: &'a Request,
}

struct At<'a> {
    vault: &'a VaultView,
    chain: &'a ChainView,
}

/// What one view says of something: nothing where it has none of it.
type Said = Option<Result<(), RuleId>>;

impl<'a> Standing<'a> {
    pub fn new(views: &'a Views, request: &'a Request) -> Result<Self, RuleId> {
        let confirmed = views.confirmed.vault.as_ref().ok_or(RuleId::NoVault)?;
        // A vault that is not final yet has had no other owner whose it could be.
        let only_owner = Some(confirmed).filter(|vault| vault.owner == request.caller.key);
        let finalized = views.finalized.vault.as_ref().or(only_owner).ok_or(RuleId::NotFinalYet)?;
        if confirmed.vault != finalized.vault {
            return Err(RuleId::VaultMismatch);
        }
        Ok(Self {
            vault: confirmed.vault,
            confirmed: At { vault: confirmed, chain: &views.confirmed },
            finalized: At { vault: finalized, chain: &views.finalized },
            request,
        })
    }

    /// Confirmed withdrawals and finalized grants decide.
    fn both(&self, say: impl Fn(&At) -> Said, absent: RuleId) -> Result<(), RuleId> {
        say(&self.confirmed).unwrap_or(Err(absent))?;
        match say(&self.finalized) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(RuleId::NotFinalYet),
        }
    }

    pub fn owner(&self) -> bool {
        let caller = self.request.caller.key;
        self.confirmed.vault.owner == caller && self.finalized.vault.owner == caller
    }

    /// The caller as a delegate.
    pub fn delegate(&self) -> Result<(), RuleId> {
        self.both(|at| at.delegate(self.request), RuleId::NoConsent)
    }

    /// Consents that name the caller, each with its policy if it stands.
    pub fn consents(&self, openings: &[ConsentOpening]) -> BTreeMap<Key, Result<Arc<Policy>, RuleId>> {
        let mut consents = BTreeMap::new();
        for opening in openings.iter().filter(|opening| opening.grantee == self.request.caller.key) {
            let stands = self.both(|at| at.consent(opening, self.request), RuleId::NoConsent);
            let stands = stands.map(|()| opening.policy.shared());
            // An opening handed in twice counts by the better one.
            let best = consents.entry(opening.consent).or_insert_with(|| stands.clone());
            if best.as_ref().is_err_and(|refusal| stands.as_ref().err().is_none_or(|other| other > refusal)) {
                *best = stands;
            }
        }
        consents
    }

    /// The caller's openings in an emergency that stand, by their accounts; or, where none does, what the
    /// nearest fails at, if there is any. For other purposes there are none: what a request is refused for is not
    /// an emergency of some other day.
    pub fn emergencies(&self, emergencies: &[Emergency]) -> Result<BTreeMap<Key, Arc<Statement>>, Option<RuleId>> {
        let mut standing = BTreeMap::new();
        let mut nearest = None;
        let Request { purpose, caller, .. } = self.request;
        let own = |emergency: &&Emergency| {
            *purpose == Purpose::EmergencyTreatment && emergency.statement.value().clinician == caller.key
        };
        for emergency in emergencies.iter().filter(own) {
            match self.emergency(emergency) {
                Ok(()) => drop(standing.insert(emergency.break_glass, emergency.statement.shared())),
                Err(rule) => nearest = nearest.max(Some(rule)),
            }
        }
        if standing.is_empty() { Err(nearest) } else { Ok(standing) }
    }

    fn emergency(&self, emergency: &Emergency) -> Result<(), RuleId> {
        let Request { action, now, .. } = *self.request;
        refuse(action != Action::Read, RuleId::ActionNotGranted)?;
        emergency.in_effect(now)?;
        self.emergencies_allowed()?;
        self.emergency_credential(&emergency.statement.value().credential)
    }

    /// Whether the vault allows emergencies: allowed once final, forbidden once confirmed.
    pub fn emergencies_allowed(&self) -> Result<(), RuleId> {
        let said = |at: &At| Some(refuse(!at.vault.emergencies_allowed, RuleId::EmergencyForbidden));
        self.both(said, RuleId::EmergencyForbidden)
    }

    /// Whether this credential is the caller's, counts, and is one for emergencies.
    pub fn emergency_credential(&self, credential: &Key) -> Result<(), RuleId> {
        let Request { caller, now, .. } = self.request;
        let said = |at: &At| {
            let counts = at.credential(credential, &caller.key, CLINICIANS, *now)?;
            let of_it = |view: &&CredentialView| view.credential == *credential;
            let for_emergencies = at.chain.credentials.iter().filter(of_it).all(|view| view.emergency);
            Some(counts.and_then(|()| refuse(!for_emergencies, RuleId::CredentialNotForEmergencies)))
        };
        self.both(said, RuleId::CredentialMissing)
    }

    /// Credentials of the caller of one of `kinds` that count, at least one.
    pub fn callers_credentials(&self, kinds: &[CredentialKind]) -> Result<Vec<Key>, RuleId> {
        let counting = self.credentials_of(&self.request.caller.key, kinds)?;
        Ok(counting.into_iter().map(|(credential, _)| credential).collect())
    }

    /// The credentials under which the caller may read for the purpose: none where it needs none, its
    /// own, or an organization's and that of the practitioner who acts.
    pub fn credentials(&self, acting: Acting) -> Result<Vec<Key>, RuleId> {
        let Some(kinds) = accepted_kinds(self.request.purpose) else { return Ok(Vec::new()) };
        let caller = &self.request.caller;
        let own = self.credentials_of(&caller.key, kinds)?;
        if let Some((credential, _)) = own.iter().find(|(_, kind)| *kind != CredentialKind::Organization) {
            return Ok(vec![*credential]);
        }
        let mut credentials: Vec<Key> = own.into_iter().take(1).map(|(credential, _)| credential).collect();
        if acting == Acting::Assumed {
            return Ok(credentials);
        }
        let practitioner = caller.practitioner.ok_or(RuleId::PractitionerMissing)?;
        let theirs = self
            .credentials_of(&practitioner, &[CredentialKind::Practitioner])
            .map_err(|_| RuleId::PractitionerUnqualified)?;
        credentials.extend(theirs.into_iter().take(1).map(|(credential, _)| credential));
        Ok(credentials)
    }

    /// Credentials of `subject` that count, at least one, in the order of their keys.
    fn credentials_of(&self, subject: &Key, kinds: &[CredentialKind]) -> Result<Vec<(Key, CredentialKind)>, RuleId> {
        let mut counting = Vec::new();
        let mut nearest = RuleId::CredentialMissing;
        for view in self.confirmed.chain.credentials.iter().filter(|view| view.subject == *subject) {
            let said = |at: &At| at.credential(&view.credential, subject, kinds, self.request.now);
            match self.both(said, RuleId::CredentialMissing) {
                Ok(()) => counting.push((view.credential, view.kind)),
                Err(rule) => nearest = nearest.max(rule),
            }
        }
        counting.sort_unstable_by_key(|(credential, _)| *credential);
        if counting.is_empty() { Err(nearest) } else { Ok(counting) }
    }
}

impl At<'_> {
    fn delegate(&self, request: &Request) -> Said {
        let delegate = self.chain.delegate.as_ref().filter(|delegate| delegate.key == request.caller.key)?;
        Some(judge_delegate(delegate, self.vault.delegate_epoch, request))
    }

    fn consent(&self, opening: &ConsentOpening, request: &Request) -> Said {
        let consents = self.chain.consents.iter().filter(|consent| consent.consent == opening.consent);
        every(consents.map(|consent| judge_consent(consent, opening, self.vault, request)))
    }

    fn credential(&self, credential: &Key, subject: &Key, kinds: &[CredentialKind], now: i64) -> Said {
        let views = self.chain.credentials.iter().filter(|view| view.credential == *credential);
        every(views.filter(|view| view.subject == *subject).map(|view| judge_credential(view, kinds, now)))
    }
}

/// Of one key there is one account; should a view hold it twice, each has to permit.
fn every(said: impl Iterator<Item = Result<(), RuleId>>) -> Said {
    said.reduce(|one, other| match (one, other) {
        (Err(one), Err(other)) => Err(one.min(other)),
        (one, other) => one.and(other),
    })
}

fn judge_delegate(delegate: &DelegateView, delegate_epoch: u32, request: &Request) -> Result<(), RuleId> {
    refuse(delegate.removed, RuleId::DelegateRemoved)?;
    refuse(delegate.delegate_epoch != delegate_epoch, RuleId::DelegateEarlierEpoch)?;
    refuse(request.now >= i64::from(delegate.until_day) * DAY, RuleId::DelegateExpired)?;
    refuse(delegate.rights & Right::Read as u8 == 0, RuleId::DelegateRightMissing)?;
    refuse(!matches!(request.action, Action::Read | Action::Export), RuleId::DelegateActionNotCovered)
}

fn judge_consent(
    consent: &ConsentView,
    opening: &ConsentOpening,
    vault: &VaultView,
    request: &Request,
) -> Result<(), RuleId> {
    let Request { purpose, action, now, .. } = *request;
    refuse(!opening.opens(&vault.vault, consent), RuleId::OpeningMismatch)?;
    refuse(consent.revoked, RuleId::Revoked)?;
    refuse(consent.consent_epoch != vault.consent_epoch, RuleId::EarlierEpoch)?;
    if !period_holds(consent.from_day, consent.until_day, now) {
        let over = now >= i64::from(consent.until_day) * DAY;
        return Err(if over { RuleId::Expired } else { RuleId::NotYetInEffect });
    }
    refuse(has_passed(opening.policy.value().erase_by, now), RuleId::EraseByPassed)?;
    refuse(consent.purposes & purpose as u16 == 0, RuleId::PurposeNotGranted)?;
    refuse(consent.actions & action as u8 == 0, RuleId::ActionNotGranted)
}

fn judge_credential(credential: &CredentialView, kinds: &[CredentialKind], now: i64) -> Result<(), RuleId> {
    refuse(!kinds.contains(&credential.kind), RuleId::CredentialWrongKind)?;
    refuse(credential.status == CredentialStatus::Revoked, RuleId::CredentialRevoked)?;
    refuse(credential.status == CredentialStatus::Suspended, RuleId::CredentialSuspended)?;
    refuse(credential.registrar_removed, RuleId::CredentialRegistrarRemoved)?;
    if period_holds(credential.from_day, credential.until_day, now) {
        return Ok(());
    }
    let over = now >= i64::from(credential.until_day) * DAY;
    Err(if over { RuleId::CredentialExpired } else { RuleId::CredentialNotYetValid })
}

/// Kinds of credentials that a grantee needs one of; none for purposes that need no credential.
///
/// An AI agent's and a custodian's open nothing: who acts for the patient or the family needs none.
fn accepted_kinds(purpose: Purpose) -> Option<&'static [CredentialKind]> {
    use CredentialKind::{Insurer, Manufacturer, Organization, Pharmacy, Practitioner, Researcher};
    match purpose {
        Purpose::Treatment | Purpose::EmergencyTreatment => Some(&[Practitioner, Organization, Pharmacy]),
        Purpose::Payment => Some(&[Insurer, Organization]),
        Purpose::Operations | Purpose::PublicHealth => Some(&[Organization]),
        Purpose::Research => Some(&[Researcher, Organization]),
        Purpose::Marketing => Some(&[Organization, Manufacturer]),
        Purpose::FamilyRequest | Purpose::PatientRequest => None,
    }
}

/// Whether `day` (UTC) is over. A clock that is out of any calendar has passed every day.
fn has_passed(day: Option<Date>, now: i64) -> bool {
    let today = || Timestamp::from_second(now).map(|now| now.to_zoned(TimeZone::UTC).date());
    day.is_some_and(|day| today().map_or(true, |today| today > day))
}

fn refuse(refused: bool, rule: RuleId) -> Result<(), RuleId> {
    if refused { Err(rule) } else { Ok(()) }
}
