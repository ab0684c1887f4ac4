use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{blob::Location, config::Secret};

/// Settings of the store of erasure keys. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ErasureConfig {
    /// Where the keys lie: `file:///path`, or `s3://bucket/prefix` in a build with the feature `s3`.
    /// Absent, the folder `erasure-keys` in the working directory. Never where backups are taken of.
    pub url: Option<String>,
    /// Options of an S3-compatible store, as those of blobs.
    pub options: BTreeMap<String, Secret>,
    /// Keys that a process keeps in memory at most.
    pub cached_keys: u32,
}

impl Default for ErasureConfig {
    fn default() -> Self {
        Self { url: None, options: BTreeMap::new(), cached_keys: 50_000 }
    }
}

impl ErasureConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong. Values of options are not
    /// repeated.
    pub fn validate(&self) -> Result<(), String> {
        if !(1..=10_000_000).contains(&self.cached_keys) {
            return Err(format!("cached_keys is {}, and must be from 1 to 10000000", self.cached_keys));
        }
        self.location().map(drop)
    }

    pub(crate) fn location(&self) -> Result<Location, String> {
        Location::parse(self.url.as_deref(), &self.options, "erasure-keys")
    }
}
