use fhirkit::r4::{CodeableConcept, DiagnosticReport, Observation};

/// What kind of care a record tells of: a closed vocabulary, see `docs/labels.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Encounter,
    Laboratory,
    VitalSigns,
    Imaging,
    Medication,
    Immunization,
    Condition,
    Allergy,
    Procedure,
    Document,
    SocialHistory,
    FamilyHistory,
    Survey,
    CarePlan,
    Device,
    Financial,
    Demographics,
    Other,
}

impl Category {
    pub const ALL: [Self; 18] = [
        Self::Encounter,
        Self::Laboratory,
        Self::VitalSigns,
        Self::Imaging,
        Self::Medication,
        Self::Immunization,
        Self::Condition,
        Self::Allergy,
        Self::Procedure,
        Self::Document,
        Self::SocialHistory,
        Self::FamilyHistory,
        Self::Survey,
        Self::CarePlan,
        Self::Device,
        Self::Financial,
        Self::Demographics,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// As a heading for people.
    pub fn title(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Encounter => ("encounter", "Visits"),
            Self::Laboratory => ("laboratory", "Laboratory results"),
            Self::VitalSigns => ("vital-signs", "Vital signs"),
            Self::Imaging => ("imaging", "Imaging"),
            Self::Medication => ("medication", "Medication"),
            Self::Immunization => ("immunization", "Immunizations"),
            Self::Condition => ("condition", "Conditions"),
            Self::Allergy => ("allergy", "Allergies"),
            Self::Procedure => ("procedure", "Procedures"),
            Self::Document => ("document", "Documents"),
            Self::SocialHistory => ("social-history", "Social history"),
            Self::FamilyHistory => ("family-history", "Family history"),
            Self::Survey => ("survey", "Questionnaires"),
            Self::CarePlan => ("care-plan", "Plans and orders"),
            Self::Device => ("device", "Devices"),
            Self::Financial => ("financial", "Insurance and bills"),
            Self::Demographics => ("demographics", "Personal details"),
            Self::Other => ("other", "Other health information"),
        }
    }

    /// As labels and policies name it.
    pub fn label(self) -> Option<aegle_decision::Category> {
        self.as_str().parse().ok()
    }
}

fn codes(concepts: &[CodeableConcept]) -> impl Iterator<Item = &str> {
    let codings = concepts.iter().flat_map(|concept| &concept.coding);
    codings.filter_map(|coding| coding.code.as_ref()?.value.as_deref())
}

/// By its `category`; without one, by what LOINC says its code measures, as far as vital signs go.
pub(crate) fn of_observation(observation: &Observation) -> Category {
    let named = codes(&observation.category).find_map(|code| match code {
        "laboratory" | "LAB" | "26436-6" => Some(Category::Laboratory),
        "vital-signs" => Some(Category::VitalSigns),
        "imaging" | "RAD" => Some(Category::Imaging),
        "social-history" | "sdoh" => Some(Category::SocialHistory),
        "survey" => Some(Category::Survey),
        "procedure" | "therapy" => Some(Category::Procedure),
        _ => None,
    });
    named.unwrap_or_else(|| match codes(observation.code.as_slice()).any(|code| VITAL_SIGNS.contains(&code)) {
        true => Category::VitalSigns,
        // Laboratory results are what is most often left without a category; a specimen tells.
        false if observation.specimen.is_some() => Category::Laboratory,
        false => Category::Other,
    })
}

/// By its `category` (HL7 v2 table 0074, or LOINC's parts), else by what it refers to.
pub(crate) fn of_report(report: &DiagnosticReport) -> Category {
    let named = codes(&report.category).find_map(|code| match code {
        "RAD" | "CT" | "CUS" | "EC" | "MR" | "NMR" | "NMS" | "OUS" | "RUS" | "RX" | "VUS" | "XRC" | "LP29684-5" => {
            Some(Category::Imaging)
        }
        "LAB" | "CH" | "HM" | "MB" | "SR" | "TX" | "IMM" | "BLB" | "GE" | "SP" | "PAT" | "LP7839-6" | "26436-6" => {
            Some(Category::Laboratory)
        }
        // US Core: clinical notes as reports.
        "LP29708-2" | "clinical-note" => Some(Category::Document),
        _ => None,
    });
    let guess = if report.imaging_study.is_empty() { Category::Laboratory } else { Category::Imaging };
    named.unwrap_or(guess)
}

/// LOINC codes of FHIR's vital signs profiles.
pub(crate) const VITAL_SIGNS: [&str; 15] = [
    "85353-1", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2", "9843-4", "29463-7", "3141-9", "39156-5",
    "85354-9", "8480-6", "8462-4", "55284-4",
];
