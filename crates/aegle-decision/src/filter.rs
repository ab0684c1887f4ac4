use std::{collections::BTreeMap, sync::Arc};

use aegle::state::RecordStatus;
use jiff::civil::Date;

use crate::{Key, Labels, Obligations, Policy, RecordView, RecordViews, RuleId, Statement, Verdict};

/// Tells for each record of a vault whether it is among those permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    vault: Key,
    scope: Scope,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Everything(RuleId),
    Granted {
        /// In the order of the consents' keys.
        consents: Vec<(Key, Arc<Policy>)>,
        /// By the accounts of the openings.
        emergencies: BTreeMap<Key, Arc<Statement>>,
    },
}

impl Filter {
    pub(crate) fn everything(vault: Key, rule: RuleId) -> Self {
        Self { vault, scope: Scope::Everything(rule) }
    }

    /// `consents` come in the order of their keys.
    pub(crate) fn consents(vault: Key, consents: Vec<(Key, Arc<Policy>)>) -> Self {
        Self::granted(vault, consents, BTreeMap::new())
    }

    /// What consents open together with what was opened in emergencies.
    pub(crate) fn granted(
        vault: Key,
        consents: Vec<(Key, Arc<Policy>)>,
        emergencies: BTreeMap<Key, Arc<Statement>>,
    ) -> Self {
        Self { vault, scope: Scope::Granted { consents, emergencies } }
    }

    /// The vault whose records it tells of.
    pub fn vault(&self) -> Key {
        self.vault
    }

    /// The consents it unites with their policies, in the order of their keys; none for owner and
    /// delegates, who see everything.
    pub fn policies(&self) -> Option<impl Iterator<Item = (Key, &Policy)>> {
        match &self.scope {
            Scope::Everything(_) => None,
            Scope::Granted { consents, .. } => Some(consents.iter().map(|(consent, policy)| (*consent, &**policy))),
        }
    }

    /// Whether the record may be read. `labels` are those that its commitment covers; without them only
    /// owner and delegates read it. Allocates nothing.
    pub fn admits(&self, record: &RecordViews, labels: Option<&Labels>) -> Verdict {
        let (record, entered_in_error) = match self.readable(record) {
            Ok(readable) => readable,
            Err(rule) => return Verdict::Deny { consent: None, rule },
        };
        match &self.scope {
            Scope::Everything(rule) => Verdict::Permit {
                consent: None,
                rule: *rule,
                obligations: Obligations { entered_in_error, ..Obligations::default() },
            },
            Scope::Granted { consents, emergencies } => {
                let Some(labels) = labels else {
                    return Verdict::Deny { consent: None, rule: RuleId::LabelsMissing };
                };
                // An emergency lets it be kept as long as any consent could.
                let opened = |(_, statement): &(&Key, &Arc<Statement>)| statement.records.contains(&record);
                match emergencies.iter().find(opened) {
                    Some((break_glass, _)) => Verdict::Permit {
                        consent: None,
                        rule: RuleId::BreakGlass { break_glass: *break_glass },
                        obligations: Obligations { redisclosure_notice: true, erase_by: None, entered_in_error },
                    },
                    None if consents.is_empty() => Verdict::Deny { consent: None, rule: RuleId::RecordNotCovered },
                    None => unite(consents, &record, labels, entered_in_error),
                }
            }
        }
    }

    /// The record's key and whether it was entered in error, where both views have it and agree.
    fn readable(&self, views: &RecordViews) -> Result<(Key, bool), RuleId> {
        let confirmed = views.confirmed.ok_or(RuleId::RecordMissing)?;
        if confirmed.vault != self.vault {
            return Err(RuleId::VaultMismatch);
        }
        if confirmed.status == RecordStatus::Erased {
            return Err(RuleId::RecordErased);
        }
        // Whoever sees everything need not wait: it is their own, and nobody else is let in by it.
        let own = Some(confirmed).filter(|_| matches!(self.scope, Scope::Everything(_)));
        let finalized = views.finalized.or(own).ok_or(RuleId::NotFinalYet)?;
        let identity = |view: &RecordView| (view.record, view.vault, view.commitment);
        if identity(&finalized) != identity(&confirmed) {
            return Err(RuleId::RecordMismatch);
        }
        if finalized.status == RecordStatus::Erased {
            return Err(RuleId::RecordErased);
        }
        let in_error = |view: &RecordView| view.status == RecordStatus::EnteredInError;
        Ok((confirmed.record, in_error(&confirmed) || in_error(&finalized)))
    }
}

/// Each consent judges alone, its exceptions against its own permits; one that permits is enough, and
/// of those the one that lets the record be kept longest. So a consent more never permits less.
fn unite(consents: &[(Key, Arc<Policy>)], record: &Key, labels: &Labels, entered_in_error: bool) -> Verdict {
    let mut permit: Option<(Key, RuleId, Option<Date>)> = None;
    let mut deny: Option<(Key, RuleId)> = None;
    for (consent, policy) in consents {
        match policy.judge(record, labels) {
            Ok(rule) if permit.is_none_or(|(_, _, erase_by)| longer(policy.erase_by, erase_by)) => {
                permit = Some((*consent, rule, policy.erase_by));
            }
            Ok(_) => {}
            Err(rule) if deny.is_none_or(|(_, nearest)| rule > nearest) => deny = Some((*consent, rule)),
            Err(_) => {}
        }
    }
    match (permit, deny) {
        (Some((consent, rule, erase_by)), _) => Verdict::Permit {
            consent: Some(consent),
            rule,
            obligations: Obligations { redisclosure_notice: true, erase_by, entered_in_error },
        },
        (None, Some((consent, rule))) => Verdict::Deny { consent: Some(consent), rule },
        (None, None) => Verdict::Deny { consent: None, rule: RuleId::NoConsent },
    }
}

/// Whether content may be kept longer by `new` than by `old`; without a day, for ever.
fn longer(new: Option<Date>, old: Option<Date>) -> bool {
    old.is_some_and(|old| new.is_none_or(|new| new > old))
}
