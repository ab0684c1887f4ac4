use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aegle_api_client::Error;
use aegle_client::{SendError, Sent};
use serde::Serialize;

use crate::Problem;

/// A file, or a folder of files, that only its owner may read, written before the transaction that
/// makes it matter: an opening that is lost cannot be made again.
pub struct SecretFile {
    path: PathBuf,
    /// Takes it away again.
    remove: fn(&Path) -> io::Result<()>,
}

impl SecretFile {
    /// Writes `content` as JSON. Never replaces a file.
    pub fn create(path: PathBuf, content: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string_pretty(content).map_err(io::Error::from);
        text.and_then(|text| write_new(&path, format!("{text}\n").as_bytes()))
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, remove: |path| fs::remove_file(path) })
    }

    /// Writes `text` as it is. Never replaces a file.
    pub fn create_text(path: PathBuf, text: &str) -> Result<Self, Problem> {
        write_new(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, remove: |path| fs::remove_file(path) })
    }

    /// Makes a folder for `fill` to write into. Never takes one that is there.
    pub fn create_folder(path: PathBuf, fill: impl FnOnce(&Path) -> Result<(), Problem>) -> Result<Self, Problem> {
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| unwritable(&path, &error))?;
        let folder = Self { path, remove: |path| fs::remove_dir_all(path) };
        if let Err(problem) = fill(&folder.path) {
            folder.take_away();
            return Err(problem);
        }
        Ok(folder)
    }

    fn take_away(&self) {
        // Left behind it would be in the way, no more.
        let _ = (self.remove)(&self.path);
    }

    pub fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Keeps the file unless the transaction was surely not taken.
    pub fn settle(self, result: Result<Sent, Error>) -> Result<(Sent, String), Problem> {
        match result {
            Ok(sent) => Ok((sent, self.path())),
            Err(error) => {
                let not_taken = surely_not_taken(&error);
                Err(self.fail(error.into(), not_taken))
            }
        }
    }

    /// Takes the file away where what it is for did surely not happen, else says that it may be needed.
    pub fn fail(self, mut problem: Problem, surely_not_taken: bool) -> Problem {
        if surely_not_taken {
            self.take_away();
        } else {
            problem.advice.push_str(&format!(
                " Keep {} until you know: should the network have taken the transaction after all, it is needed.",
                self.path()
            ));
        }
        problem
    }

    /// What it is for is over.
    pub fn remove(self) {
        self.take_away();
    }
}

/// Whether a transaction was surely not taken.
pub fn surely_not_taken(error: &Error) -> bool {
    match error {
        // Other codes may be the echo of a first attempt that was taken after all.
        Error::Send(SendError::Refused(refused)) => refused.explain().is_some(),
        Error::Send(SendError::PayerEmpty { .. } | SendError::Signing(_)) | Error::Signing(_) => true,
        // The relay refuses before it sends.
        Error::Problem(problem) => problem.status < 500 || problem.code == "relay_unavailable",
        Error::Relayed(_) => true,
        _ => false,
    }
}

/// Writes a file that is not there yet, for its owner's eyes only.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file helps nobody and would be in the way of the next attempt.
        let _ = fs::remove_file(path);
    }
    written
}

pub fn unwritable(path: &Path, error: &io::Error) -> Problem {
    let shown = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Problem::new(
            "file_exists",
            format!("{shown} exists already and is not replaced"),
            "Move it away, or name another file with --out.",
        );
    }
    Problem::new("file_unwritable", format!("{shown} cannot be written: {error}"), "Name another file with --out.")
}
