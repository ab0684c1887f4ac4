//! Generated patients have lives that could be.

use std::collections::{BTreeMap, BTreeSet};

use aegle_fhir::{Generated, Generator, Import, Limits, Secret, Source, generate};
use fhirkit::r4::Bundle;
use jiff::civil::Date;
use serde_json::Value;

const SEEDS: u64 = 12;
const TODAY: &str = "2026-03-01";

fn lives() -> impl Iterator<Item = (u64, Generated)> {
    let of = |seed| generate(&Generator { seed, number: 1, today: TODAY.parse().unwrap(), encounters: 6 });
    (0..SEEDS).map(move |seed| (seed, of(seed)))
}

fn resources(bundle: &str) -> Vec<Value> {
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone()).collect()
}

fn import(files: [&str; 2]) -> Import {
    let [one, other] = files;
    let source = Source::new(Limits::default()).bytes("a.json", one).bytes("b.json", other);
    let patients = source.patients(&mut |_| {}).unwrap();
    source.import(&patients, &BTreeSet::from([0]), &Secret::new([7; 32]), &mut |_| {}).unwrap()
}

/// Every day that a resource names.
fn days(resource: &Value, found: &mut Vec<Date>) {
    match resource {
        Value::String(text) => found.extend(text.get(..10).and_then(|day| day.parse::<Date>().ok())),
        Value::Array(items) => items.iter().for_each(|item| days(item, found)),
        Value::Object(members) => members.values().for_each(|value| days(value, found)),
        _ => {}
    }
}

#[test]
fn nothing_happens_before_birth_or_after_today() {
    let today: Date = TODAY.parse().unwrap();
    for (seed, life) in lives() {
        let all = resources(&life.transaction);
        let patient = all.iter().find(|resource| resource["resourceType"] == "Patient").unwrap();
        let born: Date = patient["birthDate"].as_str().unwrap().parse().unwrap();
        assert!((18..=90).contains(&born.until((jiff::Unit::Year, today)).unwrap().get_years()), "seed {seed}: {born}");
        let mut found = Vec::new();
        all.iter().for_each(|resource| days(resource, &mut found));
        let (first, last) = (found.iter().min().unwrap(), found.iter().max().unwrap());
        assert!(*first >= born && *last <= today, "seed {seed}: from {first} to {last}, born {born}");
    }
}

#[test]
fn every_kind_of_care_comes_up_and_is_mapped_with_one_sensitive_visit() {
    let mut types = BTreeMap::<String, u64>::new();
    for (seed, life) in lives() {
        for json in [&life.transaction, &life.corrected, &life.document] {
            fhirkit::from_json_strict::<Bundle>(json).unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        }
        for resource in resources(&life.transaction) {
            *types.entry(resource["resourceType"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let import = import([&life.transaction, &life.document]);
        assert!(import.report.unmapped.is_empty(), "seed {seed}: {:?}", import.report.unmapped);
        let sensitive = import.records.iter().filter(|record| !record.labels.sensitivity.is_empty());
        let sensitive: Vec<_> =
            sensitive.map(|record| (&*record.description.title, &record.labels.sensitivity)).collect();
        assert_eq!(sensitive.len(), 1, "seed {seed}: {sensitive:?}");
    }
    for name in [
        "AllergyIntolerance",
        "Claim",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "ImagingStudy",
        "Immunization",
        "MedicationRequest",
        "Observation",
        "Procedure",
    ] {
        let count = types.get(name).copied().unwrap_or_default();
        assert!(count >= SEEDS / 2, "{name}: {count} times in {SEEDS} lives, {types:?}");
    }
}

#[test]
fn results_have_units_and_ranges_and_say_where_they_lie() {
    let (mut normal, mut others) = (0, 0);
    for (seed, life) in lives() {
        for result in resources(&life.transaction) {
            let value = &result["valueQuantity"];
            if result["category"][0]["coding"][0]["code"] != "laboratory" {
                continue;
            }
            let range = &result["referenceRange"][0];
            let number = |of: &Value| of["value"].as_f64().unwrap_or_else(|| panic!("seed {seed}: {result}"));
            let (value, low, high) = (number(value), number(&range["low"]), number(&range["high"]));
            assert!(result["valueQuantity"]["code"] == range["low"]["code"], "seed {seed}: {result}");
            let expected = if value < low {
                "L"
            } else if value > high {
                "H"
            } else {
                "N"
            };
            assert_eq!(result["interpretation"][0]["coding"][0]["code"], expected, "seed {seed}: {result}");
            *(if expected == "N" { &mut normal } else { &mut others }) += 1;
        }
    }
    assert!(normal > others && others > 0, "{normal} normal, {others} not");
}

#[test]
fn a_correction_is_the_next_version_of_two_visits_and_of_nothing_else() {
    for (seed, life) in lives() {
        let first = import([&life.transaction, &life.document]);
        let later = import([&life.corrected, &life.document]);
        let is_new = |key: &[u8; 32]| first.records.iter().all(|record| record.key != *key);
        let newer: Vec<_> = later.records.iter().filter(|record| is_new(&record.key)).collect();
        let known = |identity: &[u8; 32]| first.records.iter().any(|record| record.identity == *identity);
        assert_eq!((newer.len(), later.records.len()), (2, first.records.len()), "seed {seed}");
        assert!(newer.iter().all(|record| known(&record.identity)), "seed {seed}");
        for record in newer {
            let text = String::from_utf8(record.content()).unwrap();
            assert_eq!(text.matches(r#""status":"corrected""#).count(), 2, "seed {seed}: the result and its report");
        }
    }
}
