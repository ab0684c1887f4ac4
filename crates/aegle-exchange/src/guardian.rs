//! The files that name a vault's guardians: the owner's, and what each guardian gets of it.

use aegle_client::{
    Pubkey,
    commitment::{GuardianList, Salt},
    state::GuardianOpening,
};
use aegle_decision::Key;
use serde::{Deserialize, Serialize};

/// A vault's guardians as the owner keeps them: who they are, in order, each with a salt of its own.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardianListFile {
    pub kind: GuardianListKind,
    pub vault: Key,
    pub guardians: Vec<GuardianEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardianEntry {
    pub guardian: Key,
    #[serde(with = "hex::serde")]
    pub salt: Salt,
}

/// What one guardian gets of them: the own place and salt, and nobody else's name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardianFile {
    pub kind: GuardianKind,
    pub vault: Key,
    pub guardian: Key,
    /// The place among the commitments, counted from zero.
    pub index: u8,
    #[serde(with = "hex::serde")]
    pub salt: Salt,
    #[serde(with = "hex_list")]
    pub commitments: Vec<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
pub enum GuardianListKind {
    #[serde(rename = "aegle:guardian-list:v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
pub enum GuardianKind {
    #[serde(rename = "aegle:guardian-opening:v1")]
    V1,
}

impl From<&GuardianList> for GuardianListFile {
    fn from(list: &GuardianList) -> Self {
        let entry = |(guardian, salt): &(Pubkey, Salt)| GuardianEntry { guardian: key(guardian), salt: *salt };
        let guardians = list.guardians.iter().map(entry).collect();
        Self { kind: GuardianListKind::V1, vault: key(&list.vault), guardians }
    }
}

impl GuardianFile {
    /// One for each of `list`, in order.
    pub fn all(list: &GuardianList) -> Vec<Self> {
        let file = |(guardian, _): &(Pubkey, Salt)| {
            let GuardianOpening { commitments, index, salt } = list.opening(guardian)?;
            let (kind, vault, guardian) = (GuardianKind::V1, key(&list.vault), key(guardian));
            Some(Self { kind, vault, guardian, index, salt, commitments })
        };
        list.guardians.iter().filter_map(file).collect()
    }

    /// What the program asks a guardian for.
    pub fn opening(self) -> GuardianOpening {
        GuardianOpening { commitments: self.commitments, index: self.index, salt: self.salt }
    }
}

fn key(address: &Pubkey) -> Key {
    Key(address.to_bytes())
}

mod hex_list {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(list: &[[u8; 32]], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(hex::encode))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let read = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).map(|()| bytes).map_err(|_| D::Error::custom("not 32 bytes in hex"))
        };
        Vec::<String>::deserialize(deserializer)?.iter().map(read).collect()
    }
}
