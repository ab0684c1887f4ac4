//! What a node says once may be wrong: one of several behind an address may be pruned, damaged or on a
//! fork of its own. What would stop ingestion is believed when it was said again and again.

use std::time::Duration;

use super::IngestError;
use crate::retry::Backoff;

/// How often in a row a failure must come to be believed: for two to three seconds.
const TIMES: u32 = 8;

#[derive(Debug, Default)]
pub struct Doubt {
    failure: String,
    times: u32,
    backoff: Backoff,
}

impl Doubt {
    /// Whether there was a failure: then what is stored and not final may be as wrong.
    pub fn any(&self) -> bool {
        self.times > 0
    }

    /// How long to wait before asking again; `None` where the failure must be believed.
    pub fn pause(&mut self, failure: &IngestError) -> Option<Duration> {
        if !failure.may_be_wrong() {
            return None;
        }
        let text = failure.to_string();
        if text != self.failure {
            *self = Self { failure: text, ..Self::default() };
        }
        self.times += 1;
        (self.times < TIMES).then(|| self.backoff.pause())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_believed_when_it_repeats() {
        let mut doubt = Doubt::default();
        let failure = |child| IngestError::FinalizedReplaced { slot: 1, child };
        for _ in 1..TIMES {
            assert!(doubt.pause(&failure(2)).is_some());
        }
        assert!(doubt.pause(&failure(2)).is_none());
        assert!(doubt.pause(&failure(3)).is_some(), "another failure is doubted anew");
        assert!(doubt.pause(&failure(2)).is_some(), "and so is the first one after it");
    }

    #[test]
    fn what_the_node_did_not_say_is_not_doubted() {
        assert!(Doubt::default().pause(&IngestError::StartAbove { start: 2, confirmed: 0 }).is_none());
    }
}
