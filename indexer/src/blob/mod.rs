//! Encrypted contents as opaque bytes: resumable uploads, the blobs they become, and the store that
//! holds both.
//!
//! An upload is a sequence of parts, each an object of its own under a random name; what belongs
//! together, and in which order, only the database says. So nothing is ever composed, renamed or
//! buffered whole, a store needs no more than put, get, delete and list, and neither names nor folders
//! tell blobs apart or link two that hold the same bytes. The contract of the tables is at the top of
//! `migrations/20261121192000_upload.sql`.

mod config;
mod content;
mod id;
mod store;
mod sweep;
mod upload;

use std::sync::Arc;

pub use config::BlobConfig;
pub(crate) use config::Location;
pub use content::{Content, locate, release};
pub use id::BlobId;
pub(crate) use store::{Place, PlaceError, prepare};
pub use store::{Store, StoreError};
pub use sweep::{Sweeper, Swept};
pub use upload::{Part, Upload, UploadError, begin_part, cancel, claim, create, discard, find, finish_part};

/// The blob store with its limits, shared by all requests.
#[derive(Clone)]
pub struct Blobs {
    pub store: Store,
    pub config: Arc<BlobConfig>,
}

impl Blobs {
    /// Opens the store that the configuration names; a folder is made if it is not there.
    ///
    /// # Errors
    /// A store that cannot be used, with the reason.
    pub fn open(config: &BlobConfig) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(config)?, config: Arc::new(config.clone()) })
    }
}
