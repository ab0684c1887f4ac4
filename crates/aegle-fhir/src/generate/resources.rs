//! Resources of each type, as visits make them.

use base64::{Engine, prelude::BASE64_STANDARD};
use fhirkit::{
    Primitive,
    r4::{
        AllergyIntolerance, AllergyIntoleranceReaction, Annotation, Attachment, Claim, ClaimDiagnosis,
        ClaimDiagnosisDiagnosis, ClaimInsurance, ClaimItem, Composition, CompositionSection,
        Condition as ConditionResource, ConditionAbatement, ConditionOnset, DiagnosticReport,
        DiagnosticReportEffective, DocumentReference, DocumentReferenceContent, DocumentReferenceContext, Dosage,
        Encounter, EncounterParticipant, ImagingStudy, ImagingStudySeries, ImagingStudySeriesInstance, Immunization,
        ImmunizationOccurrence, ImmunizationPerformer, MedicationRequest, MedicationRequestDispenseRequest,
        MedicationRequestMedication, Money, Observation, ObservationComponent, ObservationComponentValue,
        ObservationEffective, ObservationReferenceRange, ObservationValue, Procedure, ProcedurePerformed,
        ProcedurePerformer, Quantity, Reference, Resource, Timing, TimingRepeat,
    },
};
use jiff::{ToSpan, civil::Date};
use rand::Rng;

use super::{
    Scene,
    catalogue::{Measure, Panel, Prescription, RAISED, Stay},
    values::{
        DICOM, LOINC, SNOMED, Term, coding, concept, decimal, hl7, identifier, meta, narrative, period, quantity,
        range, reference, some,
    },
    visits::{Visit, at},
};

/// What somebody has, since when, and until when where it has passed.
pub(super) struct Condition {
    pub code: Term,
    pub onset: Date,
    pub abated: Option<Date>,
}

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
    /// From a day on, so many days.
    pub(super) fn visit(
        &mut self,
        (day, days): (Date, i64),
        (class, words): (&'static str, &'static str),
        reason: Term,
        practitioner: String,
        sensitivity: Option<&'static str>,
    ) -> Visit {
        let id = self.id();
        let last = day.checked_add((days - 1).days()).unwrap_or(day);
        let (start, end) = if days == 1 { (at(day, 10), at(day, 11)) } else { (at(day, 9), at(last, 16)) };
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
                    type_: vec![hl7("v3-ParticipationType", "PPRF", "primary performer")],
                    individual: Some(reference(&practitioner)),
                    ..Default::default()
                }],
                period: Some(period(&start, &end)),
                service_provider: Some(reference(&self.organization)),
                ..Default::default()
            })),
        );
        Visit { url, day, last, practitioner, sensitivity }
    }

    pub(super) fn vital_signs(&mut self, visit: &Visit) {
        let is_high = self.person.has(super::catalogue::HYPERTENSION);
        let systolic = if is_high { 1300..1550 } else { 1080..1320 };
        let diastolic = if is_high { 820..980 } else { 660..840 };
        let values = [self.rng.gen_range(systolic), self.rng.gen_range(diastolic)];
        let component = |code, display, tenths| ObservationComponent {
            code: Some(concept((LOINC, code, display))),
            value: Some(ObservationComponentValue::Quantity(quantity(tenths, "mm[Hg]"))),
            ..Default::default()
        };
        let id = self.id();
        let panel = (LOINC, "85354-9", "Blood pressure panel with all children optional");
        let mut pressure = self.observation(visit, &id, "vital-signs", panel);
        pressure.component = vec![
            component("8480-6", "Systolic blood pressure", values[0]),
            component("8462-4", "Diastolic blood pressure", values[1]),
        ];
        self.add(&id, Resource::Observation(Box::new(pressure)));

        let rate = quantity(self.rng.gen_range(55..95) * 10, "/min");
        self.measured(visit, "vital-signs", (LOINC, "8867-4", "Heart rate"), rate, None);
        // People change by a kilogram or two between visits.
        self.person.weight += self.rng.gen_range(-15..=20);
        let (height, weight) = (self.person.height, self.person.weight);
        self.measured(visit, "vital-signs", (LOINC, "8302-2", "Body height"), quantity(height, "cm"), None);
        self.measured(visit, "vital-signs", (LOINC, "29463-7", "Body weight"), quantity(weight, "kg"), None);
        let index = weight * 1_000_000 / (height * height);
        let code = (LOINC, "39156-5", "Body mass index (BMI) [Ratio]");
        self.measured(visit, "vital-signs", code, quantity(index, "kg/m2"), None);
    }

    /// Results around what is usual for the patient, and the report that puts them together.
    pub(super) fn laboratory(&mut self, visit: &Visit, panel: &Panel) {
        let mut results = Vec::new();
        for measure in panel.measures {
            let tenths = self.tenths(measure);
            let (code, display, low, high, unit) = *measure;
            let id = self.id();
            let mut result = self.observation(visit, &id, "laboratory", (LOINC, code, display));
            result.value = Some(ObservationValue::Quantity(quantity(tenths, unit)));
            result.reference_range = vec![range(low, high, unit)];
            let (flag, words) = match tenths {
                tenths if tenths < low => ("L", "Low"),
                tenths if tenths > high => ("H", "High"),
                _ => ("N", "Normal"),
            };
            result.interpretation = vec![hl7("v3-ObservationInterpretation", flag, words)];
            results.push(self.add(&id, Resource::Observation(Box::new(result))));
        }
        let id = self.id();
        let report = self.add(
            &id,
            Resource::DiagnosticReport(Box::new(DiagnosticReport {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some("final"),
                category: vec![hl7("v2-0074", "LAB", "Laboratory")],
                code: Some(concept(panel.code)),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                effective: Some(DiagnosticReportEffective::DateTime(visit.at(10).as_str().into())),
                issued: some(&visit.at(13)),
                performer: vec![reference(&self.organization)],
                result: results.iter().map(|url| reference(url)).collect(),
                ..Default::default()
            })),
        );
        self.results.extend(results.into_iter().next().map(|first| (visit.url.clone(), first, report)));
    }

    /// A value of the patient's: close to the last one, higher where a condition raises it.
    fn tenths(&mut self, (code, _, low, high, _): &Measure) -> i64 {
        let usual = match self.person.usual.get(code) {
            Some(usual) => *usual,
            None => self.rng.gen_range(10..90),
        };
        self.person.usual.insert(*code, usual);
        let raised: i64 = RAISED
            .iter()
            .filter(|(condition, measure, _)| measure == code && self.person.has(condition))
            .map(|(.., hundredths)| hundredths)
            .sum();
        let share = usual + self.rng.gen_range(-12..=12);
        (low + (high - low) * share / 100) * (100 + raised) / 100
    }

    fn observation(&mut self, visit: &Visit, id: &str, category: &'static str, code: Term) -> Observation {
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
            performer: vec![reference(&visit.practitioner)],
            ..Default::default()
        }
    }

    pub(super) fn measured(
        &mut self,
        visit: &Visit,
        category: &'static str,
        code: Term,
        value: Quantity,
        range: Option<ObservationReferenceRange>,
    ) {
        let id = self.id();
        let mut observation = self.observation(visit, &id, category, code);
        observation.value = Some(ObservationValue::Quantity(value));
        observation.reference_range.extend(range);
        self.add(&id, Resource::Observation(Box::new(observation)));
    }

    /// An observation that is a term.
    pub(super) fn finding(&mut self, visit: &Visit, category: &'static str, code: Term, found: Term) {
        let id = self.id();
        let mut observation = self.observation(visit, &id, category, code);
        observation.value = Some(ObservationValue::CodeableConcept(concept(found)));
        self.add(&id, Resource::Observation(Box::new(observation)));
    }

    pub(super) fn condition(&mut self, visit: &Visit, condition: &Condition) -> String {
        let id = self.id();
        let status = match condition.abated {
            Some(_) => hl7("condition-clinical", "resolved", "Resolved"),
            None => hl7("condition-clinical", "active", "Active"),
        };
        let abatement = condition.abated.map(|day| ConditionAbatement::DateTime(day.to_string().as_str().into()));
        let category = match condition.abated {
            Some(_) => hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis"),
            None => hl7("condition-category", "problem-list-item", "Problem List Item"),
        };
        self.add(
            &id,
            Resource::Condition(Box::new(ConditionResource {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                clinical_status: Some(status),
                verification_status: Some(hl7("condition-ver-status", "confirmed", "Confirmed")),
                category: vec![category],
                code: Some(concept(condition.code)),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                onset: Some(ConditionOnset::DateTime(condition.onset.to_string().as_str().into())),
                abatement,
                recorded_date: some(&visit.at(10)),
                recorder: Some(reference(&visit.practitioner)),
                ..Default::default()
            })),
        )
    }

    pub(super) fn medication(
        &mut self,
        visit: &Visit,
        (code, dosage, daily): &Prescription,
        reason: &str,
        is_over: bool,
    ) -> String {
        let id = self.id();
        let timing = TimingRepeat {
            frequency: Some((*daily).into()),
            period: decimal(10),
            period_unit: some("d"),
            ..Default::default()
        };
        let refills = MedicationRequestDispenseRequest {
            number_of_repeats_allowed: Some(if is_over { 0 } else { 3 }.into()),
            ..Default::default()
        };
        self.add(
            &id,
            Resource::MedicationRequest(Box::new(MedicationRequest {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some(if is_over { "completed" } else { "active" }),
                intent: some("order"),
                medication: Some(MedicationRequestMedication::CodeableConcept(concept(*code))),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                authored_on: some(&visit.at(10)),
                requester: Some(reference(&visit.practitioner)),
                reason_reference: vec![reference(reason)],
                dosage_instruction: vec![Dosage {
                    text: some(dosage),
                    timing: Some(Timing { repeat: Some(timing), ..Default::default() }),
                    ..Default::default()
                }],
                dispense_request: Some(refills),
                ..Default::default()
            })),
        )
    }

    /// At a visit, or told of by the patient.
    pub(super) fn immunization(&mut self, vaccine: Term, when: &str, visit: Option<&Visit>) {
        let id = self.id();
        let performer = visit
            .map(|visit| ImmunizationPerformer { actor: Some(reference(&visit.practitioner)), ..Default::default() });
        let lot = format!("L{:05}", self.rng.gen_range(0..100_000));
        self.add(
            &id,
            Resource::Immunization(Box::new(Immunization {
                id: Some(id.clone()),
                meta: meta(None),
                status: some("completed"),
                vaccine_code: Some(concept(vaccine)),
                patient: Some(reference(&self.patient)),
                encounter: visit.map(|visit| reference(&visit.url)),
                occurrence: Some(ImmunizationOccurrence::DateTime(when.into())),
                primary_source: Some(visit.is_some().into()),
                report_origin: (visit.is_none()).then(|| hl7("immunization-origin", "record", "Written Record")),
                lot_number: some(&lot),
                site: Some(hl7("v3-ActSite", "LA", "left arm")),
                performer: performer.into_iter().collect(),
                ..Default::default()
            })),
        );
    }

    /// What it is, and what it does: kind of substance, reaction and how severe it was.
    pub(super) fn intolerance(&mut self, day: Date, code: Term, known: Option<(&'static str, Term, &'static str)>) {
        let id = self.id();
        let reaction = known.map(|(_, reaction, severity)| AllergyIntoleranceReaction {
            manifestation: vec![concept(reaction)],
            severity: some(severity),
            ..Default::default()
        });
        self.add(
            &id,
            Resource::AllergyIntolerance(Box::new(AllergyIntolerance {
                id: Some(id.clone()),
                meta: meta(None),
                clinical_status: Some(hl7("allergyintolerance-clinical", "active", "Active")),
                verification_status: Some(hl7("allergyintolerance-verification", "confirmed", "Confirmed")),
                type_: known.and_then(|_| some("allergy")),
                category: known.iter().map(|(category, ..)| (*category).into()).collect(),
                criticality: known.and_then(|_| some("low")),
                code: Some(concept(code)),
                patient: Some(reference(&self.patient)),
                recorded_date: some(&at(day, 10)),
                recorder: Some(reference(&self.practitioner)),
                reaction: reaction.into_iter().collect(),
                ..Default::default()
            })),
        );
    }

    pub(super) fn procedure(&mut self, visit: &Visit, code: Term, reason: Option<&str>) {
        let id = self.id();
        self.add(
            &id,
            Resource::Procedure(Box::new(Procedure {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some("completed"),
                code: Some(concept(code)),
                subject: Some(reference(&self.patient)),
                encounter: Some(reference(&visit.url)),
                performed: Some(ProcedurePerformed::Period(period(&visit.at(11), &visit.at(12)))),
                performer: vec![ProcedurePerformer {
                    actor: Some(reference(&visit.practitioner)),
                    ..Default::default()
                }],
                reason_reference: reason.iter().map(|url| reference(url)).collect(),
                ..Default::default()
            })),
        );
    }

    /// The visit in words.
    pub(super) fn note(&mut self, visit: &Visit, told: &str, plan: &str) {
        let id = self.id();
        let weight = format!("{}.{}", self.person.weight / 10, self.person.weight % 10);
        let text = format!("History\n{told}\n\nExamination\nWeight {weight} kg. No acute distress.\n\nPlan\n{plan}\n");
        self.add(
            &id,
            Resource::DocumentReference(Box::new(DocumentReference {
                id: Some(id.clone()),
                meta: meta(visit.sensitivity),
                status: some("current"),
                doc_status: some("final"),
                type_: Some(concept((LOINC, "11506-3", "Progress note"))),
                subject: Some(reference(&self.patient)),
                date: some(&visit.at(12)),
                author: vec![reference(&visit.practitioner)],
                custodian: Some(reference(&self.organization)),
                content: vec![DocumentReferenceContent {
                    attachment: Some(Attachment {
                        content_type: some("text/plain; charset=utf-8"),
                        language: some("en"),
                        data: some(&BASE64_STANDARD.encode(&text)),
                        title: some("Progress note"),
                        ..Default::default()
                    }),
                    ..Default::default()
                }],
                context: Some(DocumentReferenceContext {
                    encounter: vec![reference(&visit.url)],
                    ..Default::default()
                }),
                ..Default::default()
            })),
        );
    }

    /// The discharge summary: a document with what it refers to.
    pub(super) fn summary(&mut self, visit: &Visit, stay: &Stay, condition: &str, medication: &str) {
        let section = |term: Term, text: &str, entries: &[&str]| CompositionSection {
            title: some(term.2),
            code: Some(concept(term)),
            text: Some(narrative(text)),
            entry: entries.iter().map(|url| reference(url)).collect(),
            ..Default::default()
        };
        let (treatment, dosage, _) = stay.treatment;
        let treatment = format!("{}: {dosage}", treatment.2);
        let mut sections = vec![section((LOINC, "8648-8", "Hospital course"), stay.course, &[])];
        if let Some(procedure) = stay.procedure {
            sections.push(section((LOINC, "47519-4", "History of Procedures"), procedure.2, &[]));
        }
        sections.extend([
            section((LOINC, "11535-2", "Hospital discharge diagnosis"), stay.condition.2, &[condition]),
            section((LOINC, "10183-2", "Hospital discharge medications"), &treatment, &[medication]),
        ]);
        let id = self.id();
        let composition = Composition {
            id: Some(id.clone()),
            meta: meta(None),
            status: some("final"),
            type_: Some(concept((LOINC, "18842-5", "Discharge summary"))),
            subject: Some(reference(&self.patient)),
            encounter: Some(reference(&visit.url)),
            date: some(&at(visit.last, 14)),
            author: vec![reference(&visit.practitioner)],
            title: some("Discharge summary"),
            custodian: Some(reference(&self.organization)),
            section: sections,
            ..Default::default()
        };
        let parts = [&self.patient, &visit.url, &visit.practitioner, &self.organization, condition, medication];
        let parts = self.entries.iter().filter(|(url, _)| parts.contains(&url.as_str())).cloned();
        let first = (format!("urn:uuid:{id}"), Resource::Composition(Box::new(composition)));
        self.document = std::iter::once(first).chain(parts).collect();
    }

    /// What the stay costs, as the insurer gets it.
    pub(super) fn bill(&mut self, visit: &Visit, stay: &Stay, condition: &str) {
        let id = self.id();
        let display = |text| Some(Reference { display: some(text), ..Default::default() });
        let money =
            |amount: i64| Some(Money { value: decimal(amount * 10), currency: some("EUR"), ..Default::default() });
        let item = |sequence: i32, term: Term, amount| ClaimItem {
            sequence: Some(sequence.into()),
            product_or_service: Some(concept(term)),
            encounter: vec![reference(&visit.url)],
            net: money(amount),
            ..Default::default()
        };
        let admission = super::catalogue::ADMISSION;
        let mut services = vec![(admission, stay.days * 640)];
        services.extend(stay.procedure.map(|procedure| (procedure, self.rng.gen_range(900..4_000))));
        let total = services.iter().map(|(_, amount)| amount).sum();
        self.add(
            &id,
            Resource::Claim(Box::new(Claim {
                id: Some(id.clone()),
                meta: meta(None),
                status: some("active"),
                type_: Some(hl7("claim-type", "institutional", "Institutional")),
                use_: some("claim"),
                patient: Some(reference(&self.patient)),
                billable_period: Some(period(&visit.at(9), &at(visit.last, 16))),
                created: some(&at(visit.last, 17)),
                insurer: display("Test Insurance"),
                provider: Some(reference(&self.organization)),
                priority: Some(hl7("processpriority", "normal", "Normal")),
                diagnosis: vec![ClaimDiagnosis {
                    sequence: Some(1.into()),
                    diagnosis: Some(ClaimDiagnosisDiagnosis::Reference(reference(condition))),
                    ..Default::default()
                }],
                insurance: vec![ClaimInsurance {
                    sequence: Some(1.into()),
                    focal: Some(true.into()),
                    coverage: display("Statutory health insurance"),
                    ..Default::default()
                }],
                item: (1..).zip(services).map(|(sequence, (term, amount))| item(sequence, term, amount)).collect(),
                total: money(total),
                ..Default::default()
            })),
        );
    }

    /// A study of three images, and its report.
    pub(super) fn study(&mut self, visit: &Visit) {
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
}
