use fhirkit::{
    Decimal, Primitive,
    r4::{
        CodeableConcept, Coding, HumanName, Identifier, Meta, Narrative, ObservationReferenceRange, Period, Quantity,
        Reference,
    },
};

pub(super) const SNOMED: &str = "http://snomed.info/sct";
pub(super) const LOINC: &str = "http://loinc.org";
pub(super) const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub(super) const CVX: &str = "http://hl7.org/fhir/sid/cvx";
pub(super) const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const UCUM: &str = "http://unitsofmeasure.org";

/// A code with its display.
pub(super) type Term = (&'static str, &'static str, &'static str);

pub(super) fn coding((system, code, display): Term) -> Coding {
    Coding { system: some(system), code: some(code), display: some(display), ..Default::default() }
}

pub(super) fn concept(term: Term) -> CodeableConcept {
    CodeableConcept { coding: vec![coding(term)], text: some(term.2), ..Default::default() }
}

/// Of HL7's own code systems.
pub(super) fn hl7(system: &'static str, code: &'static str, display: &'static str) -> CodeableConcept {
    let system = Some(format!("http://terminology.hl7.org/CodeSystem/{system}").into());
    let coding = Coding { system, code: some(code), display: some(display), ..Default::default() };
    CodeableConcept { coding: vec![coding], ..Default::default() }
}

pub(super) fn reference(url: &str) -> Reference {
    Reference { reference: some(url), ..Default::default() }
}

pub(super) fn identifier(system: &str, value: &str) -> Identifier {
    Identifier { system: some(system), value: some(value), ..Default::default() }
}

pub(super) fn name(family: &str, given: &str) -> HumanName {
    HumanName { family: some(family), given: vec![given.into()], ..Default::default() }
}

pub(super) fn period(start: &str, end: &str) -> Period {
    Period { start: some(start), end: some(end), ..Default::default() }
}

pub(super) fn some(text: &str) -> Option<Primitive<String>> {
    Some(text.into())
}

pub(super) fn decimal(tenths: i64) -> Option<Primitive<Decimal>> {
    Decimal::parse(&format!("{}.{}", tenths / 10, tenths % 10)).ok().map(Into::into)
}

/// A value in tenths, with its UCUM unit.
pub(super) fn quantity(tenths: i64, unit: &str) -> Quantity {
    Quantity { value: decimal(tenths), unit: some(unit), system: some(UCUM), code: some(unit), ..Default::default() }
}

pub(super) fn range(low: i64, high: i64, unit: &str) -> ObservationReferenceRange {
    ObservationReferenceRange { low: Some(quantity(low, unit)), high: Some(quantity(high, unit)), ..Default::default() }
}

pub(super) fn narrative(text: &str) -> Narrative {
    let div = format!(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>"#);
    Narrative { status: some("generated"), div: Some(div.into()), ..Default::default() }
}

/// Says that it is test data, and of which sensitivity, if any.
pub(super) fn meta(sensitivity: Option<&'static str>) -> Option<Meta> {
    let reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    let mut security = vec![coding((reason, "HTEST", "test health data"))];
    if let Some(code) = sensitivity {
        let system = some("http://terminology.hl7.org/CodeSystem/v3-ActCode");
        security.push(Coding { system, code: some(code), ..Default::default() });
    }
    Some(Meta { security, ..Default::default() })
}
