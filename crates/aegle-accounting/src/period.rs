use jiff::{
    Span, Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde::Serialize;

/// Years that a patient may ask about, 45 CFR 164.528(a)(1).
const YEARS: i64 = 6;

/// Whole days, UTC, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Date,
    pub until: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("the accounting goes back {YEARS} years, to {earliest}")]
    TooEarly { earliest: Date },
    #[error("the period ends before it begins")]
    Reversed,
    #[error("the period ends after today")]
    Future,
    #[error("the clock is wrong")]
    Clock,
}

impl Period {
    /// The period asked for, `now` in seconds since the Unix epoch; without days, all of the six years.
    ///
    /// # Errors
    /// A period that is longer ago than is accounted for, not over yet, or none.
    pub fn new(from: Option<Date>, until: Option<Date>, now: i64) -> Result<Self, PeriodError> {
        let now = Timestamp::from_second(now).map_err(|_| PeriodError::Clock)?;
        let today = day(now);
        let earliest = today.checked_sub(Span::new().years(YEARS)).map_err(|_| PeriodError::Clock)?;
        let (from, until) = (from.unwrap_or(earliest), until.unwrap_or(today));
        if from < earliest {
            return Err(PeriodError::TooEarly { earliest });
        }
        if until > today {
            return Err(PeriodError::Future);
        }
        if until < from {
            return Err(PeriodError::Reversed);
        }
        Ok(Self { from, until })
    }

    /// The first second, and the first that is over, since the Unix epoch.
    pub fn seconds(&self) -> (i64, i64) {
        let start = |date: Date| Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_or(i64::MAX, Timestamp::as_second);
        (start(self.from), self.until.tomorrow().map_or(i64::MAX, start))
    }

    pub fn holds(&self, at: i64) -> bool {
        let (from, until) = self.seconds();
        (from..until).contains(&at)
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn six_years_are_accounted_for_and_no_more() {
        let now = at("2026-11-22T10:00:00Z");
        let whole = Period::new(None, None, now).unwrap();
        assert_eq!((whole.from.to_string(), whole.until.to_string()), ("2020-11-22".into(), "2026-11-22".into()));
        for (moment, inside) in [
            ("2020-11-21T23:59:59Z", false),
            ("2020-11-22T00:00:00Z", true),
            ("2026-11-22T23:59:59Z", true),
            ("2026-11-23T00:00:00Z", false),
        ] {
            assert_eq!(whole.holds(at(moment)), inside, "{moment}");
        }
        let day = |text: &str| Some(text.parse().unwrap());
        let one = Period::new(day("2024-02-29"), day("2024-02-29"), now).unwrap();
        assert!(one.holds(at("2024-02-29T12:00:00Z")) && !one.holds(at("2024-03-01T00:00:00Z")));
        let earliest = "2020-11-22".parse().unwrap();
        assert_eq!(Period::new(day("2020-11-21"), None, now), Err(PeriodError::TooEarly { earliest }));
        assert_eq!(Period::new(None, day("2026-11-23"), now), Err(PeriodError::Future));
        assert_eq!(Period::new(day("2024-03-01"), day("2024-02-29"), now), Err(PeriodError::Reversed));
    }

    #[test]
    fn six_years_before_a_leap_day_are_counted_by_the_calendar() {
        let whole = Period::new(None, None, at("2028-02-29T00:00:00Z")).unwrap();
        assert_eq!(whole.from.to_string(), "2022-02-28");
    }
}
