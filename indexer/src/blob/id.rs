use std::{fmt, str::FromStr};

use aegle_client::commitment::random_bytes;
use rand::rngs::OsRng;

/// Name of a blob, of the upload it was, or of one of its objects: 32 random bytes, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    pub fn random() -> Self {
        Self(random_bytes(&mut OsRng))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Knowing the id of a blob is enough to read it, so logs do not repeat it.
impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobId(…)")
    }
}

impl FromStr for BlobId {
    type Err = &'static str;

    /// Lower case only: a blob has one name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if lower && hex::decode_to_slice(text, &mut bytes).is_ok() {
            return Ok(Self(bytes));
        }
        Err("not an id: 32 bytes in lower-case hex are expected")
    }
}
