//! Which sensitivities content is labelled with: those its source names, and those its codes and words
//! suggest.
//!
//! An aid that errs towards labelling; what nothing coded or named shows is not found. A question is
//! labelled like its answer: a negative test without the label would tell its result.

mod table;
mod words;

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use fhirkit::Json;

use crate::category;

/// A code of HL7 v3 `InformationSensitivityPolicy`, one of [`POLICIES`].
pub(crate) type Policy = &'static str;

/// Codes taken over from security labels: all of HL7 v3 `InformationSensitivityPolicy` (`ActCode` 11.0.0)
/// but its synonyms. Content labelled with another code of `ActCode`, such as an obligation or a law, or
/// with a confidentiality above normal, gets `SPI`: specially protected information.
pub const POLICIES: [&str; 43] = [
    "ADOL", "B", "BH", "COGN", "DEMO", "DIA", "DOB", "DRGIS", "DVD", "EMOTDIS", "EMP", "EMPL", "ETH", "ETHUD", "GDIS",
    "GENDER", "HIV", "IDS", "LIVARG", "LOCIS", "MARST", "MH", "MST", "OPIOIDUD", "PATLOC", "PDS", "PHY", "PREGNANT",
    "PRS", "PSY", "PSYTHPN", "RACE", "REL", "SCA", "SDV", "SEX", "SPI", "SSP", "STD", "SUD", "TBOO", "VIO", "VIP",
];

/// Other names of policies: a retired code, a synonym, and US laws by what they protect.
const ALIASES: [(&str, &[Policy]); 5] = [
    ("SICKLE", &["SCA"]),
    ("CEL", &["VIP"]),
    ("42CFRPart2", &["ETH"]),
    ("HIPAAPsyNotes", &["PSYTHPN"]),
    ("Title38Section7332", &["ETH", "HIV", "SCA"]),
];

pub(crate) const SPECIALLY_PROTECTED: Policy = "SPI";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Snomed,
    Loinc,
    Icd10,
    Icd9,
    RxNorm,
    Atc,
    ActCode,
    Confidentiality,
    /// Its codes say nothing sensitive: HL7's own, units, vaccines, image formats.
    Harmless,
}

impl System {
    fn of(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://snomed.info/sct" | "urn:oid:2.16.840.1.113883.6.96" => Self::Snomed,
            "http://loinc.org" | "urn:oid:2.16.840.1.113883.6.1" => Self::Loinc,
            "http://www.nlm.nih.gov/research/umls/rxnorm" | "urn:oid:2.16.840.1.113883.6.88" => Self::RxNorm,
            "http://www.whocc.no/atc" | "urn:oid:2.16.840.1.113883.6.73" => Self::Atc,
            "urn:oid:2.16.840.1.113883.6.90" | "urn:oid:2.16.840.1.113883.6.3" => Self::Icd10,
            "urn:oid:2.16.840.1.113883.6.103" | "urn:oid:2.16.840.1.113883.6.42" => Self::Icd9,
            "urn:oid:2.16.840.1.113883.5.4" => Self::ActCode,
            "urn:oid:2.16.840.1.113883.5.25" => Self::Confidentiality,
            "http://hl7.org/fhir/sid/cvx" | "http://unitsofmeasure.org" => Self::Harmless,
            _ if uri.starts_with("http://snomed.info/sct/") => Self::Snomed,
            _ if uri.ends_with("ActCode") || uri.ends_with("ActUSPrivacyLaw") => Self::ActCode,
            _ if uri.ends_with("Confidentiality") => Self::Confidentiality,
            // National editions too, such as icd-10-cm and icd-10-gm; not the procedures of icd-10-pcs.
            _ if uri.contains("icd-10") && !uri.contains("pcs") => Self::Icd10,
            _ if uri.contains("icd.who.int/browse10") => Self::Icd10,
            _ if uri.contains("icd-9") => Self::Icd9,
            _ if uri.ends_with("/atc") => Self::Atc,
            _ if uri.starts_with("http://hl7.org/fhir/sid/") => return None,
            _ if uri.starts_with("http://terminology.hl7.org/") => Self::Harmless,
            _ if uri.starts_with("http://hl7.org/fhir/") || uri.starts_with("http://dicom.nema.org/") => Self::Harmless,
            _ => return None,
        })
    }
}

/// All sensitivities of a resource and what it contains.
pub(crate) fn find(json: &Json) -> BTreeSet<Policy> {
    let mut found = BTreeSet::new();
    let english = text(json, "language").is_none_or(|language| language.starts_with("en"));
    Walk { english, found: &mut found }.value(json);
    if lacks_its_code(json) {
        found.insert(SPECIALLY_PROTECTED);
    }
    found
}

fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str).filter(|text| !text.trim().is_empty())
}

fn items<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    match json.get(name) {
        Some(Json::Array(items)) => items,
        _ => &[],
    }
}

/// Whether what a resource is about is not said, in a type where a code says it: then whatever else is
/// in it cannot be judged.
fn lacks_its_code(json: &Json) -> bool {
    let said = |names: &[&str]| {
        names.iter().any(|name| {
            json.get(name).is_some_and(|concept| {
                text(concept, "text").is_some() || !items(concept, "coding").is_empty() || name.ends_with("Reference")
            })
        })
    };
    match text(json, "resourceType") {
        Some(
            "AllergyIntolerance" | "Condition" | "DiagnosticReport" | "Observation" | "Procedure" | "ServiceRequest",
        ) => !said(&["code"]),
        Some("MedicationAdministration" | "MedicationDispense" | "MedicationRequest" | "MedicationStatement") => {
            !said(&["medicationCodeableConcept", "medicationReference"])
        }
        Some("Immunization") => !said(&["vaccineCode"]),
        _ => false,
    }
}

/// Of a security label. Whatever is not known to be harmless counts.
fn declared(label: &Json, found: &mut BTreeSet<Policy>) {
    items(label, "coding").iter().for_each(|coding| declared(coding, found));
    let system = text(label, "system");
    let Some(code) = text(label, "code") else {
        if text(label, "display").or(text(label, "text")).is_some() && items(label, "coding").is_empty() {
            found.insert(SPECIALLY_PROTECTED);
        }
        return;
    };
    match system.and_then(System::of) {
        // What it announces are labels of single elements, which count by themselves.
        Some(System::ActCode) if code == "PROCESSINLINELABEL" => {}
        Some(System::ActCode) => {
            if !policy(code, found) {
                found.insert(SPECIALLY_PROTECTED);
            }
        }
        Some(System::Confidentiality) => confidentiality(code, found),
        _ => match system {
            // Of the data's integrity, and of being a test.
            Some(system) if system.ends_with("ObservationValue") => {}
            Some(system) if system.ends_with("ActReason") && code == "HTEST" => {}
            None if policy(code, found) => {}
            None => confidentiality(code, found),
            Some(_) => {
                found.insert(SPECIALLY_PROTECTED);
            }
        },
    }
}

/// Whether the code is a policy's, or another name of one.
fn policy(code: &str, found: &mut BTreeSet<Policy>) -> bool {
    let named = POLICIES.into_iter().find(|policy| *policy == code);
    let alias = ALIASES.into_iter().find(|(alias, _)| *alias == code).map(|(_, policies)| policies);
    found.extend(named);
    found.extend(alias.into_iter().flatten());
    named.is_some() || alias.is_some()
}

/// Those that HL7 gave up said of what kind the information is.
fn confidentiality(code: &str, found: &mut BTreeSet<Policy>) {
    match code {
        "U" | "L" | "M" | "N" => {}
        "T" => found.extend(["TBOO"]),
        "C" => found.extend(["VIP"]),
        "ETH" | "HIV" | "PSY" | "SDV" => found.extend(POLICIES.into_iter().filter(|policy| *policy == code)),
        _ => found.extend([SPECIALLY_PROTECTED]),
    }
}

struct Walk<'a> {
    /// The language of the texts, as far as the resource says.
    english: bool,
    found: &'a mut BTreeSet<Policy>,
}

impl Walk<'_> {
    /// Depth is bounded where JSON is parsed.
    fn value(&mut self, json: &Json) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| self.value(item)),
            Json::Object(members) => {
                if let (Some(system), Some(code)) = (text(json, "system"), text(json, "code")) {
                    coded(system, code, self.found);
                }
                if text(json, "url").is_some_and(|url| url.ends_with("inline-sec-label"))
                    && let Some(label) = json.get("valueCoding")
                {
                    declared(label, self.found);
                }
                members.iter().for_each(|(key, value)| self.member(key, value));
            }
            _ => {}
        }
    }

    fn member(&mut self, key: &str, value: &Json) {
        match (key, value) {
            (
                "display" | "text" | "title" | "description" | "name" | "conclusion" | "comment" | "div"
                | "valueString" | "patientInstruction",
                Json::String(told),
            ) => words::find(told, self.found),
            // Composition's, a plain code.
            ("confidentiality", Json::String(code)) => confidentiality(code, self.found),
            (_, Json::Array(_) | Json::Object(_)) => {
                match key {
                    "meta" => items(value, "security").iter().for_each(|label| declared(label, self.found)),
                    "securityLabel" => match value {
                        Json::Array(labels) => labels.iter().for_each(|label| declared(label, self.found)),
                        label => declared(label, self.found),
                    },
                    "code"
                    | "diagnosisCodeableConcept"
                    | "medicationCodeableConcept"
                    | "procedureCodeableConcept"
                    | "productOrService"
                    | "reasonCode"
                    | "vaccineCode"
                    | "valueCodeableConcept" => match value {
                        Json::Array(concepts) => concepts.iter().for_each(|concept| self.judge(concept)),
                        concept => self.judge(concept),
                    },
                    _ => {}
                }
                self.value(value);
            }
            _ => {}
        }
    }

    /// A concept that has codes, none of which is known, and no words is not known to be harmless.
    fn judge(&mut self, concept: &Json) {
        let codings = items(concept, "coding");
        let has_words =
            text(concept, "text").is_some() || codings.iter().any(|coding| text(coding, "display").is_some());
        let is_known = |coding: &Json| {
            let (system, code) = (text(coding, "system").and_then(System::of), text(coding, "code"));
            system.zip(code).is_some_and(|(system, code)| is_known(system, code))
        };
        let says_something = |coding: &Json| text(coding, "code").is_some();
        let unknown = codings.iter().any(says_something) && !codings.iter().any(is_known);
        if unknown && !(has_words && self.english) {
            self.found.insert(SPECIALLY_PROTECTED);
        }
    }
}

type Exact = HashMap<&'static str, Vec<Policy>>;

struct Codes {
    snomed: Exact,
    loinc: Exact,
    rxnorm: Exact,
    /// Without their dots, as many sources write them.
    icd10: Vec<(String, Policy)>,
    icd9: Vec<(String, Policy)>,
}

static CODES: LazyLock<Codes> = LazyLock::new(|| {
    let exact = |table: &[(Policy, &'static [&'static str])]| {
        let mut codes = Exact::new();
        table.iter().for_each(|(policy, all)| all.iter().for_each(|code| codes.entry(code).or_default().push(*policy)));
        codes
    };
    let undotted = |table: &[(Policy, &'static [&'static str])]| {
        let all =
            table.iter().flat_map(|(policy, codes)| codes.iter().map(move |code| (code.replace('.', ""), *policy)));
        all.collect()
    };
    Codes {
        snomed: exact(table::SNOMED),
        loinc: exact(table::LOINC),
        rxnorm: exact(table::RXNORM),
        icd10: undotted(table::ICD10),
        icd9: undotted(table::ICD9),
    }
});

/// Whether what a code tells is known. Classifications are covered by rules, of terminologies only the
/// codes listed are, and of LOINC vital signs.
fn is_known(system: System, code: &str) -> bool {
    match system {
        System::Snomed => concepts(code).any(|concept| CODES.snomed.contains_key(concept)),
        System::Loinc => CODES.loinc.contains_key(code) || category::VITAL_SIGNS.contains(&code),
        System::RxNorm => CODES.rxnorm.contains_key(code),
        _ => true,
    }
}

/// The concepts of a SNOMED CT code, which may be an expression.
fn concepts(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !letter.is_ascii_digit()).filter(|concept| !concept.is_empty())
}

fn coded(system: &str, code: &str, found: &mut BTreeSet<Policy>) {
    match System::of(system) {
        Some(System::Snomed) => found.extend(concepts(code).filter_map(|code| CODES.snomed.get(code)).flatten()),
        Some(System::Loinc) => found.extend(CODES.loinc.get(code).into_iter().flatten()),
        Some(System::RxNorm) => found.extend(CODES.rxnorm.get(code).into_iter().flatten()),
        Some(System::Icd10) => {
            let code = undotted(code);
            found.extend(by_beginning(&CODES.icd10, &code));
            found.extend(poisoning(&code));
        }
        Some(System::Icd9) => found.extend(by_beginning(&CODES.icd9, &undotted(code))),
        Some(System::Atc) => {
            let of = |(policy, beginnings): &(Policy, &[&str])| {
                beginnings.iter().any(|beginning| code.starts_with(beginning)).then_some(*policy)
            };
            found.extend(table::ATC.iter().filter_map(of));
        }
        // Labels of single elements, which extensions carry.
        Some(System::ActCode) => {
            policy(code, found);
        }
        Some(System::Confidentiality) => confidentiality(code, found),
        Some(System::Harmless) | None => {}
    }
}

fn undotted(code: &str) -> String {
    code.trim().replace('.', "").to_ascii_uppercase()
}

fn by_beginning(table: &[(String, Policy)], code: &str) -> impl Iterator<Item = Policy> {
    table.iter().filter(|(beginning, _)| code.starts_with(beginning.as_str())).map(|(_, policy)| *policy)
}

/// The sixth character of ICD-10-CM's T36 to T65 and T71 says whether a poisoning was self-harm or an
/// assault.
fn poisoning(code: &str) -> Option<Policy> {
    let number: u8 = code.strip_prefix('T')?.get(..2)?.parse().ok()?;
    match (number, code.as_bytes().get(5)?) {
        (36..=65 | 71, b'2') => Some("PSY"),
        (36..=65 | 71, b'3') => Some("SDV"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
