use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use solana_sha256_hasher::hashv;

/// Largest document read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A JSON document together with the very bytes that a commitment covers: it is never written anew,
/// since another writer might order or escape it differently. Cloning shares both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<T> {
    value: Arc<T>,
    bytes: Arc<[u8]>,
}

/// Why bytes are not the document they should be. Nothing of the document is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLong,
    #[error("it is not the JSON expected, see line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("{0}")]
    Invalid(&'static str),
}

impl<T: Serialize + DeserializeOwned> Document<T> {
    pub fn new(value: T) -> Self {
        // Maps with keys that are not text alone cannot be written, and no document has one.
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        Self { value: Arc::new(value), bytes: bytes.into() }
    }

    /// # Errors
    /// Bytes that are too many or not a `T`; what `T` itself checks is up to its `validate`.
    pub fn read(bytes: Vec<u8>) -> Result<Self, DocumentError> {
        if bytes.len() > MAX_BYTES {
            return Err(DocumentError::TooLong);
        }
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| DocumentError::Malformed { line: error.line(), column: error.column() })?;
        Ok(Self { value: Arc::new(value), bytes: bytes.into() })
    }
}

impl<T> Document<T> {
    pub fn value(&self) -> &T {
        &self.value
    }

    pub fn shared(&self) -> Arc<T> {
        Arc::clone(&self.value)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 over `salt` and the document's bytes.
    pub fn commitment(&self, salt: &[u8; 32]) -> [u8; 32] {
        hashv(&[salt, &self.bytes]).to_bytes()
    }
}
