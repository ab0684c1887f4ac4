//! Which sensitivities content is labelled with: those its source names, and those its codes suggest.
//!
//! An aid that errs towards labelling; what nothing coded or named shows is not found. A question is
//! labelled like its answer: a negative test without the label would tell its result.

mod table;

use std::{collections::BTreeSet, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use fhirkit::Json;

/// A code of HL7 v3 `InformationSensitivityPolicy`, one of [`POLICIES`].
pub(crate) type Policy = &'static str;

/// Codes taken over from security labels. Content labelled with another code of `ActCode`, such as an
/// obligation, or with the confidentiality `R` or `V`, gets `SPI`: specially protected information.
pub const POLICIES: [&str; 30] = [
    "BH", "COGN", "DEMO", "DIA", "DVD", "EMOTDIS", "EMP", "ETH", "ETHUD", "GDIS", "HIV", "LOCIS", "MARST", "MH", "MST",
    "OPIOIDUD", "ORCON", "PREGNANT", "PSY", "PSYTHPN", "SCA", "SDV", "SEX", "SICKLE", "SPI", "STD", "SUD", "TBOO",
    "VIO", "VIP",
];

const SPECIALLY_PROTECTED: Policy = "SPI";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Snomed,
    Loinc,
    Icd10,
    RxNorm,
    Atc,
    ActCode,
    Confidentiality,
}

impl System {
    fn of(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://snomed.info/sct" | "urn:oid:2.16.840.1.113883.6.96" => Self::Snomed,
            "http://loinc.org" | "urn:oid:2.16.840.1.113883.6.1" => Self::Loinc,
            "http://www.nlm.nih.gov/research/umls/rxnorm" | "urn:oid:2.16.840.1.113883.6.88" => Self::RxNorm,
            "http://www.whocc.no/atc" | "urn:oid:2.16.840.1.113883.6.73" => Self::Atc,
            "urn:oid:2.16.840.1.113883.6.90" | "urn:oid:2.16.840.1.113883.6.3" => Self::Icd10,
            "urn:oid:2.16.840.1.113883.5.4" => Self::ActCode,
            "urn:oid:2.16.840.1.113883.5.25" => Self::Confidentiality,
            _ if uri.starts_with("http://snomed.info/sct/") => Self::Snomed,
            _ if uri.ends_with("ActCode") => Self::ActCode,
            _ if uri.ends_with("Confidentiality") => Self::Confidentiality,
            // National editions too, such as icd-10-cm and icd-10-gm; not the procedures of icd-10-pcs.
            _ if uri.contains("icd-10") && !uri.contains("pcs") => Self::Icd10,
            _ => return None,
        })
    }
}

/// All sensitivities of a resource and what it contains.
pub(crate) fn find(json: &Json) -> BTreeSet<Policy> {
    let mut found = BTreeSet::new();
    walk(json, &mut found);
    let security = json.get("meta").and_then(|meta| meta.get("security"));
    if let Some(Json::Array(labels)) = security {
        labels.iter().for_each(|label| declared(label, &mut found));
    }
    // Composition's, a plain code.
    if json.get("confidentiality").and_then(Json::as_str).is_some_and(is_restricted) {
        found.insert(SPECIALLY_PROTECTED);
    }
    found
}

/// Of a security label. Whatever is not known to be harmless counts.
fn declared(label: &Json, found: &mut BTreeSet<Policy>) {
    let (system, code) = (label.get("system").and_then(Json::as_str), label.get("code").and_then(Json::as_str));
    match (system.and_then(System::of), code) {
        (Some(System::ActCode), Some(code)) => {
            found.insert(POLICIES.into_iter().find(|policy| *policy == code).unwrap_or(SPECIALLY_PROTECTED));
        }
        (Some(System::Confidentiality), Some(code)) if is_restricted(code) => {
            found.insert(SPECIALLY_PROTECTED);
        }
        _ => {}
    }
}

fn is_restricted(code: &str) -> bool {
    matches!(code, "R" | "V")
}

/// Depth is bounded where JSON is parsed.
fn walk(json: &Json, found: &mut BTreeSet<Policy>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Json::Object(members) => {
            let text = |name| members.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_str());
            if let (Some(system), Some(code)) = (text("system"), text("code")) {
                coded(system, code, found);
            }
            for (key, value) in members {
                match value {
                    Json::String(words) if matches!(key.as_str(), "display" | "text" | "title" | "description") => {
                        named(words, found);
                    }
                    Json::Array(_) | Json::Object(_) => walk(value, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn coded(system: &str, code: &str, found: &mut BTreeSet<Policy>) {
    let by_prefix = |table: &[(Policy, &[&str])], found: &mut BTreeSet<Policy>| {
        for (policy, prefixes) in table {
            if prefixes.iter().any(|prefix| code.starts_with(prefix)) {
                found.insert(policy);
            }
        }
    };
    let exact = |table: &[(Policy, &[&str])], found: &mut BTreeSet<Policy>| {
        for (policy, codes) in table {
            if codes.contains(&code) {
                found.insert(policy);
            }
        }
    };
    match System::of(system) {
        Some(System::Snomed) => exact(table::SNOMED, found),
        Some(System::Loinc) => exact(table::LOINC, found),
        Some(System::RxNorm) => exact(table::RXNORM, found),
        Some(System::Icd10) => by_prefix(table::ICD10, found),
        Some(System::Atc) => by_prefix(table::ATC, found),
        // Labels of single elements, which extensions carry.
        Some(System::ActCode) => found.extend(POLICIES.into_iter().find(|policy| *policy == code)),
        Some(System::Confidentiality) if is_restricted(code) => {
            found.insert(SPECIALLY_PROTECTED);
        }
        _ => {}
    }
}

struct Words {
    automaton: AhoCorasick,
    /// By pattern: the policy, and whether the match has to end with the word.
    patterns: Vec<(Policy, bool)>,
}

/// The table's words are fixed, and a test builds them.
static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let all = || table::WORDS.iter().flat_map(|(policy, words)| words.iter().map(move |word| (*policy, *word)));
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(all().map(|(_, word)| word.trim_end_matches('*')))
        .ok()?;
    Some(Words { automaton, patterns: all().map(|(policy, word)| (policy, !word.ends_with('*'))).collect() })
});

/// By words for people, which many sources give where they have no code of a known system.
fn named(text: &str, found: &mut BTreeSet<Policy>) {
    let Some(words) = WORDS.as_ref() else { return };
    let bytes = text.as_bytes();
    let inside = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    for hit in words.automaton.find_overlapping_iter(text) {
        let Some((policy, whole)) = words.patterns.get(hit.pattern().as_usize()) else { continue };
        let starts = hit.start() == 0 || !inside(bytes.get(hit.start() - 1));
        if starts && !(*whole && inside(bytes.get(hit.end()))) {
            found.insert(policy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<Policy> {
        find(&Json::parse(json).unwrap()).into_iter().collect()
    }

    #[test]
    fn what_the_source_labels_is_labelled() {
        let labelled = |system: &str, code: &str| {
            of(&format!(r#"{{"meta":{{"security":[{{"system":"{system}","code":"{code}"}}]}}}}"#))
        };
        let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
        let confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
        assert_eq!(labelled(act, "PSY"), ["PSY"]);
        assert_eq!(labelled("urn:oid:2.16.840.1.113883.5.4", "HIV"), ["HIV"]);
        assert_eq!(labelled(act, "NODSCLCD"), ["SPI"], "an obligation has a reason");
        assert_eq!(labelled(confidentiality, "R"), ["SPI"]);
        assert_eq!(labelled(confidentiality, "V"), ["SPI"]);
        assert!(labelled(confidentiality, "N").is_empty());
        assert!(labelled("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST").is_empty());
        assert_eq!(of(r#"{"resourceType":"Composition","confidentiality":"R"}"#), ["SPI"]);
    }

    #[test]
    fn codes_of_each_system_are_found_wherever_they_are() {
        let coded = |system: &str, code: &str| {
            of(&format!(
                r#"{{"contained":[{{"component":[{{"code":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}]}}]}}"#
            ))
        };
        assert_eq!(coded("http://snomed.info/sct", "86406008"), ["HIV"]);
        assert_eq!(coded("http://loinc.org", "44261-6"), ["PSY"]);
        assert_eq!(coded("http://hl7.org/fhir/sid/icd-10-cm", "F10.20"), ["ETH"]);
        assert_eq!(coded("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "F32.1"), ["PSY"]);
        assert_eq!(coded("http://www.whocc.no/atc", "N06AB06"), ["PSY"]);
        assert_eq!(coded("http://www.nlm.nih.gov/research/umls/rxnorm", "36437"), ["PSY"]);
        assert!(coded("http://snomed.info/sct", "44054006").is_empty(), "diabetes");
        assert!(coded("http://www.cms.gov/Medicare/Coding/ICD10", "F10").is_empty(), "procedures");
    }

    #[test]
    fn words_count_where_codes_are_unknown_but_not_inside_other_words() {
        let called = |words: &str| of(&format!(r#"{{"code":{{"text":"{words}"}}}}"#));
        assert_eq!(called("HIV status"), ["HIV"]);
        assert!(called("Hives").is_empty());
        assert!(called("Archive").is_empty());
        assert_eq!(called("Sertraline 50 MG Oral Tablet"), ["PSY"]);
        assert_eq!(called("Victim of domestic violence"), ["SDV"]);
        assert_eq!(called("Insertion of contraceptive device"), ["SEX"]);
        assert!(called("Essential hypertension").is_empty());
    }

    #[test]
    fn the_table_names_known_policies_and_its_words_compile() {
        assert!(WORDS.is_some());
        let coded = [table::SNOMED, table::LOINC, table::RXNORM, table::ICD10, table::ATC, table::WORDS];
        for (policy, codes) in coded.into_iter().flatten() {
            assert!(POLICIES.contains(policy), "{policy}");
            assert!(!codes.is_empty());
        }
    }
}
