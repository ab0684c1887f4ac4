//! Everything of a vault that its patient takes to another operator, as a folder.
//!
//! Nothing in it is readable without the keys that patient and grantees have, but for labels and for who
//! may see and who looked. What the chain has is not in it: whoever takes the folder in reads the chain.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use aegle_client::Reader;
use aegle_decision::Key;
use aegle_envelope::{Binding, Keyring, LabelsOpening, Wrap};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use solana_signer::Signer;

use crate::{
    Error, Origin, Progress, Session, Unlocked, consent, disclosure, download, keyring, page,
    wire::{Digest, HeldConsent, HeldRecord, NewWrap, Status, WrappedKey},
    wrap::{self, Recipients},
};

/// What is in the folder. It is written last: a folder without it is no whole export.
const CONTENTS: &str = "export.json";
/// Who looked.
const DISCLOSURES: &str = "disclosures.json";
/// The same for a reader.
const INDEX: &str = "index.html";
/// Folder of the ciphertexts, each under its record's address.
const RECORDS: &str = "records";
/// Bytes of a JSON file that is read, at most.
const LARGEST: u64 = 512 * 1024 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportVersion {
    #[default]
    #[serde(rename = "aegle-export-1")]
    V1,
}

/// What an export holds besides ciphertext.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    pub version: ExportVersion,
    /// The program on the chain.
    pub program: Key,
    pub vault: Key,
    /// Slot of the chain that the server had confirmed.
    pub confirmed_slot: u64,
    pub records: Vec<ExportedRecord>,
    /// What opens each consent; revoked ones too.
    pub consents: Vec<HeldConsent>,
    /// The wrapped root secrets, with the guardians' shares, the newest first.
    pub keyrings: Vec<Keyring>,
}

/// A record whose ciphertext is in the folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRecord {
    pub record: Key,
    pub status: Status,
    /// Its version, and the record that it amends.
    pub number: u32,
    pub previous: Option<Key>,
    /// RFC 3339.
    pub minted_at: String,
    /// Bytes of ciphertext, and their SHA-256.
    pub size: u64,
    pub sha256: Digest,
    pub opening: LabelsOpening,
    /// The content key, encrypted anew to the vault and to whoever held it.
    pub wraps: Vec<NewWrap>,
}

/// Why a folder cannot be taken for an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} is not there: the export is not whole; let `aegle export` go on with it", .0.display())]
    Missing(PathBuf),
    #[error("{} is not what `aegle export` writes: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{} was changed or is cut off; export it again", .0.display())]
    Changed(PathBuf),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => ExportError::Missing(path.to_owned()),
        _ => ExportError::Io { path: path.to_owned(), error },
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, ExportError> {
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text)).map_err(of(path))?;
    let malformed =
        |error: serde_json::Error| ExportError::Malformed { path: path.to_owned(), reason: error.to_string() };
    serde_json::from_slice(&text).map_err(malformed)
}

/// Writes a file whole or not at all, for its owner alone.
fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let partial = path.with_added_extension("part");
    let write = || {
        create(&partial)?.write_all(bytes)?;
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(of(path))
}

fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), ExportError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| ExportError::Malformed { path: path.to_owned(), reason: error.to_string() })?;
    write(path, &text)
}

/// SHA-256 of a file, if it has this size.
fn hash(path: &Path, size: u64) -> io::Result<Option<Digest>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != size {
        return Ok(None);
    }
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Some(Digest(hasher.finalize().into()))),
            length => hasher.update(&piece[..length]),
        }
    }
}

impl Export {
    /// What the folder says that it holds.
    ///
    /// # Errors
    /// No whole export.
    pub fn open(folder: &Path) -> Result<Self, ExportError> {
        read(&folder.join(CONTENTS))
    }

    /// File of a record's ciphertext.
    pub fn content(folder: &Path, record: &Key) -> PathBuf {
        folder.join(RECORDS).join(record.to_string())
    }

    /// Compares every ciphertext with what was written down of it. Gives how many bytes there are.
    ///
    /// # Errors
    /// The first file that is missing or another.
    pub fn check(&self, folder: &Path) -> Result<u64, ExportError> {
        for record in &self.records {
            let path = Self::content(folder, &record.record);
            match hash(&path, record.size).map_err(of(&path))? {
                Some(found) if found == record.sha256 => {}
                _ => return Err(ExportError::Changed(path)),
            }
        }
        Ok(self.records.iter().map(|record| record.size).sum())
    }
}

/// Who looked, as the folder has it.
///
/// # Errors
/// No whole export.
pub fn disclosures(folder: &Path) -> Result<disclosure::Kept, ExportError> {
    read(&folder.join(DISCLOSURES))
}

/// What an export came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: usize,
    pub bytes: u64,
    /// Records whose content key does not open at hand: only whoever has it can take them along.
    pub unreadable: Vec<Key>,
    pub consents: usize,
    pub keyrings: usize,
    pub disclosures: usize,
}

/// Writes everything of the vault into `folder`, and goes on where an earlier attempt stopped. With a `site`,
/// the newest keyring will open by the wallet on that operator's page.
///
/// # Errors
/// The server's, the node's, or what the folder does not take. [`crate::Error::Chain`] where the server's labels
/// or log are not what they should be.
pub async fn export(
    session: &Session,
    reader: &Reader,
    unlocked: &Unlocked,
    site: Option<(&Origin, &dyn Signer)>,
    folder: &Path,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<Exported, Error> {
    let vault = unlocked.vault();
    let records = folder.join(RECORDS);
    fs::create_dir_all(&records).map_err(of(&records))?;
    let before = Export::open(folder).map_or_else(|_| Vec::new(), |export| export.records);

    let confirmed_slot = session.api().mirror().await?.confirmed_slot;
    let (held, mut wraps) = (wrap::own_records(session, vault).await?, wrap::list(session, vault).await?);
    wraps.sort_unstable_by_key(|wrap| (wrap.record, wrap.holder));
    let mut recipients = Recipients::new(session, reader, vault, &[]).await?;
    let own = recipients.keys(vault).await?.first().copied().ok_or(Error::NoKey("the vault has no key"))?;
    let mut exported = Exported::default();
    let mut whole = Vec::new();
    let (all, mut done) = (held.values().map(|held| held.size).sum(), 0);
    for held in held.into_values() {
        let Ok(key) = held.content_key(&unlocked.secrets()) else {
            exported.unreadable.push(held.record);
            continue;
        };
        let written = before.iter().find(|before| before.record == held.record).map(|before| before.sha256);
        let sha256 = fetch(session, &held, written, folder, &|now, _| progress(done + now, all)).await?;
        done += held.size;
        let mut holders = vec![(vault, own)];
        for wrap in wraps.iter().filter(|wrap| wrap.record == held.record && wrap.holder != vault) {
            let Some(recipient) = wrap.recipient else { continue };
            if recipients.keys(wrap.holder).await?.contains(&recipient) {
                holders.push((wrap.holder, recipient));
            }
        }
        let seal = |(holder, recipient)| {
            let wrapped_key = WrappedKey(Wrap::seal(&key, &Binding::Record(held.record), &recipient, rng)?);
            Ok(NewWrap { holder, recipient, wrapped_key })
        };
        let wraps = holders.into_iter().map(seal).collect::<Result<_, Error>>()?;
        whole.push(ExportedRecord {
            record: held.record,
            status: held.status,
            number: held.version,
            previous: held.previous,
            minted_at: held.minted_at,
            size: held.size,
            sha256,
            opening: held.opening,
            wraps,
        });
    }
    let mut keyrings = keyring::list(session, vault).await?;
    if let Some((site, wallet)) = site {
        keyring::for_site(&mut keyrings, unlocked, site, wallet, rng)?;
    }
    let kept = disclosure::fetch(session, vault).await?;
    let consents = consent::list(session, vault).await?;
    let program = Key(aegle_client::PROGRAM_ID.to_bytes());
    let export =
        Export { version: ExportVersion::V1, program, vault, confirmed_slot, records: whole, consents, keyrings };
    exported.records = export.records.len();
    exported.bytes = export.records.iter().map(|record| record.size).sum();
    (exported.consents, exported.keyrings) = (export.consents.len(), export.keyrings.len());

    write_json(&folder.join(DISCLOSURES), &kept)?;
    let log = kept.check(vault)?.map_err(|_| Error::Chain("its log is not whole; `aegle disclosure list` says why"))?;
    exported.disclosures = log.entries.len();
    write(&folder.join(INDEX), page::index(&export, &log).as_bytes())?;
    write_json(&folder.join(CONTENTS), &export)?;
    Ok(exported)
}

/// Fetches a ciphertext into the folder, unless it is there with the hash that was `written` down.
async fn fetch(
    session: &Session,
    held: &HeldRecord,
    written: Option<Digest>,
    folder: &Path,
    progress: Progress<'_>,
) -> Result<Digest, Error> {
    use aegle_client::state::Purpose::PatientRequest;
    let path = Export::content(folder, &held.record);
    if let (Some(written), Ok(found)) = (written, hash(&path, held.size))
        && found == Some(written)
    {
        return Ok(written);
    }
    let route = format!("/v1/records/{}/content", held.record);
    let read = || session.read(PatientRequest, &route, &[]);
    let (mut ciphertext, _) = download::download(read, held.size, progress).await?;
    let partial = path.with_added_extension("part");
    let mut file = create(&partial).map_err(of(&partial))?;
    let mut keep = || {
        io::copy(&mut ciphertext, &mut file)?;
        file.sync_all()?;
        fs::rename(&partial, &path)
    };
    keep().map_err(of(&path))?;
    Ok(hash(&path, held.size).map_err(of(&path))?.ok_or(ExportError::Changed(path))?)
}
