use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A code of a small vocabulary: 1 to 64 of `A-Z a-z 0-9 -`.
///
/// `S` says of which, so that a category is not taken for a resource type.
pub struct Code<S>(Box<str>, PhantomData<S>);

/// Of FHIR R4's resource types, such as `Observation`.
pub type ResourceType = Code<kind::ResourceType>;
/// Of Aegle's categories of care data, such as `laboratory`; see `docs/labels.md`.
pub type Category = Code<kind::Category>;
/// Of HL7 v3's `InformationSensitivityPolicy`, such as `HIV`.
pub type Sensitivity = Code<kind::Sensitivity>;

pub mod kind {
    #[derive(Debug)]
    pub enum ResourceType {}
    #[derive(Debug)]
    pub enum Category {}
    #[derive(Debug)]
    pub enum Sensitivity {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is 1 to 64 letters, digits and hyphens")]
pub struct CodeError;

impl<S> Code<S> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S> FromStr for Code<S> {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.into(), PhantomData))
        } else {
            Err(CodeError)
        }
    }
}

// Derived, these would ask the same of `S`, which is only a name.
impl<S> Clone for Code<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<S> PartialEq for Code<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S> Eq for Code<S> {}

impl<S> PartialOrd for Code<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> Ord for Code<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<S> fmt::Debug for Code<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S> fmt::Display for Code<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S> Serialize for Code<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, S> Deserialize<'de> for Code<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
