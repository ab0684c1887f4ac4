//! What of a resource decides where it belongs and how it is labelled, read from its typed model.

use std::collections::BTreeSet;

use fhirkit::{
    Primitive,
    r4::{self, CodeableConcept, Coding, HumanName, Identifier, Reference, Resource},
};

use crate::{
    category::{self, Category},
    days::{Days, When},
    reference::Target,
};

/// A code, as it goes into the part of a record that only its readers see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    pub system: String,
    pub code: String,
    pub display: Option<String>,
}

/// How a resource takes part in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Patient,
    Encounter,
    Study,
    Document,
    /// Care, or what describes a patient.
    Other,
    /// Who, where and with what: travels along with the care that refers to it.
    Support,
}

#[derive(Debug)]
pub(crate) struct Facts {
    pub role: Role,
    pub category: Category,
    pub id: Option<String>,
    pub subjects: Vec<Target>,
    pub encounters: Vec<Target>,
    /// What this is the whole of, such as a report of its results, and what it is a part of.
    pub kin: Vec<Target>,
    pub identifiers: Vec<(String, String)>,
    pub days: Option<Days>,
    pub issued: Option<Days>,
    pub codes: BTreeSet<Code>,
    pub title: Option<String>,
    pub authors: Vec<Author>,
    pub study_uid: Option<String>,
    /// Of a patient.
    pub birth_date: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Author {
    Named(String),
    At(Target),
}

impl Facts {
    pub fn new(role: Role, category: Category, id: &Option<String>) -> Self {
        Self {
            role,
            category,
            id: id.clone(),
            subjects: Vec::new(),
            encounters: Vec::new(),
            kin: Vec::new(),
            identifiers: Vec::new(),
            days: None,
            issued: None,
            codes: BTreeSet::new(),
            title: None,
            authors: Vec::new(),
            study_uid: None,
            birth_date: None,
        }
    }

    fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    fn about(mut self, subject: &impl Many<Reference>) -> Self {
        subject.each(|reference| self.subjects.extend(Target::of(reference)));
        self
    }

    fn during(mut self, encounter: &impl Many<Reference>) -> Self {
        encounter.each(|reference| self.encounters.extend(Target::of(reference)));
        self
    }

    fn with(mut self, kin: &impl Many<Reference>) -> Self {
        kin.each(|reference| self.kin.extend(Target::of(reference)));
        self
    }

    fn on(mut self, when: &impl When) -> Self {
        self.days = Days::join(self.days, when.days());
        self
    }

    /// Counts where nothing more exact is known.
    fn or_on(mut self, when: &impl When) -> Self {
        self.days = self.days.or_else(|| when.days());
        self
    }

    fn issued(mut self, when: &impl When) -> Self {
        self.issued = when.days();
        self.or_on(when)
    }

    /// The first concept with words gives the title.
    fn coded(mut self, concepts: &impl Many<CodeableConcept>) -> Self {
        concepts.each(|concept| {
            concept.coding.iter().for_each(|coding| self.codes.extend(code(coding)));
            let words = || concept.coding.iter().find_map(|coding| text(&coding.display));
            self.title = self.title.take().or_else(|| text(&concept.text)).or_else(words);
        });
        self
    }

    fn titled(mut self, title: &Option<Primitive<String>>) -> Self {
        self.title = text(title).or(self.title);
        self
    }

    fn by(mut self, author: &impl Many<Reference>) -> Self {
        author.each(|reference| {
            self.authors.extend(text(&reference.display).map(Author::Named));
            self.authors.extend(Target::of(reference).map(Author::At));
        });
        self
    }

    fn identified(mut self, identifiers: &impl Many<Identifier>) -> Self {
        identifiers.each(|identifier| {
            if let Some(value) = text(&identifier.value) {
                self.identifiers.push((text(&identifier.system).unwrap_or_default(), value));
            }
        });
        self
    }

    fn named(mut self, names: &[HumanName]) -> Self {
        self.title = names.iter().find_map(name).or(self.title);
        self
    }
}

/// The typed facts of a resource; `None` for types that no patient's record has.
pub(crate) fn facts(resource: &Resource) -> Option<Facts> {
    macro_rules! of {
        ($resource:expr, $category:ident) => {
            Facts::new(Role::Other, Category::$category, &$resource.id).identified(&$resource.identifier)
        };
        ($resource:expr, $category:ident, unidentified) => {
            Facts::new(Role::Other, Category::$category, &$resource.id)
        };
    }
    use Resource as R;
    Some(match resource {
        R::Patient(r) => {
            Facts { birth_date: text(&r.birth_date), ..of!(r, Demographics).role(Role::Patient).named(&r.name) }
        }
        R::RelatedPerson(r) => of!(r, Demographics).about(&r.patient).named(&r.name),
        R::Coverage(r) => of!(r, Financial).about(&r.beneficiary).on(&r.period).coded(&r.type_),
        R::Claim(r) => {
            let facts = of!(r, Financial).about(&r.patient).on(&r.billable_period).issued(&r.created).by(&r.provider);
            r.item.iter().fold(facts, |facts, item| facts.during(&item.encounter))
        }
        R::ClaimResponse(r) => of!(r, Financial).about(&r.patient).issued(&r.created).with(&r.request),
        R::ExplanationOfBenefit(r) => {
            let facts = of!(r, Financial).about(&r.patient).on(&r.billable_period).issued(&r.created);
            let facts = facts.by(&r.provider).with(&r.claim);
            r.item.iter().fold(facts, |facts, item| facts.during(&item.encounter))
        }
        R::Account(r) => of!(r, Financial).about(&r.subject).on(&r.service_period),
        R::ChargeItem(r) => {
            let facts = of!(r, Financial).about(&r.subject).during(&r.context).on(&r.occurrence);
            facts.or_on(&r.entered_date).coded(&r.code)
        }
        R::Invoice(r) => {
            let charged = r.line_item.iter().filter_map(|item| match &item.charge_item {
                Some(r4::InvoiceLineItemChargeItem::Reference(charged)) => Some(charged),
                _ => None,
            });
            let facts = of!(r, Financial).about(&r.subject).issued(&r.date);
            charged.fold(facts, |facts, charged| facts.with(&Some(charged.clone())))
        }
        R::EnrollmentRequest(r) => of!(r, Financial).about(&r.candidate).issued(&r.created).by(&r.provider),
        R::CoverageEligibilityRequest(r) => of!(r, Financial).about(&r.patient).issued(&r.created),
        R::CoverageEligibilityResponse(r) => of!(r, Financial).about(&r.patient).issued(&r.created).with(&r.request),

        R::Encounter(r) => {
            let facts = of!(r, Encounter).role(Role::Encounter).about(&r.subject).during(&r.part_of).on(&r.period);
            let facts = facts.coded(&r.type_).coded(&r.service_type).coded(&r.reason_code).by(&r.service_provider);
            r.diagnosis.iter().fold(facts, |facts, diagnosis| facts.with(&diagnosis.condition))
        }
        R::EpisodeOfCare(r) => {
            of!(r, Encounter).about(&r.patient).on(&r.period).coded(&r.type_).by(&r.managing_organization)
        }
        R::Appointment(r) => {
            let facts = of!(r, Encounter).on(&r.start).issued(&r.created).coded(&r.service_type).coded(&r.reason_code);
            let patients = r.participant.iter().filter_map(|participant| participant.actor.as_ref());
            patients.filter(|actor| Target::of(actor).is_some_and(|target| target.may_be("Patient"))).fold(
                facts,
                |mut facts, actor| {
                    facts.subjects.extend(Target::of(actor));
                    facts
                },
            )
        }
        R::AppointmentResponse(r) => of!(r, Encounter).about(&r.actor).with(&r.appointment).on(&r.start),

        R::Observation(r) => {
            let category = category::of_observation(r);
            Facts { category, ..of!(r, Other) }
                .about(&r.subject)
                .during(&r.encounter)
                .on(&r.effective)
                .issued(&r.issued)
                .coded(&r.code)
                .by(&r.performer)
                .with(&r.specimen)
                .with(&r.has_member)
                .with(&r.derived_from)
                .with(&r.part_of)
        }
        R::DiagnosticReport(r) => {
            let facts = Facts { category: category::of_report(r), ..of!(r, Laboratory) }
                .about(&r.subject)
                .during(&r.encounter)
                .on(&r.effective)
                .issued(&r.issued)
                .coded(&r.code)
                .by(&r.performer)
                .by(&r.results_interpreter)
                .with(&r.imaging_study)
                .with(&r.specimen)
                .with(&r.result);
            r.media.iter().fold(facts, |facts, media| facts.with(&media.link))
        }
        R::ImagingStudy(r) => {
            let mut facts = of!(r, Imaging).role(Role::Study).about(&r.subject).on(&r.started).coded(&r.procedure_code);
            for coding in r.modality.iter().chain(r.series.iter().flat_map(|series| &series.modality)) {
                facts.codes.extend(code(coding));
                facts.title = facts.title.or_else(|| text(&coding.display));
            }
            for series in &r.series {
                facts = facts.on(&series.started);
            }
            let uid =
                r.identifier.iter().find(|identifier| text(&identifier.system).as_deref() == Some("urn:dicom:uid"));
            let uid = uid.or(r.identifier.first()).and_then(|identifier| text(&identifier.value));
            facts.study_uid = uid.or_else(|| r.id.clone());
            facts.titled(&r.description).during(&r.encounter).by(&r.interpreter)
        }
        R::Media(r) => {
            let facts = of!(r, Imaging).about(&r.subject).during(&r.encounter).on(&r.created).issued(&r.issued);
            facts.coded(&r.modality).coded(&r.type_).by(&r.operator).with(&r.part_of)
        }
        R::MolecularSequence(r) => of!(r, Laboratory).about(&r.patient).with(&r.specimen),
        R::Specimen(r) => {
            let collected = r.collection.as_ref().and_then(|collection| collection.collected.as_ref());
            let facts = Facts { days: collected.and_then(When::days), ..of!(r, Laboratory) };
            facts.or_on(&r.received_time).about(&r.subject).coded(&r.type_)
        }

        R::MedicationRequest(r) => {
            let facts =
                of!(r, Medication).about(&r.subject).during(&r.encounter).issued(&r.authored_on).by(&r.requester);
            match &r.medication {
                Some(r4::MedicationRequestMedication::CodeableConcept(concept)) => facts.coded(concept),
                _ => facts,
            }
        }
        R::MedicationStatement(r) => {
            let facts =
                of!(r, Medication).about(&r.subject).during(&r.context).on(&r.effective).issued(&r.date_asserted);
            match &r.medication {
                Some(r4::MedicationStatementMedication::CodeableConcept(concept)) => facts.coded(concept),
                _ => facts,
            }
        }
        R::MedicationAdministration(r) => {
            let facts = of!(r, Medication).about(&r.subject).during(&r.context).on(&r.effective).with(&r.request);
            match &r.medication {
                Some(r4::MedicationAdministrationMedication::CodeableConcept(concept)) => facts.coded(concept),
                _ => facts,
            }
        }
        R::MedicationDispense(r) => {
            let facts = of!(r, Medication).about(&r.subject).during(&r.context).on(&r.when_handed_over);
            let facts = facts.or_on(&r.when_prepared).with(&r.authorizing_prescription);
            match &r.medication {
                Some(r4::MedicationDispenseMedication::CodeableConcept(concept)) => facts.coded(concept),
                _ => facts,
            }
        }
        R::Immunization(r) => {
            let facts =
                of!(r, Immunization).about(&r.patient).during(&r.encounter).on(&r.occurrence).or_on(&r.recorded);
            r.performer.iter().fold(facts.coded(&r.vaccine_code), |facts, performer| facts.by(&performer.actor))
        }
        R::ImmunizationEvaluation(r) => {
            of!(r, Immunization).about(&r.patient).on(&r.date).coded(&r.target_disease).with(&r.immunization_event)
        }
        R::ImmunizationRecommendation(r) => of!(r, Immunization).about(&r.patient).on(&r.date),

        // When it was recorded is a day of care; when an illness began is often none, and decades before.
        R::Condition(r) => {
            let facts = of!(r, Condition).about(&r.subject).during(&r.encounter).issued(&r.recorded_date);
            facts.or_on(&r.onset).coded(&r.code).by(&r.asserter).by(&r.recorder)
        }
        R::AllergyIntolerance(r) => {
            let facts = of!(r, Allergy).about(&r.patient).during(&r.encounter).issued(&r.recorded_date);
            facts.or_on(&r.onset).or_on(&r.last_occurrence).coded(&r.code).by(&r.asserter).by(&r.recorder)
        }
        R::Procedure(r) => {
            let facts = of!(r, Procedure).about(&r.subject).during(&r.encounter).on(&r.performed).coded(&r.code);
            let facts = facts.with(&r.part_of).with(&r.report);
            r.performer.iter().fold(facts, |facts, performer| facts.by(&performer.actor))
        }
        R::FamilyMemberHistory(r) => {
            let facts = of!(r, FamilyHistory).about(&r.patient).on(&r.date).coded(&r.relationship);
            r.condition.iter().fold(facts, |facts, condition| facts.coded(&condition.code))
        }
        R::ClinicalImpression(r) => {
            let facts = of!(r, Condition).about(&r.subject).during(&r.encounter).on(&r.effective).issued(&r.date);
            facts.coded(&r.code).by(&r.assessor)
        }
        R::DetectedIssue(r) => of!(r, Other).about(&r.patient).on(&r.identified).coded(&r.code).by(&r.author),
        R::AdverseEvent(r) => Facts::new(Role::Other, Category::Other, &r.id)
            .about(&r.subject)
            .during(&r.encounter)
            .on(&r.date)
            .issued(&r.recorded_date)
            .coded(&r.event)
            .by(&r.recorder),
        R::RiskAssessment(r) => {
            let facts = of!(r, Condition).about(&r.subject).during(&r.encounter).on(&r.occurrence).coded(&r.code);
            facts.by(&r.performer)
        }
        R::Flag(r) => of!(r, Other).about(&r.subject).during(&r.encounter).on(&r.period).coded(&r.code).by(&r.author),

        R::CarePlan(r) => {
            let facts = of!(r, CarePlan).about(&r.subject).during(&r.encounter).on(&r.period).issued(&r.created);
            facts.coded(&r.category).titled(&r.title).by(&r.author).with(&r.goal).with(&r.care_team)
        }
        R::Goal(r) => of!(r, CarePlan).about(&r.subject).on(&r.start).or_on(&r.status_date).coded(&r.description),
        R::CareTeam(r) => {
            of!(r, CarePlan).about(&r.subject).during(&r.encounter).on(&r.period).coded(&r.category).titled(&r.name)
        }
        R::ServiceRequest(r) => {
            let facts =
                of!(r, CarePlan).about(&r.subject).during(&r.encounter).on(&r.occurrence).issued(&r.authored_on);
            facts.coded(&r.code).by(&r.requester)
        }
        R::NutritionOrder(r) => {
            of!(r, CarePlan).about(&r.patient).during(&r.encounter).issued(&r.date_time).by(&r.orderer)
        }
        R::RequestGroup(r) => {
            of!(r, CarePlan).about(&r.subject).during(&r.encounter).issued(&r.authored_on).coded(&r.code).by(&r.author)
        }
        R::Task(r) => {
            let facts = of!(r, CarePlan).about(&r.for_).during(&r.encounter).on(&r.execution_period);
            facts.or_on(&r.authored_on).coded(&r.code).with(&r.focus)
        }
        R::VisionPrescription(r) => of!(r, Device)
            .about(&r.patient)
            .during(&r.encounter)
            .on(&r.date_written)
            .issued(&r.created)
            .by(&r.prescriber),
        R::Device(r) if r.patient.is_some() => of!(r, Device).about(&r.patient).coded(&r.type_),
        R::DeviceUseStatement(r) => {
            of!(r, Device).about(&r.subject).on(&r.timing).issued(&r.recorded_on).with(&r.device)
        }
        R::DeviceRequest(r) => {
            let facts = of!(r, Device).about(&r.subject).during(&r.encounter).on(&r.occurrence).issued(&r.authored_on);
            facts.by(&r.requester)
        }
        R::SupplyDelivery(r) => of!(r, Device).about(&r.patient).on(&r.occurrence).coded(&r.type_),
        R::BodyStructure(r) => of!(r, Condition).about(&r.patient).coded(&r.morphology),

        R::QuestionnaireResponse(r) => {
            let facts = Facts::new(Role::Other, Category::Survey, &r.id).identified(&r.identifier);
            facts.about(&r.subject).during(&r.encounter).issued(&r.authored).by(&r.author).with(&r.part_of)
        }
        R::Communication(r) => {
            let facts = of!(r, Other).about(&r.subject).during(&r.encounter).on(&r.sent).coded(&r.category);
            facts.by(&r.sender)
        }
        R::CommunicationRequest(r) => {
            of!(r, Other).about(&r.subject).during(&r.encounter).on(&r.occurrence).issued(&r.authored_on)
        }
        R::Consent(r) => of!(r, Other).about(&r.patient).issued(&r.date_time).coded(&r.category),
        R::List(r) => {
            let facts = of!(r, Other).about(&r.subject).during(&r.encounter).issued(&r.date).coded(&r.code);
            facts.titled(&r.title).by(&r.source)
        }
        R::Basic(r) => of!(r, Other).about(&r.subject).issued(&r.created).coded(&r.code).by(&r.author),
        R::GuidanceResponse(r) => {
            of!(r, Other).about(&r.subject).during(&r.encounter).on(&r.occurrence_date_time).with(&r.result)
        }
        R::Provenance(r) => {
            let facts = of!(r, Other, unidentified).with(&r.target).issued(&r.recorded);
            facts.role(Role::Support)
        }

        R::Composition(r) => {
            let facts = of!(r, Document).role(Role::Document).about(&r.subject).during(&r.encounter).issued(&r.date);
            let facts = r.event.iter().fold(facts, |facts, event| facts.on(&event.period).coded(&event.code));
            let facts = facts.coded(&r.type_).titled(&r.title).by(&r.author).by(&r.custodian);
            r.section.iter().fold(facts, sections)
        }
        R::DocumentReference(r) => {
            let facts = of!(r, Document).role(Role::Document).about(&r.subject).issued(&r.date).coded(&r.type_);
            let facts = facts.coded(&r.category).titled(&r.description).by(&r.author).by(&r.custodian);
            let facts = r.context.iter().fold(facts, |facts, context| {
                facts.during(&context.encounter).on(&context.period).coded(&context.event)
            });
            let urls = r.content.iter().filter_map(|content| content.attachment.as_ref());
            urls.fold(facts, |mut facts, attachment| {
                facts.kin.extend(text(&attachment.url).and_then(|url| Target::read(&url)));
                facts
            })
        }
        R::DocumentManifest(r) => {
            let facts = of!(r, Document).role(Role::Document).about(&r.subject).issued(&r.created).coded(&r.type_);
            facts.titled(&r.description).by(&r.author).with(&r.content)
        }

        R::Practitioner(r) => of!(r, Other).role(Role::Support).named(&r.name),
        R::PractitionerRole(r) => of!(r, Other).role(Role::Support).coded(&r.specialty),
        R::Organization(r) => of!(r, Other).role(Role::Support).titled(&r.name),
        R::Location(r) => of!(r, Other).role(Role::Support).titled(&r.name),
        R::HealthcareService(r) => of!(r, Other).role(Role::Support).titled(&r.name),
        R::Medication(r) => of!(r, Medication).role(Role::Support).coded(&r.code),
        R::Substance(r) => of!(r, Other).role(Role::Support).coded(&r.code),
        R::Device(r) => of!(r, Device).role(Role::Support).coded(&r.type_),
        R::Endpoint(r) => of!(r, Other).role(Role::Support),
        R::Binary(r) => of!(r, Document, unidentified).role(Role::Support),
        R::Group(r) => of!(r, Other).role(Role::Support),
        R::Person(r) => of!(r, Other).role(Role::Support),
        R::OrganizationAffiliation(r) => of!(r, Other).role(Role::Support),
        _ => return None,
    })
}

fn sections(facts: Facts, section: &r4::CompositionSection) -> Facts {
    let title = facts.title.clone();
    let facts = Facts { title, ..facts.coded(&section.code).with(&section.entry) };
    section.section.iter().fold(facts, sections)
}

pub(crate) fn text(primitive: &Option<Primitive<String>>) -> Option<String> {
    let text = primitive.as_ref()?.value.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn code(coding: &Coding) -> Option<Code> {
    Some(Code { system: text(&coding.system)?, code: text(&coding.code)?, display: text(&coding.display) })
}

fn name(name: &HumanName) -> Option<String> {
    text(&name.text).or_else(|| {
        let given = name.given.iter().filter_map(|given| given.value.as_deref());
        let parts: Vec<_> = given.chain(name.family.iter().filter_map(|family| family.value.as_deref())).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// None, one or several, however FHIR counts them.
trait Many<T> {
    fn each(&self, f: impl FnMut(&T));
}

impl<T> Many<T> for Option<T> {
    fn each(&self, f: impl FnMut(&T)) {
        self.iter().for_each(f);
    }
}

impl<T> Many<T> for Vec<T> {
    fn each(&self, f: impl FnMut(&T)) {
        self.iter().for_each(f);
    }
}

impl Many<CodeableConcept> for CodeableConcept {
    fn each(&self, mut f: impl FnMut(&CodeableConcept)) {
        f(self);
    }
}
