//! The patient and who cares for them.

use std::collections::BTreeMap;

use fhirkit::r4::{
    Address, CodeableConcept, ContactPoint, HumanName, Organization, Patient, Practitioner, PractitionerQualification,
    Resource,
};
use jiff::{ToSpan, civil::Date};
use rand::{Rng, seq::SliceRandom};

use super::{
    Generator, Scene,
    catalogue::{CHRONIC, Chronic},
    values::{SNOMED, Term, concept, hl7, identifier, meta, name, reference, some},
};

const CITIES: [&str; 4] = ["Sampleton", "Mocksbury", "Testford", "Exampleham"];
const DAYS_A_YEAR: i64 = 365;

/// What stays the same from visit to visit.
#[derive(Default)]
pub(super) struct Person {
    pub born: Date,
    /// In millimetres, and tenths of a kilogram.
    pub height: i64,
    pub weight: i64,
    pub chronic: Vec<&'static Chronic>,
    /// Of each measure, how far from the low end of its range it usually is, in hundredths of that range.
    pub usual: BTreeMap<&'static str, i64>,
}

impl Person {
    pub(super) fn age(&self, day: Date) -> i64 {
        day.since((jiff::Unit::Year, self.born)).map_or(0, |span| i64::from(span.get_years()))
    }

    pub(super) fn has(&self, code: &str) -> bool {
        self.chronic.iter().any(|chronic| chronic.condition.1 == code)
    }
}

impl Scene {
    /// Everybody, and what the patient is like. `first` is the day of the first visit.
    pub(super) fn people(&mut self, generator: &Generator, first: Date) {
        self.organization = self.organization("Test Hospital");
        self.practitioner = self.practitioner(1, (SNOMED, "59058001", "General physician"));
        self.psychiatrist = self.practitioner(2, (SNOMED, "80584001", "Psychiatrist"));

        let is_female = self.rng.gen_bool(0.5);
        let days = self.rng.gen_range(20 * DAYS_A_YEAR..80 * DAYS_A_YEAR);
        let born = first.checked_sub(days.days()).unwrap_or(Date::MIN);
        let height = if is_female { 1530..1790 } else { 1640..1930 };
        let height = self.rng.gen_range(height);
        // Of a body mass index from 20 to 33.
        let weight = self.rng.gen_range(200..330) * height / 1000 * height / 1000;
        self.person = Person { born, height, weight, ..Person::default() };
        let age = self.person.age(first);
        let mut may: Vec<&Chronic> = CHRONIC.iter().filter(|chronic| chronic.from_age <= age).collect();
        may.shuffle(&mut self.rng);
        may.truncate(self.rng.gen_range(1..=2));
        self.person.chronic = may;

        let id = self.id();
        let number = generator.number;
        let street = format!("{} Example Street", self.rng.gen_range(1..200));
        let city = CITIES[self.rng.gen_range(0..CITIES.len())];
        self.patient = self.add(
            &id,
            Resource::Patient(Box::new(Patient {
                id: Some(id.clone()),
                meta: meta(None),
                identifier: vec![identifier("urn:ietf:rfc:3986", &format!("urn:uuid:{id}"))],
                active: Some(true.into()),
                name: vec![HumanName { use_: some("official"), ..name(&format!("Patient {number}"), "Test") }],
                // Numbers that are never given out.
                telecom: vec![telephone(&format!("+1-555-555-{:04}", 100 + number % 100))],
                gender: some(if is_female { "female" } else { "male" }),
                birth_date: some(&born.to_string()),
                address: vec![Address {
                    use_: some("home"),
                    line: vec![street.as_str().into()],
                    city: some(city),
                    ..Default::default()
                }],
                general_practitioner: vec![reference(&self.practitioner)],
                managing_organization: Some(reference(&self.organization)),
                ..Default::default()
            })),
        );
    }

    fn organization(&mut self, called: &str) -> String {
        let id = self.id();
        self.add(
            &id,
            Resource::Organization(Box::new(Organization {
                id: Some(id.clone()),
                meta: meta(None),
                active: Some(true.into()),
                type_: vec![hl7("organization-type", "prov", "Healthcare Provider")],
                name: some(called),
                telecom: vec![telephone("+1-555-555-0100")],
                ..Default::default()
            })),
        )
    }

    fn practitioner(&mut self, number: u32, qualification: Term) -> String {
        let id = self.id();
        let code: CodeableConcept = concept(qualification);
        self.add(
            &id,
            Resource::Practitioner(Box::new(Practitioner {
                id: Some(id.clone()),
                meta: meta(None),
                identifier: vec![identifier("urn:ietf:rfc:3986", &format!("urn:uuid:{id}"))],
                active: Some(true.into()),
                name: vec![name(&format!("Practitioner {number}"), "Test")],
                qualification: vec![PractitionerQualification { code: Some(code), ..Default::default() }],
                ..Default::default()
            })),
        )
    }
}

fn telephone(number: &str) -> ContactPoint {
    ContactPoint { system: some("phone"), value: some(number), ..Default::default() }
}
