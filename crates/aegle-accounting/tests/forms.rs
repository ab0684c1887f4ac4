//! The accounting as others read it: JSON, CSV and PDF, each by a parser that is not ours.

use std::collections::{BTreeSet, HashMap};

use aegle_accounting::{Account, Accounted, Known, LogState, Period, Profile, Standing, csv, discloses, pdf};
use aegle_decision::{Caller, Key, RuleId};
use aegle_disclosure::{Digest, Entry, EntryVersion, Operation, Outcome, Released};

/// 2026-11-22, noon.
const NOW: i64 = 1_795_348_800;
const DAY: i64 = 86_400;
const DOCTOR: Key = Key([2; 32]);
const CLINIC: Key = Key([3; 32]);
const BOARDS: Key = Key([4; 32]);
const RECORD: Key = Key([5; 32]);
const CLINICS: Key = Key([6; 32]);

fn permit(at: i64, operation: Operation, rule: RuleId) -> Entry {
    Entry {
        version: EntryVersion::V1,
        vault: Key([1; 32]),
        at,
        finalized_slot: 1,
        confirmed_slot: 2,
        confirmed_hash: Key([7; 32]),
        caller: Caller { key: DOCTOR, practitioner: None },
        purpose: "TREAT".into(),
        operation,
        record: Some(RECORD),
        request: Digest([8; 32]),
        signed: None,
        outcome: Outcome::Permit {
            consents: vec![],
            credentials: vec![BOARDS],
            records: vec![Released { record: RECORD, rule, consent: None }],
        },
    }
}

fn profile(credential: Key, name: &str) -> Profile {
    let text = serde_json::json!({ "name": name, "address": "1 Harbour Street" }).to_string();
    Profile::read(credential, text.as_bytes()).unwrap()
}

fn account(entries: &[Entry], names: &[(Key, &str)]) -> Account {
    let known = Known {
        categories: HashMap::from([(RECORD, BTreeSet::from(["laboratory".parse().unwrap()]))]),
        profiles: names.iter().map(|(credential, name)| (*credential, profile(*credential, name))).collect(),
    };
    let log = LogState {
        verifier: "records.example.org/disclosures+0a1b2c3d+AAAA".into(),
        checkpoint: "records.example.org/disclosures\n57\nqqqq=\nheads 00\n\n— records.example.org/disclosures AAAA="
            .into(),
        entries: 12,
        commitment: Some(Digest([9; 32])),
    };
    let accounted = (0..).zip(entries).map(|(number, entry)| Accounted {
        place: 40 + number * 3,
        number,
        commitment: Digest([10; 32]),
        entry,
    });
    let period = Period::new(None, None, NOW).unwrap();
    Account::new(Key([1; 32]), period, NOW, Standing::Checked, log, accounted, &known)
}

fn denied() -> Entry {
    let outcome = Outcome::Deny { rule: RuleId::NoConsent, consent: None };
    Entry { outcome, ..permit(NOW, Operation::ReadContent, RuleId::ConsentBase) }
}

fn rows(account: &Account) -> Vec<HashMap<String, String>> {
    let table = csv(account).unwrap();
    let mut reader = ::csv::Reader::from_reader(&table[..]);
    reader.deserialize().map(Result::unwrap).collect()
}

/// The pages' text, without what lines it was broken into.
fn text(document: &[u8]) -> (usize, String) {
    let document = lopdf::Document::load_mem(document).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    let text = document.extract_text(&pages).unwrap();
    (pages.len(), text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Words are broken where a column ends.
fn has(text: &str, part: &str) -> bool {
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    joined(text).contains(&joined(part))
}

#[test]
fn what_went_out_to_others_within_six_years_is_a_disclosure_and_nothing_else_is() {
    let mut practitioner = permit(NOW - DAY, Operation::ReadRecord, RuleId::ConsentPermitRule { index: 0 });
    practitioner.caller = Caller { key: CLINIC, practitioner: Some(DOCTOR) };
    let Outcome::Permit { credentials, .. } = &mut practitioner.outcome else { unreachable!() };
    credentials.insert(0, CLINICS);
    let emergency = RuleId::BreakGlass { break_glass: CLINIC };
    let mut nothing = permit(NOW, Operation::ListRecords, RuleId::ConsentBase);
    nothing.outcome = Outcome::Permit { consents: vec![], credentials: vec![], records: vec![] };
    let entries = [
        permit(NOW - 2_192 * DAY, Operation::ReadContent, RuleId::ConsentBase),
        permit(NOW - 2_191 * DAY, Operation::ReadContent, RuleId::ConsentBase),
        permit(NOW, Operation::ReadContent, RuleId::Owner),
        denied(),
        nothing,
        practitioner,
        permit(NOW, Operation::ReadContent, RuleId::DelegateRead),
        permit(NOW, Operation::ReleaseShares, emergency),
        permit(NOW, Operation::CollectShares, emergency),
    ];
    let account = account(&entries, &[(BOARDS, "A. Osei"), (CLINICS, "Harbour Clinic")]);
    let numbers: Vec<_> = account.disclosures.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 5, 6, 8]);
    let told: Vec<_> =
        (0_u64..).zip(&entries).filter(|(_, entry)| discloses(entry)).map(|(number, _)| number).collect();
    assert_eq!(told, [0, 1, 5, 6, 8], "who is told is told of the same, whenever it was");

    let json = serde_json::to_value(&account).unwrap();
    assert_eq!(json["period"], serde_json::json!({ "from": "2020-11-22", "until": "2026-11-22" }));
    let [old, acted, delegate, opened] = &json["disclosures"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!((&old["at"], &old["place"]), (&"2020-11-22T12:00:00Z".into(), &43.into()));
    assert_eq!(old["recipient"]["name"], "A. Osei");
    assert_eq!(old["description"], "Content of 1 record: laboratory");
    assert_eq!(acted["recipient"]["name"], "Harbour Clinic");
    assert_eq!(acted["acting"]["name"], "A. Osei");
    assert_eq!(acted["purpose"], serde_json::json!({ "code": "TREAT", "text": "treatment" }));
    let shown = [old, delegate, opened].map(|line| line["shown"].as_str().unwrap());
    assert_eq!(shown, ["by_consent", "to_delegate", "in_emergency"]);
    assert_eq!(opened["description"], "Keys of 1 record: laboratory");
}

#[test]
fn a_name_is_a_cell_and_never_a_formula() {
    for name in ["=cmd|'/c calc'!A1", "+1", "-2+3", "@SUM(A1)", "＝1"] {
        let account = account(&[permit(NOW, Operation::ReadContent, RuleId::ConsentBase)], &[(BOARDS, name)]);
        let rows = rows(&account);
        assert_eq!(rows[0]["recipient"], format!("'{name}"));
    }
    let name = "Osei, \"Amara\"; Ltd";
    let account = account(&[permit(NOW, Operation::ReadContent, RuleId::ConsentBase)], &[(BOARDS, name)]);
    let rows = rows(&account);
    let expected = [
        ("date", "2026-11-22T12:00:00Z"),
        ("recipient", name),
        ("recipient_address", "1 Harbour Street"),
        ("purpose_code", "TREAT"),
        ("place_in_log", "40"),
    ];
    expected.iter().for_each(|(column, cell)| assert_eq!(rows[0][*column], *cell));
    assert_eq!(rows[0]["recipient_key"], DOCTOR.to_string());
}

#[test]
fn a_document_says_whose_it_is_when_to_whom_what_and_how_to_verify() {
    let entries = [permit(NOW, Operation::ReadContent, RuleId::ConsentBase), denied()];
    let (pages, text) = text(&pdf(&account(&entries, &[(BOARDS, "Δρ. Амара Osei")])).unwrap());
    assert_eq!(pages, 1);
    for part in [
        "Accounting of disclosures of health information",
        &Key([1; 32]).to_string(),
        "2020-11-22 to 2026-11-22",
        "2026-11-22 12:00:00",
        "Δρ. Амара Osei",
        "1 Harbour Street",
        "Content of 1 record: laboratory",
        "treatment",
        "1 disclosure.",
        "records.example.org/disclosures+0a1b2c3d+AAAA",
        "heads 00",
        "page 1 of 1",
    ] {
        assert!(has(&text, part), "{part}: {text}");
    }
    assert!(!text.contains("[U+"), "{text}");
}

#[test]
fn characters_without_a_picture_are_spelled_out_and_said_to_be() {
    let entries = [permit(NOW, Operation::ReadContent, RuleId::ConsentBase)];
    let (_, text) = text(&pdf(&account(&entries, &[(BOARDS, "山田 Hanako")])).unwrap());
    assert!(has(&text, "[U+5C71][U+7530] Hanako"), "{text}");
    assert!(has(&text, "stands for a character that the typeface of this document lacks"), "{text}");
}

#[test]
fn a_long_accounting_goes_on_over_pages_with_every_line_on_one() {
    let entries: Vec<_> =
        (0..120).map(|number| permit(NOW - number * 60, Operation::ReadContent, RuleId::ConsentBase)).collect();
    let (pages, text) = text(&pdf(&account(&entries, &[])).unwrap());
    assert!((3..20).contains(&pages), "{pages}");
    for number in 0..120 {
        assert!(has(&text, &format!("{}(own {number})", 40 + number * 3)), "{number}");
    }
    assert!(has(&text, &format!("page {pages} of {pages}")) && has(&text, "120 disclosures."));
    let (_, none) = self::text(&pdf(&account(&[], &[])).unwrap());
    assert!(has(&none, "Nothing was disclosed to anybody else in this period."));
}
