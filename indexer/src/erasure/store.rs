use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use object_store::{Error, ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
use zeroize::Zeroizing;

use super::{ErasureConfig, ErasureError, KeyId, key::KEY_LENGTH};
use crate::blob::{BlobId, Location, Place, PlaceError, prepare};

/// Where the store says which database it belongs to.
const MARKER: &str = "aegle-erasure-keys";

/// Keys under their ids, in a folder or an S3-compatible store.
#[derive(Clone)]
pub(super) struct KeyStore {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where the store is a folder.
    folder: Option<Arc<FilePath>>,
}

impl KeyStore {
    pub fn open(config: &ErasureConfig) -> Result<Self, ErasureError> {
        let location = config.location().map_err(ErasureError::Config)?;
        if let Location::Folder(folder) = &location {
            prepare(folder, true).map_err(|error| ErasureError::Folder { folder: folder.clone(), error })?;
        }
        let Place { objects, prefix, folder } =
            Place::open(location, &config.options).map_err(|error| match error {
                PlaceError::Option(reason) => ErasureError::Config(reason),
                PlaceError::Store(error) => ErasureError::Store(error),
            })?;
        Ok(Self { objects, prefix, folder })
    }

    pub fn in_memory() -> Self {
        Self { objects: Arc::new(InMemory::new()), prefix: Path::default(), folder: None }
    }

    /// The first digit of the name is a folder of its own, so that no folder grows too large.
    fn path(&self, id: KeyId) -> Path {
        let name = id.to_string();
        self.prefix.clone().join(&name[..1]).join(name.as_str())
    }

    fn file(&self, id: KeyId) -> Option<PathBuf> {
        let name = id.to_string();
        self.folder.as_ref().map(|folder| folder.join(&name[..1]).join(name))
    }

    /// Writes a key whole or not at all; when it returns, a power cut does not lose it.
    pub async fn put(&self, id: KeyId, key: &[u8; KEY_LENGTH]) -> Result<(), ErasureError> {
        self.objects.put(&self.path(id), key.to_vec().into()).await?;
        if let Some(file) = self.file(id) {
            let set = tokio::fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).await;
            set.map_err(|error| ErasureError::Folder { folder: file, error })?;
        }
        Ok(())
    }

    /// # Errors
    /// [`ErasureError::Missing`] where there is none.
    pub async fn get(&self, id: KeyId) -> Result<Zeroizing<Vec<u8>>, ErasureError> {
        match self.objects.get(&self.path(id)).await {
            Ok(found) => Ok(Zeroizing::new(found.bytes().await?.to_vec())),
            Err(Error::NotFound { .. }) => Err(ErasureError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Destroys a key, also one that is not there. When it returns, a power cut does not bring it back.
    pub async fn destroy(&self, id: KeyId) -> Result<(), ErasureError> {
        if let Some(file) = self.file(id) {
            let failed = |error| ErasureError::Folder { folder: file.clone(), error };
            let gone = file.clone();
            return tokio::task::spawn_blocking(move || destroy(&gone))
                .await
                .map_err(|error| failed(io::Error::other(error)))?
                .map_err(failed);
        }
        match self.objects.delete(&self.path(id)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The id that the store was given, if it was.
    pub async fn marker(&self) -> Result<Option<BlobId>, ErasureError> {
        let marker = match self.objects.get(&self.prefix.clone().join(MARKER)).await {
            Ok(found) => found.bytes().await?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let id = std::str::from_utf8(&marker).ok().and_then(|text| text.trim().parse().ok());
        id.map(Some).ok_or(ErasureError::Foreign("the key store's own name, in aegle-erasure-keys, is damaged"))
    }

    pub async fn mark(&self, id: BlobId) -> Result<(), ErasureError> {
        self.objects.put(&self.prefix.clone().join(MARKER), format!("{id}\n").into()).await?;
        Ok(())
    }
}

/// Overwrites the file, which a file system that writes in place makes of the very blocks, and removes it.
fn destroy(file: &FilePath) -> io::Result<()> {
    // What a crash left of a key that was not whole yet.
    let mut staged = file.as_os_str().to_owned();
    staged.push("#1");
    for path in [file, FilePath::new(&staged)] {
        match fs::OpenOptions::new().write(true).open(path) {
            Ok(mut open) => {
                io::Write::write_all(&mut open, &[0; KEY_LENGTH])?;
                open.sync_all()?;
                fs::remove_file(path)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
