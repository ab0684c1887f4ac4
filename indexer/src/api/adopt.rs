//! Takes in what a patient exported from another operator.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use aegle_api_client::{
    export::{Export, ExportError, ExportedRecord},
    recovery::guardian_shares,
    wire::HeldConsent,
};
use aegle_client::{PROGRAM_ID, commitment::Opening};
use aegle_decision::{Document, Key, Policy};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use super::{
    access::content::{self, NewContent},
    bytes::{Address, Digest},
    routes::LabelsOpening,
    server::Stores,
    store::{self, keyring::Share, opening, wrap::Wrap},
};
use crate::{
    blob::{self, BlobConfig, BlobId, StoreError, Sweeper, UploadError},
    erasure::{ErasureError, Part},
};

/// Bytes of an object of the blob store, at most.
const PIECE: u64 = 4 * 1024 * 1024;
/// What a wallet may have waiting does not bound an operator.
const UNBOUNDED: u64 = i64::MAX.unsigned_abs();

#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the export is of the program {0}, and this mirror is of another")]
    OtherProgram(Key),
    #[error("the vault {0} is not in the mirror; is it of the same ledger?")]
    NoVault(Key),
    #[error("the export was made at slot {export}, and the mirror is at {mirror}; try again once it is there")]
    Behind { export: u64, mirror: u64 },
    #[error("a keyring of the export cannot be taken in: {0}")]
    Keyring(aegle_api_client::Error),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Erasure(#[from] ErasureError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What came of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Adopted {
    pub records: usize,
    pub bytes: u64,
    pub consents: usize,
    pub keyrings: usize,
    /// What was here before.
    pub known: usize,
    pub left_out: Vec<LeftOut>,
}

/// A record or a consent that was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    pub address: Key,
    pub reason: &'static str,
}

/// Takes in the export in `folder`: ciphertexts, labels, keys, openings of consents, keyrings. Only what the
/// chain commits to is taken; what is here already stays as it is, so that it can be done again. `told` hears of
/// records done and of all.
///
/// # Errors
/// A folder that is no whole export, a mirror that does not know the vault or is behind. What was taken in
/// until then stays and is not served before the chain says so.
pub async fn adopt(
    pool: &PgPool,
    stores: &Stores,
    folder: &Path,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Result<Adopted, AdoptError> {
    let export = Export::open(folder)?;
    if export.program.0 != PROGRAM_ID.to_bytes() {
        return Err(AdoptError::OtherProgram(export.program));
    }
    Sweeper::new(stores.blobs.clone(), pool.clone()).bind().await?;
    stores.keys.bind(pool).await?;
    let mut conn = pool.acquire().await?;
    let slot = store::frontier::read(&mut conn).await?.map_or(0, |frontier| frontier.confirmed_slot);
    if slot.unsigned_abs() < export.confirmed_slot {
        return Err(AdoptError::Behind { export: export.confirmed_slot, mirror: slot.unsigned_abs() });
    }
    let vault = store::vault::find(&mut conn, slot, Address(export.vault.0)).await?;
    let vault = vault.ok_or(AdoptError::NoVault(export.vault))?;

    let mut adopted = Adopted::default();
    for held in &export.consents {
        match consent(&mut conn, slot, export.vault, held).await? {
            Taken::New => adopted.consents += 1,
            Taken::Known => adopted.known += 1,
            Taken::LeftOut(reason) => adopted.left_out.push(LeftOut { address: held.consent, reason }),
        }
    }
    let kept = store::keyring::list(&mut conn, export.vault).await?;
    for keyring in export.keyrings.iter().filter(|keyring| *keyring.vault() == export.vault) {
        let key_epoch = i64::from(keyring.key_epoch());
        if kept.iter().any(|(epoch, _)| *epoch == key_epoch) {
            adopted.known += 1;
            continue;
        }
        let text = serde_json::to_string(keyring)
            .map_err(|error| ExportError::Malformed { path: folder.to_owned(), reason: error.to_string() })?;
        store::keyring::put(&mut conn, export.vault, key_epoch, &text).await?;
        for (guardian, share) in guardian_shares(keyring).map_err(|error| AdoptError::Keyring(error.into()))? {
            let (vault, guardian) = (Address(export.vault.0), Address(guardian.0));
            let share = Share { vault, key_epoch, guardian, holder: guardian, share };
            store::keyring::put_share(&mut conn, &share).await?;
        }
        adopted.keyrings += 1;
    }
    drop(conn);

    let all = export.records.len();
    for (done, new) in export.records.iter().enumerate() {
        told(done, all);
        let taking = Taking { pool, stores, folder, vault: export.vault, owner: vault.owner };
        match taking.record(new).await? {
            Taken::New => {
                adopted.records += 1;
                adopted.bytes += new.size;
            }
            Taken::Known => adopted.known += 1,
            Taken::LeftOut(reason) => adopted.left_out.push(LeftOut { address: new.record, reason }),
        }
    }
    told(all, all);
    Ok(adopted)
}

enum Taken {
    New,
    Known,
    LeftOut(&'static str),
}

/// Keeps what opens a consent, if it opens what the chain has.
async fn consent(conn: &mut PgConnection, slot: i64, vault: Key, held: &HeldConsent) -> Result<Taken, AdoptError> {
    let on_chain = store::consent::find(conn, slot, Address(held.consent.0)).await?;
    let Some(on_chain) = on_chain.filter(|on_chain| on_chain.vault.0 == vault.0) else {
        return Ok(Taken::LeftOut("it is not on the ledger"));
    };
    let opening = Opening {
        vault: vault.0.into(),
        consent_id: held.consent_id.0,
        grantee: held.grantee.0.into(),
        salt: held.salt.0,
    };
    let Ok(policy) = Document::<Policy>::read(held.policy.clone().into_bytes()) else {
        return Ok(Taken::LeftOut("its policy cannot be read"));
    };
    if opening.handle() != on_chain.handle.0 || policy.commitment(&held.policy_salt.0) != on_chain.policy_commitment.0 {
        return Ok(Taken::LeftOut("the ledger commits to something else"));
    }
    let row = opening::Opening {
        consent: Address(held.consent.0),
        vault: Address(vault.0),
        consent_id: Digest(held.consent_id.0),
        grantee: Address(held.grantee.0),
        salt: Digest(held.salt.0),
        policy: held.policy.clone(),
        policy_salt: Digest(held.policy_salt.0),
        encryption_key: Digest(held.encryption_key.0),
    };
    Ok(if opening::insert(conn, &row).await? { Taken::New } else { Taken::Known })
}

struct Taking<'a> {
    pool: &'a PgPool,
    stores: &'a Stores,
    folder: &'a Path,
    vault: Key,
    owner: Address,
}

impl Taking<'_> {
    async fn record(&self, new: &ExportedRecord) -> Result<Taken, AdoptError> {
        let (record, commitment) = (Address(new.record.0), new.opening.commitment());
        let mut conn = self.pool.acquire().await?;
        match store::record::commitment(&mut conn, record).await? {
            None => return Ok(Taken::LeftOut("it is not on the ledger")),
            Some(on_chain) if on_chain.0 != commitment => {
                return Ok(Taken::LeftOut("the ledger commits to something else"));
            }
            Some(_) => {}
        }
        if content::vault_of(&mut conn, record).await? != Some(self.vault) {
            return Ok(Taken::LeftOut("it is another vault's"));
        }
        if store::record::is_erased(&mut conn, record).await? {
            return Ok(Taken::LeftOut("it was erased"));
        }
        if content::kept(&mut conn, self.vault, record).await?.is_some() {
            return Ok(Taken::Known);
        }
        drop(conn);

        let blob = self.upload(new).await?;
        let (erasure_key, key) = self.stores.keys.create().await?;
        let labels = std::str::from_utf8(new.opening.labels.bytes()).unwrap_or_default().to_owned();
        let opening = LabelsOpening {
            salt: Digest(new.opening.salt),
            labels,
            labels_salt: Digest(new.opening.labels_salt),
            details_commitment: Digest(new.opening.details_commitment),
        };
        let sealed = opening.seal(&key)?;
        let mut transaction = self.pool.begin().await?;
        let size = blob::claim(&mut transaction, self.owner.0, blob).await?;
        let content = NewContent {
            record,
            vault: self.vault,
            blob: blob.0,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            commitment,
            labels: &opening.labels,
            erasure_key,
            opening: &sealed,
            stored_by: Key(self.owner.0),
            request: Digest(new.sha256.0),
        };
        if !content::insert(&mut transaction, &content).await? {
            // Somebody else was first; the upload is swept.
            return Ok(Taken::Known);
        }
        for wrap in &new.wraps {
            let recipient = Digest(wrap.recipient.0);
            let wrapped_key = key.seal(Part::Wrap(&recipient.0), &wrap.wrapped_key.0.0)?;
            let wrap = Wrap { holder: Address(wrap.holder.0), recipient, wrapped_key, mail: false };
            store::wrap::put(&mut transaction, self.vault, record, erasure_key, &wrap).await?;
        }
        transaction.commit().await?;
        Ok(Taken::New)
    }

    /// Puts a ciphertext into the blob store, as an upload of the owner's that waits to be claimed.
    async fn upload(&self, new: &ExportedRecord) -> Result<BlobId, AdoptError> {
        let path = Export::content(self.folder, &new.record);
        let of = |error| AdoptError::File { path: path.clone(), error };
        let config = BlobConfig {
            max_unclaimed: u32::MAX,
            max_unclaimed_bytes: UNBOUNDED,
            ..(*self.stores.blobs.config).clone()
        };
        let mut file = File::open(&path).map_err(of)?;
        let mut transaction = self.pool.begin().await?;
        let upload = blob::create(&mut transaction, &config, self.owner.0, new.size).await?;
        transaction.commit().await?;
        let mut hash = sha2::Sha256::default();
        let mut start = 0;
        while start < new.size {
            let mut piece = Vec::new();
            (&mut file).take(PIECE.min(new.size - start)).read_to_end(&mut piece).map_err(of)?;
            if piece.is_empty() {
                return Err(ExportError::Changed(path).into());
            }
            sha2::Digest::update(&mut hash, &piece);
            let length = piece.len() as u64;
            let mut transaction = self.pool.begin().await?;
            let part = blob::begin_part(&mut transaction, &config, self.owner.0, upload.id, start).await?;
            transaction.commit().await?;
            self.stores.blobs.store.put(part.object, piece.into()).await?;
            let mut transaction = self.pool.begin().await?;
            blob::finish_part(&mut transaction, &config, self.owner.0, &part, length).await?;
            transaction.commit().await?;
            start += length;
        }
        let found: [u8; 32] = sha2::Digest::finalize(hash).into();
        if found != new.sha256.0 {
            return Err(ExportError::Changed(path).into());
        }
        Ok(upload.id)
    }
}
