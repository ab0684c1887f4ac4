//! Every decision about a patient's records goes into the log before what it is about goes out.

mod anchor;
mod append;
mod checkpoint;
mod draft;
mod receipt;
mod seal;

use std::{path::PathBuf, sync::Arc};

use aegle_client::commitment::random_bytes;
use aegle_disclosure::{Log, LogKey, Logged, SignedReceipt};
use rand::rngs::OsRng;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

pub use self::{
    anchor::{Anchor, Anchored, keep_anchoring},
    checkpoint::{Checkpoints, Ends, keep_checkpoints},
    draft::{Asked, Draft},
    receipt::{RECEIPT, RequestKeys, Requested, hand_receipt},
};
use super::error::ApiError;
use crate::config::Secret;

/// Decisions that may wait to be appended; those that come on top wait to wait.
const WAITING: usize = 1_024;

/// Settings of the disclosure log.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Name of the log in its receipts and checkpoints; nobody else's log may have it. Absent, the host
    /// of `sign_in.uri` followed by `/disclosures`.
    pub origin: Option<String>,
    /// Seed of the Ed25519 key that signs them, 32 bytes in hex. Every API process of a deployment needs
    /// the same. Absent, a random one is made at start, and receipts prove nothing after the process.
    pub key: Option<Secret>,
    /// Seconds between two checkpoints, where anything was appended.
    pub checkpoint_seconds: u32,
    /// File with the key of the operator who anchors the log on the chain, and pays for it. Without it
    /// nothing is anchored.
    pub anchor_keypair: Option<PathBuf>,
    /// Seconds between two anchors, where anything was appended.
    pub anchor_seconds: u32,
    /// JSON-RPC of the node that takes the anchors; by default the mirror's node.
    pub rpc_url: Option<Secret>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            origin: None,
            key: None,
            checkpoint_seconds: 10,
            anchor_keypair: None,
            anchor_seconds: 3_600,
            rpc_url: None,
        }
    }
}

impl LogConfig {
    /// `host` is that of the page where people sign in.
    ///
    /// # Errors
    /// A sentence that starts with the name of the key that is wrong. The key itself is not repeated.
    pub fn log_key(&self, host: &str) -> Result<LogKey, String> {
        for (key, seconds) in [("checkpoint_seconds", self.checkpoint_seconds), ("anchor_seconds", self.anchor_seconds)]
        {
            if seconds == 0 {
                return Err(format!("{key} must be at least 1"));
            }
        }
        let mut seed = [0; 32];
        match &self.key {
            Some(text) => {
                hex::decode_to_slice(text.expose().trim(), &mut seed)
                    .map_err(|_| "key must be 32 bytes in hex".to_owned())?;
            }
            None => {
                tracing::warn!("log.key is not set: receipts hold no longer than this process");
                seed = random_bytes(&mut OsRng);
            }
        }
        let origin = self.origin.clone().unwrap_or_else(|| format!("{host}/disclosures"));
        LogKey::new(&origin, seed).map_err(|error| format!("origin: {error}"))
    }
}

type Appending = (Draft, oneshot::Sender<Appended>);

/// An entry that is durable.
pub struct Appended {
    pub receipt: SignedReceipt,
    pub logged: Logged,
}

/// The log, to append to.
#[derive(Clone)]
pub struct Disclosures {
    pub log: Log,
    /// None where a benchmark measures what logging costs.
    drafts: Option<mpsc::Sender<Appending>>,
}

impl Disclosures {
    /// What appends ends with the last clone.
    pub fn new(pool: PgPool, key: Arc<LogKey>) -> Self {
        let (drafts, drafted) = mpsc::channel(WAITING);
        let log = key.log();
        tokio::spawn(append::run(pool, key, drafted));
        Self { log, drafts: Some(drafts) }
    }

    /// Logs nothing from now on.
    pub fn turn_off(&mut self) {
        self.drafts = None;
    }

    /// Appends decisions. When this returns, the entries are durable. None where nothing is logged.
    ///
    /// # Errors
    /// They could not be written, so what they are about must not go out.
    pub async fn append(&self, new: Vec<Draft>) -> Result<Vec<Appended>, ApiError> {
        let Some(drafts) = &self.drafts else { return Ok(Vec::new()) };
        let unwritten = || ApiError::Unavailable(sqlx::Error::WorkerCrashed);
        let mut waiting = Vec::with_capacity(new.len());
        for draft in new {
            let (appended, written) = oneshot::channel();
            drafts.send((draft, appended)).await.map_err(|_| unwritten())?;
            waiting.push(written);
        }
        let mut appended = Vec::with_capacity(waiting.len());
        for written in waiting {
            appended.push(written.await.map_err(|_| unwritten())?);
        }
        Ok(appended)
    }
}
