use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Category, DocumentError, Key, ResourceType, Sensitivity};

/// Most conditions in one policy, of all rules together.
const MAX_CONDITIONS: usize = 2_000;

/// What a consent opens. Its salted hash is in the consent on chain.
///
/// A record is open where the base or a rule of `permit` covers it, no rule of `deny` touches it, and
/// every sensitivity it is labelled with is named in `sensitivity` (with [`Base::AllNormal`] and
/// narrower bases alike).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub kind: PolicyVersion,
    #[serde(default)]
    pub base: Base,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permit: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Rule>,
    /// Sensitivities that may be read; everything labelled with another is withheld.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitivity: BTreeSet<Sensitivity>,
    /// Day by which the grantee has to erase what it keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase_by: Option<Date>,
    /// SHA-256 over the preview the patient saw when signing.
    #[serde(default, with = "hex_option", skip_serializing_if = "Option::is_none")]
    pub preview: Option<[u8; 32]>,
    /// X25519 key to which contents are encrypted for the grantee, from version 2 on: signed with the rest,
    /// so that nobody can put another in its place.
    #[serde(default, with = "hex_option", skip_serializing_if = "Option::is_none")]
    pub recipient: Option<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyVersion {
    #[default]
    #[serde(rename = "aegle:policy:v1")]
    V1,
    /// Version 1 with the `recipient`.
    #[serde(rename = "aegle:policy:v2")]
    V2,
}

/// What holds where no rule speaks: the default policies of IHE Privacy Consent on FHIR 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// Nothing; only rules open.
    #[default]
    Deny,
    /// Whatever is not sensitive at all; `sensitivity` opens nothing through it.
    BasicNormal,
    /// Everything, with the sensitivities that the policy names.
    AllNormal,
    /// Nothing, except in an emergency that was opened.
    BreakGlassOnly,
}

/// Conditions that all hold. One that is empty says nothing; a rule without any matches every record.
///
/// To permit, a condition must cover the record: all its categories are among the rule's, its days
/// within the rule's. To deny, touching it is enough: one category is, one day is, or its days or its
/// author are not known. `docs/access.md` has the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<Category>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<ResourceType>,
    /// First and last day of care, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub records: BTreeSet<Key>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub authors: BTreeSet<Key>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub studies: BTreeSet<Key>,
}

impl Policy {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A recipient that the version does not have or lacks, a period that ends before it begins, or more
    /// conditions than are read.
    pub fn validate(&self) -> Result<(), DocumentError> {
        if self.recipient.is_some() != (self.kind == PolicyVersion::V2) {
            return Err(DocumentError::Invalid("a policy of version 2 names a recipient, one of version 1 does not"));
        }
        let rules = || self.permit.iter().chain(&self.deny);
        if rules().any(|rule| matches!((rule.from, rule.until), (Some(from), Some(until)) if until < from)) {
            return Err(DocumentError::Invalid("a rule's last day is before its first"));
        }
        if rules().map(Rule::conditions).sum::<usize>() > MAX_CONDITIONS {
            return Err(DocumentError::Invalid("a policy has at most 2,000 conditions"));
        }
        Ok(())
    }
}

impl Rule {
    fn conditions(&self) -> usize {
        let Self { categories, types, from: _, until: _, records, authors, studies } = self;
        1 + categories.len() + types.len() + records.len() + authors.len() + studies.len()
    }
}

mod hex_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(hash: &Option<[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
        hash.map(hex::encode).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 32]>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| {
            let mut hash = [0; 32];
            hex::decode_to_slice(text, &mut hash).map(|()| hash).map_err(|_| D::Error::custom("not 32 bytes in hex"))
        };
        text.map(read).transpose()
    }
}
