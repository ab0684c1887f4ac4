//! Whatever is in a file, reading it ends, and with an account of it.

use std::collections::BTreeSet;

use aegle_fhir::{Generator, Import, Limits, Secret, Source, generate};
use proptest::{prelude::*, sample::Index};

fn import(name: &str, bytes: &[u8], limit: usize) -> Option<Import> {
    let source = Source::new(Limits { resource: limit, ..Limits::default() }).bytes(name, bytes);
    let patients = source.patients(&mut |_| {}).unwrap();
    let all: BTreeSet<_> = (0..patients.list().len()).collect();
    source.import(&patients, &all, &Secret::new([1; 32]), &mut |_| {}).ok()
}

/// A Bundle, the same resources in lines, and a document, each compressed and not.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let files = generate(&Generator { seed: 3, number: 1, today: "2026-03-01".parse().unwrap(), encounters: 4 });
    let bundle: serde_json::Value = serde_json::from_str(&files.transaction).unwrap();
    let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].to_string());
    let lines = resources.collect::<Vec<_>>().join("\n").into_bytes();
    let zip = |bytes: &[u8]| {
        let mut zipped = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
        std::io::copy(&mut encoder, &mut zipped).unwrap();
        zipped
    };
    let (zipped, document) = (zip(&lines), files.document.into_bytes());
    vec![("a.json", files.transaction.into_bytes()), ("a.ndjson.gz", zipped), ("a.ndjson", lines), ("d.json", document)]
}

#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
    /// A part of the file, once more elsewhere.
    Repeat(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let json = prop_oneof![
        Just(b"null".to_vec()),
        Just(b"[[[[".to_vec()),
        Just(b"}".to_vec()),
        Just(b"\"\\ud800\"".to_vec()),
        Just(b"-1e999".to_vec()),
        Just(b"{\"resourceType\":\"Bundle\",\"entry\":[".to_vec()),
        proptest::collection::vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<Index>(), json).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), 1..500_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>(), 1..2_000_usize).prop_map(|(from, to, count)| Damage::Repeat(from, to, count)),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    match damage {
        Damage::Set(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Insert(at, more) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
        Damage::Remove(at, count) => {
            let at = at.index(bytes.len());
            let end = (at + count).min(bytes.len());
            bytes.drain(at..end);
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Repeat(from, to, count) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from..(from + count).min(bytes.len())].to_vec();
            bytes.splice(to..to, part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_to_their_end(
        file in 0..4_usize,
        damages in proptest::collection::vec(damage(), 1..6),
        limit in prop_oneof![Just(1_000_usize), Just(5_000), Just(1 << 20)],
    ) {
        let (name, mut bytes) = files().swap_remove(file);
        damages.iter().for_each(|damage| apply(damage, &mut bytes));
        if let Some(import) = import(name, &bytes, limit) {
            let report = &import.report;
            prop_assert_eq!(report.unmapped.values().sum::<u64>(), report.unmapped_total());
            for record in &import.records {
                record.labels.validate().unwrap();
                serde_json::from_slice::<serde_json::Value>(&record.content()).unwrap();
            }
            // Said by place and reason alone: no name of the patient's.
            for problem in &report.problems {
                prop_assert!(!problem.to_string().contains("Patient 1"), "{problem}");
            }
        }
    }
}
