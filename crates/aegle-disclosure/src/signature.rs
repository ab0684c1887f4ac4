//! Signatures as text in JSON, for serde's `with`.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub fn serialize<S: Serializer>(signature: &[u8; 64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(signature))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 64], D::Error> {
    let bytes = BASE64_STANDARD.decode(String::deserialize(deserializer)?).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| D::Error::custom("64 bytes in base64 are expected"))
}

pub mod optional {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(signature: &Option<[u8; 64]>, serializer: S) -> Result<S::Ok, S::Error> {
        match signature {
            Some(signature) => super::serialize(signature, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 64]>, D::Error> {
        #[derive(Deserialize)]
        struct Text(#[serde(with = "super")] [u8; 64]);
        Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
    }
}
