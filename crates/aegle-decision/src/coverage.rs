//! What of a record a policy covers.

use jiff::civil::Date;

use crate::{Base, Key, Labels, Policy, Rule, RuleId};

impl Policy {
    /// What opens the record, or what keeps it closed.
    pub(crate) fn judge(&self, record: &Key, labels: &Labels) -> Result<RuleId, RuleId> {
        if let Some(index) = self.deny.iter().position(|rule| rule.touches(record, labels)) {
            return Err(RuleId::Exception { index });
        }
        if !labels.sensitivity.is_subset(&self.sensitivity) {
            return Err(RuleId::Sensitivity);
        }
        match self.base {
            Base::AllNormal => return Ok(RuleId::ConsentBase),
            Base::BasicNormal if labels.sensitivity.is_empty() => return Ok(RuleId::ConsentBase),
            Base::BasicNormal | Base::BreakGlassOnly | Base::Deny => {}
        }
        let mut nearest = match self.base {
            Base::AllNormal | Base::BasicNormal => RuleId::Sensitivity,
            Base::BreakGlassOnly => RuleId::BreakGlassOnly,
            Base::Deny => RuleId::BaseDeny,
        };
        for (index, rule) in self.permit.iter().enumerate() {
            match rule.covers(record, labels) {
                Ok(()) => return Ok(RuleId::ConsentPermitRule { index }),
                Err(missing) => nearest = nearest.max(missing),
            }
        }
        Err(nearest)
    }
}

impl Rule {
    /// Whether every condition covers the record; the first that does not otherwise. What is not known
    /// of a record is not covered.
    fn covers(&self, record: &Key, labels: &Labels) -> Result<(), RuleId> {
        let Self { categories, types, from, until, records, authors, studies } = self;
        let covered = |holds: bool, missing: RuleId| if holds { Ok(()) } else { Err(missing) };
        covered(
            categories.is_empty() || (!labels.categories.is_empty() && labels.categories.is_subset(categories)),
            RuleId::CategoryNotCovered,
        )?;
        covered(
            types.is_empty() || (!labels.types.is_empty() && labels.types.is_subset(types)),
            RuleId::TypeNotCovered,
        )?;
        let within = |(first, last): (Date, Date)| {
            from.is_none_or(|from| from <= first) && until.is_none_or(|until| last <= until)
        };
        covered(!self.has_period() || labels.days().is_some_and(within), RuleId::TimeNotCovered)?;
        covered(
            authors.is_empty() || labels.author.is_some_and(|author| authors.contains(&author)),
            RuleId::AuthorNotCovered,
        )?;
        covered(
            studies.is_empty() || labels.study.is_some_and(|study| studies.contains(&study)),
            RuleId::StudyNotCovered,
        )?;
        covered(records.is_empty() || records.contains(record), RuleId::RecordNotCovered)
    }

    /// Whether every condition touches the record. Days and authors that are not known might be the
    /// ones meant.
    fn touches(&self, record: &Key, labels: &Labels) -> bool {
        let Self { categories, types, from, until, records, authors, studies } = self;
        let overlaps = |(first, last): (Date, Date)| {
            from.is_none_or(|from| from <= last) && until.is_none_or(|until| first <= until)
        };
        (categories.is_empty() || labels.categories.is_empty() || !labels.categories.is_disjoint(categories))
            && (types.is_empty() || !labels.types.is_disjoint(types))
            && (!self.has_period() || labels.days().is_none_or(overlaps))
            && (authors.is_empty() || labels.author.is_none_or(|author| authors.contains(&author)))
            && (studies.is_empty() || labels.study.is_some_and(|study| studies.contains(&study)))
            && (records.is_empty() || records.contains(record))
    }

    fn has_period(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

impl Labels {
    /// First and last day of care, where they make a period.
    fn days(&self) -> Option<(Date, Date)> {
        self.from.zip(self.until).filter(|(first, last)| first <= last)
    }
}
