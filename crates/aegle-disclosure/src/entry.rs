use aegle_decision::{Caller, Document, Key, RuleId};
use serde::{Deserialize, Serialize};

use crate::Digest;

/// What one request came to: the content of one line of a patient's log.
///
/// Whoever has it and its salt can prove that the log holds it; whoever has the chain and the openings
/// of consents and labels can decide again and compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub version: EntryVersion,
    /// Address of the vault that the request was about.
    pub vault: Key,
    /// Place among the entries of the vault, from 0.
    pub number: u64,
    /// Commitment of the vault's entry before; zero for the first.
    pub previous: Digest,
    /// When it was decided, in seconds since the Unix epoch.
    pub at: i64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
    /// Hash of the confirmed slot's block, base58: of two branches, the one that was looked at.
    pub confirmed_hash: Key,
    pub caller: Caller,
    /// An HL7 PurposeOfUse code.
    pub purpose: String,
    pub operation: Operation,
    /// The record asked for, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Key>,
    /// SHA-256 of the request as the caller signed it.
    pub request: Digest,
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Outcome {
    Permit {
        #[serde(flatten)]
        rule: RuleId,
        /// Consents under which it was permitted, in the order of their addresses; none for owner and
        /// delegates.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        consents: Vec<Consent>,
        /// Records whose labels, keys or content went out.
        records: Vec<Key>,
    },
    Deny {
        #[serde(flatten)]
        rule: RuleId,
        /// The consent that came nearest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent: Option<Key>,
    },
}

/// A consent, and which policy it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    pub consent: Key,
    pub policy_commitment: Digest,
}

/// An entry with what opens its commitment, and where the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub index: u64,
    pub entry: Document<Entry>,
    pub salt: [u8; 32],
}

impl Logged {
    /// SHA-256 over the salt and the entry: the leaf.
    pub fn commitment(&self) -> Digest {
        Digest(self.entry.commitment(&self.salt))
    }
}
