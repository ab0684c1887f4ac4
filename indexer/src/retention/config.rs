use std::path::PathBuf;

use serde::Deserialize;

use super::schedule::Schedule;

/// Settings of what ends by itself. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// File with the retention schedule; absent, the one that the release brings.
    pub schedule: Option<PathBuf>,
    /// Days for which a patient is told beforehand that the storage of a content ends.
    pub notice_days: u32,
    /// Seconds between two looks for what is over.
    pub sweep_interval: u32,
    /// Who answers for the data, as the data-protection report names it.
    pub controller: Option<Controller>,
}

/// The controller of GDPR article 30(1)(a).
#[derive(Debug, Clone, Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    pub name: String,
    /// Postal address, mail or telephone.
    pub contact: String,
    /// Representative in the Union, where there has to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_protection_officer: Option<String>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { schedule: None, notice_days: 90, sweep_interval: 3_600, controller: None }
    }
}

impl RetentionConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        for (key, value, least, most) in
            [("notice_days", self.notice_days, 30, 365), ("sweep_interval", self.sweep_interval, 1, 86_400)]
        {
            if !(least..=most).contains(&value) {
                return Err(format!("{key} is {value}, and must be from {least} to {most}"));
            }
        }
        if self.controller.as_ref().is_some_and(|one| one.name.trim().is_empty() || one.contact.trim().is_empty()) {
            return Err("controller needs a name and a contact".into());
        }
        Schedule::load(self).map(drop).map_err(|error| error.to_string())
    }
}
