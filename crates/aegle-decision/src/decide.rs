use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    Basis, ConsentOpening, Decision, Denial, Filter, Key, Labels, Obligations, Permit, Policy, RecordViews, Refusal,
    Request, RuleId, Statement, Verdict, Views,
    standing::{Acting, Standing},
};

/// Whether the caller's request is answered, and with which records.
///
/// `openings` may be more than the caller's; those of others are not looked at.
pub fn decide(views: &Views, openings: &[ConsentOpening], request: &Request) -> Decision {
    decide_as(views, openings, request, Acting::Named)
}

/// [`decide`] for one record: it is read only if the request is permitted and the filter admits it.
pub fn decide_record(
    views: &Views,
    openings: &[ConsentOpening],
    request: &Request,
    record: &RecordViews,
    labels: Option<&Labels>,
) -> Verdict {
    decide(views, openings, request).verdict(record, labels)
}

impl Decision {
    pub fn verdict(&self, record: &RecordViews, labels: Option<&Labels>) -> Verdict {
        match self {
            Self::Permit(permit) => permit.filter.admits(record, labels),
            Self::Deny(denial) => Verdict::Deny { consent: denial.nearest(), rule: denial.rule },
        }
    }
}

impl Denial {
    /// The consent that came nearest, where consents were looked at.
    pub fn nearest(&self) -> Option<Key> {
        self.consents.iter().find(|refusal| refusal.rule == self.rule).map(|refusal| refusal.consent)
    }
}

pub(crate) fn decide_as(views: &Views, openings: &[ConsentOpening], request: &Request, acting: Acting) -> Decision {
    let standing = match Standing::new(views, request) {
        Ok(standing) => standing,
        Err(rule) => return Decision::Deny(Denial { rule, consents: Vec::new() }),
    };
    if standing.owner() {
        return everything(&standing, Basis::Owner, RuleId::Owner);
    }
    if views.withdrawals_pending {
        return Decision::Deny(Denial { rule: RuleId::WithdrawalPending, consents: Vec::new() });
    }
    let delegate = standing.delegate();
    if delegate.is_ok() {
        return everything(&standing, Basis::Delegate, RuleId::DelegateRead);
    }
    let (standing_consents, consents) = divide(standing.consents(openings));
    let emergencies = standing.emergencies(&views.emergencies);
    if standing_consents.is_empty() {
        let refused = match emergencies {
            Ok(emergencies) => return in_emergency(&standing, emergencies),
            Err(refused) => refused,
        };
        let nearest = consents.iter().map(|refusal| refusal.rule).chain(delegate.err()).chain(refused).max();
        return Decision::Deny(Denial { rule: nearest.unwrap_or(RuleId::NoConsent), consents });
    }
    match standing.credentials(acting) {
        Ok(credentials) => Decision::Permit(Permit {
            basis: Basis::Consents(standing_consents.iter().map(|(consent, _)| *consent).collect()),
            obligations: Obligations {
                redisclosure_notice: true,
                erase_by: standing_consents.iter().filter_map(|(_, policy)| policy.erase_by).min(),
                entered_in_error: false,
            },
            filter: Filter::granted(standing.vault, standing_consents, emergencies.unwrap_or_default()),
            credentials,
        }),
        Err(rule) => match emergencies {
            Ok(emergencies) => in_emergency(&standing, emergencies),
            Err(_) => Decision::Deny(Denial { rule, consents }),
        },
    }
}

fn in_emergency(standing: &Standing, emergencies: BTreeMap<Key, Arc<Statement>>) -> Decision {
    let credentials: BTreeSet<Key> = emergencies.values().map(|statement| statement.credential).collect();
    Decision::Permit(Permit {
        basis: Basis::Emergencies(emergencies.keys().copied().collect()),
        obligations: Obligations { redisclosure_notice: true, ..Obligations::default() },
        filter: Filter::granted(standing.vault, Vec::new(), emergencies),
        credentials: credentials.into_iter().collect(),
    })
}

fn everything(standing: &Standing, basis: Basis, rule: RuleId) -> Decision {
    Decision::Permit(Permit {
        basis,
        filter: Filter::everything(standing.vault, rule),
        obligations: Obligations::default(),
        credentials: Vec::new(),
    })
}

/// Those that stand, with their policies, and those that do not.
fn divide(consents: BTreeMap<Key, Result<Arc<Policy>, RuleId>>) -> (Vec<(Key, Arc<Policy>)>, Vec<Refusal>) {
    let (mut stand, mut refused) = (Vec::new(), Vec::new());
    for (consent, policy) in consents {
        match policy {
            Ok(policy) => stand.push((consent, policy)),
            Err(rule) => refused.push(Refusal { consent, rule }),
        }
    }
    (stand, refused)
}
