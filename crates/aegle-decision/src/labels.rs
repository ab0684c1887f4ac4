use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Category, DocumentError, Key, ResourceType, Sensitivity};

/// What the server may know of a record. Bound to the chain by the record's commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    pub kind: LabelsVersion,
    /// At least one.
    pub categories: BTreeSet<Category>,
    /// FHIR resource types in the content; none where it is not FHIR.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<ResourceType>,
    /// First and last day of care that the content speaks of, both or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// An imaging study, by a random id of the patient's: its own identifier would link it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Key>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitivity: BTreeSet<Sensitivity>,
    /// Who issued the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Key>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelsVersion {
    #[default]
    #[serde(rename = "aegle:labels:v1")]
    V1,
}

impl Labels {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// No category, too many codes, or days that do not make a period.
    pub fn validate(&self) -> Result<(), DocumentError> {
        let invalid = |reason| Err(DocumentError::Invalid(reason));
        if self.categories.is_empty() {
            return invalid("labels name at least one category");
        }
        if self.categories.len() > 32 || self.types.len() > 64 || self.sensitivity.len() > 32 {
            return invalid("labels name at most 32 categories, 64 types and 32 sensitivities");
        }
        match (self.from, self.until) {
            (None, None) => Ok(()),
            (Some(from), Some(until)) if from <= until => Ok(()),
            _ => invalid("labels name the first and the last day of care, in this order, or neither"),
        }
    }
}
