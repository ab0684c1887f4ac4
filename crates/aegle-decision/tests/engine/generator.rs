//! Random worlds. Most of what is in one permits; a few things are wrong with it, mostly one at a time.

use std::collections::BTreeSet;

use aegle::state::{ALL_ACTIONS, ALL_PURPOSES, CredentialKind, CredentialStatus, RecordStatus, Right};
use aegle_decision::{
    Action, Base, Caller, ChainView, Code, ConsentOpening, CredentialView, DelegateView, Emergency, Key, Labels,
    LabelsVersion, Policy, Purpose, RecordView, RecordViews, Request, Rule, VaultView, Views,
};
use jiff::{ToSpan, civil::Date};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::world::{
    DAY, DELEGATE, GRANTEE, OWNER, PRACTITIONER, REGISTRAR, STRANGER, TODAY, VAULT, open, policy, seal, statement,
};

pub const RECORDS: usize = 8;

pub const PURPOSES: [Purpose; 9] = [
    Purpose::Treatment,
    Purpose::EmergencyTreatment,
    Purpose::Payment,
    Purpose::Operations,
    Purpose::Research,
    Purpose::PublicHealth,
    Purpose::FamilyRequest,
    Purpose::PatientRequest,
    Purpose::Marketing,
];
const ACTIONS: [Action; 5] = [Action::Read, Action::Annotate, Action::Contribute, Action::Export, Action::Compute];
const KINDS: [CredentialKind; 8] = [
    CredentialKind::Practitioner,
    CredentialKind::Organization,
    CredentialKind::Researcher,
    CredentialKind::Pharmacy,
    CredentialKind::Manufacturer,
    CredentialKind::Insurer,
    CredentialKind::Custodian,
    CredentialKind::Agent,
];
const CATEGORIES: [&str; 4] = ["laboratory", "imaging", "medication", "encounter"];
const TYPES: [&str; 3] = ["Observation", "DiagnosticReport", "Encounter"];
const SENSITIVITIES: [&str; 3] = ["HIV", "PSY", "a-clinics-own"];

#[derive(Clone, Debug)]
pub struct Random {
    pub views: Views,
    pub openings: Vec<ConsentOpening>,
    pub request: Request,
    pub records: Vec<(RecordViews, Option<Labels>)>,
}

impl Random {
    pub fn asked(&self) -> Vec<(RecordViews, Option<&Labels>)> {
        self.records.iter().map(|(record, labels)| (*record, labels.as_ref())).collect()
    }
}

pub fn random(seed: u64) -> Random {
    Maker { rng: ChaCha8Rng::seed_from_u64(seed) }.world()
}

struct Maker {
    rng: ChaCha8Rng,
}

impl Maker {
    fn one_in(&mut self, n: u32) -> bool {
        self.rng.gen_ratio(1, n)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.choose(&mut self.rng).unwrap()
    }

    /// A key of one of `count` of a kind.
    fn key(&mut self, kind: u8, count: u8) -> Key {
        Key([kind + self.rng.gen_range(0..count); 32])
    }

    fn some<S>(&mut self, codes: &[&str], at_least: usize) -> BTreeSet<Code<S>> {
        let count = self.rng.gen_range(at_least..=codes.len());
        codes.choose_multiple(&mut self.rng, count).map(|code| code.parse().unwrap()).collect()
    }

    fn date(&mut self) -> Date {
        jiff::civil::date(2026, 1, 1) + self.rng.gen_range(0..20i64).days()
    }

    fn around_today(&mut self) -> (u32, u32) {
        match self.rng.gen_range(0..20) {
            0 => (TODAY - 9, TODAY),
            1 => (TODAY + 1, TODAY + 9),
            2 => (TODAY, TODAY + 1),
            _ => (TODAY - 9, TODAY + 9),
        }
    }

    fn world(&mut self) -> Random {
        let caller = match self.rng.gen_range(0..40) {
            0 => OWNER,
            1..=3 => DELEGATE,
            4 => STRANGER,
            _ => GRANTEE,
        };
        let practitioner = (!self.one_in(4)).then_some(PRACTITIONER);
        let usual = if self.one_in(4) { Purpose::EmergencyTreatment } else { Purpose::Treatment };
        let request = Request {
            caller: Caller { key: caller, practitioner },
            purpose: if self.one_in(6) { self.of(&PURPOSES) } else { usual },
            action: if self.one_in(6) { self.of(&ACTIONS) } else { Action::Read },
            now: i64::from(TODAY) * DAY + self.rng.gen_range(0..DAY),
        };
        let mut chain = ChainView {
            slot: 500,
            vault: Some(VaultView {
                vault: VAULT,
                owner: OWNER,
                key_epoch: 1,
                consent_epoch: 5,
                delegate_epoch: 7,
                emergencies_allowed: !self.one_in(12),
            }),
            delegate: (caller == DELEGATE || self.one_in(8)).then(|| self.delegate(caller)),
            consents: Vec::new(),
            credentials: self.credentials(caller),
        };
        let mut openings = Vec::new();
        for index in 0..self.of(&[0, 1, 1, 1, 2, 2, 2, 2, 3, 3u8]) {
            let policy = self.policy();
            let grantee = if self.one_in(12) { STRANGER } else { caller };
            let (mut opening, mut consent) = seal(Key([100 + index; 32]), grantee, policy);
            consent.purposes = if self.one_in(8) { self.rng.gen_range(1..=ALL_PURPOSES) } else { ALL_PURPOSES };
            consent.actions = if self.one_in(4) { self.rng.gen_range(1..=ALL_ACTIONS) } else { ALL_ACTIONS };
            (consent.from_day, consent.until_day) = self.around_today();
            consent.consent_epoch -= u32::from(self.one_in(15));
            consent.revoked = self.one_in(15);
            match self.rng.gen_range(0..60) {
                0 => opening.salt[0] ^= 1,
                1 => opening.policy_salt[0] ^= 1,
                2 => opening.grantee = caller,
                3 => opening.consent = Key([99; 32]),
                _ => {}
            }
            openings.push(opening);
            chain.consents.push(consent);
        }
        let mut views = Views {
            confirmed: chain.clone(),
            finalized: chain,
            withdrawals_pending: self.one_in(25),
            emergencies: Vec::new(),
        };
        if self.one_in(4) {
            let view = if self.one_in(2) { &mut views.confirmed } else { &mut views.finalized };
            self.change(view);
        }
        if request.purpose == Purpose::EmergencyTreatment || self.one_in(20) {
            views.emergencies = self.emergencies(&request, &views.confirmed.credentials);
        }
        let records = (0..RECORDS as u8).map(|index| self.record(Key([50 + index; 32]))).collect();
        Random { views, openings, request, records }
    }

    /// Makes one view differ from the other.
    fn change(&mut self, view: &mut ChainView) {
        let consent = view.consents.len().checked_sub(1).map(|last| self.rng.gen_range(0..=last));
        let credential = view.credentials.len().checked_sub(1).map(|last| self.rng.gen_range(0..=last));
        let vault = view.vault.as_mut().unwrap();
        match (self.rng.gen_range(0..17), consent, credential) {
            (0, ..) => view.vault = None,
            (1, ..) => vault.vault = STRANGER,
            (2, ..) => vault.owner = self.of(&[STRANGER, GRANTEE]),
            (3, ..) => vault.consent_epoch += 1,
            (4, ..) => vault.delegate_epoch += 1,
            (5, ..) => view.delegate = None,
            (6, ..) => view.delegate.iter_mut().for_each(|delegate| delegate.removed = true),
            (7, ..) => view.consents.clear(),
            (8, ..) => view.credentials.clear(),
            (9, Some(index), _) => drop(view.consents.remove(index)),
            (10..=11, Some(index), _) => view.consents[index].revoked ^= true,
            (12, Some(index), _) => view.consents[index].until_day = TODAY,
            (13, _, Some(index)) => view.credentials[index].registrar_removed ^= true,
            (14, _, Some(index)) => view.credentials[index].status = CredentialStatus::Suspended,
            (16, ..) => vault.emergencies_allowed ^= true,
            (15, _, Some(index)) => drop(view.credentials.remove(index)),
            _ => {}
        }
    }

    /// Openings of the caller's, most of them in effect.
    fn emergencies(&mut self, request: &Request, credentials: &[CredentialView]) -> Vec<Emergency> {
        let own: Vec<Key> =
            credentials.iter().filter(|view| view.subject == request.caller.key).map(|view| view.credential).collect();
        let mut emergencies = Vec::new();
        for index in 0..self.of(&[0, 1, 1, 1, 2u8]) {
            let mut signed = statement(request.now + self.of(&[-1, 0, 1, 3_600, 3_600, 3_600, 3_600]));
            signed.clinician = if self.one_in(12) { STRANGER } else { request.caller.key };
            signed.credential = own.choose(&mut self.rng).copied().unwrap_or(REGISTRAR);
            signed.records = (0..3).map(|_| self.key(50, RECORDS as u8)).collect();
            let mut emergency = open(Key([150 + index; 32]), signed);
            match self.rng.gen_range(0..30) {
                0..=1 => emergency.opened = None,
                2 => emergency.salt[0] ^= 1,
                3 => emergency.signature[0] ^= 1,
                4 => emergency.opened.iter_mut().for_each(|opened| opened.vault = STRANGER),
                5 => emergency.opened.iter_mut().for_each(|opened| opened.expires_at += 1),
                _ => {}
            }
            emergencies.push(emergency);
        }
        emergencies
    }

    fn delegate(&mut self, key: Key) -> DelegateView {
        let mut delegate = DelegateView {
            key: if self.one_in(10) { STRANGER } else { key },
            rights: Right::Read as u8 | Right::Mint as u8,
            until_day: TODAY + 9,
            delegate_epoch: 7,
            removed: false,
        };
        match self.rng.gen_range(0..8) {
            0 => delegate.rights = Right::Mint as u8,
            1 => delegate.until_day = TODAY,
            2 => delegate.delegate_epoch = 6,
            3 => delegate.removed = true,
            _ => {}
        }
        delegate
    }

    fn credentials(&mut self, caller: Key) -> Vec<CredentialView> {
        let mut credentials = Vec::new();
        for subject in [caller, PRACTITIONER] {
            for _ in 0..self.of(&[0, 1, 1, 1, 1, 1, 1, 2, 2]) {
                let (from_day, until_day) = self.around_today();
                let usual = if subject == PRACTITIONER || self.one_in(2) {
                    CredentialKind::Practitioner
                } else {
                    CredentialKind::Organization
                };
                credentials.push(CredentialView {
                    credential: Key([200 + credentials.len() as u8; 32]),
                    registrar: REGISTRAR,
                    subject,
                    kind: if self.one_in(6) { self.of(&KINDS) } else { usual },
                    status: match self.rng.gen_range(0..20) {
                        0 => CredentialStatus::Suspended,
                        1 => CredentialStatus::Revoked,
                        _ => CredentialStatus::Active,
                    },
                    from_day,
                    until_day,
                    registrar_removed: self.one_in(15),
                    emergency: !self.one_in(8),
                });
            }
        }
        credentials.shuffle(&mut self.rng);
        credentials
    }

    fn policy(&mut self) -> Policy {
        Policy {
            base: self.of(&[Base::Deny, Base::Deny, Base::BasicNormal, Base::AllNormal, Base::BreakGlassOnly]),
            permit: (0..self.of(&[0, 1, 1, 2, 3])).map(|_| self.rule(1)).collect(),
            deny: (0..self.of(&[0, 0, 1, 2])).map(|_| self.rule(2)).collect(),
            sensitivity: if self.one_in(2) { self.some(&SENSITIVITIES, 1) } else { BTreeSet::new() },
            erase_by: match self.rng.gen_range(0..10) {
                0 => Some(jiff::civil::date(2026, 2, 28)),
                1 => Some(jiff::civil::date(2026, 3, 1)),
                2 => Some(jiff::civil::date(2026, 3, 2)),
                _ => None,
            },
            ..policy()
        }
    }

    /// A rule of `conditions` conditions, or a few more.
    fn rule(&mut self, conditions: u32) -> Rule {
        let mut rule = Rule::default();
        for _ in 0..conditions + u32::from(self.one_in(4)) {
            match self.rng.gen_range(0..8) {
                0..=1 => rule.categories = self.some(&CATEGORIES, 1),
                2 => rule.types = self.some(&TYPES, 1),
                3 => rule.from = Some(self.date()),
                4 => rule.until = Some(self.date()),
                5 => rule.records = (0..2).map(|_| self.key(50, RECORDS as u8 + 1)).collect(),
                6 => rule.authors = (0..2).map(|_| self.key(60, 4)).collect(),
                _ => rule.studies = (0..2).map(|_| self.key(70, 3)).collect(),
            }
        }
        if let (Some(from), Some(until)) = (rule.from, rule.until) {
            (rule.from, rule.until) = (Some(from.min(until)), Some(from.max(until)));
        }
        rule
    }

    fn record(&mut self, key: Key) -> (RecordViews, Option<Labels>) {
        let status = match self.rng.gen_range(0..20) {
            0 => RecordStatus::Erased,
            1 => RecordStatus::EnteredInError,
            2 => RecordStatus::Amended,
            _ => RecordStatus::Active,
        };
        let vault = if self.one_in(40) { STRANGER } else { VAULT };
        let view = RecordView { record: key, vault, status, commitment: [31; 32] };
        let mut views = RecordViews { finalized: Some(view), confirmed: Some(view) };
        match self.rng.gen_range(0..60) {
            0 => views.finalized = None,
            1 => views.confirmed = None,
            2 => views.finalized.as_mut().unwrap().commitment = [32; 32],
            3 => views.finalized.as_mut().unwrap().status = RecordStatus::Active,
            4 => views.confirmed.as_mut().unwrap().status = RecordStatus::Erased,
            5 => views.confirmed.as_mut().unwrap().status = RecordStatus::EnteredInError,
            _ => {}
        }
        let labels = self.labels();
        (views, (!self.one_in(30)).then_some(labels))
    }

    fn labels(&mut self) -> Labels {
        let (one, other) = (self.date(), self.date());
        let days = (!self.one_in(6)).then_some((one.min(other), one.max(other)));
        Labels {
            kind: LabelsVersion::V1,
            categories: {
                let count = self.of(&[1, 1, 1, 2]);
                CATEGORIES.choose_multiple(&mut self.rng, count).map(|code| code.parse().unwrap()).collect()
            },
            types: if self.one_in(4) { BTreeSet::new() } else { self.some(&TYPES[..2], 1) },
            from: days.map(|days| days.0),
            until: days.map(|days| days.1),
            study: self.one_in(3).then(|| self.key(70, 3)),
            sensitivity: if self.one_in(3) { self.some(&SENSITIVITIES, 1) } else { BTreeSet::new() },
            author: (!self.one_in(4)).then(|| self.key(60, 4)),
        }
    }
}
