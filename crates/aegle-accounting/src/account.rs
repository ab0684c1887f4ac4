use std::collections::{BTreeMap, BTreeSet, HashMap};

use aegle_decision::{Category, Key, RuleId};
use aegle_disclosure::{Digest, Entry, Operation, Outcome, Released};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::{Period, Profile};

/// An accounting of disclosures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    pub kind: AccountKind,
    pub vault: Key,
    pub period: Period,
    pub made_at: Timestamp,
    pub standing: Standing,
    pub log: LogState,
    /// In the order of the log.
    pub disclosures: Vec<Disclosed>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum AccountKind {
    #[default]
    #[serde(rename = "aegle:accounting:v1")]
    V1,
}

/// Who vouches that nothing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Whoever made it checked the chain of entries against a signed checkpoint.
    Checked,
    /// The operator of the server says so.
    Stated,
}

/// The log that it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogState {
    /// Key of the log, as C2SP writes it.
    pub verifier: String,
    /// A signed note.
    pub checkpoint: String,
    /// How many entries the patient has, and the last one's commitment.
    pub entries: u64,
    pub commitment: Option<Digest>,
}

/// An entry of the patient's log.
#[derive(Clone, Copy, Debug)]
pub struct Accounted<'a> {
    /// Place in the operator's log.
    pub place: u64,
    /// Place among the patient's.
    pub number: u64,
    pub commitment: Digest,
    pub entry: &'a Entry,
}

/// What is known beyond the log.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Kinds of records, as far as they are labelled.
    pub categories: HashMap<Key, BTreeSet<Category>>,
    /// Profiles that credentials commit to, by credential.
    pub profiles: HashMap<Key, Profile>,
}

/// One disclosure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosed {
    pub place: u64,
    pub number: u64,
    pub commitment: Digest,
    pub at: Timestamp,
    pub recipient: Party,
    /// Who acted for the recipient, an organization.
    pub acting: Option<Party>,
    pub description: String,
    pub shown: Shown,
    pub records: Vec<Key>,
    pub purpose: Purpose,
}

/// Why the recipient was let.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The patient allowed it.
    ByConsent,
    /// The recipient acts for the patient.
    ToDelegate,
    /// An emergency was opened.
    InEmergency,
}

/// Somebody, by name where a registrar's profile says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    pub name: Option<String>,
    pub address: Option<String>,
    pub key: Key,
}

/// An HL7 purpose of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose(pub String);

impl Purpose {
    /// What the code means; the code itself where it is another one.
    pub fn says(&self) -> &str {
        match self.0.as_str() {
            "TREAT" => "treatment",
            "ETREAT" => "emergency treatment",
            "HPAYMT" => "healthcare payment",
            "HOPERAT" => "healthcare operations",
            "HRESCH" => "healthcare research",
            "PUBHLTH" => "public health",
            "FAMRQT" => "a request of the family",
            "PATRQT" => "a request of the patient",
            "HMARKT" => "healthcare marketing",
            other => other,
        }
    }
}

impl Serialize for Purpose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BTreeMap::from([("code", self.0.as_str()), ("text", self.says())]).serialize(serializer)
    }
}

impl Account {
    /// What of the patient's log is a disclosure within the period: something went out, and not to the
    /// patient. `now` is in seconds since the Unix epoch.
    pub fn new<'a>(
        vault: Key,
        period: Period,
        now: i64,
        standing: Standing,
        log: LogState,
        entries: impl IntoIterator<Item = Accounted<'a>>,
        known: &Known,
    ) -> Self {
        let within = entries.into_iter().filter(|accounted| period.holds(accounted.entry.at));
        let disclosures = within.filter_map(|accounted| disclosed(&accounted, known)).collect();
        let made_at = Timestamp::from_second(now).unwrap_or_default();
        Self { kind: AccountKind::V1, vault, period, made_at, standing, log, disclosures }
    }
}

/// Whether something went out to somebody other than the patient.
pub fn discloses(entry: &Entry) -> bool {
    what(entry.operation).is_some() && to_others(entry).next().is_some()
}

/// What goes out by an operation. A custodian's sealed share alone says nothing of a record; what is opened
/// with enough of them does.
fn what(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::ReadContent => Some("Content"),
        Operation::ListRecords | Operation::ReadRecord => Some("Labels and keys"),
        Operation::CollectShares => Some("Keys"),
        _ => None,
    }
}

fn to_others(entry: &Entry) -> impl Iterator<Item = &Released> + Clone {
    let records: &[Released] = match &entry.outcome {
        Outcome::Permit { records, .. } => records,
        Outcome::Deny { .. } => &[],
    };
    records.iter().filter(|released| released.rule != RuleId::Owner)
}

fn disclosed(accounted: &Accounted<'_>, known: &Known) -> Option<Disclosed> {
    let Accounted { place, number, commitment, entry } = *accounted;
    let what = what(entry.operation)?;
    let shown = match to_others(entry).next()?.rule {
        RuleId::DelegateRead => Shown::ToDelegate,
        RuleId::BreakGlass { .. } => Shown::InEmergency,
        _ => Shown::ByConsent,
    };
    let credentials: &[Key] = match &entry.outcome {
        Outcome::Permit { credentials, .. } => credentials,
        Outcome::Deny { .. } => &[],
    };
    let records: Vec<Key> = to_others(entry).map(|released| released.record).collect();
    let party = |key: Key, credential: Option<&Key>| {
        let profile = credential.and_then(|credential| known.profiles.get(credential));
        let address = profile.and_then(|profile| profile.address.clone());
        Party { name: profile.map(|profile| profile.name.clone()), address, key }
    };
    Some(Disclosed {
        place,
        number,
        commitment,
        at: Timestamp::from_second(entry.at).ok()?,
        recipient: party(entry.caller.key, credentials.first()),
        acting: entry.caller.practitioner.map(|key| party(key, credentials.get(1))),
        description: describe(what, &records, known),
        shown,
        records,
        purpose: Purpose(entry.purpose.clone()),
    })
}

fn describe(what: &str, records: &[Key], known: &Known) -> String {
    let labelled = records.iter().filter_map(|record| known.categories.get(record));
    let kinds: BTreeSet<_> = labelled.clone().flatten().map(Category::as_str).collect();
    let kinds: Vec<_> = kinds.into_iter().collect();
    let unlabelled = if labelled.count() < records.len() { ["kind no longer known"].as_slice() } else { &[] };
    let kinds = [&kinds[..], unlabelled].concat().join(", ");
    let count = match records.len() {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    };
    format!("{what} of {count}: {kinds}")
}
