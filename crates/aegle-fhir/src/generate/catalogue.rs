//! What people have and what is done about it, in the terms of SNOMED CT, LOINC, RxNorm and CVX.

use super::values::{CVX, LOINC, RXNORM, SNOMED, Term};

pub(super) const CHECK_UP: Term = (SNOMED, "185349003", "Encounter for check up");
pub(super) const CONSULTATION: Term = (SNOMED, "11429006", "Consultation");
pub(super) const ADMISSION: Term = (SNOMED, "32485007", "Hospital admission");
pub(super) const ELECTROCARDIOGRAM: Term = (SNOMED, "29303009", "Electrocardiographic procedure");
pub(super) const COLONOSCOPY: Term = (SNOMED, "73761001", "Colonoscopy");
pub(super) const NO_ALLERGY: Term = (SNOMED, "716186003", "No known allergy");
pub(super) const INFLUENZA: Term = (CVX, "140", "Influenza, seasonal, injectable, preservative free");

/// A prescription: what, how it is taken, and how often a day.
pub(super) type Prescription = (Term, &'static str, i32);

/// Something that stays, and from which age on it is found at the earliest.
pub(super) struct Chronic {
    pub condition: Term,
    pub from_age: i64,
    pub treatment: Prescription,
}

const fn chronic(code: &'static str, display: &'static str, from_age: i64, treatment: Prescription) -> Chronic {
    Chronic { condition: (SNOMED, code, display), from_age, treatment }
}

pub(super) const CHRONIC: [Chronic; 6] = [
    chronic("59621000", "Essential hypertension", 35, (LISINOPRIL, "One tablet each morning", 1)),
    chronic("44054006", "Type 2 diabetes mellitus", 40, (METFORMIN, "One tablet with the evening meal", 1)),
    chronic("55822004", "Hyperlipidemia", 35, (SIMVASTATIN, "One tablet at bedtime", 1)),
    chronic("239873007", "Osteoarthritis of knee", 50, (ACETAMINOPHEN, "Two tablets up to three times a day", 3)),
    chronic("195967001", "Asthma", 0, (ALBUTEROL, "One vial by nebulizer when short of breath", 2)),
    chronic("64859006", "Osteoporosis", 60, (ALENDRONATE, "One tablet before breakfast", 1)),
];
pub(super) const HYPERTENSION: &str = "59621000";
pub(super) const DIABETES: &str = "44054006";
pub(super) const HYPERLIPIDEMIA: &str = "55822004";

const LISINOPRIL: Term = (RXNORM, "314076", "lisinopril 10 MG Oral Tablet");
const METFORMIN: Term = (RXNORM, "860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet");
const SIMVASTATIN: Term = (RXNORM, "314231", "simvastatin 10 MG Oral Tablet");
const ACETAMINOPHEN: Term = (RXNORM, "313782", "acetaminophen 325 MG Oral Tablet");
const ALBUTEROL: Term = (RXNORM, "351137", "albuterol 0.21 MG/ML Inhalation Solution");
const ALENDRONATE: Term = (RXNORM, "904419", "alendronic acid 10 MG Oral Tablet");
const AMOXICILLIN: Term = (RXNORM, "308182", "amoxicillin 250 MG Oral Capsule");
const IBUPROFEN: Term = (RXNORM, "310965", "ibuprofen 200 MG Oral Tablet");
pub(super) const SERTRALINE: Prescription =
    ((RXNORM, "312941", "sertraline 50 MG Oral Tablet"), "One tablet each morning", 1);

/// Why somebody is in hospital, what is done there, and how it went.
pub(super) struct Stay {
    pub condition: Term,
    pub procedure: Option<Term>,
    pub treatment: Prescription,
    pub days: i64,
    pub course: &'static str,
}

pub(super) const STAYS: [Stay; 3] = [
    Stay {
        condition: (SNOMED, "233604007", "Pneumonia"),
        procedure: None,
        treatment: (AMOXICILLIN, "Two capsules three times a day for seven days", 3),
        days: 5,
        course: "Admitted with fever and cough. Treated for pneumonia, and recovered well.",
    },
    Stay {
        condition: (SNOMED, "74400008", "Appendicitis"),
        procedure: Some((SNOMED, "80146002", "Appendectomy")),
        treatment: (IBUPROFEN, "Two tablets up to three times a day for five days", 3),
        days: 3,
        course: "Admitted with pain in the right lower abdomen. The appendix was removed without complications.",
    },
    Stay {
        condition: (SNOMED, "65966004", "Fracture of forearm"),
        procedure: Some((SNOMED, "274474001", "Bone immobilization")),
        treatment: (IBUPROFEN, "Two tablets up to three times a day for two weeks", 3),
        days: 2,
        course: "Admitted after a fall. The fracture was set and immobilized; sensation and circulation are intact.",
    },
];

/// What passes, and what brings it.
pub(super) const ACUTE: [(Term, &str); 3] = [
    ((SNOMED, "10509002", "Acute bronchitis"), "a cough for a week, without fever"),
    ((SNOMED, "195662009", "Acute viral pharyngitis"), "a sore throat for three days"),
    ((SNOMED, "444814009", "Viral sinusitis"), "a blocked nose and pressure in the face"),
];

/// Substance, its category, what it does, and how badly.
pub(super) const ALLERGIES: [(Term, &str, Term, &str); 4] = [
    ((SNOMED, "782576004", "Tree pollen"), "environment", RHINOCONJUNCTIVITIS, "mild"),
    ((SNOMED, "260147004", "House dust mite"), "environment", RHINOCONJUNCTIVITIS, "mild"),
    ((SNOMED, "288328004", "Bee venom"), "environment", (SNOMED, "247472004", "Wheal"), "moderate"),
    ((RXNORM, "7980", "penicillin G"), "medication", (SNOMED, "271807003", "Eruption of skin"), "moderate"),
];
const RHINOCONJUNCTIVITIS: Term = (SNOMED, "878820003", "Rhinoconjunctivitis");

/// Given elsewhere and years ago: vaccine, and how many years before the first visit.
pub(super) const VACCINES: [(Term, i64); 3] = [
    ((CVX, "115", "Tdap"), 6),
    ((CVX, "43", "Hep B, adult"), 4),
    ((CVX, "208", "SARS-COV-2 (COVID-19) vaccine, mRNA, spike protein, LNP, preservative free, 30 mcg/0.3mL dose"), 1),
];

pub(super) const SMOKING: [Term; 3] = [
    (SNOMED, "266919005", "Never smoked tobacco"),
    (SNOMED, "8517006", "Ex-smoker"),
    (SNOMED, "449868002", "Smokes tobacco daily"),
];

/// One measurement of a panel: LOINC code, display, usual range in tenths, unit.
pub(super) type Measure = (&'static str, &'static str, i64, i64, &'static str);

/// What is ordered and reported together.
pub(super) struct Panel {
    pub code: Term,
    pub measures: &'static [Measure],
}

pub(super) const METABOLIC: Panel = Panel {
    code: (LOINC, "51990-0", "Basic metabolic panel - Blood"),
    measures: &[
        ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", 700, 990, "mg/dL"),
        ("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", 70, 200, "mg/dL"),
        ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 6, 13, "mg/dL"),
        ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", 85, 105, "mg/dL"),
        ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 1360, 1450, "mmol/L"),
        ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 35, 51, "mmol/L"),
    ],
};
pub(super) const LIPIDS: Panel = Panel {
    code: (LOINC, "57698-3", "Lipid panel with direct LDL - Serum or Plasma"),
    measures: &[
        ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", 1250, 2000, "mg/dL"),
        ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", 500, 1500, "mg/dL"),
        ("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay", 600, 1290, "mg/dL"),
        ("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", 400, 800, "mg/dL"),
    ],
};
pub(super) const BLOOD_COUNT: Panel = Panel {
    code: (LOINC, "58410-2", "CBC panel - Blood by Automated count"),
    measures: &[
        ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", 45, 110, "10*3/uL"),
        ("718-7", "Hemoglobin [Mass/volume] in Blood", 120, 175, "g/dL"),
        ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", 360, 500, "%"),
        ("777-3", "Platelets [#/volume] in Blood by Automated count", 1500, 4000, "10*3/uL"),
    ],
};
pub(super) const GLYCATED: Panel = Panel {
    code: (LOINC, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
    measures: &[("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 40, 56, "%")],
};

/// Measures that a condition raises, and by how many hundredths.
pub(super) const RAISED: [(&str, &str, i64); 4] = [
    (DIABETES, "2345-7", 45),
    (DIABETES, "4548-4", 35),
    (HYPERLIPIDEMIA, "2093-3", 30),
    (HYPERLIPIDEMIA, "18262-6", 40),
];
