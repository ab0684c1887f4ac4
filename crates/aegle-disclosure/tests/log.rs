//! The chain of a vault, receipts and checkpoints.

use aegle_decision::{Caller, Document, Key, RuleId};
use aegle_disclosure::{
    Chain, ChainFault, Checkpoint, CheckpointError, Digest, Entry, EntryVersion, Link, Log, LogKey, Logged, Operation,
    Outcome, Receipt, ReceiptError, SignedReceipt, Stated,
};

const VAULT: Key = Key([1; 32]);

fn entry(number: u64) -> Entry {
    Entry {
        version: EntryVersion::V1,
        vault: VAULT,
        at: 1_700_000_000 + number as i64,
        finalized_slot: 90,
        confirmed_slot: 100,
        confirmed_hash: Key([2; 32]),
        caller: Caller { key: Key([3; 32]), practitioner: None },
        purpose: "TREAT".into(),
        operation: Operation::ReadRecord,
        record: Some(Key([4; 32])),
        request: Digest([5; 32]),
        signed: None,
        outcome: Outcome::Deny { rule: RuleId::Revoked, consent: Some(Key([6; 32])) },
    }
}

fn logged(number: u64, previous: Digest, entry: Entry) -> Logged {
    let link = Link { vault: entry.vault, number, previous };
    let (link_salt, salt) = ([number as u8; 32], [number as u8 ^ 0xff; 32]);
    Logged { index: number * 3, link, link_salt, entry: Document::new(entry), salt }
}

fn entries(count: u64) -> Vec<Logged> {
    let mut entries: Vec<Logged> = Vec::new();
    for number in 0..count {
        let previous = entries.last().map_or(Digest::default(), Logged::commitment);
        entries.push(logged(number, previous, entry(number)));
    }
    entries
}

fn check<'a>(entries: impl IntoIterator<Item = &'a Logged>) -> Result<Chain, ChainFault> {
    let mut chain = Chain::new(VAULT);
    entries.into_iter().try_for_each(|entry| chain.push(entry))?;
    Ok(chain)
}

#[test]
fn inv_9_a_vaults_entries_follow_one_another_and_no_other_way() {
    let whole = entries(5);
    let chain = check(&whole).unwrap();
    assert_eq!((chain.len(), chain.head().unwrap().commitment), (5, whole[4].commitment()));

    let without = |number: usize| whole.iter().enumerate().filter(move |(place, _)| *place != number).map(|(_, it)| it);
    assert_eq!(check(without(2)).unwrap_err(), ChainFault::Gap { expected: 2, number: 3 });
    assert_eq!(check(without(0)).unwrap_err(), ChainFault::Gap { expected: 0, number: 1 });

    let with = |place: usize, change: fn(&mut Entry)| {
        let mut entries = whole.clone();
        let mut entry = entries[place].entry.value().clone();
        change(&mut entry);
        entries[place] = logged(entries[place].link.number, entries[place].link.previous, entry);
        check(&entries).unwrap_err()
    };
    assert_eq!(with(1, |entry| entry.record = None), ChainFault::Altered { number: 2 });
    assert_eq!(with(3, |entry| entry.vault = Key([9; 32])), ChainFault::OtherVault { number: 3 });
    assert_eq!(with(4, |entry| entry.at -= 3_600), ChainFault::Backdated { number: 4 });
    assert_eq!(with(3, |entry| entry.at -= 30), ChainFault::Altered { number: 4 }, "a faster one overtook it");
    for change in [
        |logged: &mut Logged| logged.link.previous = Digest::default(),
        |logged: &mut Logged| logged.link_salt = [0; 32],
        |logged: &mut Logged| logged.salt = [0; 32],
    ] {
        let mut entries = whole.clone();
        change(&mut entries[2]);
        let shows_at = check(&entries).unwrap_err();
        assert!(matches!(shows_at, ChainFault::Altered { number: 2 | 3 }), "{shows_at}");
    }
    let mut elsewhere = whole.clone();
    elsewhere[1].link.vault = Key([9; 32]);
    assert_eq!(check(&elsewhere).unwrap_err(), ChainFault::OtherVault { number: 1 });

    let mut moved = whole.clone();
    moved[4].index = 1;
    assert_eq!(check(&moved).unwrap_err(), ChainFault::Reordered { number: 4 });
    let mut twice = whole.clone();
    twice.insert(1, whole[0].clone());
    assert_eq!(check(&twice).unwrap_err(), ChainFault::Gap { expected: 1, number: 0 });
}

#[test]
fn an_entry_is_written_as_documented() {
    let text = String::from_utf8(Document::new(entry(0)).bytes().to_vec()).unwrap();
    let key = |byte: u8| Key([byte; 32]).to_string();
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"version":"aegle-disclosure-1","vault":"{}","at":1700000000,"#,
                r#""finalized_slot":90,"confirmed_slot":100,"confirmed_hash":"{}","caller":{{"key":"{}","practitioner":null}},"#,
                r#""purpose":"TREAT","operation":"read_record","record":"{}","request":"{}","#,
                r#""outcome":{{"decision":"deny","rule":"revoked","consent":"{}"}}}}"#
            ),
            key(1),
            key(2),
            key(3),
            key(4),
            Digest([5; 32]),
            key(6)
        )
    );
    assert_eq!(Document::<Entry>::read(text.into_bytes()).unwrap().value(), &entry(0));
}

fn key(byte: u8) -> LogKey {
    LogKey::new("records.example/disclosures", [byte; 32]).unwrap()
}

#[test]
fn a_receipt_holds_for_one_log_and_one_request() {
    let receipt = Receipt {
        index: 7,
        commitment: Digest([1; 32]),
        request: Digest([2; 32]),
        at: 1_700_000_000,
        finalized_slot: 90,
        confirmed_slot: 100,
    };
    let log = key(1).log();
    let signed = key(1).receipt(receipt);
    assert_eq!(log.check(&SignedReceipt::from_text(&signed.to_text()).unwrap()), Ok(receipt));
    assert_eq!(key(2).log().check(&signed), Err(ReceiptError::Signature));
    let elsewhere = LogKey::new("other.example/disclosures", [1; 32]).unwrap();
    assert_eq!(elsewhere.log().check(&signed), Err(ReceiptError::Signature), "the same key under another name");

    let text = signed.to_text();
    for place in 0..text.len() {
        let mut altered = text.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = SignedReceipt::from_text(&String::from_utf8(altered).unwrap());
        assert!(altered.is_err() || altered.is_ok_and(|signed| log.check(&signed).is_err()), "character {place}");
    }
    for text in ["", &text[1..], &format!("{text}A")] {
        assert_eq!(SignedReceipt::from_text(text), Err(ReceiptError::Malformed));
    }
}

#[test]
fn a_checkpoint_is_a_signed_note_that_others_read_too() {
    let checkpoint = Checkpoint { tree: Stated { size: 12, root: Digest([1; 32]) }, heads: Digest([2; 32]) };
    let log = key(1).log();
    let note = key(1).sign(&checkpoint).unwrap();
    let lines: Vec<_> = note.lines().collect();
    assert_eq!(lines[..2], ["records.example/disclosures", "12"]);
    assert_eq!(lines[3], format!("heads {}", Digest([2; 32])));
    assert_eq!(lines[4], "");
    assert!(lines[5].starts_with("— records.example/disclosures "), "{}", lines[5]);
    assert_eq!(log.read(&note), Ok(checkpoint));
    assert_eq!(log.verifier().parse(), Ok(log.clone()));
    assert_eq!("records.example/disclosures+00000000+AAAA".parse::<Log>(), Err(CheckpointError::Malformed));

    assert_eq!(key(2).log().read(&note), Err(CheckpointError::Signature));
    assert_eq!(log.read(&note.replacen("12", "13", 1)), Err(CheckpointError::Signature));
    assert_eq!(log.read("12"), Err(CheckpointError::Malformed));
    for origin in ["", "two words", "a+b", "line\nbreak"] {
        assert!(LogKey::new(origin, [1; 32]).is_err(), "{origin}");
    }
}
