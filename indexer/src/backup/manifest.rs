use std::{fs, io::Write, path::Path};

use serde::{Deserialize, Serialize};

use super::{BackupError, of_file};

const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub kind: Kind,
    /// Address of the program that is mirrored.
    pub program: String,
    /// The mirror's finalized slot.
    pub finalized_slot: i64,
    /// Id that database, blob store and key store share; none where there never was a blob store.
    pub database: Option<String>,
    pub migrations: Vec<Migration>,
    /// In an order in which each comes after those it refers to.
    pub tables: Vec<Table>,
    pub sequences: Vec<Sequence>,
    pub blobs: u64,
    /// Bytes of all blobs.
    pub blob_bytes: u64,
    /// SHA-256 of `blobs.json`, in hex.
    pub blobs_sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Kind {
    #[serde(rename = "aegle:backup:v1")]
    V1,
}

/// A migration that the schema has.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    pub version: i64,
    /// Of its text, in hex.
    pub checksum: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub schema: String,
    pub name: String,
    pub columns: Vec<String>,
    pub rows: u64,
    /// SHA-256 of its file, in hex.
    pub sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    pub schema: String,
    pub name: String,
    pub last_value: i64,
}

/// An object of the blob store.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// Its name, in hex.
    pub object: String,
    /// Bytes.
    pub length: u64,
    pub sha256: String,
}

impl Manifest {
    /// Writes it as the backup's last file: there whole, or not at all.
    pub fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let part = folder.join("manifest.json.part");
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from).map_err(of_file(&part))?;
        let mut file = fs::File::create(&part).map_err(of_file(&part))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(of_file(&part))?;
        fs::rename(&part, folder.join(MANIFEST)).map_err(of_file(&part))?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(of_file(folder))
    }

    /// # Errors
    /// A folder that is no whole backup.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let no_backup = |what: String| BackupError::NoBackup { folder: folder.to_owned(), what };
        let text = fs::read(folder.join(MANIFEST))
            .map_err(|error| no_backup(format!("its {MANIFEST}, which is written last, cannot be read ({error})")))?;
        serde_json::from_slice(&text).map_err(|error| no_backup(format!("its {MANIFEST} is not one ({error})")))
    }
}

impl Table {
    pub fn file(&self) -> String {
        format!("tables/{}.{}.copy.zst", self.schema, self.name)
    }

    /// As SQL names it.
    pub fn sql(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }

    /// Its columns, as SQL names them.
    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
    }
}

impl Sequence {
    pub fn sql(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
