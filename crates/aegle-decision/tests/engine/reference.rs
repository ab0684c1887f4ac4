//! The rules once more, by the page that states them (`docs/access.md`): slow, without order and
//! without short cuts. It shares the types and no code with the engine. For a refusal it says
//! everything that is wrong, not what is nearest.

use std::collections::BTreeSet;

use aegle::state::{CredentialKind, CredentialStatus, RecordStatus};
use aegle_decision::{
    Action, Base, ChainView, ConsentOpening, ConsentView, CredentialView, Emergency, Key, Labels, Policy, Purpose,
    RecordViews, Request, Rule, RuleId, VaultView, Verdict, Views,
};
use jiff::civil::Date;
use solana_sha256_hasher::hashv;

/// What the engine has to say of a record.
#[derive(Debug)]
pub enum Expected {
    Permit(Verdict),
    /// Any of these reasons, with the consent that each is of.
    Deny(BTreeSet<(Option<Key>, RuleId)>),
}

/// Says what is true of a request; one request, several records.
pub struct Reference<'a> {
    views: &'a Views,
    request: &'a Request,
    /// Those that name the caller, and what is wrong with each.
    consents: Vec<(&'a ConsentOpening, BTreeSet<RuleId>)>,
}

impl<'a> Reference<'a> {
    pub fn new(views: &'a Views, openings: &'a [ConsentOpening], request: &'a Request) -> Self {
        let wrong = |opening| match (&views.confirmed.vault, &views.finalized.vault) {
            (Some(confirmed), Some(finalized)) => {
                let now = what_is_wrong(opening, confirmed, &views.confirmed, request);
                let then = what_is_wrong(opening, finalized, &views.finalized, request);
                if now.is_empty() && !then.is_empty() { BTreeSet::from([RuleId::NotFinalYet]) } else { now }
            }
            _ => BTreeSet::from([RuleId::NoVault]),
        };
        let named = openings.iter().filter(|opening| opening.grantee.0 == request.caller.key.0);
        Self { views, request, consents: named.map(|opening| (opening, wrong(opening))).collect() }
    }

    pub fn expects(&self, record: &RecordViews, labels: Option<&Labels>) -> Expected {
        let mut wrong = BTreeSet::new();
        let new = self.views.confirmed.vault.filter(|vault| vault.owner == self.request.caller.key);
        let finalized = self.views.finalized.vault.or(new);
        let (Some(confirmed), Some(finalized)) = (&self.views.confirmed.vault, &finalized) else {
            let rule = if self.views.confirmed.vault.is_none() { RuleId::NoVault } else { RuleId::NotFinalYet };
            return Expected::Deny([(None, rule)].into());
        };
        if confirmed.vault != finalized.vault {
            return Expected::Deny([(None, RuleId::VaultMismatch)].into());
        }
        let owners = [confirmed.owner, finalized.owner];
        let is_owner = owners.iter().all(|owner| *owner == self.request.caller.key);
        if !is_owner && self.views.withdrawals_pending {
            return Expected::Deny([(None, RuleId::WithdrawalPending)].into());
        }
        let delegate = self.delegate();
        let standing = || self.consents.iter().filter(|(_, wrong)| wrong.is_empty());
        let by_consent = !is_owner && delegate != Some(BTreeSet::new());
        let emergencies = self.emergencies(confirmed, finalized);
        let opened = emergencies.iter().any(|(_, wrong)| wrong.is_empty());
        if by_consent && !opened && standing().next().is_none() {
            for (opening, reasons) in &self.consents {
                wrong.extend(reasons.iter().map(|reason| (Some(opening.consent), *reason)));
            }
            wrong.extend(delegate.into_iter().flatten().map(|reason| (None, reason)));
            wrong.extend(emergencies.into_iter().flat_map(|(_, wrong)| wrong).map(|reason| (None, reason)));
            if wrong.is_empty() {
                wrong.insert((None, RuleId::NoConsent));
            }
            return Expected::Deny(wrong);
        }
        let mut qualified = true;
        if by_consent && standing().next().is_some() {
            let lacking = self.credentials();
            qualified = lacking.is_empty();
            if !qualified && !opened {
                return Expected::Deny(lacking.into_iter().map(|reason| (None, reason)).collect());
            }
        }
        let mut unreadable = what_is_wrong_with_the_record(record, &confirmed.vault);
        if !by_consent {
            unreadable.remove(&RuleId::NotFinalYet);
        }
        if !unreadable.is_empty() {
            return Expected::Deny(unreadable.into_iter().map(|reason| (None, reason)).collect());
        }
        let in_error = [record.confirmed, record.finalized]
            .iter()
            .flatten()
            .any(|view| view.status == RecordStatus::EnteredInError);
        let permit = |consent, rule, redisclosure_notice, erase_by| {
            Expected::Permit(Verdict::Permit {
                consent,
                rule,
                obligations: aegle_decision::Obligations { redisclosure_notice, erase_by, entered_in_error: in_error },
            })
        };
        if !by_consent {
            return permit(None, if is_owner { RuleId::Owner } else { RuleId::DelegateRead }, false, None);
        }
        let Some(labels) = labels else { return Expected::Deny([(None, RuleId::LabelsMissing)].into()) };
        let mut permits = Vec::new();
        for (opening, _) in standing().filter(|_| qualified) {
            match covers(opening.policy.value(), &record.key().unwrap(), labels) {
                Ok(rule) => permits.push((opening.policy.value().erase_by, opening.consent, rule)),
                Err(reasons) => wrong.extend(reasons.into_iter().map(|reason| (Some(opening.consent), reason))),
            }
        }
        let opened = emergencies.iter().filter(|(_, wrong)| wrong.is_empty()).map(|(emergency, _)| emergency);
        let named = opened.filter(|emergency| emergency.statement.value().records.contains(&record.key().unwrap()));
        if let Some(break_glass) = named.map(|emergency| emergency.break_glass).min() {
            return permit(None, RuleId::BreakGlass { break_glass }, true, None);
        }
        // The longest time to keep first, no end before any; then the least key.
        permits.sort_by_key(|(erase_by, consent, _)| (erase_by.map_or(i64::MIN, |day| -day_number(day)), *consent));
        match permits.first() {
            Some((erase_by, consent, rule)) => permit(Some(*consent), *rule, true, *erase_by),
            None if wrong.is_empty() => Expected::Deny([(None, RuleId::RecordNotCovered)].into()),
            None => Expected::Deny(wrong),
        }
    }

    /// The caller's openings in an emergency, and what is wrong with each.
    fn emergencies(&self, confirmed: &VaultView, finalized: &VaultView) -> Vec<(&'a Emergency, BTreeSet<RuleId>)> {
        let of_caller = self
            .views
            .emergencies
            .iter()
            .filter(|emergency| emergency.statement.value().clinician == self.request.caller.key)
            .filter(|_| self.request.purpose == Purpose::EmergencyTreatment);
        let wrong = |emergency: &Emergency| {
            let signed = emergency.statement.value();
            let committed = hashv(&[&emergency.salt, emergency.statement.bytes(), &emergency.signature]).to_bytes();
            let fits = emergency.opened.is_none_or(|opened| {
                opened.commitment == committed
                    && opened.vault == signed.vault
                    && opened.break_glass_id == signed.break_glass_id
                    && opened.expires_at == signed.expires_at
            });
            let mut wrong = reasons(&[
                (self.request.action != Action::Read, RuleId::ActionNotGranted),
                (emergency.opened.is_none(), RuleId::EmergencyNotOpened),
                (!fits, RuleId::OpeningMismatch),
                (emergency.opened.is_some_and(|it| it.expires_at <= self.request.now), RuleId::EmergencyExpired),
                (!confirmed.emergencies_allowed, RuleId::EmergencyForbidden),
                (confirmed.emergencies_allowed && !finalized.emergencies_allowed, RuleId::NotFinalYet),
            ]);
            let look = |chain: &ChainView| {
                let subjects = chain.credentials.iter().filter(|view| view.subject == self.request.caller.key);
                let named = subjects.filter(|view| view.credential == signed.credential);
                let mut wrong = named.map(|view| {
                    let mut wrong = self.credential(view, &[CredentialKind::Practitioner]);
                    wrong.extend((!view.emergency).then_some(RuleId::CredentialNotForEmergencies));
                    wrong
                });
                wrong.next()
            };
            match (look(&self.views.confirmed), look(&self.views.finalized)) {
                (None, _) => drop(wrong.insert(RuleId::CredentialMissing)),
                (Some(now), Some(then)) if now.is_empty() && then.is_empty() => {}
                (Some(now), _) if now.is_empty() => drop(wrong.insert(RuleId::NotFinalYet)),
                (Some(now), _) => wrong.extend(now),
            }
            wrong
        };
        of_caller.map(|emergency| (emergency, wrong(emergency))).collect()
    }

    /// What is wrong with the caller as a delegate; none if there is no such delegate.
    fn delegate(&self) -> Option<BTreeSet<RuleId>> {
        let look = |chain: &ChainView| {
            let delegate = chain.delegate?;
            let vault = chain.vault?;
            let asks_for = [Action::Read, Action::Export].contains(&self.request.action);
            (delegate.key == self.request.caller.key).then(|| {
                reasons(&[
                    (delegate.removed, RuleId::DelegateRemoved),
                    (delegate.delegate_epoch != vault.delegate_epoch, RuleId::DelegateEarlierEpoch),
                    (today(self.request) >= i64::from(delegate.until_day), RuleId::DelegateExpired),
                    ((delegate.rights >> 3) % 2 == 0, RuleId::DelegateRightMissing),
                    (!asks_for, RuleId::DelegateActionNotCovered),
                ])
            })
        };
        match (look(&self.views.confirmed), look(&self.views.finalized)) {
            (Some(now), Some(then)) if now.is_empty() && then.is_empty() => Some(now),
            (Some(now), _) if now.is_empty() => Some([RuleId::NotFinalYet].into()),
            (Some(now), _) => Some(now),
            (None, _) => None,
        }
    }

    /// What is wrong with the caller's credentials and those of who acts; nothing where one will do.
    fn credentials(&self) -> BTreeSet<RuleId> {
        use CredentialKind::{Insurer, Manufacturer, Organization, Pharmacy, Practitioner, Researcher};
        let kinds = match self.request.purpose {
            Purpose::Treatment | Purpose::EmergencyTreatment => vec![Practitioner, Organization, Pharmacy],
            Purpose::Payment => vec![Insurer, Organization],
            Purpose::Operations | Purpose::PublicHealth => vec![Organization],
            Purpose::Research => vec![Researcher, Organization],
            Purpose::Marketing => vec![Organization, Manufacturer],
            Purpose::FamilyRequest | Purpose::PatientRequest => return BTreeSet::new(),
        };
        let mut wrong = BTreeSet::new();
        let mut has_organization = false;
        for kind in &kinds {
            if self.holds(self.request.caller.key, &[*kind]) {
                if *kind != Organization {
                    return BTreeSet::new();
                }
                has_organization = true;
            }
        }
        if has_organization {
            return match self.request.caller.practitioner {
                None => [RuleId::PractitionerMissing].into(),
                Some(key) if self.holds(key, &[Practitioner]) => BTreeSet::new(),
                Some(_) => [RuleId::PractitionerUnqualified].into(),
            };
        }
        let own =
            |chain: &'a ChainView| chain.credentials.iter().filter(|view| view.subject == self.request.caller.key);
        for credential in own(&self.views.confirmed) {
            let reasons = self.credential(credential, &kinds);
            if reasons.is_empty() {
                wrong.insert(RuleId::NotFinalYet);
            }
            wrong.extend(reasons);
        }
        if wrong.is_empty() {
            wrong.insert(RuleId::CredentialMissing);
        }
        wrong
    }

    /// Whether the subject has one and the same credential of these kinds, and it counts in both views.
    fn holds(&self, subject: Key, kinds: &[CredentialKind]) -> bool {
        let counting = |chain: &ChainView| -> BTreeSet<Key> {
            let of_subject = chain.credentials.iter().filter(|view| view.subject == subject);
            of_subject.filter(|view| self.credential(view, kinds).is_empty()).map(|view| view.credential).collect()
        };
        counting(&self.views.confirmed).intersection(&counting(&self.views.finalized)).next().is_some()
    }

    fn credential(&self, view: &CredentialView, kinds: &[CredentialKind]) -> BTreeSet<RuleId> {
        let today = today(self.request);
        reasons(&[
            (kinds.iter().all(|kind| *kind != view.kind), RuleId::CredentialWrongKind),
            (view.status == CredentialStatus::Suspended, RuleId::CredentialSuspended),
            (view.status == CredentialStatus::Revoked, RuleId::CredentialRevoked),
            (view.registrar_removed, RuleId::CredentialRegistrarRemoved),
            (i64::from(view.from_day) > today, RuleId::CredentialNotYetValid),
            (i64::from(view.until_day) <= today, RuleId::CredentialExpired),
        ])
    }
}

fn what_is_wrong(
    opening: &ConsentOpening,
    vault: &VaultView,
    chain: &ChainView,
    request: &Request,
) -> BTreeSet<RuleId> {
    let Some(consent) = chain.consents.iter().rfind(|consent| consent.consent == opening.consent) else {
        return [RuleId::NoConsent].into();
    };
    let today = today(request);
    let erased = opening.policy.value().erase_by.is_some_and(|day| day_number(day) < today);
    reasons(&[
        (!fits(opening, vault, consent), RuleId::OpeningMismatch),
        (consent.revoked, RuleId::Revoked),
        (consent.consent_epoch != vault.consent_epoch, RuleId::EarlierEpoch),
        (i64::from(consent.from_day) > today, RuleId::NotYetInEffect),
        (i64::from(consent.until_day) <= today, RuleId::Expired),
        (erased, RuleId::EraseByPassed),
        (consent.purposes | request.purpose as u16 != consent.purposes, RuleId::PurposeNotGranted),
        (consent.actions | request.action as u8 != consent.actions, RuleId::ActionNotGranted),
    ])
}

fn fits(opening: &ConsentOpening, vault: &VaultView, consent: &ConsentView) -> bool {
    let handle = hashv(&[b"aegle:grantee:v1", &vault.vault.0, &consent.consent_id, &opening.grantee.0, &opening.salt]);
    let policy = hashv(&[&opening.policy_salt, opening.policy.bytes()]);
    handle.to_bytes() == consent.handle && policy.to_bytes() == consent.policy_commitment
}

fn what_is_wrong_with_the_record(record: &RecordViews, vault: &Key) -> BTreeSet<RuleId> {
    let (now, then) = (record.confirmed, record.finalized);
    let views = || now.into_iter().chain(then);
    let differ = match (now, then) {
        (Some(now), Some(then)) => {
            now.record != then.record || now.vault != then.vault || now.commitment != then.commitment
        }
        _ => false,
    };
    reasons(&[
        (now.is_none(), RuleId::RecordMissing),
        (now.is_some() && then.is_none(), RuleId::NotFinalYet),
        (now.is_some_and(|view| view.vault != *vault), RuleId::VaultMismatch),
        (differ, RuleId::RecordMismatch),
        (views().any(|view| view.status == RecordStatus::Erased), RuleId::RecordErased),
    ])
}

/// What opens the record in this policy, or all that keeps it closed.
fn covers(policy: &Policy, record: &Key, labels: &Labels) -> Result<RuleId, BTreeSet<RuleId>> {
    let touched = (0..policy.deny.len()).find(|index| touches(&policy.deny[*index], record, labels));
    if let Some(index) = touched {
        return Err([RuleId::Exception { index }].into());
    }
    if labels.sensitivity.iter().any(|code| !policy.sensitivity.contains(code)) {
        return Err([RuleId::Sensitivity].into());
    }
    let by_base = match policy.base {
        Base::AllNormal => true,
        Base::BasicNormal => labels.sensitivity.is_empty(),
        Base::Deny | Base::BreakGlassOnly => false,
    };
    if by_base {
        return Ok(RuleId::ConsentBase);
    }
    let mut wrong = match policy.base {
        Base::Deny if policy.permit.is_empty() => BTreeSet::from([RuleId::BaseDeny]),
        Base::Deny => BTreeSet::new(),
        Base::BreakGlassOnly => BTreeSet::from([RuleId::BreakGlassOnly]),
        Base::BasicNormal | Base::AllNormal => BTreeSet::from([RuleId::Sensitivity]),
    };
    for (index, rule) in policy.permit.iter().enumerate() {
        let missing = what_is_missing(rule, record, labels);
        if missing.is_empty() {
            return Ok(RuleId::ConsentPermitRule { index });
        }
        wrong.extend(missing);
    }
    Err(wrong)
}

fn what_is_missing(rule: &Rule, record: &Key, labels: &Labels) -> BTreeSet<RuleId> {
    let timed = rule.from.is_some() || rule.until.is_some();
    let days = days_of(labels);
    reasons(&[
        (
            !rule.categories.is_empty() && labels.categories.iter().any(|code| !rule.categories.contains(code)),
            RuleId::CategoryNotCovered,
        ),
        (
            !rule.types.is_empty()
                && (labels.types.is_empty() || labels.types.iter().any(|code| !rule.types.contains(code))),
            RuleId::TypeNotCovered,
        ),
        (timed && (days.is_empty() || days.iter().any(|day| !within(rule, *day))), RuleId::TimeNotCovered),
        (
            !rule.authors.is_empty() && labels.author.iter().filter(|key| rule.authors.contains(key)).count() == 0,
            RuleId::AuthorNotCovered,
        ),
        (
            !rule.studies.is_empty() && labels.study.iter().filter(|key| rule.studies.contains(key)).count() == 0,
            RuleId::StudyNotCovered,
        ),
        (!rule.records.is_empty() && !rule.records.contains(record), RuleId::RecordNotCovered),
    ])
}

fn touches(rule: &Rule, record: &Key, labels: &Labels) -> bool {
    let days = days_of(labels);
    let mut conditions = Vec::new();
    if !rule.categories.is_empty() {
        conditions.push(labels.categories.iter().any(|code| rule.categories.contains(code)));
    }
    if !rule.types.is_empty() {
        conditions.push(labels.types.iter().any(|code| rule.types.contains(code)));
    }
    if rule.from.is_some() || rule.until.is_some() {
        conditions.push(days.is_empty() || days.iter().any(|day| within(rule, *day)));
    }
    if !rule.authors.is_empty() {
        conditions.push(match &labels.author {
            Some(author) => rule.authors.contains(author),
            None => true,
        });
    }
    if !rule.studies.is_empty() {
        conditions.push(labels.study.iter().any(|study| rule.studies.contains(study)));
    }
    if !rule.records.is_empty() {
        conditions.push(rule.records.contains(record));
    }
    !conditions.contains(&false)
}

/// Every single day of care.
fn days_of(labels: &Labels) -> Vec<i64> {
    match (labels.from, labels.until) {
        (Some(from), Some(until)) => (day_number(from)..=day_number(until)).collect(),
        _ => Vec::new(),
    }
}

fn within(rule: &Rule, day: i64) -> bool {
    let after = rule.from.into_iter().all(|from| day_number(from) <= day);
    let before = rule.until.into_iter().all(|until| day <= day_number(until));
    after && before
}

/// Days since the Unix epoch, by the count of days in each year and month.
fn day_number(date: Date) -> i64 {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let (year, month) = (i64::from(date.year()), date.month() as usize);
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + months[..month - 1].iter().sum::<i64>() + i64::from(date.day()) - 1
}

fn today(request: &Request) -> i64 {
    request.now.div_euclid(86_400)
}

fn reasons(wrong: &[(bool, RuleId)]) -> BTreeSet<RuleId> {
    wrong.iter().filter(|(is, _)| *is).map(|(_, rule)| *rule).collect()
}
