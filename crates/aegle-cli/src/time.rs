//! Days and times as the ledger counts them and as people say them. All of it is UTC.

use aegle_client::state::{DAY, day_of};
use jiff::{
    Span, Timestamp,
    civil::{Date, date},
};

/// Units of time: code, seconds, name.
const UNITS: [(char, i64, &str); 4] =
    [('d', DAY, "day"), ('h', 3_600, "hour"), ('m', 60, "minute"), ('s', 1, "second")];

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

/// Reads a length of time for the command line, in seconds: a number with its unit, `d`, `h`, `m` or `s`.
pub fn length(text: &str) -> Result<i64, String> {
    let wrong = || "expected a length of time such as 7d, 36h, 30m or 20s".to_owned();
    let split = |(code, seconds, _): &(char, i64, &str)| Some((text.strip_suffix(*code)?, *seconds));
    let (count, seconds) = UNITS.iter().find_map(split).ok_or_else(wrong)?;
    let count: u32 = count.parse().map_err(|_| wrong())?;
    Ok(i64::from(count) * seconds)
}

/// A length of time, in seconds, in the largest unit that says it exactly.
pub fn say_length(seconds: i64) -> String {
    let whole = |&&(_, unit, _): &&(char, i64, &str)| seconds != 0 && seconds % unit == 0;
    let (_, unit, name) = UNITS.iter().find(whole).copied().unwrap_or(('s', 1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
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
    fn a_length_of_time_is_read_and_said() {
        for (text, seconds, says) in
            [("7d", 604_800, "7 days"), ("36h", 129_600, "36 hours"), ("1m", 60, "1 minute"), ("0s", 0, "0 seconds")]
        {
            assert_eq!(length(text), Ok(seconds));
            assert_eq!(say_length(seconds), says);
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "7", "d", "7w", "-1d", "1.5d", "1dd", "99999999999d"] {
            assert!(length(text).is_err(), "{text}");
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
