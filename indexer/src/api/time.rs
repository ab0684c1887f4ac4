//! Times and days of the chain, written as ISO 8601.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// A time of the chain's clock, UTC, as ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, examples("2026-11-21T12:00:00Z"))]
pub struct Time(pub i64);

/// A whole day, UTC, as an ISO 8601 date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, examples("2026-11-21"))]
pub struct Day(pub i64);

impl Day {
    /// The first second of the day.
    pub fn start(self) -> Time {
        Time(self.0.saturating_mul(DAY))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", date(self.0.div_euclid(DAY)))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&date(self.0))
    }
}

/// The proleptic Gregorian date of a day since the Unix epoch. Years beyond four digits take the
/// signed form of ISO 8601: the chain lets a period begin in any of 2^32 days, so that they occur.
fn date(days: i64) -> String {
    // Counted from 1 March of the year 0, so that leap days come last; eras are 400 years.
    let days = i128::from(days) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i128::from(month <= 2);
    match year {
        0..=9_999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_gregorian_dates() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_778, "2026-11-21"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
            (i64::from(u32::MAX), "+11761191-01-20"),
        ] {
            assert_eq!(date(days), text, "day {days}");
        }
    }

    #[test]
    fn every_time_of_64_bits_is_written() {
        for (time, text) in [(1_795_262_400, "\"2026-11-21T12:00:00Z\""), (-1, "\"1969-12-31T23:59:59Z\"")] {
            assert_eq!(serde_json::to_string(&Time(time)).unwrap(), text);
        }
        for time in [i64::MIN, i64::MAX] {
            serde_json::to_string(&Time(time)).unwrap();
        }
    }
}
