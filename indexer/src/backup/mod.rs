//! Backups of database and blobs, without the erasure keys, and their restore.
//!
//! A backup is a folder. `tables/` has each table as `COPY … TO STDOUT` writes it, compressed, all as of
//! one moment; `blobs/` the objects that these tables name; `blobs.json` what they are. `manifest.json`
//! says what there is, with the SHA-256 of each file, and is written last: without it the folder is no
//! backup. Erasure keys are in none of it, so what is erased later opens from no backup either.

mod create;
mod file;
mod manifest;
mod restore;
mod tables;

use std::{io, path::PathBuf};

pub use self::{
    create::{Created, create},
    restore::{Restored, restore},
};
use crate::blob::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} is there already and not empty; a backup needs a folder of its own", .0.display())]
    FolderUsed(PathBuf),
    #[error("{} is no whole backup: {what}", folder.display())]
    NoBackup { folder: PathBuf, what: String },
    #[error("{} is not what the backup's manifest says; nothing was restored", .0.display())]
    Damaged(PathBuf),
    #[error("the backup is of the program {0}; this release restores those of its own")]
    OtherProgram(String),
    #[error("the backup's schema has the migration {0}, which this release does not have or has otherwise")]
    OtherSchema(i64),
    #[error("the database is not empty: {0}; name an empty one")]
    DatabaseUsed(String),
    #[error("the blob store belongs to another database than the backup; set blob.url to an empty place")]
    BlobsUsed,
    #[error("the object {0}, which the database names, is not in the blob store; the backup was given up")]
    BlobMissing(String),
    #[error("nothing is mirrored yet: there is nothing to back up")]
    Empty,
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the schema could not be made: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Names the file in what the system says of it.
fn of_file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.into();
    move |error| BackupError::File { path, error }
}
