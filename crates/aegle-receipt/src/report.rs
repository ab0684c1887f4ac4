use aegle_disclosure::Entry;
use serde::Serialize;

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Holds,
    /// The receipt says otherwise.
    Contradicts,
    /// What it takes is not at hand.
    NotChecked,
}

/// One step, as a sentence that is true of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub found: Found,
    pub what: String,
}

/// What became of checking a receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub checks: Vec<Check>,
    /// What the log wrote, where it was at hand and fits.
    pub entry: Option<Entry>,
    /// Whether the decision was made again, with everything that it rests on.
    pub replayed: bool,
}

impl Report {
    /// Whether nothing contradicts the receipt.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.found != Found::Contradicts)
    }

    /// What contradicts it.
    pub fn contradictions(&self) -> impl Iterator<Item = &str> {
        let contradicts = |check: &&Check| check.found == Found::Contradicts;
        self.checks.iter().filter(contradicts).map(|check| check.what.as_str())
    }

    pub(crate) fn holds_that(&mut self, what: impl Into<String>) {
        self.checks.push(Check { found: Found::Holds, what: what.into() });
    }

    pub(crate) fn contradicts(&mut self, what: impl Into<String>) {
        self.checks.push(Check { found: Found::Contradicts, what: what.into() });
    }

    pub(crate) fn not_checked(&mut self, what: impl Into<String>) {
        self.checks.push(Check { found: Found::NotChecked, what: what.into() });
    }

    /// Notes one sentence if it is so, else the other, and says which.
    pub(crate) fn check(&mut self, so: bool, holds: impl Into<String>, else_: impl Into<String>) -> bool {
        if so {
            self.holds_that(holds)
        } else {
            self.contradicts(else_)
        }
        so
    }
}
