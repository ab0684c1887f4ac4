//! The people, and what happens at each kind of visit.

use fhirkit::{
    Primitive,
    r4::{
        Annotation, Composition, CompositionSection, Condition, ConditionOnset, DiagnosticReport,
        DiagnosticReportEffective, Dosage, Encounter, EncounterParticipant, ImagingStudy, ImagingStudySeries,
        ImagingStudySeriesInstance, Immunization, ImmunizationOccurrence, MedicationRequest,
        MedicationRequestMedication, Observation, ObservationComponent, ObservationComponentValue,
        ObservationEffective, ObservationReferenceRange, ObservationValue, Organization, Patient, Practitioner,
        Resource,
    },
};
use jiff::{ToSpan, civil::Date};
use rand::Rng;

use super::{
    Generator, Scene,
    values::{
        CVX, DICOM, LOINC, RXNORM, SNOMED, Term, coding, concept, decimal, hl7, identifier, meta, name, narrative,
        period, quantity, range, reference, some,
    },
};

/// A visit: what it is called by, its day, and whether it is of a sensitive kind.
struct Visit {
    url: String,
    day: Date,
    sensitivity: Option<&'static str>,
}

impl Visit {
    /// At an hour of its first day, in UTC.
    fn at(&self, hour: u8) -> String {
        at(self.day, hour)
    }
}

fn at(day: Date, hour: u8) -> String {
    format!("{day}T{hour:02}:00:00Z")
}

const CHECK_UP: Term = (SNOMED, "185349003", "Encounter for check up");
const HYPERTENSION: Term = (SNOMED, "59621000", "Essential hypertension");
const DIABETES: Term = (SNOMED, "44054006", "Type 2 diabetes mellitus");
const PNEUMONIA: Term = (SNOMED, "233604007", "Pneumonia");
const LISINOPRIL: Term = (RXNORM, "314076", "lisinopril 10 MG Oral Tablet");
const METFORMIN: Term = (RXNORM, "860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet");
const AMOXICILLIN: Term = (RXNORM, "308182", "amoxicillin 250 MG Oral Capsule");

/// LOINC code, display, usual range in tenths, unit.
const PANEL: [(&str, &str, i64, i64, &str); 5] = [
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 40, 56, "%"),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", 700, 990, "mg/dL"),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 6, 13, "mg/dL"),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 1360, 1450, "mmol/L"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 120, 175, "g/dL"),
];

/// The laboratory measured again.
pub(super) fn correct(observation: &mut Observation) {
    observation.status = some("corrected");
    if let Some(ObservationValue::Quantity(value)) = &mut observation.value {
        let shown = value.value.as_ref().and_then(|value| value.value.as_ref()).map(ToString::to_string);
        let tenths = shown.and_then(|text| text.replace('.', "").parse::<i64>().ok()).unwrap_or_default();
        value.value = decimal(tenths + 1 + tenths / 10);
    }
    observation.note = vec![Annotation {
        text: some("Measured again from the same specimen after the analyser was calibrated."),
        ..Default::default()
    }];
}

impl Scene {
    pub(super) fn people(&mut self, generator: &Generator) {
        let id = self.id();
        self.organization = self.add(
            &id,
            Resource::Organization(Box::new(Organization {
                id: Some(id.clone()),
                meta: meta(None),
                name: some("Test Hospital"),
                ..Default::default()
            })),
        );
        let id = self.id();
        self.practitioner = self.add(
            &id,
            Resource::Practitioner(Box::new(Practitioner {
                id: Some(id.clone()),
                meta: meta(None),
                name: vec![name("Practitioner 1", "Test")],
                ..Default::default()
            })),
        );
        let id = self.id();
        let born = generator.today.checked_sub(self.rng.gen_range(20 * 365..80 * 365_i64).days());
        let gender = ["female", "male", "other"][self.rng.gen_range(0..3)];
        self.patient = self.add(
            &id,
            Resource::Patient(Box::new(Patient {
                id: Some(id.clone()),
                meta: meta(None),
                identifier: vec![identifier("urn:ietf:rfc:3986", &format!("urn:uuid:{id}"))],
                name: vec![name(&format!("Patient {}", generator.number), "Test")],
                gender: some(gender),
                birth_date: some(&born.unwrap_or(generator.today).to_string()),
                ..Default::default()
            })),
        );
    }

    /// Finds what later visits treat.
    pub(super) fn first_visit(&mut self, day: Date) {
        let visit = self.visit(day, 1, ("AMB", "ambulatory"), CHECK_UP, None);
        self.vital_signs(&visit);
        self.laboratory(&visit);
        self.condition(&visit, HYPERTENSION);
        self.condition(&visit, DIABETES);
        self.medication(&visit, LISINOPRIL, "One tablet each morning");
        self.medication(&visit, METFORMIN, "One tablet with the evening meal");
    }

    pub(super) fn check_up(&mut self, day: Date, vaccinated: bool) {
        let visit = self.visit(day, 1, ("AMB", "ambulatory"), CHECK_UP, None);
        self.vital_signs(&visit);
        self.laboratory(&visit);
        if vaccinated {
            self.immunization(&visit);
        }
    }

    /// Labelled by its source; its resources also have codes that tell.
    pub(super) fn psychiatric_visit(&mut self, day: Date) {
        let interview = (SNOMED, "79094001", "Initial psychiatric interview with mental status and evaluation");
        let visit = self.visit(day, 1, ("AMB", "ambulatory"), interview, Some("PSY"));
        self.condition(&visit, (SNOMED, "35489007", "Depressive disorder"));
        self.medication(&visit, (RXNORM, "312941", "sertraline 50 MG Oral Tablet"), "One tablet each morning");
        let score = i64::from(self.rng.gen_range(8..20_u8)) * 10;
        let phq = (LOINC, "44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]");
        self.observation(&visit, "survey", phq, quantity(score, "{score}"), Some(range(0, 40, "{score}")));
    }

    pub(super) fn imaging_visit(&mut self, day: Date) {
        let visit = self.visit(day, 1, ("AMB", "ambulatory"), (SNOMED, "11429006", "Consultation"), None);
        self.vital_signs(&visit);
        let (id, started) = (self.id(), visit.at(11));
        let mut uid = || format!("2.25.{}", u128::from(self.rng.r#gen::<u64>()) << 32 | 1);
        let (study_uid, series_uid) = (uid(), uid());
        let instances: Vec<_> = (1..=3)
            .map(|number| ImagingStudySeriesInstance {
                uid: some(&uid()),
                sop_class: Some(coding(("urn:ietf:rfc:3986", "urn:oid:1.2.840.10008.5.1.4.1.1.2", "CT Image Storage"))),
                number: Some(number.into()),
                ..Default::default()
            })
            .collect();
        let count = i32::try_from(instances.len()).ok().map(Primitive::new);
        let modality = (DICOM, "CT", "Computed Tomography");
        let study = self.add(
            &id,
            Resource::ImagingStudy(Box::new(ImagingStudy {
                id: Some(id.clone()),
                meta: meta(None),
                identifier: vec![identifier("urn:dicom:uid", &format!("urn:oid:{study_uid}"))],
                status: some("available"),
                modality: vec![coding(modality)],
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                started: some(&started),
                number_of_series: Some(1.into()),
                number_of_instances: count.clone(),
                procedure_code: vec![concept((SNOMED, "169069000", "Computed tomography of chest"))],
                description: some("CT of the chest"),
                series: vec![ImagingStudySeries {
                    uid: some(&series_uid),
                    number: Some(1.into()),
                    modality: Some(coding(modality)),
                    number_of_instances: count,
                    body_site: Some(coding((SNOMED, "51185008", "Thoracic structure"))),
                    started: some(&started),
                    instance: instances,
                    ..Default::default()
                }],
                ..Default::default()
            })),
        );
        let id = self.id();
        self.add(
            &id,
            Resource::DiagnosticReport(Box::new(DiagnosticReport {
                id: Some(id.clone()),
                meta: meta(None),
                status: some("final"),
                category: vec![hl7("v2-0074", "RAD", "Radiology")],
                code: Some(concept((LOINC, "24627-2", "CT Chest"))),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                effective: Some(DiagnosticReportEffective::DateTime(started.as_str().into())),
                issued: some(&visit.at(15)),
                performer: vec![reference(&self.organization)],
                imaging_study: vec![reference(&study)],
                conclusion: some("No abnormality in the lungs or the mediastinum."),
                ..Default::default()
            })),
        );
    }

    /// Five days with a pneumonia, and the summary at their end.
    pub(super) fn hospital_stay(&mut self, day: Date) {
        let visit =
            self.visit(day, 5, ("IMP", "inpatient encounter"), (SNOMED, "32485007", "Hospital admission"), None);
        self.vital_signs(&visit);
        self.laboratory(&visit);
        let condition = self.condition(&visit, PNEUMONIA);
        let medication = self.medication(&visit, AMOXICILLIN, "Two capsules three times a day for seven days");
        let course = "Admitted with fever and cough. Treated for pneumonia, and recovered well.";
        let last = day.checked_add(4.days()).unwrap_or(day);
        let section = |term: Term, text: &str, entries: &[&String]| CompositionSection {
            title: some(term.2),
            code: Some(concept(term)),
            text: Some(narrative(text)),
            entry: entries.iter().map(|url| reference(url)).collect(),
            ..Default::default()
        };
        let id = self.id();
        let composition = Composition {
            id: Some(id.clone()),
            meta: meta(None),
            status: some("final"),
            type_: Some(concept((LOINC, "18842-5", "Discharge summary"))),
            subject: Some(reference(&self.patient)),
            encounter: Some(reference(&visit.url)),
            date: some(&at(last, 14)),
            author: vec![reference(&self.practitioner)],
            title: some("Discharge summary"),
            custodian: Some(reference(&self.organization)),
            section: vec![
                section((LOINC, "8648-8", "Hospital course"), course, &[]),
                section((LOINC, "11535-2", "Hospital discharge diagnosis"), PNEUMONIA.2, &[&condition]),
                section((LOINC, "10183-2", "Hospital discharge medications"), AMOXICILLIN.2, &[&medication]),
            ],
            ..Default::default()
        };
        let parts = [&self.patient, &visit.url, &self.practitioner, &self.organization, &condition, &medication];
        let parts = self.entries.iter().filter(|(url, _)| parts.contains(&url)).cloned();
        let first = (format!("urn:uuid:{id}"), Resource::Composition(Box::new(composition)));
        self.document = std::iter::once(first).chain(parts).collect();
    }

    fn visit(
        &mut self,
        day: Date,
        days: i64,
        (class, words): (&'static str, &'static str),
        reason: Term,
        sensitivity: Option<&'static str>,
    ) -> Visit {
        let id = self.id();
        let last = day.checked_add((days - 1).days()).unwrap_or(day);
        let url = self.add(
            &id,
            Resource::Encounter(Box::new(Encounter {
                id: Some(id.clone()),
                meta: meta(sensitivity),
                status: some("finished"),
                class: Some(coding(("http://terminology.hl7.org/CodeSystem/v3-ActCode", class, words))),
                type_: vec![concept(reason)],
                subject: Some(reference(&self.patient)),
                participant: vec![EncounterParticipant {
                    individual: Some(reference(&self.practitioner)),
                    ..Default::default()
                }],
                period: Some(period(&at(day, 9), &at(last, 16))),
                service_provider: Some(reference(&self.organization)),
                ..Default::default()
            })),
        );
        Visit { url, day, sensitivity }
    }

    fn vital_signs(&mut self, visit: &Visit) {
        let (systolic, diastolic) = (self.rng.gen_range(1150..1480), self.rng.gen_range(700..950));
        let component = |code, display, tenths| ObservationComponent {
            code: Some(concept((LOINC, code, display))),
            value: Some(ObservationComponentValue::Quantity(quantity(tenths, "mm[Hg]"))),
            ..Default::default()
        };
        let id = self.id();
        let mut pressure = self.measured(
            visit,
            &id,
            "vital-signs",
            (LOINC, "85354-9", "Blood pressure panel with all children optional"),
        );
        pressure.component = vec![
            component("8480-6", "Systolic blood pressure", systolic),
            component("8462-4", "Diastolic blood pressure", diastolic),
        ];
        self.add(&id, Resource::Observation(Box::new(pressure)));
        let rate = quantity(self.rng.gen_range(55..95) * 10, "/min");
        self.observation(visit, "vital-signs", (LOINC, "8867-4", "Heart rate"), rate, None);
        let weight = quantity(self.rng.gen_range(520..1050), "kg");
        self.observation(visit, "vital-signs", (LOINC, "29463-7", "Body weight"), weight, None);
    }

    /// Results, mostly in their range, and the report that puts them together.
    fn laboratory(&mut self, visit: &Visit) {
        let mut results = Vec::new();
        for (code, display, low, high, unit) in PANEL {
            let spread = (high - low) / 4;
            let value = quantity(self.rng.gen_range(low - spread.min(low)..=high + spread), unit);
            let range = range(low, high, unit);
            results.push(self.observation(visit, "laboratory", (LOINC, code, display), value, Some(range)));
        }
        let id = self.id();
        let report = self.add(
            &id,
            Resource::DiagnosticReport(Box::new(DiagnosticReport {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some("final"),
                category: vec![hl7("v2-0074", "LAB", "Laboratory")],
                code: Some(concept((LOINC, "51990-0", "Basic metabolic panel - Blood"))),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                effective: Some(DiagnosticReportEffective::DateTime(visit.at(10).as_str().into())),
                issued: some(&visit.at(13)),
                performer: vec![reference(&self.organization)],
                result: results.iter().map(|url| reference(url)).collect(),
                ..Default::default()
            })),
        );
        self.results.extend(results.into_iter().next().map(|first| (first, report)));
    }

    fn measured(&self, visit: &Visit, id: &str, category: &'static str, code: Term) -> Observation {
        Observation {
            id: Some(id.to_owned()),
            meta: meta(visit.sensitivity),
            status: some("final"),
            category: vec![hl7("observation-category", category, category)],
            code: Some(concept(code)),
            subject: Some(reference(&self.patient)),
            encounter: Some(reference(&visit.url)),
            effective: Some(ObservationEffective::DateTime(visit.at(10).as_str().into())),
            issued: some(&visit.at(13)),
            performer: vec![reference(&self.practitioner)],
            ..Default::default()
        }
    }

    fn observation(
        &mut self,
        visit: &Visit,
        category: &'static str,
        code: Term,
        value: fhirkit::r4::Quantity,
        range: Option<ObservationReferenceRange>,
    ) -> String {
        let id = self.id();
        let mut observation = self.measured(visit, &id, category, code);
        observation.value = Some(ObservationValue::Quantity(value));
        observation.reference_range.extend(range);
        self.add(&id, Resource::Observation(Box::new(observation)))
    }

    fn condition(&mut self, visit: &Visit, code: Term) -> String {
        let id = self.id();
        self.add(
            &id,
            Resource::Condition(Box::new(Condition {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                clinical_status: Some(hl7("condition-clinical", "active", "Active")),
                verification_status: Some(hl7("condition-ver-status", "confirmed", "Confirmed")),
                category: vec![hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis")],
                code: Some(concept(code)),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                onset: Some(ConditionOnset::DateTime(visit.day.strftime("%Y-%m").to_string().as_str().into())),
                recorded_date: some(&visit.at(10)),
                recorder: Some(reference(&self.practitioner)),
                ..Default::default()
            })),
        )
    }

    fn medication(&mut self, visit: &Visit, code: Term, dosage: &str) -> String {
        let id = self.id();
        self.add(
            &id,
            Resource::MedicationRequest(Box::new(MedicationRequest {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some("active"),
                intent: some("order"),
                medication: Some(MedicationRequestMedication::CodeableConcept(concept(code))),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                authored_on: some(&visit.at(10)),
                requester: Some(reference(&self.practitioner)),
                dosage_instruction: vec![Dosage { text: some(dosage), ..Default::default() }],
                ..Default::default()
            })),
        )
    }

    fn immunization(&mut self, visit: &Visit) {
        let id = self.id();
        self.add(
            &id,
            Resource::Immunization(Box::new(Immunization {
                id: Some(id.clone()),
                meta: meta(None),
                status: some("completed"),
                vaccine_code: Some(concept((CVX, "140", "Influenza, seasonal, injectable, preservative free"))),
                patient: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                occurrence: Some(ImmunizationOccurrence::DateTime(visit.at(10).as_str().into())),
                primary_source: Some(true.into()),
                ..Default::default()
            })),
        );
    }
}
