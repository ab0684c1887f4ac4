use aegle_decision::{Caller, Document, DocumentError, Key, RuleId};
use serde::{Deserialize, Serialize};
use solana_sha256_hasher::hashv;

use crate::{Digest, SignedRequest};

const LEAF: &[u8] = b"aegle:disclosure:leaf:v1";
const LINK: &[u8] = b"aegle:disclosure:link:v1";

/// What one request came to.
///
/// Whoever has it, its salt and the commitment to its [`Link`] can prove that the log holds it; whoever
/// has the chain and the openings of consents and labels can decide again and compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub version: EntryVersion,
    /// Address of the vault that the request was about.
    pub vault: Key,
    /// When it was decided, in seconds since the Unix epoch.
    pub at: i64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
    /// Hash of the confirmed slot's block, base58: of two branches, the one that was looked at.
    pub confirmed_hash: Key,
    pub caller: Caller,
    /// An HL7 PurposeOfUse code; empty for operations that none is stated for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    pub operation: Operation,
    /// The record asked for, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Key>,
    /// SHA-256 of the request as RFC 9421 lines it up: of what the caller signed.
    pub request: Digest,
    /// None where nothing goes out for the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedRequest>,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryVersion {
    #[default]
    #[serde(rename = "aegle-disclosure-1")]
    V1,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Labels and keys of the records that are open to the caller.
    ListRecords,
    /// Labels and key of one record.
    ReadRecord,
    /// Ciphertext of one record.
    ReadContent,
    /// The log of the vault.
    ListDisclosures,
    /// An opening in an emergency; its records are those that the clinician's statement names.
    OpenEmergency,
    /// A custodian got its sealed shares of records that were opened in an emergency.
    FetchShares,
    /// A custodian gave its shares of records to the clinician who opened them.
    ReleaseShares,
    /// The clinician got what custodians released.
    CollectShares,
    /// Who keeps shares of keys for emergencies.
    ListCustodians,
    StoreCustodians,
    DropCustodians,
    ListCustodianShares,
    DealShares,
    ListEmergencies,
    /// Openings that a custodian may release for; one entry for each vault.
    ListReleases,
    /// Who lets the caller read something; one entry for each who does.
    ListPatients,
    /// Content, labels and keys of a new record.
    StoreRecord,
    /// Content that was encrypted anew.
    ReplaceContent,
    /// How far a record's erasure is.
    GetErasure,
    /// Contents that the operator will store no longer.
    ListEndings,
    /// Legal holds on what is the patient's.
    ListHolds,
    /// What a policy would open.
    PreviewConsent,
    /// What opens a consent.
    StoreConsent,
    ListConsents,
    /// What a grantee would see.
    Explain,
    /// Who has which content key.
    ListWraps,
    ListPendingWraps,
    StoreWraps,
    /// The wrapped root secrets.
    ListKeyrings,
    StoreKeyring,
    /// Shares of a root secret; one entry for each vault.
    ListGuardianShares,
    HandGuardianShare,
    /// Results on their way to become records.
    PostMail,
    ListMail,
    ReadMail,
    AcceptMail,
    DiscardMail,
    /// The key by which the server's agent acts for the vault.
    GetAgentKey,
    RequestAccess,
    ListAccessRequests,
    EndAccessRequest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Outcome {
    Permit {
        /// Consents that stood, in the order of their addresses; none for owner and delegates.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        consents: Vec<Consent>,
        /// Credentials that the purpose asked for: the grantee's, then that of who acts for it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        credentials: Vec<Key>,
        /// What went out.
        records: Vec<Released>,
    },
    Deny {
        #[serde(flatten)]
        rule: RuleId,
        /// The consent that came nearest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent: Option<Key>,
    },
}

/// A record of which labels, a key or content went out, and what said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    pub record: Key,
    #[serde(flatten)]
    pub rule: RuleId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Key>,
}

/// A consent, and which policy it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    pub consent: Key,
    pub policy_commitment: Digest,
}

/// Where an entry stands among those of its vault. Only the patient learns it: a reader would see from it
/// how often others read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub vault: Key,
    /// From 0.
    pub number: u64,
    /// Commitment of the vault's entry before; zero for the first.
    pub previous: Digest,
}

impl Link {
    /// SHA-256 over a domain, the salt, the vault, the number (big-endian) and the commitment before.
    pub fn commitment(&self, salt: &[u8; 32]) -> Digest {
        Digest(hashv(&[LINK, salt, &self.vault.0, &self.number.to_be_bytes(), &self.previous.0]).to_bytes())
    }
}

/// The commitment that the log holds: SHA-256 over a domain and the commitments to link and entry.
pub fn commitment(link: &Digest, entry: &Digest) -> Digest {
    Digest(hashv(&[LEAF, &link.0, &entry.0]).to_bytes())
}

/// An entry with everything that opens its commitment, and where the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub index: u64,
    pub link: Link,
    pub link_salt: [u8; 32],
    pub entry: Document<Entry>,
    pub salt: [u8; 32],
}

/// A [`Logged`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Detail {
    index: u64,
    number: u64,
    previous: Digest,
    link_salt: Digest,
    entry: String,
    salt: Digest,
}

impl Logged {
    /// All of it as JSON, for whoever may open it.
    pub fn detail(&self) -> Vec<u8> {
        let detail = Detail {
            index: self.index,
            number: self.link.number,
            previous: self.link.previous,
            link_salt: Digest(self.link_salt),
            entry: String::from_utf8_lossy(self.entry.bytes()).into_owned(),
            salt: Digest(self.salt),
        };
        // Nothing of it cannot be written.
        serde_json::to_vec(&detail).unwrap_or_default()
    }

    /// # Errors
    /// Bytes that are no detail of an entry.
    pub fn of_detail(bytes: &[u8]) -> Result<Self, DocumentError> {
        let malformed =
            |error: serde_json::Error| DocumentError::Malformed { line: error.line(), column: error.column() };
        let detail: Detail = serde_json::from_slice(bytes).map_err(malformed)?;
        let entry = Document::<Entry>::read(detail.entry.into_bytes())?;
        let link = Link { vault: entry.value().vault, number: detail.number, previous: detail.previous };
        Ok(Self { index: detail.index, link, link_salt: detail.link_salt.0, entry, salt: detail.salt.0 })
    }

    /// The leaf.
    pub fn commitment(&self) -> Digest {
        commitment(&self.link.commitment(&self.link_salt), &Digest(self.entry.commitment(&self.salt)))
    }
}
