use std::{
    collections::BTreeMap,
    fs, io,
    ops::Range,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use bytes::Bytes;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    Error, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{BlobConfig, BlobId, config::Location};
use crate::config::Secret;

/// Bytes of a local object that are read at once.
const READ: usize = 256 * 1024;
/// Objects deleted at once.
const DELETE: usize = 8;
/// Where the store says which database it belongs to.
const MARKER: &str = "aegle-blob-store";

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("blob.{0}")]
    Config(String),
    #[error("the blob folder {} cannot be used: {error}; make it writable for this user, or set blob.url", folder.display())]
    Folder { folder: PathBuf, error: io::Error },
    #[error("the blob store cannot be used: {0}")]
    Store(#[from] Error),
    #[error("the blob store holds an object of another length than the database says")]
    Damaged,
    #[error("{0}")]
    Foreign(&'static str),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Objects under random names, in a local folder or an S3-compatible store.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where the store is a folder.
    folder: Option<Arc<FilePath>>,
}

impl Store {
    pub(super) fn open(config: &BlobConfig) -> Result<Self, StoreError> {
        let location = config.location().map_err(StoreError::Config)?;
        if let Location::Folder(folder) = &location {
            prepare(folder, true).map_err(|error| StoreError::Folder { folder: folder.clone(), error })?;
        }
        let Place { objects, prefix, folder } =
            Place::open(location, &config.options).map_err(|error| match error {
                PlaceError::Option(reason) => StoreError::Config(reason),
                PlaceError::Store(error) => StoreError::Store(error),
            })?;
        Ok(Self { objects, prefix, folder })
    }

    /// The first digit of the name is a folder of its own, so that no folder grows too large.
    fn path(&self, object: BlobId) -> Path {
        let name = object.to_string();
        self.prefix.clone().join(&name[..1]).join(name.as_str())
    }

    fn file(&self, object: BlobId) -> Option<PathBuf> {
        let name = object.to_string();
        self.folder.as_ref().map(|folder| folder.join(&name[..1]).join(name))
    }

    /// Writes a whole object; when it returns, a power cut does not lose it.
    pub async fn put(&self, object: BlobId, content: Bytes) -> Result<(), StoreError> {
        let length = content.len();
        self.objects.put(&self.path(object), content.into()).await?;
        if let Some(file) = self.file(object) {
            let private = fs::Permissions::from_mode(0o600);
            let set = tokio::fs::set_permissions(&file, private).await;
            set.map_err(|error| StoreError::Folder { folder: file, error })?;
        }
        metrics::counter!("aegle_blob_stored_bytes_total").increment(length as u64);
        Ok(())
    }

    /// The bytes `range` of an object, as they are read; dropping the stream ends the reading.
    ///
    /// # Errors
    /// In the stream too; an object that ends early is [`StoreError::Damaged`].
    pub async fn get(
        &self,
        object: BlobId,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let found = self.objects.get_opts(&self.path(object), options).await?;
        if found.range != range {
            return Err(StoreError::Damaged);
        }
        let length = range.end - range.start;
        Ok(match found.payload {
            // The library's own stream reads 8 KiB at a time, each on another thread.
            GetResultPayload::File(file, path) => {
                let failed = move |error| StoreError::Folder { folder: path.clone(), error };
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await.map_err(&failed)?;
                ReaderStream::with_capacity(file.take(length), READ).map_err(failed).boxed()
            }
            GetResultPayload::Stream(bytes) => bytes.map_err(StoreError::Store).boxed(),
        })
    }

    /// Deletes objects, those that are not there too.
    pub async fn delete(&self, objects: &[BlobId]) -> Result<(), StoreError> {
        stream::iter(objects).map(Ok).try_for_each_concurrent(DELETE, |object| self.delete_one(*object)).await
    }

    async fn delete_one(&self, object: BlobId) -> Result<(), StoreError> {
        if let Some(file) = self.file(object) {
            // What a crash left of an object that was not whole yet; the library does not list it.
            let staged = file.with_file_name(format!("{object}#1"));
            match tokio::fs::remove_file(&staged).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::Folder { folder: staged, error });
                }
                _ => {}
            }
        }
        match self.objects.delete(&self.path(object)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object with its size and when it was written.
    pub fn list(&self) -> BoxStream<'_, Result<(BlobId, u64, SystemTime), StoreError>> {
        let prefix = (!self.prefix.is_root()).then_some(&self.prefix);
        self.objects
            .list(prefix)
            .map_err(StoreError::Store)
            .try_filter_map(async |found| {
                let id = found.location.filename().and_then(|name| name.parse().ok());
                Ok(id.map(|id| (id, found.size, found.last_modified.into())))
            })
            .boxed()
    }

    /// The id that the store was given, if it was.
    pub(crate) async fn marker(&self) -> Result<Option<BlobId>, StoreError> {
        let marker = match self.objects.get(&self.prefix.clone().join(MARKER)).await {
            Ok(found) => found.bytes().await?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let id = std::str::from_utf8(&marker).ok().and_then(|text| text.trim().parse().ok());
        id.map(Some).ok_or(StoreError::Foreign("the blob store's own name, in aegle-blob-store, is damaged"))
    }

    pub(crate) async fn mark(&self, id: BlobId) -> Result<(), StoreError> {
        let content = format!("{id}\n");
        self.objects.put(&self.prefix.clone().join(MARKER), content.into()).await?;
        Ok(())
    }
}

/// A place for objects, opened.
pub(crate) struct Place {
    pub objects: Arc<dyn ObjectStore>,
    pub prefix: Path,
    /// Where it is a folder.
    pub folder: Option<Arc<FilePath>>,
}

pub(crate) enum PlaceError {
    /// A sentence that starts with the key that is wrong.
    Option(String),
    Store(Error),
}

impl Place {
    /// Opens it; what is written to a folder is there after a power cut.
    pub fn open(location: Location, options: &BTreeMap<String, Secret>) -> Result<Self, PlaceError> {
        match location {
            Location::Folder(folder) => {
                let objects = LocalFileSystem::new_with_prefix(&folder).map_err(PlaceError::Store)?.with_fsync(true);
                Ok(Self { objects: Arc::new(objects), prefix: Path::default(), folder: Some(folder.into()) })
            }
            #[cfg(feature = "s3")]
            Location::S3(url) => {
                // The client has no cryptography of its own; whoever chose one before keeps it.
                drop(rustls::crypto::ring::default_provider().install_default());
                let mut builder = object_store::aws::AmazonS3Builder::from_env().with_url(url.as_str());
                for (key, value) in options {
                    let known = key.parse().map_err(|_| PlaceError::Option(format!("options.{key} is not known")))?;
                    builder = builder.with_config(known, value.expose());
                }
                let prefix = Path::from_url_path(url.path()).map_err(|error| PlaceError::Store(error.into()))?;
                let objects = builder.build().map_err(PlaceError::Store)?;
                Ok(Self { objects: Arc::new(objects), prefix, folder: None })
            }
            #[cfg(not(feature = "s3"))]
            Location::S3(_) => {
                let _ = options;
                Err(PlaceError::Option("url needs a program built with `--features s3`".into()))
            }
        }
    }
}

/// Makes the folder, for this user alone, with one in it for each first digit where `digits` are wanted,
/// and sees whether it can be written.
pub(crate) fn prepare(folder: &FilePath, digits: bool) -> io::Result<()> {
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(folder)?;
    for digit in (0..16).filter(|_| digits) {
        private.create(folder.join(format!("{digit:x}")))?;
    }
    fs::File::open(folder)?.sync_all()?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(folder = %folder.display(), "others than this user may enter the folder; chmod it to 700");
    }
    tempfile::tempfile_in(folder).map(drop)
}
