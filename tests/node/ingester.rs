//! The real ingester, following a node.

use std::{sync::Arc, time::Duration};

use aegle_indexer::{
    ingest::{self, IngestConfig, IngestError},
    source::RpcSource,
    verify::VerifyConfig,
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{mirror::Database, node::Served};

/// How long it may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until this is dropped, or ends by itself.
pub struct Ingester {
    pub source: Arc<RpcSource>,
    stop: DropGuard,
    task: JoinHandle<Result<(), IngestError>>,
}

impl Ingester {
    pub fn start(served: &Served, database: &Database, config: IngestConfig) -> Self {
        let stop = CancellationToken::new();
        let (rpc, ws) = (served.rpc_url.clone(), Some(served.ws_url.clone()));
        let source = Arc::new(RpcSource::new(rpc, ws, config.timeout(), false, stop.clone()));
        let verify = VerifyConfig { interval: 0, ..Default::default() };
        let task = tokio::spawn(ingest::run(source.clone(), database.pool.clone(), config, verify, stop.clone()));
        Self { source, stop: stop.drop_guard(), task }
    }

    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn end(self) -> Result<(), String> {
        drop(self.stop);
        ended(self.task).await
    }

    /// Waits until it ends by itself.
    pub async fn failure(self) -> Result<(), String> {
        ended(self.task).await
    }
}

async fn ended(task: JoinHandle<Result<(), IngestError>>) -> Result<(), String> {
    let ended = timeout(PATIENCE, task).await.map_err(|_| "the ingester does not end")?;
    ended.map_err(|panic| panic.to_string())?.map_err(|failure| format!("ingestion stopped: {failure}"))
}
