//! FHIR's dates, which may be as coarse as a year, as the days that they cover.

use fhirkit::{
    Primitive,
    r4::{Period, Timing, TimingRepeatBounds},
};
use jiff::civil::Date;

/// First and last day, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub from: Date,
    pub until: Date,
}

impl Days {
    /// The days that `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a date with a time covers. The day is the one
    /// written: where care was given it was that day, whatever the day elsewhere.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.get(..10.min(text.len()))?.split('-');
        let mut number = |digits: usize| match parts.next() {
            Some(part) if part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(part.parse::<i16>().ok())
            }
            Some(_) => Some(None),
            None => None,
        };
        let year = number(4)??;
        let (month, day) = (number(2), number(2));
        match (month, day) {
            (None, _) => Some(Self { from: Date::new(year, 1, 1).ok()?, until: Date::new(year, 12, 31).ok()? }),
            (Some(month), None) => {
                let from = Date::new(year, i8::try_from(month?).ok()?, 1).ok()?;
                Some(Self { from, until: from.last_of_month() })
            }
            (Some(month), Some(day)) => {
                let from = Date::new(year, i8::try_from(month?).ok()?, i8::try_from(day?).ok()?).ok()?;
                Some(Self { from, until: from })
            }
        }
    }

    pub fn union(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), until: self.until.max(other.until) }
    }

    /// The days of both that there are.
    pub fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.union(other)),
            (one, other) => one.or(other),
        }
    }
}

/// What in FHIR says when.
pub(crate) trait When {
    fn days(&self) -> Option<Days>;
}

impl When for Primitive<String> {
    fn days(&self) -> Option<Days> {
        self.value.as_deref().and_then(Days::read)
    }
}

impl When for Period {
    /// A period that is not over is known by its first day, one without a start by its last.
    fn days(&self) -> Option<Days> {
        Days::join(self.start.days(), self.end.days())
    }
}

impl When for Timing {
    fn days(&self) -> Option<Days> {
        let events = self.event.iter().filter_map(When::days).reduce(Days::union);
        let bounds = match self.repeat.as_ref().and_then(|repeat| repeat.bounds.as_ref()) {
            Some(TimingRepeatBounds::Period(period)) => period.days(),
            _ => None,
        };
        Days::join(events, bounds)
    }
}

impl<T: When> When for Option<T> {
    fn days(&self) -> Option<Days> {
        self.as_ref().and_then(When::days)
    }
}

impl<T: When> When for [T] {
    fn days(&self) -> Option<Days> {
        self.iter().filter_map(When::days).reduce(Days::union)
    }
}

/// Choices such as `effective[x]`, by those of their types that say when.
macro_rules! choices {
    ($($name:ident { $($variant:ident),+ })+) => {$(
        impl When for fhirkit::r4::$name {
            fn days(&self) -> Option<Days> {
                #[allow(unreachable_patterns)]
                match self {
                    $(Self::$variant(when) => when.days(),)+
                    _ => None,
                }
            }
        }
    )+};
}

choices! {
    AllergyIntoleranceOnset { DateTime, Period }
    ChargeItemOccurrence { DateTime, Period, Timing }
    ClinicalImpressionEffective { DateTime, Period }
    CommunicationRequestOccurrence { DateTime, Period }
    ConditionOnset { DateTime, Period }
    DetectedIssueIdentified { DateTime, Period }
    DeviceRequestOccurrence { DateTime, Period, Timing }
    DeviceUseStatementTiming { Timing, Period, DateTime }
    DiagnosticReportEffective { DateTime, Period }
    GoalStart { Date }
    ImmunizationOccurrence { DateTime }
    MediaCreated { DateTime, Period }
    MedicationAdministrationEffective { DateTime, Period }
    MedicationStatementEffective { DateTime, Period }
    ObservationEffective { DateTime, Period, Timing, Instant }
    ProcedurePerformed { DateTime, Period }
    RiskAssessmentOccurrence { DateTime, Period }
    ServiceRequestOccurrence { DateTime, Period, Timing }
    SpecimenCollectionCollected { DateTime, Period }
    SupplyDeliveryOccurrence { DateTime, Period, Timing }
    SupplyRequestOccurrence { DateTime, Period, Timing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_date_covers_every_day_it_may_mean() {
        let cases = [
            ("2020", "2020-01-01", "2020-12-31"),
            ("2020-02", "2020-02-01", "2020-02-29"),
            ("2020-02-03", "2020-02-03", "2020-02-03"),
            ("2020-02-03T23:59:59-08:00", "2020-02-03", "2020-02-03"),
        ];
        for (text, from, until) in cases {
            let days = Days::read(text).unwrap();
            assert_eq!((days.from.to_string().as_str(), days.until.to_string().as_str()), (from, until), "{text}");
        }
        for text in ["", "20", "2020-13", "2020-02-30", "2020-2-3", "ää20-01-01", "2020-02-ää", "-020", "2020-+1"] {
            assert_eq!(Days::read(text), None, "{text}");
        }
    }
}
