//! How long what is kept, as a document that the operator writes.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use aegle_decision::{Category, Labels};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    class::{Class, Event},
    config::RetentionConfig,
};

const DEFAULT: &str = include_str!("default.json");
/// A day by which periods are compared: none of those that follow is a leap day for years.
const COMPARED_FROM: Date = jiff::civil::date(2001, 1, 1);
/// Longest basis, in bytes.
const MAX_BASIS: usize = 500;
/// The closed vocabulary of `docs/labels.md`: a category that was misspelled would protect nothing.
const CATEGORIES: [&str; 18] = [
    "encounter",
    "laboratory",
    "vital-signs",
    "imaging",
    "medication",
    "immunization",
    "condition",
    "allergy",
    "procedure",
    "document",
    "social-history",
    "family-history",
    "survey",
    "care-plan",
    "device",
    "financial",
    "demographics",
    "other",
];
/// What ends by a setting, so that no period is said twice.
const BY_SETTING: [(&str, &str); 4] = [
    ("session", "api.sign_in.session_max_seconds"),
    ("upload", "blob.expire_after"),
    ("challenge", "api.sign_in.challenge_seconds"),
    ("relayed", "none: 30 days after a transaction was settled"),
];

#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    #[error("schedule {} cannot be read: {error}; correct the path, or remove the key for the default", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("schedule is none: {0}; `aegle-indexer retention show` prints one to start from")]
    Format(String),
    #[error("schedule, rule {number} ({data}): {reason}")]
    Rule { number: usize, data: String, reason: String },
    #[error("schedule has no rule about {0}; add one, as `aegle-indexer retention show` prints it by default")]
    Missing(String),
}

/// What happens when a period is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    Delete,
    Keep,
}

/// How long one class of data is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub data: Class,
    /// Contents of one of these categories; without, all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<BTreeSet<Category>>,
    /// From which event the period counts; none for what has to stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Event>,
    /// ISO 8601; none for as long as there is a patient who does not erase it.
    pub keep: Option<Period>,
    pub then: Then,
    /// The legal basis, in words.
    pub basis: String,
}

/// A period in years, months, weeks and days of the calendar (UTC).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(Span);

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no period in years, months, weeks or days, such as P10Y or P90D");
        let span: Span = text.strip_prefix('P').and_then(|_| text.parse().ok()).ok_or_else(wrong)?;
        let by_clock = span.get_hours() != 0
            || span.get_minutes() != 0
            || span.get_seconds() != 0
            || span.get_milliseconds() != 0
            || span.get_microseconds() != 0
            || span.get_nanoseconds() != 0;
        if by_clock || !span.is_positive() {
            return Err(wrong());
        }
        let end = COMPARED_FROM.checked_add(span).map_err(|_| wrong())?;
        if end.year() > COMPARED_FROM.year() + 200 {
            return Err(format!("{text} is longer than 200 years; write null for what does not end"));
        }
        Ok(Self(span))
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.0.to_string()
    }
}

impl PartialEq for Period {
    fn eq(&self, other: &Self) -> bool {
        self.reach() == other.reach()
    }
}

impl Period {
    fn reach(self) -> Date {
        COMPARED_FROM.saturating_add(self.0)
    }

    /// The latest time of an event from which on the period is over by `now`. At the end of a month it is
    /// some days late rather than early. None where the calendar does not reach so far back.
    pub fn before(self, now: Timestamp) -> Option<Timestamp> {
        now.to_zoned(TimeZone::UTC).checked_sub(self.0).ok().map(|time| time.timestamp())
    }

    fn after(self, event: Timestamp) -> Option<Timestamp> {
        event.to_zoned(TimeZone::UTC).checked_add(self.0).ok().map(|time| time.timestamp())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    #[serde(rename = "aegle:retention:v1")]
    V1,
}

/// A schedule whose rules were checked: one for each class, and for contents one for each category at most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Schedule {
    pub kind: Kind,
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kind: Kind,
    rules: Vec<Value>,
}

impl Schedule {
    /// The operator's own, or the one that the release brings.
    ///
    /// # Errors
    /// A file that cannot be read, or what [`Schedule::read`] says.
    pub fn load(config: &RetentionConfig) -> Result<Self, ScheduleError> {
        match &config.schedule {
            None => Self::read(DEFAULT),
            Some(path) => {
                let text = fs::read_to_string(path);
                Self::read(&text.map_err(|error| ScheduleError::File { path: path.clone(), error })?)
            }
        }
    }

    /// # Errors
    /// The first rule that is wrong, with the way out.
    pub fn read(text: &str) -> Result<Self, ScheduleError> {
        let document: Document =
            serde_json::from_str(text).map_err(|error| ScheduleError::Format(error.to_string()))?;
        let mut rules: Vec<Rule> = Vec::new();
        for (index, value) in document.rules.into_iter().enumerate() {
            let data = value["data"].as_str().unwrap_or("no data").to_owned();
            let wrong = |reason| ScheduleError::Rule { number: index + 1, data: data.clone(), reason };
            if let Some((_, key)) = BY_SETTING.iter().find(|(name, _)| *name == data) {
                return Err(wrong(format!("it ends by a setting ({key}); remove the rule")));
            }
            let rule: Rule = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
            rule.check().map_err(wrong)?;
            if let Some(same) = rules.iter().position(|earlier| earlier.meets(&rule)) {
                return Err(wrong(format!("rule {} is about the same; remove one of them", same + 1)));
            }
            rules.push(rule);
        }
        let general = |class| rules.iter().any(|rule: &Rule| rule.data == class && rule.categories.is_none());
        if let Some(missing) = Class::ALL.into_iter().find(|class| !general(*class)) {
            let of = if missing == Class::Content { " without categories" } else { "" };
            return Err(ScheduleError::Missing(format!("{missing}{of}")));
        }
        Ok(Self { kind: document.kind, rules })
    }

    /// The period of a class other than contents; none where it stays.
    pub fn period(&self, class: Class) -> Option<Period> {
        self.rules.iter().find(|rule| rule.data == class && rule.categories.is_none()).and_then(|rule| rule.keep)
    }

    /// The shortest period of contents of any category; none where all stay.
    pub fn shortest_of_contents(&self) -> Option<Period> {
        let contents = self.rules.iter().filter(|rule| rule.data == Class::Content);
        contents.filter_map(|rule| rule.keep).min_by_key(|period| period.reach())
    }

    /// When the period of a content is over. Of several rules the longest counts, and one without an end
    /// goes over all. None where it stays; without labels that can be read, too.
    pub fn content_ends(&self, stored: Timestamp, labels: Option<&Labels>) -> Option<Timestamp> {
        let labels = labels?;
        let contents = || self.rules.iter().filter(|rule| rule.data == Class::Content);
        let own: Vec<_> = contents().filter(|rule| rule.names_one_of(labels)).collect();
        let general = contents().filter(|rule| rule.categories.is_none());
        let named = labels.categories.iter().all(|category| own.iter().any(|rule| rule.names(category)));
        let of_the_rest = general.filter(|_| !named);
        let mut latest = None;
        for rule in own.iter().copied().chain(of_the_rest) {
            latest = latest.max(Some(rule.keep?.after(stored)?));
        }
        latest
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if self.basis.trim().is_empty() || self.basis.len() > MAX_BASIS {
            return Err(format!("basis must say the legal basis, in at most {MAX_BASIS} bytes"));
        }
        match &self.categories {
            Some(_) if self.data != Class::Content => {
                return Err("categories are for content alone; remove them".into());
            }
            Some(categories) if categories.iter().any(|category| !CATEGORIES.contains(&category.as_str())) => {
                return Err(format!("categories are of docs/labels.md: {}", CATEGORIES.join(", ")));
            }
            Some(categories) if categories.is_empty() => {
                return Err("categories is empty; name one, or remove it".into());
            }
            _ => {}
        }
        let Some((event, least)) = self.data.ends() else {
            return if (self.keep, self.from, self.then) == (None, None, Then::Keep) {
                Ok(())
            } else {
                Err(format!(
                    "it cannot end, as {}; write `\"keep\": null, \"then\": \"keep\"` and no `from`",
                    self.data.stays_since()
                ))
            };
        };
        if self.from != Some(event) {
            return Err(format!("its period counts from the event \"{event}\"; write `\"from\": \"{event}\"`"));
        }
        match (self.keep, self.then) {
            (None, Then::Keep) => Ok(()),
            (Some(period), Then::Delete) => {
                let least = Period::try_from(least.to_owned())?;
                if period.reach() < least.reach() {
                    return Err(format!("keep is {}, and must be {} at least", period.0, least.0));
                }
                Ok(())
            }
            (None, Then::Delete) => Err("it never ends, so write `\"then\": \"keep\"`, or a period".into()),
            (Some(_), Then::Keep) => {
                Err("it has a period, so write `\"then\": \"delete\"`, or `\"keep\": null`".into())
            }
        }
    }

    /// Whether another rule is about some of the same data.
    fn meets(&self, other: &Self) -> bool {
        self.data == other.data
            && match (&self.categories, &other.categories) {
                (None, None) => true,
                (Some(one), Some(other)) => !one.is_disjoint(other),
                _ => false,
            }
    }

    fn names(&self, category: &Category) -> bool {
        self.categories.as_ref().is_some_and(|categories| categories.contains(category))
    }

    fn names_one_of(&self, labels: &Labels) -> bool {
        labels.categories.iter().any(|category| self.names(category))
    }
}

#[cfg(test)]
mod tests {
    use aegle_decision::LabelsVersion;
    use serde_json::json;

    use super::*;

    fn default() -> Value {
        serde_json::from_str(DEFAULT).unwrap()
    }

    /// The default with one more rule, or another in the place of its class's.
    fn with(rule: Value) -> Result<Schedule, ScheduleError> {
        let mut document = default();
        let rules = document["rules"].as_array_mut().unwrap();
        match rules.iter().position(|old| old["data"] == rule["data"] && rule["categories"].is_null()) {
            Some(place) => rules[place] = rule,
            None => rules.push(rule),
        }
        Schedule::read(&document.to_string())
    }

    fn refusal(rule: Value) -> String {
        with(rule).unwrap_err().to_string()
    }

    fn rule(data: &str, from: &str, keep: &str) -> Value {
        json!({ "data": data, "from": from, "keep": keep, "then": "delete", "basis": "a law" })
    }

    fn labels(categories: &[&str]) -> Labels {
        Labels {
            kind: LabelsVersion::V1,
            categories: categories.iter().map(|category| category.parse().unwrap()).collect(),
            types: Default::default(),
            from: None,
            until: None,
            study: None,
            sensitivity: Default::default(),
            author: None,
        }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_holds_and_contents_end_with_the_owner_alone() {
        let schedule = Schedule::load(&RetentionConfig::default()).unwrap();
        assert_eq!(schedule.shortest_of_contents(), None);
        let long_ago = time("1990-01-01T00:00:00Z");
        assert_eq!(schedule.content_ends(long_ago, Some(&labels(&["laboratory"]))), None);
        let written = serde_json::to_string(&schedule).unwrap();
        assert_eq!(Schedule::read(&written).unwrap(), schedule, "what is shown can be taken as a file");
    }

    #[test]
    fn what_a_schedule_may_not_say_is_refused_with_its_rule_and_the_way_out() {
        with(rule("mailbox_item", "posted", "P30D")).unwrap();
        let refused = [
            (rule("mailbox_item", "posted", "P29D"), "must be P30D at least"),
            (rule("content", "stored", "P11M"), "must be P1Y at least"),
            (rule("mailbox_item", "stored", "P1Y"), "write `\"from\": \"posted\"`"),
            (rule("mailbox_item", "posted", "P1DT1H"), "no period"),
            (rule("mailbox_item", "posted", "-P1Y"), "no period"),
            (rule("mailbox_item", "posted", "P0D"), "no period"),
            (rule("mailbox_item", "posted", "1 year"), "no period"),
            (rule("mailbox_item", "posted", "P900Y"), "longer than 200 years"),
            (
                json!({
                    "data": "content", "categories": ["imagign"], "from": "stored", "keep": null, "then": "keep",
                    "basis": "x",
                }),
                "categories are of docs/labels.md",
            ),
            (rule("letters", "posted", "P1Y"), "unknown variant"),
            (rule("session", "ended", "P1Y"), "api.sign_in.session_max_seconds"),
            (rule("disclosure_log", "told", "P6Y"), "a gap must show"),
            (rule("chain", "told", "P6Y"), "nobody can delete"),
            (
                json!({ "data": "notice", "from": "told", "keep": "P2Y", "then": "keep", "basis": "x" }),
                "it has a period",
            ),
            (json!({ "data": "notice", "from": "told", "keep": null, "then": "delete", "basis": "x" }), "never ends"),
            (json!({ "data": "notice", "from": "told", "keep": "P2Y", "then": "delete", "basis": " " }), "basis"),
            (json!({ "data": "notice", "from": "told", "keep": "P2Y", "then": "delete" }), "missing field `basis`"),
            (
                json!({ "data": "hold", "keep": null, "then": "keep", "basis": "x", "until": 1 }),
                "unknown field `until`",
            ),
        ];
        for (rule, reason) in refused {
            let said = refusal(rule.clone());
            assert!(said.contains(reason), "{rule}: {said}");
            assert!(said.contains("rule ") && said.contains(rule["data"].as_str().unwrap()), "{said}");
        }
        let mut document = default();
        document["rules"].as_array_mut().unwrap().remove(1);
        let said = Schedule::read(&document.to_string()).unwrap_err().to_string();
        assert!(said.contains("no rule about mailbox_item"), "{said}");
        let mut twice = default();
        let again = twice["rules"][1].clone();
        twice["rules"].as_array_mut().unwrap().push(again);
        assert!(Schedule::read(&twice.to_string()).unwrap_err().to_string().contains("rule 2 is about the same"));
        assert!(Schedule::read("{}").is_err() && Schedule::read("no JSON").is_err());
    }

    #[test]
    fn categories_are_those_that_records_are_labelled_with() {
        assert_eq!(aegle_fhir::Category::ALL.map(aegle_fhir::Category::as_str), CATEGORIES);
    }

    #[test]
    fn of_a_content_with_several_categories_the_longest_period_counts() {
        let mut document = default();
        let rules = document["rules"].as_array_mut().unwrap();
        rules[0] = rule("content", "stored", "P10Y");
        for (categories, keep) in
            [(json!(["imaging"]), json!("P30Y")), (json!(["laboratory", "vital-signs"]), json!("P2Y"))]
        {
            let then = "delete";
            rules.push(json!({
                "data": "content", "categories": categories, "from": "stored", "keep": keep, "then": then, "basis": "x",
            }));
        }
        rules.push(json!({
            "data": "content", "categories": ["family-history"], "from": "stored", "keep": null, "then": "keep", "basis": "x",
        }));
        let schedule = Schedule::read(&document.to_string()).unwrap();
        let stored = time("2024-02-29T12:00:00Z");
        let ends = |categories: &[&str]| schedule.content_ends(stored, Some(&labels(categories)));
        assert_eq!(ends(&["laboratory"]), Some(time("2026-02-28T12:00:00Z")), "by the calendar");
        assert_eq!(ends(&["document"]), Some(time("2034-02-28T12:00:00Z")));
        assert_eq!(ends(&["laboratory", "document"]), Some(time("2034-02-28T12:00:00Z")));
        assert_eq!(ends(&["laboratory", "imaging"]), Some(time("2054-02-28T12:00:00Z")));
        assert_eq!(ends(&["laboratory", "family-history"]), None);
        assert_eq!(schedule.content_ends(stored, None), None, "labels that cannot be read");
        rules_meet(document);
    }

    fn rules_meet(mut document: Value) {
        let mut again = document["rules"].as_array().unwrap().last().unwrap().clone();
        again["categories"] = json!(["imaging", "document"]);
        document["rules"].as_array_mut().unwrap().push(again);
        let said = Schedule::read(&document.to_string()).unwrap_err().to_string();
        assert!(said.contains("is about the same"), "{said}");
    }

    #[test]
    fn a_period_is_over_a_little_late_at_the_end_of_a_month_and_never_early() {
        let period = Period::try_from("P1M".to_owned()).unwrap();
        for day in 0..800 {
            let now = time("2027-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(24 * day);
            let latest = period.before(now).unwrap();
            assert!(period.after(latest).unwrap() <= now, "{now}");
        }
    }
}
