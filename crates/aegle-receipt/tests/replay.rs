//! Receipts replayed from recorded events: what is true holds, and what was changed is caught (INV-1, INV-9).

use aegle_client::{
    Event, Pubkey,
    events::{
        AllConsentsRevoked, BreakGlassOpened, ConsentGranted, ConsentRevoked, CredentialIssued,
        CredentialStatusChanged, EmergencyPolicySet, RecordMinted, VaultCreated,
    },
    history::{BlockFacts, Happened},
    pda,
    state::{
        Action, CredentialKind, CredentialStatus, CredentialTerms, DAY, EMERGENCIES_ALLOWED, Purpose, TokenHolder,
        grantee_handle,
    },
};
use aegle_decision::{Caller, Document, Key, Labels, Policy, RuleId, Statement};
use aegle_disclosure::{
    Checkpoint, Consent, Digest, Entry, EntryVersion, Inclusion, Link, Log, LogKey, Logged, Operation, Outcome,
    Receipt, Released, RequestParts, SignIn, SignInText, SignedRequest, Stated, Tree, Verifier,
};
use aegle_envelope::LabelsOpening;
use aegle_receipt::{Bundle, Found, Ledger, OpenedEmergency, OpenedRecord, Opening, Report, verify};
use ed25519_dalek::{Signer, SigningKey};
use rand::{Rng, RngCore, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha20Rng;
use serde_json::json;

const TODAY: u32 = 20_000;
const NOW: i64 = TODAY as i64 * DAY + 3_600;
/// Slots of the decision.
const FINALIZED: u64 = 100;
const CONFIRMED: u64 = 131;

/// What happened on a ledger, and a doctor who is allowed to read a patient's laboratory results.
struct Story {
    happened: Vec<Happened>,
    vault: Pubkey,
    doctor: Pubkey,
    credential: Key,
    consent: Key,
    opening: Opening,
    record: OpenedRecord,
    log: LogKey,
}

fn address(seed: u8) -> Pubkey {
    [seed; 32].into()
}

fn public(key: &SigningKey) -> Key {
    Key(key.verifying_key().to_bytes())
}

/// The doctor's wallet, and the key of the session that it signed in with.
fn doctor() -> (SigningKey, SigningKey) {
    (SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[30; 32]))
}

fn sign_in() -> SignIn {
    let (wallet, session) = doctor();
    let text = SignInText {
        domain: "log.example".into(),
        address: public(&wallet),
        statement: SignInText::statement(None),
        uri: "https://log.example".into(),
        chain_id: "solana:localnet".into(),
        nonce: "00ff".into(),
        issued_at: "2024-10-04T00:00:00Z".into(),
        expiration_time: "2024-10-04T00:05:00Z".into(),
        request_key: public(&session),
    };
    let message = text.to_string();
    let signature = wallet.sign(message.as_bytes()).to_bytes();
    SignIn { message, signature, practitioner_signature: None }
}

fn key(address: &Pubkey) -> Key {
    Key(address.to_bytes())
}

impl Story {
    fn new() -> Self {
        let (vault, bump) = pda::find_vault(&[1; 32]);
        let (doctor, patient, board) = (public(&doctor().0).0.into(), address(2), address(4));
        let mut story = Self {
            happened: Vec::new(),
            vault,
            doctor,
            credential: Key::default(),
            consent: Key::default(),
            opening: Opening {
                consent: Key::default(),
                grantee: key(&doctor),
                salt: Digest([5; 32]),
                policy:
                    json!({ "kind": "aegle:policy:v1", "base": "deny", "permit": [{ "categories": ["laboratory"] }] })
                        .to_string(),
                policy_salt: Digest([6; 32]),
            },
            record: OpenedRecord { record: Key::default(), opening: labels("laboratory") },
            log: LogKey::new("log.example/disclosures", [9; 32]).unwrap(),
        };
        story.at(
            10,
            Event::VaultCreated(VaultCreated {
                vault,
                vault_id: [1; 32],
                bump,
                owner: patient,
                rent_payer: patient,
                encryption_key: [7; 32],
                delegate_mint_cap: 0,
                slot: 10,
                at: 0,
            }),
        );
        let (registrar, _) = pda::find_registrar(&board);
        let (credential, bump) = pda::find_credential(&registrar, &doctor);
        story.credential = key(&credential);
        story.at(
            11,
            Event::CredentialIssued(CredentialIssued {
                registrar,
                subject: doctor,
                bump,
                authority: board,
                rent_payer: board,
                kind: CredentialKind::Practitioner,
                terms: CredentialTerms {
                    encryption_key: [8; 32],
                    profile_commitment: [8; 32],
                    from_day: TODAY - 9,
                    until_day: TODAY + 9,
                    emergency: false,
                },
                slot: 11,
                at: 0,
            }),
        );
        let (record, bump) = pda::find_record(&vault, &[2; 32]);
        story.record.record = key(&record);
        story.at(
            12,
            Event::RecordMinted(RecordMinted {
                vault,
                record_id: [2; 32],
                bump,
                mint_bump: 0,
                commitment: story.record.opening.commitment(),
                authority: patient,
                rent_payer: patient,
                holder: TokenHolder::Owner,
                record_count: 1,
                delegate_mints: 0,
                slot: 12,
                at: 0,
            }),
        );
        story.grant(20, TODAY + 5);
        story
    }

    fn at(&mut self, slot: u64, event: Event) {
        self.happened.push(Happened { slot, event });
    }

    /// Grants the consent, until this day.
    fn grant(&mut self, slot: u64, until_day: u32) {
        self.happened.retain(|happened| !matches!(happened.event, Event::ConsentGranted(_)));
        let (consent, bump) = pda::find_consent(&self.vault, &[3; 32]);
        self.consent = key(&consent);
        self.opening.consent = self.consent;
        let policy = Document::<Policy>::read(self.opening.policy.clone().into_bytes()).unwrap();
        let handle = grantee_handle(&self.vault, &[3; 32], &self.doctor, &self.opening.salt.0);
        let event = ConsentGranted {
            vault: self.vault,
            consent_id: [3; 32],
            bump,
            handle,
            policy_commitment: policy.commitment(&self.opening.policy_salt.0),
            authority: address(2),
            rent_payer: address(2),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            from_day: TODAY - 10,
            until_day,
            consent_epoch: 0,
            slot,
            at: 0,
        };
        self.at(slot, Event::ConsentGranted(event));
    }

    fn revoke(&mut self, slot: u64) {
        let (consent, vault) = (self.consent.0.into(), self.vault);
        self.at(slot, Event::ConsentRevoked(ConsentRevoked { consent, vault, authority: address(2), slot, at: 0 }));
    }

    fn suspend(&mut self, slot: u64) {
        self.at(
            slot,
            Event::CredentialStatusChanged(CredentialStatusChanged {
                credential: self.credential.0.into(),
                authority: address(4),
                old_status: CredentialStatus::Active,
                new_status: CredentialStatus::Suspended,
                revision: 1,
                slot,
                at: 0,
            }),
        );
    }

    fn policy_commitment(&self) -> Digest {
        let policy = Document::<Policy>::read(self.opening.policy.clone().into_bytes()).unwrap();
        Digest(policy.commitment(&self.opening.policy_salt.0))
    }

    fn permit(&self) -> Outcome {
        Outcome::Permit {
            consents: vec![Consent { consent: self.consent, policy_commitment: self.policy_commitment() }],
            credentials: vec![self.credential],
            records: vec![Released {
                record: self.record.record,
                rule: RuleId::ConsentPermitRule { index: 0 },
                consent: Some(self.consent),
            }],
        }
    }

    fn refusal(&self, rule: RuleId) -> Outcome {
        Outcome::Deny { rule, consent: Some(self.consent) }
    }

    /// What the log wrote of the doctor's reading the record.
    fn entry(&self, outcome: Outcome) -> Entry {
        Entry {
            version: EntryVersion::V1,
            vault: key(&self.vault),
            at: NOW,
            finalized_slot: FINALIZED,
            confirmed_slot: CONFIRMED,
            confirmed_hash: Key([131; 32]),
            caller: Caller { key: key(&self.doctor), practitioner: None },
            purpose: "TREAT".into(),
            operation: Operation::ReadRecord,
            record: Some(self.record.record),
            request: Digest::default(),
            signed: None,
            outcome,
        }
        .asked()
    }

    /// The receipt of an entry with everything that opens it.
    fn bundle(&self, entry: Entry) -> Bundle {
        let link = Link { vault: entry.vault, number: 0, previous: Digest::default() };
        let logged = Logged { index: 1, link, link_salt: [1; 32], entry: Document::new(entry), salt: [2; 32] };
        let leaves = [Digest([70; 32]), logged.commitment(), Digest([71; 32])];
        let (mut tree, mut nodes) = (Tree::default(), aegle_disclosure::Nodes::new());
        leaves.iter().for_each(|leaf| nodes.extend(tree.append(leaf)));
        let stated = Stated { size: 3, root: tree.root() };
        let note = self.log.sign(&Checkpoint { tree: stated, heads: Digest([1; 32]) }).unwrap();
        let entry = logged.entry.value();
        let receipt = self.log.receipt(Receipt {
            index: logged.index,
            commitment: logged.commitment(),
            request: entry.request,
            at: entry.at,
            finalized_slot: entry.finalized_slot,
            confirmed_slot: entry.confirmed_slot,
        });
        Bundle {
            receipt: Some(receipt.to_text()),
            inclusion: Inclusion::new(1, 3, &nodes),
            checkpoint: Some(note),
            sign_in: Some(sign_in()),
            consents: vec![self.opening.clone()],
            records: vec![self.record.clone()],
            ..Bundle::new(self.log.log().verifier()).opened(&logged)
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger {
            happened: self.happened.clone(),
            registrars_removed: [].into(),
            block: Some(BlockFacts { hash: [131; 32], time: Some(NOW - 2) }),
            every_credential: true,
        }
    }

    fn verify(&self, bundle: &Bundle) -> Report {
        verify(bundle, Some(&self.log.log()), Some(&self.ledger()))
    }

    /// A receipt of this outcome, checked.
    fn check(&self, outcome: Outcome) -> Report {
        self.verify(&self.bundle(self.entry(outcome)))
    }
}

/// The doctor's credential counts in emergencies, and the doctor keeps shares of others under a second one. An
/// emergency was opened of the record at slot 120.
struct Emergency {
    story: Story,
    opened: OpenedEmergency,
    custodian: Key,
}

impl Emergency {
    fn new() -> Self {
        let mut story = Story::new();
        for happened in &mut story.happened {
            if let Event::CredentialIssued(issued) = &mut happened.event {
                issued.terms.emergency = true;
            }
        }
        let (vault, board) = (story.vault, address(14));
        story.at(
            13,
            Event::EmergencyPolicySet(EmergencyPolicySet {
                vault,
                authority: address(2),
                old_emergency_policy: 0,
                new_emergency_policy: EMERGENCIES_ALLOWED,
                slot: 13,
                at: 0,
            }),
        );
        let registrar = pda::find_registrar(&board).0;
        let (custodian, bump) = pda::find_credential(&registrar, &story.doctor);
        let terms = CredentialTerms {
            encryption_key: [18; 32],
            profile_commitment: [8; 32],
            from_day: TODAY - 9,
            until_day: TODAY + 9,
            emergency: false,
        };
        story.at(
            14,
            Event::CredentialIssued(CredentialIssued {
                registrar,
                subject: story.doctor,
                bump,
                authority: board,
                rent_payer: board,
                kind: CredentialKind::Custodian,
                terms,
                slot: 14,
                at: 0,
            }),
        );
        let (break_glass, bump) = pda::find_break_glass(&vault, &[50; 32]);
        let statement = Document::new(Statement {
            kind: Default::default(),
            vault: key(&vault),
            break_glass_id: [50; 32],
            clinician: key(&story.doctor),
            credential: story.credential,
            encryption_key: [8; 32],
            records: [story.record.record].into(),
            reason: "Fell".into(),
            expires_at: NOW + 600,
        });
        let signature = doctor().0.sign(statement.bytes()).to_bytes();
        let commitment = aegle_decision::Emergency::commitment(&statement, &signature, &[51; 32]);
        story.at(
            120,
            Event::BreakGlassOpened(BreakGlassOpened {
                vault,
                break_glass_id: [50; 32],
                bump,
                commitment,
                authority: address(4),
                rent_payer: address(4),
                expires_at: NOW + 600,
                slot: 120,
                at: 0,
            }),
        );
        let opened = OpenedEmergency {
            break_glass: key(&break_glass),
            statement: String::from_utf8(statement.bytes().to_vec()).unwrap(),
            signature,
            salt: Digest([51; 32]),
        };
        Self { story, opened, custodian: key(&custodian) }
    }

    fn entry(&self, operation: Operation) -> Entry {
        let custodian = matches!(operation, Operation::FetchShares | Operation::ReleaseShares);
        let released = Released {
            record: self.story.record.record,
            rule: RuleId::BreakGlass { break_glass: self.opened.break_glass },
            consent: None,
        };
        let outcome = Outcome::Permit {
            consents: Vec::new(),
            credentials: vec![if custodian { self.custodian } else { self.story.credential }],
            records: vec![released],
        };
        let entry = Entry { purpose: "ETREAT".into(), operation, record: None, ..self.story.entry(outcome) };
        entry.asked()
    }

    fn check(&self, entry: Entry) -> Report {
        let bundle = self.story.bundle(entry);
        self.story.verify(&Bundle { emergencies: vec![self.opened.clone()], ..bundle })
    }
}

const IN_EMERGENCIES: [Operation; 4] =
    [Operation::OpenEmergency, Operation::FetchShares, Operation::ReleaseShares, Operation::CollectShares];

trait Asked {
    /// The entry as its request, signed by the doctor's session, makes it.
    fn asked(self) -> Self;
}

impl Asked for Entry {
    fn asked(mut self) -> Self {
        let (path, query) = match self.operation {
            Operation::ListRecords => ("/v1/records".to_owned(), format!("patient={}", self.vault)),
            Operation::OpenEmergency => ("/v1/emergencies".to_owned(), String::new()),
            Operation::FetchShares | Operation::ReleaseShares => {
                (format!("/v1/releases/{}", self.break_glass().unwrap()), String::new())
            }
            Operation::CollectShares => {
                (format!("/v1/emergencies/{}/shares", self.break_glass().unwrap()), String::new())
            }
            _ => (format!("/v1/records/{}", self.record.unwrap()), String::new()),
        };
        let parts = RequestParts { method: "GET".into(), path, query, purpose: self.purpose.clone() };
        let (_, session) = doctor();
        let to_sign = parts.to_sign(&public(&session), self.at, &[9; 32]);
        let (input, signature) = to_sign.headers(&session.sign(to_sign.base.as_bytes()).to_bytes());
        let signer = (&Verifier::new(&public(&session)).unwrap(), sign_in().digest());
        let signed = SignedRequest::read(&parts, (&input, &signature), signer, self.at).unwrap();
        (self.request, self.signed) = (signed.digest(), Some(signed));
        self
    }
}

fn labels(category: &str) -> LabelsOpening {
    let labels = json!({ "kind": "aegle:labels:v1", "categories": [category] });
    let labels = Document::<Labels>::read(labels.to_string().into_bytes()).unwrap();
    LabelsOpening { salt: [20; 32], labels, labels_salt: [21; 32], details_commitment: [22; 32] }
}

#[track_caller]
fn replayed(report: &Report) {
    assert!(report.holds() && report.replayed, "{:#?}", report.checks);
    assert!(report.checks.iter().all(|check| check.found == Found::Holds), "{:#?}", report.checks);
}

/// Asserts that it is contradicted, with words that name the cause.
#[track_caller]
fn contradicted(report: &Report, cause: &str) {
    assert!(!report.holds() && !report.replayed, "{cause}: {:#?}", report.checks);
    let said: Vec<_> = report.contradictions().collect();
    assert!(said.iter().any(|said| said.contains(cause)), "{cause}: {said:?}");
}

#[test]
fn a_permit_is_decided_again_and_still_holds_after_what_came_later() {
    let mut story = Story::new();
    replayed(&story.check(story.permit()));
    story.revoke(CONFIRMED + 1);
    story.suspend(CONFIRMED + 2);
    replayed(&story.check(story.permit()));
    let mut listed = story.entry(story.permit());
    (listed.operation, listed.record) = (Operation::ListRecords, None);
    replayed(&story.verify(&story.bundle(listed.asked())));
}

#[test]
fn events_count_whatever_their_order_and_however_often_they_are_read() {
    let mut story = Story::new();
    story.suspend(50);
    story.at(
        60,
        Event::CredentialStatusChanged(CredentialStatusChanged {
            credential: story.credential.0.into(),
            authority: address(4),
            old_status: CredentialStatus::Suspended,
            new_status: CredentialStatus::Active,
            revision: 2,
            slot: 50,
            at: 0,
        }),
    );
    let seed: u64 = ChaCha20Rng::from_entropy().r#gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for _ in 0..8 {
        let again = story.happened[rng.next_u32() as usize % story.happened.len()].clone();
        story.happened.push(again);
        story.happened.shuffle(&mut rng);
        let report = story.check(story.permit());
        assert!(report.holds() && report.replayed, "seed {seed}: {:?}", report.checks);
    }
}

#[test]
fn a_refusal_is_decided_again() {
    let mut story = Story::new();
    story.revoke(CONFIRMED);
    replayed(&story.check(story.refusal(RuleId::Revoked)));
    // Confirmed is enough for a withdrawal, and not for a grant.
    let mut story = Story::new();
    story.grant(CONFIRMED, TODAY + 5);
    replayed(&story.check(story.refusal(RuleId::NotFinalYet)));
    let mut story = Story::new();
    story.grant(20, TODAY);
    replayed(&story.check(story.refusal(RuleId::Expired)));
    let mut story = Story::new();
    story.suspend(CONFIRMED);
    replayed(&story.check(Outcome::Deny { rule: RuleId::CredentialSuspended, consent: None }));
    let mut story = Story::new();
    let (vault, authority) = (story.vault, address(2));
    story.at(
        90,
        Event::AllConsentsRevoked(AllConsentsRevoked {
            vault,
            authority,
            old_consent_epoch: 0,
            new_consent_epoch: 1,
            slot: 90,
            at: 0,
        }),
    );
    replayed(&story.check(story.refusal(RuleId::EarlierEpoch)));
    let mut story = Story::new();
    story.opening.policy = json!({ "kind": "aegle:policy:v1", "base": "all-normal",
        "deny": [{ "categories": ["laboratory"] }] })
    .to_string();
    story.grant(20, TODAY + 5);
    replayed(&story.check(story.refusal(RuleId::Exception { index: 0 })));
}

#[test]
fn what_was_done_in_an_emergency_is_decided_again() {
    for operation in IN_EMERGENCIES {
        let emergency = Emergency::new();
        replayed(&emergency.check(emergency.entry(operation)));
        // Without the statement the chain still says that there was an opening.
        let report = emergency.story.verify(&emergency.story.bundle(emergency.entry(operation)));
        assert!(report.holds() && !report.replayed, "{operation:?}: {:#?}", report.checks);

        let refused = |change: fn(&mut Emergency), cause: &str| {
            let mut emergency = Emergency::new();
            change(&mut emergency);
            contradicted(&emergency.check(emergency.entry(operation)), cause);
        };
        refused(
            |emergency| {
                emergency.story.happened.retain(|happened| !matches!(happened.event, Event::EmergencyPolicySet(_)));
            },
            "emergency_forbidden",
        );
        refused(
            |emergency| {
                for happened in &mut emergency.story.happened {
                    if let Event::CredentialIssued(issued) = &mut happened.event {
                        issued.terms.until_day = TODAY;
                    }
                }
            },
            "credential",
        );
        if operation != Operation::OpenEmergency {
            let not_yet = |emergency: &mut Emergency| {
                emergency.story.happened.retain(|happened| !matches!(happened.event, Event::BreakGlassOpened(_)));
            };
            refused(not_yet, "emergency_not_opened");
        }
        let mut beyond = emergency.entry(operation);
        let Outcome::Permit { records, .. } = &mut beyond.outcome else { unreachable!() };
        records[0].record = Key([44; 32]);
        assert!(!emergency.check(beyond.asked()).holds(), "{operation:?}: a record that the statement does not name");
    }
}

#[test]
fn a_decision_that_does_not_follow_is_contradicted() {
    let mut story = Story::new();
    contradicted(&story.check(story.refusal(RuleId::Revoked)), "permitted. The receipt says: refused, revoked");
    let nobody = Outcome::Deny { rule: RuleId::NoConsent, consent: None };
    contradicted(&story.check(nobody), "permitted. The receipt says: refused, no_consent");
    story.revoke(90);
    contradicted(&story.check(story.permit()), "it was revoked");
    contradicted(&story.check(story.refusal(RuleId::Expired)), "refused, revoked. The receipt says: refused, expired");
    let mut story = Story::new();
    story.suspend(90);
    contradicted(&story.check(story.permit()), "refused, credential_suspended");
    let mut story = Story::new();
    story.record.opening = labels("psychiatry");
    let happened = story.happened.iter_mut().find_map(|happened| match &mut happened.event {
        Event::RecordMinted(event) => Some(event),
        _ => None,
    });
    happened.unwrap().commitment = story.record.opening.commitment();
    contradicted(&story.check(story.permit()), "withheld, category_not_covered");
    let mut absent = Story::new();
    absent.happened.retain(|happened| !matches!(happened.event, Event::RecordMinted(_)));
    contradicted(&absent.check(absent.permit()), "withheld, record_missing");
}

type Change = fn(&Story, &mut Entry);

#[test]
fn an_entry_that_was_logged_otherwise_than_it_was_is_contradicted() {
    let changes: [(&str, &str, Change); 10] = [
        ("a caller who asked for something else", "did not sign the request", |_, entry| {
            entry.record = Some(Key([44; 32]));
        }),
        ("another consent", "was not on the chain", |_, entry| {
            let Outcome::Permit { consents, records, .. } = &mut entry.outcome else { return };
            (consents[0].consent, records[0].consent) = (Key([40; 32]), Some(Key([40; 32])));
        }),
        ("another policy", "another policy on the chain", |_, entry| {
            let Outcome::Permit { consents, .. } = &mut entry.outcome else { return };
            consents[0].policy_commitment = Digest([41; 32]);
        }),
        ("another credential", "others than the credentials", |_, entry| {
            let Outcome::Permit { credentials, .. } = &mut entry.outcome else { return };
            credentials[0] = Key([42; 32]);
        }),
        ("another rule", "Decided again: permitted, consent_permit_rule 0", |_, entry| {
            let Outcome::Permit { records, .. } = &mut entry.outcome else { return };
            records[0].rule = RuleId::Owner;
        }),
        ("a slot before the grant was final", "was not on the chain, final", |_, entry| entry.finalized_slot = 19),
        ("a slot after the revocation", "it was revoked", |_, entry| {
            (entry.finalized_slot, entry.confirmed_slot) = (CONFIRMED + 5, CONFIRMED + 9);
        }),
        ("slots in the wrong order", "which no chain has", |_, entry| entry.finalized_slot = CONFIRMED + 1),
        ("another caller", "did not sign the request", |_, entry| entry.caller.key = Key([43; 32])),
        ("another purpose", "it is not for this purpose", |_, entry| entry.purpose = "HPAYMT".into()),
    ];
    let mut story = Story::new();
    story.revoke(CONFIRMED + 5);
    replayed(&story.check(story.permit()));
    for (what, cause, change) in changes {
        let mut entry = story.entry(story.permit());
        change(&story, &mut entry);
        let report = story.verify(&story.bundle(entry));
        assert!(!report.holds(), "{what}: {:#?}", report.checks);
        assert!(report.contradictions().any(|said| said.contains(cause)), "{what}: {:#?}", report.checks);
    }
}

#[test]
fn a_bundle_that_was_changed_is_contradicted() {
    let story = Story::new();
    let bundle = story.bundle(story.entry(story.permit()));
    type Change = fn(&mut Bundle);
    let changes: [(&str, Change); 7] = [
        ("not the one that the receipt promises", |bundle| {
            bundle.entry = bundle.entry.take().map(|entry| entry.replace("TREAT", "HRESCH"));
        }),
        ("not the one that the receipt promises", |bundle| bundle.salt = Some(Digest([50; 32]))),
        ("does not have it at place", |bundle| {
            bundle.inclusion.as_mut().unwrap().path[0] = Digest([51; 32]);
        }),
        ("did not sign the checkpoint", |bundle| {
            bundle.checkpoint = bundle.checkpoint.take().map(|note| note.replace("\n3\n", "\n4\n"));
        }),
        ("did not sign this receipt", |bundle| {
            bundle.receipt = bundle.receipt.take().map(|text| format!("B{}", &text[1..]));
        }),
        ("does not give the grantee and policy", |bundle| {
            bundle.consents[0].policy = json!({ "kind": "aegle:policy:v1", "base": "all-normal" }).to_string();
        }),
        ("are not those that the chain committed to", |bundle| bundle.records[0].opening = labels("imaging")),
    ];
    for (cause, change) in changes {
        let mut changed = bundle.clone();
        change(&mut changed);
        let report = story.verify(&changed);
        assert!(report.contradictions().any(|said| said.contains(cause)), "{cause}: {:#?}", report.checks);
    }
    let other = LogKey::new("log.example/disclosures", [10; 32]).unwrap().log();
    let report = verify(&bundle, Some(&other), Some(&story.ledger()));
    contradicted(&report, "another log than was named");
    contradicted(&report, "did not sign this receipt");
    let mut without = bundle.clone();
    without.sign_in = None;
    let report = story.verify(&without);
    assert!(report.holds() && report.checks.iter().any(|check| check.found == Found::NotChecked));
    let mut unsigned = bundle.clone();
    (unsigned.receipt, unsigned.checkpoint) = (None, None);
    contradicted(&story.verify(&unsigned), "Nothing that the log signed");
}

#[test]
fn without_openings_it_says_what_it_checked_and_what_not() {
    let mut story = Story::new();
    let closed = |story: &Story, outcome| {
        let mut bundle = story.bundle(story.entry(outcome));
        (bundle.consents, bundle.records) = (vec![], vec![]);
        story.verify(&bundle)
    };
    let report = closed(&story, story.permit());
    assert!(report.holds() && !report.replayed, "{:#?}", report.checks);
    let said =
        |found, words: &str| report.checks.iter().any(|check| check.found == found && check.what.contains(words));
    assert!(said(Found::Holds, "stood on the chain: policy as named, not revoked, 5 days left"));
    assert!(said(Found::Holds, "1 credentials that the receipt names"));
    assert!(said(Found::NotChecked, "its opening is not at hand"));
    story.revoke(90);
    contradicted(&closed(&story, story.permit()), "it was revoked");
    let report = closed(&story, story.refusal(RuleId::Revoked));
    assert!(report.holds() && !report.replayed, "{:#?}", report.checks);
    assert!(report.checks.iter().any(|check| check.what.contains("The chain says the same of consent")));
    contradicted(&closed(&story, story.refusal(RuleId::Expired)), "says otherwise of consent");
}

#[test]
fn whoever_was_refused_has_the_receipt_alone_and_sees_its_signature() {
    let story = Story::new();
    let receipt = story.bundle(story.entry(story.refusal(RuleId::Revoked))).receipt.unwrap();
    let log = story.log.log();
    let bundle = Bundle::read(&receipt, Some(&log.verifier())).unwrap();
    let report = verify(&bundle, Some(&log), Some(&story.ledger()));
    assert!(report.holds() && !report.replayed && report.entry.is_none(), "{:#?}", report.checks);
    assert!(Bundle::read(&receipt, None).is_err() && Bundle::read("{}", Some(&log.verifier())).is_err());
    let text = serde_json::to_string(&story.bundle(story.entry(story.permit()))).unwrap();
    replayed(&story.verify(&Bundle::read(&text, None).unwrap()));
}

#[test]
fn a_record_that_was_there_is_not_called_absent() {
    let story = Story::new();
    let mut entry = story.entry(Outcome::Deny { rule: RuleId::NoVault, consent: None });
    entry.vault = Key::default();
    contradicted(&story.verify(&story.bundle(entry.clone())), "it is on the chain");
    entry.record = Some(Key([60; 32]));
    replayed(&story.verify(&story.bundle(entry.asked())));
}

#[test]
fn a_clock_that_is_wrong_counts_where_it_makes_a_difference() {
    let mut story = Story::new();
    let at = |story: &Story, time| {
        let bundle = story.bundle(story.entry(story.permit()));
        let block = Some(BlockFacts { hash: [131; 32], time: Some(time) });
        verify(&bundle, Some(&story.log.log()), Some(&Ledger { block, ..story.ledger() }))
    };
    replayed(&at(&story, NOW + 4_000));
    assert!(at(&story, NOW - 601).contradictions().any(|said| said.contains("601 seconds old")));
    story.grant(20, TODAY + 1);
    replayed(&at(&story, NOW + 4_000));
    let tomorrow = at(&story, NOW + DAY);
    assert!(tomorrow.contradictions().any(|said| said.contains("another end")), "{:#?}", tomorrow.checks);
    let elsewhere = Ledger { block: Some(BlockFacts { hash: [1; 32], time: Some(NOW) }), ..story.ledger() };
    let report = verify(&story.bundle(story.entry(story.permit())), None::<&Log>, Some(&elsewhere));
    assert!(report.holds() && report.replayed);
    let unsaid = report.checks.iter().filter(|check| check.found == Found::NotChecked);
    assert_eq!(unsaid.count(), 2, "neither the log's key nor the branch: {:#?}", report.checks);
}
