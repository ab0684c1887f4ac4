//! Binary values in JSON.

/// A document as a JSON string with its exact text.
pub(crate) mod document {
    use aegle_decision::Document;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser};

    pub fn serialize<T, S: Serializer>(document: &Document<T>, serializer: S) -> Result<S::Ok, S::Error> {
        std::str::from_utf8(document.bytes()).map_err(ser::Error::custom)?.serialize(serializer)
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Document<T>, D::Error>
    where
        T: Serialize + DeserializeOwned,
        D: Deserializer<'de>,
    {
        Document::read(String::deserialize(deserializer)?.into_bytes()).map_err(de::Error::custom)
    }
}

/// Bytes of fixed length, in lowercase hex.
pub(crate) mod bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<const N: usize, S: Serializer>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(text.as_bytes(), &mut bytes)
            .map(|()| bytes)
            .map_err(|_| D::Error::custom(format_args!("not {N} bytes in hex")))
    }
}
