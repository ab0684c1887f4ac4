//! What happens at each kind of visit.

use jiff::{ToSpan, civil::Date};
use rand::{Rng, seq::SliceRandom};

use super::{
    Scene,
    catalogue::{
        ACUTE, ADMISSION, ALLERGIES, BLOOD_COUNT, CHECK_UP, COLONOSCOPY, CONSULTATION, DIABETES, ELECTROCARDIOGRAM,
        GLYCATED, HYPERLIPIDEMIA, HYPERTENSION, INFLUENZA, LIPIDS, METABOLIC, NO_ALLERGY, SERTRALINE, SMOKING, STAYS,
        VACCINES,
    },
    resources::Condition,
    values::{LOINC, SNOMED, Term, quantity, range},
};

/// A visit: what it is called by, its days, who is visited, and whether it is of a sensitive kind.
pub(super) struct Visit {
    pub url: String,
    pub day: Date,
    pub last: Date,
    pub practitioner: String,
    pub sensitivity: Option<&'static str>,
}

impl Visit {
    /// At an hour of its first day, in UTC.
    pub(super) fn at(&self, hour: u8) -> String {
        at(self.day, hour)
    }
}

pub(super) fn at(day: Date, hour: u8) -> String {
    format!("{day}T{hour:02}:00:00Z")
}

impl Scene {
    /// What the patient brings along: a vaccination given elsewhere.
    pub(super) fn history(&mut self, first: Date) {
        let Some((vaccine, years)) = VACCINES.choose(&mut self.rng) else { return };
        let days = years * 365 - self.rng.gen_range(0..180);
        let day = first.checked_sub(days.days()).unwrap_or(first);
        self.immunization(*vaccine, &day.to_string(), None);
    }

    /// Finds what later visits treat.
    pub(super) fn first_visit(&mut self, day: Date) {
        let visit = self.ambulatory(day, CHECK_UP);
        self.vital_signs(&visit);
        let smoking = SMOKING[self.rng.gen_range(0..SMOKING.len())];
        self.finding(&visit, "social-history", (LOINC, "72166-2", "Tobacco smoking status"), smoking);
        for panel in [&METABOLIC, &LIPIDS, &BLOOD_COUNT] {
            self.laboratory(&visit, panel);
        }
        let mut plan = Vec::new();
        for chronic in self.person.chronic.clone() {
            let age = self.rng.gen_range(30..400);
            let onset = day.checked_sub(age.days()).unwrap_or(day);
            let condition = self.condition(&visit, &Condition { code: chronic.condition, onset, abated: None });
            self.medication(&visit, &chronic.treatment, &condition, false);
            plan.push(format!("{}: {}. {}.", chronic.condition.2, chronic.treatment.0.2, chronic.treatment.1));
        }
        self.allergy(day);
        if self.person.has(HYPERTENSION) {
            self.procedure(&visit, ELECTROCARDIOGRAM, None);
        }
        let told = format!("New patient, {} years old. {}.", self.person.age(day), smoking.2);
        self.note(&visit, &told, &plan.join(" "));
    }

    /// Goes on with what was found; in between something acute, or a screening.
    pub(super) fn check_up(&mut self, day: Date, is_vaccinated: bool) {
        let visit = self.ambulatory(day, CHECK_UP);
        self.vital_signs(&visit);
        self.laboratory(&visit, &METABOLIC);
        if self.person.has(DIABETES) {
            self.laboratory(&visit, &GLYCATED);
        }
        if self.person.has(HYPERLIPIDEMIA) {
            self.laboratory(&visit, &LIPIDS);
        }
        let (mut told, mut plan) = ("Feels well".to_owned(), "Treatment goes on as before.".to_owned());
        if is_vaccinated {
            self.immunization(INFLUENZA, &visit.at(10), Some(&visit));
            plan.push_str(" Vaccinated against influenza.");
        }
        if self.rng.gen_bool(0.5) {
            let (code, complaint) = ACUTE[self.rng.gen_range(0..ACUTE.len())];
            let abated = day.checked_add(12.days()).ok().filter(|day| *day <= self.today);
            self.condition(&visit, &Condition { code, onset: day, abated });
            told = format!("Has had {complaint}");
            plan.push_str(" Rest and fluids; to come back if it has not passed within two weeks.");
        }
        if self.person.age(day) >= 50 && self.rng.gen_bool(0.2) {
            self.procedure(&visit, COLONOSCOPY, None);
            plan.push_str(" Colonoscopy without findings; the next one in ten years.");
        }
        self.note(&visit, &format!("{told}."), &plan);
    }

    /// Labelled by its source; its resources also have codes that tell.
    pub(super) fn psychiatric_visit(&mut self, day: Date) {
        let interview = (SNOMED, "79094001", "Initial psychiatric interview with mental status and evaluation");
        let practitioner = self.psychiatrist.clone();
        let visit = self.visit((day, 1), ("AMB", "ambulatory"), interview, practitioner, Some("PSY"));
        let onset = day.checked_sub(60.days()).unwrap_or(day);
        let depressive = Condition { code: (SNOMED, "35489007", "Depressive disorder"), onset, abated: None };
        let condition = self.condition(&visit, &depressive);
        self.medication(&visit, &SERTRALINE, &condition, false);
        let score = i64::from(self.rng.gen_range(8..20_u8)) * 10;
        let phq = (LOINC, "44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]");
        self.measured(&visit, "survey", phq, quantity(score, "{score}"), Some(range(0, 40, "{score}")));
    }

    pub(super) fn imaging_visit(&mut self, day: Date) {
        let visit = self.ambulatory(day, CONSULTATION);
        self.vital_signs(&visit);
        self.study(&visit);
        self.note(&visit, "A cough for more than eight weeks.", "Computed tomography of the chest today.");
    }

    /// Some days in hospital, the summary at their end, and the bill.
    pub(super) fn hospital_stay(&mut self, day: Date) {
        let Some(stay) = STAYS.choose(&mut self.rng) else { return };
        let practitioner = self.practitioner.clone();
        let visit = self.visit((day, stay.days), ("IMP", "inpatient encounter"), ADMISSION, practitioner, None);
        self.vital_signs(&visit);
        for panel in [&BLOOD_COUNT, &METABOLIC] {
            self.laboratory(&visit, panel);
        }
        let abated = visit.last.checked_add(14.days()).ok();
        let condition = self.condition(&visit, &Condition { code: stay.condition, onset: day, abated });
        if let Some(procedure) = stay.procedure {
            self.procedure(&visit, procedure, Some(&condition));
        }
        let medication = self.medication(&visit, &stay.treatment, &condition, true);
        self.summary(&visit, stay, &condition, &medication);
        self.bill(&visit, stay, &condition);
    }

    fn ambulatory(&mut self, day: Date, reason: Term) -> Visit {
        let practitioner = self.practitioner.clone();
        self.visit((day, 1), ("AMB", "ambulatory"), reason, practitioner, None)
    }

    fn allergy(&mut self, day: Date) {
        let allergy = if self.rng.gen_bool(0.6) { ALLERGIES.choose(&mut self.rng) } else { None };
        match allergy {
            Some((substance, category, reaction, severity)) => {
                self.intolerance(day, *substance, Some((category, *reaction, severity)));
            }
            None => self.intolerance(day, NO_ALLERGY, None),
        }
    }
}
