use serde::{Deserialize, Serialize};

use crate::{
    ConsentOpening, Decision, Filter, Key, Labels, RecordViews, Request, RuleId, Verdict, Views,
    decide::decide_as,
    standing::{Acting, Standing},
};

/// What a grantee would see, and what says so. For the patient alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Why nothing is seen at all; none where the request is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RuleId>,
    /// The grantee is an organization and the request names nobody who acts for it: this holds for
    /// whoever acts with a credential that counts.
    pub assumes_practitioner: bool,
    /// In the order asked.
    pub records: Vec<RecordExplanation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordExplanation {
    /// None for one that neither view has.
    pub record: Option<Key>,
    pub verdict: Verdict,
    /// What each consent that names the grantee says by itself, in the order of their keys.
    pub consents: Vec<Verdict>,
}

/// Explains what the caller of `request` would see of `records`.
pub fn explain(
    views: &Views,
    openings: &[ConsentOpening],
    request: &Request,
    records: &[(RecordViews, Option<&Labels>)],
) -> Explanation {
    let named = decide_as(views, openings, request, Acting::Named);
    let assumes_practitioner = matches!(&named, Decision::Deny(denial) if denial.rule == RuleId::PractitionerMissing);
    let decision = if assumes_practitioner { decide_as(views, openings, request, Acting::Assumed) } else { named };
    let consents: Vec<(Key, Result<Filter, RuleId>)> = match Standing::new(views, request) {
        Ok(standing) => standing
            .consents(openings)
            .into_iter()
            .map(|(consent, policy)| {
                (consent, policy.map(|policy| Filter::consents(standing.vault, vec![(consent, policy)])))
            })
            .collect(),
        Err(_) => Vec::new(),
    };
    let explain = |(record, labels): &(RecordViews, Option<&Labels>)| RecordExplanation {
        record: record.key(),
        verdict: decision.verdict(record, *labels),
        consents: consents
            .iter()
            .map(|(consent, filter)| match filter {
                Ok(filter) => of(*consent, filter.admits(record, *labels)),
                Err(rule) => Verdict::Deny { consent: Some(*consent), rule: *rule },
            })
            .collect(),
    };
    Explanation {
        refusal: match &decision {
            Decision::Permit(_) => None,
            Decision::Deny(denial) => Some(denial.rule),
        },
        assumes_practitioner,
        records: records.iter().map(explain).collect(),
    }
}

/// Names the consent also where the record alone was refused.
fn of(consent: Key, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Deny { rule, .. } => Verdict::Deny { consent: Some(consent), rule },
        permit => permit,
    }
}
