use serde::{Deserialize, Serialize};

use crate::Key;

pub use aegle::state::{Action, Purpose};

/// Who asks, as its session proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The wallet signed in with: an owner, a delegate or a grantee.
    pub key: Key,
    /// Who acts for an organization; signed in together with it.
    pub practitioner: Option<Key>,
}

/// What is asked for. `now` is in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub caller: Caller,
    pub purpose: Purpose,
    pub action: Action,
    pub now: i64,
}

/// Codes of HL7 v3 PurposeOfUse.
pub const PURPOSES: [(&str, Purpose); 9] = [
    ("TREAT", Purpose::Treatment),
    ("ETREAT", Purpose::EmergencyTreatment),
    ("HPAYMT", Purpose::Payment),
    ("HOPERAT", Purpose::Operations),
    ("HRESCH", Purpose::Research),
    ("PUBHLTH", Purpose::PublicHealth),
    ("FAMRQT", Purpose::FamilyRequest),
    ("PATRQT", Purpose::PatientRequest),
    ("HMARKT", Purpose::Marketing),
];

/// The purpose of a code.
pub fn purpose_of(code: &str) -> Option<Purpose> {
    PURPOSES.iter().find(|(name, _)| *name == code).map(|(_, purpose)| *purpose)
}

/// The code of a purpose.
pub fn purpose_code(purpose: Purpose) -> &'static str {
    PURPOSES.iter().find(|(_, of)| *of == purpose).map_or("", |(code, _)| code)
}
