//! Fixed bytes of the chain and how they are written.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

macro_rules! bytes {
    ($(#[$meta:meta])* $name:ident, $len:literal, $encode:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, ToSchema)]
        #[sqlx(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub [u8; $len]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$encode(&self.0))
            }
        }
    };
}

fn base58(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

bytes!(
    /// Address of an account, or a key, in base58.
    Address, 32, base58
);
bytes!(
    /// Hash of a block, in base58.
    BlockHash, 32, base58
);
bytes!(
    /// Signature that identifies a transaction, in base58.
    Signature, 64, base58
);
bytes!(
    /// Id of a session, 16 bytes in hex.
    SessionId, 16, hex::encode
);
bytes!(
    /// What makes a sign-in unique, 16 bytes in hex.
    Nonce, 16, hex::encode
);
bytes!(
    /// 32 bytes in hex: an id, a commitment, a handle or an encryption key.
    Digest, 32, hex::encode
);

/// The longest base58 forms of 32 and of 64 bytes.
const MAX_ADDRESS: usize = 44;
const MAX_SIGNATURE: usize = 88;

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        if text.len() <= MAX_ADDRESS && bs58::decode(&text).onto(&mut bytes) == Ok(32) {
            return Ok(Self(bytes));
        }
        Err(serde::de::Error::custom("not an address: 32 bytes in base58 are expected"))
    }
}

impl From<solana_signature::Signature> for Signature {
    fn from(signature: solana_signature::Signature) -> Self {
        Self(signature.into())
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 64];
        if text.len() <= MAX_SIGNATURE && bs58::decode(&text).onto(&mut bytes) == Ok(64) {
            return Ok(Self(bytes));
        }
        Err(serde::de::Error::custom("not a signature: 64 bytes in base58 are expected"))
    }
}

fn sixteen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(String::deserialize(deserializer)?, &mut bytes)
        .map_err(|_| serde::de::Error::custom("16 bytes in hex are expected"))?;
    Ok(bytes)
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sixteen(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sixteen(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut bytes)
            .map_err(|_| serde::de::Error::custom("32 bytes in hex are expected"))?;
        Ok(Self(bytes))
    }
}
