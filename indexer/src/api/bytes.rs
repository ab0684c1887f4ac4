//! Fixed bytes of the chain and how they are written.

use std::borrow::Cow;

use aegle_decision::Key;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Type,
        schema::{ObjectBuilder, Schema},
    },
};

macro_rules! bytes {
    ($(#[doc = $doc:literal])+ $name:ident, $len:literal, $encode:expr, $pattern:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub [u8; $len]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$encode(&self.0))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text(concat!($($doc),+).trim_start(), $pattern)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

fn text(description: &str, pattern: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).pattern(Some(pattern)).into()
}

fn base58(bytes: &[u8; 32]) -> String {
    Key(*bytes).to_string()
}

bytes!(
    /// Address of an account, or a key, 32 bytes in base58.
    Address, 32, base58, "^[1-9A-HJ-NP-Za-km-z]{32,44}$"
);
bytes!(
    /// Hash of a block, 32 bytes in base58.
    BlockHash, 32, base58, "^[1-9A-HJ-NP-Za-km-z]{32,44}$"
);
bytes!(
    /// Signature that identifies a transaction, 64 bytes in base58.
    Signature, 64, |bytes: &[u8; 64]| solana_signature::Signature::from(*bytes).to_string(), "^[1-9A-HJ-NP-Za-km-z]{64,88}$"
);
bytes!(
    /// Id of a session, 16 bytes in hex.
    SessionId, 16, hex::encode, "^[0-9a-fA-F]{32}$"
);
bytes!(
    /// Id of a subscription, 16 bytes in hex.
    SubscriptionId, 16, hex::encode, "^[0-9a-fA-F]{32}$"
);
bytes!(
    /// Id of a legal hold, 16 bytes in hex.
    HoldId, 16, hex::encode, "^[0-9a-fA-F]{32}$"
);
bytes!(
    /// What makes a sign-in unique, 16 bytes in hex.
    Nonce, 16, hex::encode, "^[0-9a-fA-F]{32}$"
);
bytes!(
    /// 32 bytes in hex: an id, a commitment, a handle or an encryption key.
    Digest, 32, hex::encode, "^[0-9a-fA-F]{64}$"
);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?.parse::<Key>();
        key.map(|key| Self(key.0))
            .map_err(|_| serde::de::Error::custom("not an address: 32 bytes in base58 are expected"))
    }
}

impl From<solana_signature::Signature> for Signature {
    fn from(signature: solana_signature::Signature) -> Self {
        Self(signature.into())
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let signature = String::deserialize(deserializer)?.parse::<solana_signature::Signature>();
        signature
            .map(Self::from)
            .map_err(|_| serde::de::Error::custom("not a signature: 64 bytes in base58 are expected"))
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

impl<'de> Deserialize<'de> for SubscriptionId {
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
