//! Days and times as the ledger counts them and as people say them. All of it is UTC.

use aegle_client::state::{DAY, day_of};
use jiff::{
    Span, Timestamp,
    civil::{Date, date},
};

const EPOCH: Date = date(1970, 1, 1);

/// Reads a day for the command line, as days since the Unix epoch.
pub fn day(text: &str) -> Result<u32, String> {
    let wrong = || "expected a day such as 2030-12-31".to_owned();
    let day: Date = text.parse().map_err(|_| wrong())?;
    let hours = day.duration_since(EPOCH).as_hours();
    u32::try_from(hours / 24).ok().filter(|_| hours >= 0).ok_or_else(wrong)
}

/// The day as YYYY-MM-DD.
pub fn iso_day(day: u32) -> String {
    civil(day).map_or_else(|| format!("day {day}"), |day| day.to_string())
}

/// The day in words near `now`, in seconds since the Unix epoch.
pub fn say_day(day: u32, now: i64) -> String {
    let today = day_of(now).unwrap_or(0);
    match i64::from(day) - i64::from(today) {
        -1 => "yesterday".into(),
        0 => "today".into(),
        1 => "tomorrow".into(),
        _ => civil(day).map_or_else(|| format!("day {day}"), |day| day.strftime("%-d %B %Y").to_string()),
    }
}

/// A time in seconds since the Unix epoch as RFC 3339.
pub fn iso_time(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| format!("{at} s"), |time| time.to_string())
}

/// The time in words near `now`.
pub fn say_time(at: i64, now: i64) -> String {
    let Ok(time) = Timestamp::from_second(at) else {
        return format!("{at} seconds after the Unix epoch");
    };
    let day = u32::try_from(at.div_euclid(DAY)).unwrap_or(0);
    format!("{} {} UTC", say_day(day, now), time.strftime("%H:%M"))
}

/// This computer's time, in seconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it, for words such as 'today'")]
pub fn local_now() -> i64 {
    Timestamp::now().as_second()
}

fn civil(day: u32) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(i64::from(day)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_written_back() {
        assert_eq!(day("1970-01-01"), Ok(0));
        assert_eq!(day("2026-01-01"), Ok(20_454));
        assert_eq!(iso_day(20_454), "2026-01-01");
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "tomorrow", "2026-02-30", "1969-12-31", "31.12.2030"] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_beyond_the_calendar_are_still_said() {
        assert_eq!(iso_day(u32::MAX), "day 4294967295");
    }

    #[test]
    fn days_near_today_are_said_in_words() {
        let now = 20_454 * DAY + 3_600;
        assert_eq!(say_day(20_454, now), "today");
        assert_eq!(say_day(20_455, now), "tomorrow");
        assert_eq!(say_day(20_460, now), "7 January 2026");
        assert_eq!(say_time(now, now), "today 01:00 UTC");
    }
}
