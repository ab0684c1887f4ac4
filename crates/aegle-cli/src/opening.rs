//! The files that open commitments. Whoever has one can prove, and see, what the ledger hides.

use std::path::{Path, PathBuf};

use aegle_client::{
    Pubkey,
    commitment::{Opening, Salt},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Problem;

/// Opens the commitment of a record.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordOpening {
    pub kind: RecordKind,
    #[serde(with = "base58")]
    pub vault: Pubkey,
    #[serde(with = "base58")]
    pub record: Pubkey,
    #[serde(with = "hex::serde")]
    pub record_id: [u8; 32],
    /// The commitment is SHA-256 over this and the document.
    #[serde(with = "hex::serde")]
    pub salt: Salt,
}

/// Opens the handle and the policy of a consent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentOpening {
    pub kind: ConsentKind,
    #[serde(with = "base58")]
    pub vault: Pubkey,
    #[serde(with = "base58")]
    pub consent: Pubkey,
    #[serde(with = "hex::serde")]
    pub consent_id: [u8; 32],
    #[serde(with = "base58")]
    pub grantee: Pubkey,
    #[serde(with = "hex::serde")]
    pub salt: Salt,
    /// The policy commitment is SHA-256 over this and the policy; without a policy, over this alone.
    #[serde(with = "hex::serde")]
    pub policy_salt: Salt,
    pub has_policy: bool,
}

/// Opens the commitment to the profile of a registrar or of a credential's subject.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileOpening {
    pub kind: ProfileKind,
    /// The registrar or credential.
    #[serde(with = "base58")]
    pub of: Pubkey,
    /// The commitment is SHA-256 over this and the profile.
    #[serde(with = "hex::serde")]
    pub salt: Salt,
}

#[derive(Serialize, Deserialize)]
pub enum ProfileKind {
    #[serde(rename = "aegle:profile-opening:v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
pub enum RecordKind {
    #[serde(rename = "aegle:record-opening:v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
pub enum ConsentKind {
    #[serde(rename = "aegle:consent-opening:v1")]
    V1,
}

impl ConsentOpening {
    pub fn handle_opening(&self) -> Opening {
        Opening { vault: self.vault, consent_id: self.consent_id, grantee: self.grantee, salt: self.salt }
    }
}

/// Where the opening of the account at `address` is unless named otherwise.
pub fn default_path(address: &Pubkey) -> PathBuf {
    PathBuf::from(format!("{address}.opening.json"))
}

/// Reads an opening file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    let text = std::fs::read(path).map_err(|error| {
        let mut problem = Problem::unreadable(path, &error);
        problem.advice = "Name the opening file, which was written with it, with --opening.".into();
        problem
    })?;
    // What the parser says may quote the salt; only the place is passed on.
    serde_json::from_slice(&text).map_err(|error| {
        Problem::new(
            "bad_opening",
            format!("{} is not the opening file of this kind, see line {}", path.display(), error.line()),
            "Name the file that was written with it, with --opening.",
        )
    })
}

mod base58 {
    use aegle_client::Pubkey;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(key: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pubkey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom("not an address"))
    }
}
