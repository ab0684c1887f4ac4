//! A vault, one consent and one record: a world in which the caller reads, and in which a test changes
//! one thing.

use aegle::state::{CredentialKind, CredentialStatus, RecordStatus, Right, grantee_handle};
use aegle_decision::{
    Action, BreakGlassView, Caller, ChainView, ConsentOpening, ConsentView, CredentialView, Decision, DelegateView,
    Document, Emergency, Key, Labels, LabelsVersion, Policy, Purpose, RecordView, RecordViews, Request, Statement,
    VaultView, Verdict, Views, decide, decide_record,
};

pub const DAY: i64 = 86_400;
/// The day on which requests are made: 2026-03-01.
pub const TODAY: u32 = 20_513;
pub const VAULT: Key = Key([1; 32]);
pub const OWNER: Key = Key([2; 32]);
pub const GRANTEE: Key = Key([3; 32]);
pub const PRACTITIONER: Key = Key([4; 32]);
pub const DELEGATE: Key = Key([5; 32]);
pub const STRANGER: Key = Key([6; 32]);
pub const REGISTRAR: Key = Key([7; 32]);
pub const AUTHOR: Key = Key([8; 32]);
pub const STUDY: Key = Key([9; 32]);
pub const RECORD: Key = Key([10; 32]);
pub const CONSENT: Key = Key([11; 32]);
pub const CREDENTIAL: Key = Key([12; 32]);
pub const PRACTITIONERS_CREDENTIAL: Key = Key([13; 32]);
pub const BREAK_GLASS: Key = Key([14; 32]);

#[derive(Clone, Debug)]
pub struct World {
    pub views: Views,
    pub openings: Vec<ConsentOpening>,
    pub request: Request,
    pub record: RecordViews,
    pub labels: Option<Labels>,
}

impl World {
    /// A practitioner reads a laboratory report of January for treatment, by the base of the consent.
    pub fn new() -> Self {
        let chain = ChainView {
            slot: 900,
            vault: Some(VaultView {
                vault: VAULT,
                owner: OWNER,
                key_epoch: 1,
                consent_epoch: 5,
                delegate_epoch: 7,
                emergencies_allowed: true,
            }),
            delegate: None,
            consents: Vec::new(),
            credentials: vec![credential(CREDENTIAL, GRANTEE, CredentialKind::Practitioner)],
        };
        let record =
            Some(RecordView { record: RECORD, vault: VAULT, status: RecordStatus::Active, commitment: [21; 32] });
        let mut world = Self {
            views: Views {
                finalized: chain.clone(),
                confirmed: ChainView { slot: 932, ..chain },
                withdrawals_pending: false,
                emergencies: Vec::new(),
            },
            openings: Vec::new(),
            request: Request {
                caller: Caller { key: GRANTEE, practitioner: None },
                purpose: Purpose::Treatment,
                action: Action::Read,
                now: i64::from(TODAY) * DAY + 3_600,
            },
            record: RecordViews { finalized: record, confirmed: record },
            labels: Some(labels()),
        };
        world.grant(CONSENT, Policy { base: aegle_decision::Base::AllNormal, ..policy() });
        world
    }

    /// Grants the grantee one consent more.
    pub fn grant(&mut self, key: Key, policy: Policy) {
        let (opening, consent) = seal(key, GRANTEE, policy);
        self.openings.push(opening);
        self.both(|chain| chain.consents.push(consent));
    }

    /// Changes something in both views.
    pub fn both(&mut self, change: impl Fn(&mut ChainView)) {
        change(&mut self.views.confirmed);
        change(&mut self.views.finalized);
    }

    pub fn vault(&mut self, change: impl Fn(&mut VaultView)) {
        self.both(|chain| change(chain.vault.as_mut().unwrap()));
    }

    pub fn consent(&mut self, change: impl Fn(&mut ConsentView)) {
        self.both(|chain| change(&mut chain.consents[0]));
    }

    pub fn credential(&mut self, change: impl Fn(&mut CredentialView)) {
        self.both(|chain| change(&mut chain.credentials[0]));
    }

    pub fn record(&mut self, change: impl Fn(&mut RecordView)) {
        change(self.record.confirmed.as_mut().unwrap());
        change(self.record.finalized.as_mut().unwrap());
    }

    /// Has the patient sign another policy.
    pub fn policy(&mut self, change: impl Fn(&mut Policy)) {
        let mut policy = self.openings[0].policy.value().clone();
        change(&mut policy);
        let (opening, sealed) = seal(self.openings[0].consent, GRANTEE, policy);
        self.consent(|consent| consent.policy_commitment = sealed.policy_commitment);
        self.openings[0] = opening;
    }

    pub fn labels(&mut self, change: impl Fn(&mut Labels)) {
        change(self.labels.as_mut().unwrap());
    }

    /// Lets the grantee, allowed nothing, open the record in an emergency, which is confirmed.
    pub fn ask_in_an_emergency(&mut self) {
        self.openings.clear();
        self.both(|chain| chain.consents.clear());
        self.request.purpose = Purpose::EmergencyTreatment;
        self.views.emergencies = vec![open(BREAK_GLASS, statement(self.request.now + 3_600))];
    }

    /// Has the clinician sign something else, and opens that.
    pub fn statement(&mut self, change: impl Fn(&mut Statement)) {
        let mut statement = self.views.emergencies[0].statement.value().clone();
        change(&mut statement);
        self.views.emergencies[0] = open(BREAK_GLASS, statement);
    }

    pub fn opened(&mut self, change: impl Fn(&mut BreakGlassView)) {
        change(self.views.emergencies[0].opened.as_mut().unwrap());
    }

    /// Lets the delegate ask instead, who has no consent.
    pub fn ask_as_delegate(&mut self) {
        self.request.caller.key = DELEGATE;
        let delegate = DelegateView {
            key: DELEGATE,
            rights: Right::Read as u8,
            until_day: TODAY + 30,
            delegate_epoch: 7,
            removed: false,
        };
        self.both(|chain| chain.delegate = Some(delegate));
    }

    pub fn delegate(&mut self, change: impl Fn(&mut DelegateView)) {
        self.both(|chain| change(chain.delegate.as_mut().unwrap()));
    }

    /// Lets an organization ask, for which a practitioner acts.
    pub fn ask_as_organization(&mut self) {
        self.request.caller.practitioner = Some(PRACTITIONER);
        self.credential(|credential| credential.kind = CredentialKind::Organization);
        let theirs = credential(PRACTITIONERS_CREDENTIAL, PRACTITIONER, CredentialKind::Practitioner);
        self.both(|chain| chain.credentials.push(theirs));
    }

    pub fn decide(&self) -> Decision {
        decide(&self.views, &self.openings, &self.request)
    }

    pub fn read(&self) -> Verdict {
        decide_record(&self.views, &self.openings, &self.request, &self.record, self.labels.as_ref())
    }
}

pub fn policy() -> Policy {
    Policy {
        kind: Default::default(),
        base: Default::default(),
        permit: Vec::new(),
        deny: Vec::new(),
        sensitivity: Default::default(),
        erase_by: None,
        preview: None,
        recipient: None,
    }
}

/// What the grantee signs to open the record until `expires_at`.
pub fn statement(expires_at: i64) -> Statement {
    Statement {
        kind: Default::default(),
        vault: VAULT,
        break_glass_id: [15; 32],
        clinician: GRANTEE,
        credential: CREDENTIAL,
        encryption_key: [16; 32],
        records: [RECORD].into(),
        reason: "Unconscious after a fall".into(),
        expires_at,
    }
}

/// A statement as it is opened on chain.
pub fn open(break_glass: Key, statement: Statement) -> Emergency {
    let Statement { vault, break_glass_id, expires_at, .. } = statement;
    let (statement, signature, salt) = (Document::new(statement), [17; 64], [18; 32]);
    let commitment = Emergency::commitment(&statement, &signature, &salt);
    let opened = Some(BreakGlassView { vault, break_glass_id, commitment, expires_at });
    Emergency { break_glass, statement, signature, salt, opened }
}

pub fn labels() -> Labels {
    Labels {
        kind: LabelsVersion::V1,
        categories: codes(["laboratory"]),
        types: codes(["DiagnosticReport", "Observation"]),
        from: Some("2026-01-10".parse().unwrap()),
        until: Some("2026-01-12".parse().unwrap()),
        study: Some(STUDY),
        sensitivity: Default::default(),
        author: Some(AUTHOR),
    }
}

pub fn codes<S, const N: usize>(codes: [&str; N]) -> std::collections::BTreeSet<aegle_decision::Code<S>> {
    codes.into_iter().map(|code| code.parse().unwrap()).collect()
}

pub fn credential(key: Key, subject: Key, kind: CredentialKind) -> CredentialView {
    CredentialView {
        credential: key,
        registrar: REGISTRAR,
        subject,
        kind,
        status: CredentialStatus::Active,
        from_day: TODAY - 10,
        until_day: TODAY + 10,
        registrar_removed: false,
        emergency: true,
    }
}

/// A consent with its opening, as a patient's client makes them.
pub fn seal(key: Key, grantee: Key, policy: Policy) -> (ConsentOpening, ConsentView) {
    let (consent_id, salt, policy_salt) = ([key.0[0] ^ 1; 32], [key.0[0] ^ 2; 32], [key.0[0] ^ 3; 32]);
    let policy = Document::new(policy);
    let consent = ConsentView {
        consent: key,
        consent_id,
        handle: grantee_handle(&VAULT.0.into(), &consent_id, &grantee.0.into(), &salt),
        policy_commitment: policy.commitment(&policy_salt),
        purposes: Purpose::Treatment as u16 | Purpose::PatientRequest as u16,
        actions: Action::Read as u8,
        from_day: TODAY - 5,
        until_day: TODAY + 5,
        consent_epoch: 5,
        revoked: false,
    };
    (ConsentOpening { consent: key, grantee, salt, policy, policy_salt }, consent)
}
