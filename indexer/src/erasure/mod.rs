//! Erasure keys: what opens a record is stored under a key that lies apart from database, blobs and
//! their backups, and ends with the record.
//!
//! Each content has a key of its own, under a random id that the content's row names, and so has each
//! item of a mailbox; the record that is made of an item takes the item's key over. An id is used once: a
//! key that was destroyed never comes back, whatever is restored. The contract of the tables is at the
//! top of `migrations/20261122070000_erasure.sql`.

mod config;
mod destroy;
mod key;
mod store;
mod stored;
mod worker;

use std::{collections::HashMap, fmt, io, path::PathBuf, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use quick_cache::sync::Cache;
use sqlx::PgPool;

use self::store::KeyStore;
pub use self::{
    config::ErasureConfig,
    destroy::{Cause, destroy},
    key::{ErasureKey, OVERHEAD, Part},
    stored::seal_stored,
    worker::{Eraser, Swept},
};
use crate::blob::BlobId;

/// Keys read from the store at once for one request.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    #[error("erasure.{0}")]
    Config(String),
    #[error("the folder of erasure keys {} cannot be used: {error}; make it writable for this user, or set erasure.url", folder.display())]
    Folder { folder: PathBuf, error: io::Error },
    #[error("the store of erasure keys cannot be used: {0}")]
    Store(#[from] object_store::Error),
    #[error("an erasure key is not in its store")]
    Missing,
    #[error("what was sealed under an erasure key does not open")]
    Damaged,
    #[error("{0}")]
    Foreign(&'static str),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Name of an erasure key: 32 random bytes, written in hex. It tells nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 32]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The erasure keys, with those used lately in memory.
#[derive(Clone)]
pub struct ErasureKeys {
    store: KeyStore,
    cache: Arc<Cache<KeyId, Arc<ErasureKey>>>,
}

impl ErasureKeys {
    /// Opens the store that the configuration names; a folder is made if it is not there.
    ///
    /// # Errors
    /// A store that cannot be used, with the reason.
    pub fn open(config: &ErasureConfig) -> Result<Self, ErasureError> {
        Ok(Self::of(KeyStore::open(config)?, config))
    }

    /// Keys that end with the process.
    #[doc(hidden)]
    pub fn in_memory() -> Self {
        Self::of(KeyStore::in_memory(), &ErasureConfig::default())
    }

    fn of(store: KeyStore, config: &ErasureConfig) -> Self {
        let most = usize::try_from(config.cached_keys).unwrap_or(usize::MAX);
        Self { store, cache: Arc::new(Cache::new(most)) }
    }

    /// A new key, which is in the store when this returns.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub async fn create(&self) -> Result<(KeyId, Arc<ErasureKey>), ErasureError> {
        let (id, key) = (KeyId(BlobId::random().0), Arc::new(ErasureKey::random()));
        self.store.put(id, key.bytes()).await?;
        self.cache.insert(id, key.clone());
        Ok((id, key))
    }

    /// # Errors
    /// [`ErasureError::Missing`] for a key that was destroyed; a store that cannot be read.
    pub async fn get(&self, id: KeyId) -> Result<Arc<ErasureKey>, ErasureError> {
        if let Some(key) = self.cache.get(&id) {
            return Ok(key);
        }
        let key = Arc::new(ErasureKey::from_bytes(&self.store.get(id).await?)?);
        self.cache.insert(id, key.clone());
        Ok(key)
    }

    /// Each of these keys.
    ///
    /// # Errors
    /// As [`ErasureKeys::get`], for any of them.
    pub async fn get_all(
        &self,
        ids: impl IntoIterator<Item = KeyId>,
    ) -> Result<HashMap<KeyId, Arc<ErasureKey>>, ErasureError> {
        let keys = stream::iter(ids.into_iter().collect::<Vec<_>>());
        keys.map(async |id| Ok((id, self.get(id).await?))).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Destroys a key in store and memory; one that is not there, too.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub async fn destroy(&self, id: KeyId) -> Result<(), ErasureError> {
        self.cache.remove(&id);
        self.store.destroy(id).await?;
        // A request under way may have read it meanwhile.
        self.cache.remove(&id);
        Ok(())
    }

    /// Takes a key that another process destroyed out of memory.
    pub(crate) fn forget(&self, id: KeyId) {
        self.cache.remove(&id);
    }

    /// Ties the store to the database, so that neither takes another's for its own.
    ///
    /// # Errors
    /// [`ErasureError::Foreign`] with what to do, or a store or database that cannot be used.
    pub async fn bind(&self, pool: &PgPool) -> Result<(), ErasureError> {
        let database = sqlx::query_scalar!(r#"SELECT id AS "id: [u8; 32]" FROM protected.blob_store"#);
        let database = BlobId(database.fetch_one(pool).await?);
        match self.store.marker().await? {
            Some(marker) if marker == database => Ok(()),
            Some(_) => Err(ErasureError::Foreign(
                "the erasure keys belong to another database; set erasure.url to this one's, or to an empty place",
            )),
            None => {
                let used = sqlx::query_scalar!(
                    r#"
                    SELECT EXISTS (SELECT FROM protected.content WHERE erasure_key IS NOT NULL)
                        OR EXISTS (SELECT FROM protected.mailbox_item WHERE erasure_key IS NOT NULL) AS "used!"
                    "#
                );
                if used.fetch_one(pool).await? {
                    return Err(ErasureError::Foreign(
                        "the database's erasure keys are not in erasure.url; set it to where they are: without them no record opens",
                    ));
                }
                self.store.mark(database).await
            }
        }
    }
}
