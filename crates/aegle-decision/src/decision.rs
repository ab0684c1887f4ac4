use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Filter, Key, RuleId};

/// Whether a request is answered at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Permit(Permit),
    Deny(Denial),
}

/// A permit for those records that the filter admits, and for no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub basis: Basis,
    /// Holds for the request it was made for and no longer: time passes and the chain goes on.
    pub filter: Filter,
    /// The strictest that any record may come with.
    pub obligations: Obligations,
    /// The credentials that the purpose asks for: the grantee's, then that of who acts for it.
    pub credentials: Vec<Key>,
}

/// In what capacity somebody reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    Owner,
    Delegate,
    /// In the order of their keys.
    Consents(Vec<Key>),
    /// Accounts of openings in an emergency, in the order of their keys, where no consent stands.
    Emergencies(Vec<Key>),
}

/// Why a request is refused. It is for the patient and the log; the caller learns nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    #[serde(flatten)]
    pub rule: RuleId,
    /// Consents that name the caller and do not stand, in the order of their keys.
    pub consents: Vec<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub consent: Key,
    #[serde(flatten)]
    pub rule: RuleId,
}

/// Whether one record is read, and what says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Verdict {
    Permit {
        /// None for owner and delegates.
        consent: Option<Key>,
        #[serde(flatten)]
        rule: RuleId,
        obligations: Obligations,
    },
    Deny {
        /// The consent that came nearest, where consents were looked at.
        consent: Option<Key>,
        #[serde(flatten)]
        rule: RuleId,
    },
}

/// What a reader has to do or to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligations {
    /// To be told that passing the content on needs the patient's consent.
    pub redisclosure_notice: bool,
    /// The last day on which it may be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erase_by: Option<Date>,
    /// To be told that the record was entered in error.
    pub entered_in_error: bool,
}

impl Decision {
    pub fn permit(&self) -> Option<&Permit> {
        match self {
            Self::Permit(permit) => Some(permit),
            Self::Deny(_) => None,
        }
    }
}

impl Verdict {
    pub fn permits(&self) -> bool {
        matches!(self, Self::Permit { .. })
    }

    pub fn rule(&self) -> RuleId {
        match *self {
            Self::Permit { rule, .. } | Self::Deny { rule, .. } => rule,
        }
    }

    pub fn consent(&self) -> Option<Key> {
        match *self {
            Self::Permit { consent, .. } | Self::Deny { consent, .. } => consent,
        }
    }
}
