//! Writes, from time to time, on the chain what the log has come to: from then on nobody can be shown
//! another one.

use std::{sync::Arc, time::Duration};

use aegle_client::{
    SendError, Sender, Sent, aegle::AnchorAuditRootParams, instruction::anchor_audit_root, pda, state::AuditRoot,
};
use anyhow::{Context, bail};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::{Keypair, read_keypair_file};
use solana_signer::Signer;
use tokio_util::sync::CancellationToken;

use super::{Checkpoints, LogConfig};

/// How long the node may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Anchors checkpoints in the name of an operator, who also pays.
pub struct Anchor {
    checkpoints: Checkpoints,
    sender: Sender,
    operator: Arc<Keypair>,
}

/// What an attempt to anchor came to.
#[derive(Debug)]
pub enum Anchored {
    /// Nothing was logged since the last one.
    Unchanged {
        index: u64,
    },
    /// The log had nothing in it yet.
    Empty,
    Sent {
        index: u64,
        tree_size: u64,
        sent: Sent,
    },
}

impl Anchor {
    /// None where no key is set.
    ///
    /// # Errors
    /// A key that cannot be read, or no node.
    pub fn new(config: &LogConfig, checkpoints: Checkpoints) -> Result<Option<Self>, String> {
        let Some(path) = &config.anchor_keypair else { return Ok(None) };
        let operator =
            read_keypair_file(path).map_err(|_| format!("anchor_keypair: {} is no keypair file", path.display()))?;
        let operator = Arc::new(operator);
        let url = config.rpc_url.as_ref().ok_or("rpc_url is not set, and neither is the mirror's")?.expose();
        let commitment = CommitmentConfig::confirmed();
        let rpc = RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, commitment);
        let sender = Sender::new(Arc::new(rpc), operator.clone(), commitment);
        Ok(Some(Self { checkpoints, sender, operator }))
    }

    /// Anchors what is logged by now.
    ///
    /// # Errors
    /// Of the database or the node; a log that is shorter than what was anchored, or another.
    pub async fn anchor(&self) -> anyhow::Result<Anchored> {
        let checkpoint = self.checkpoints.make().await.context("no checkpoint was made")?;
        let last = self.last().await.context("the node was asked for the last root")?;
        let index = last.as_ref().map_or(0, |root| root.index + 1);
        let tree_size = checkpoint.size.unsigned_abs();
        if tree_size == 0 {
            return Ok(Anchored::Empty);
        }
        if let Some(last) = &last {
            if last.tree_size > tree_size {
                bail!("the log has {tree_size} entries, and {} were anchored: it lost its end", last.tree_size);
            }
            if last.tree_size == tree_size {
                if (last.root, last.heads) != (checkpoint.root.0, checkpoint.heads.0) {
                    bail!("the log is another than the one that was anchored with {tree_size} entries");
                }
                return Ok(Anchored::Unchanged { index: last.index });
            }
        }
        let params = AnchorAuditRootParams { index, tree_size, root: checkpoint.root.0, heads: checkpoint.heads.0 };
        let operator = self.operator.pubkey();
        let instruction = anchor_audit_root(operator, operator, params);
        let sent = self.sender.send(&[instruction], &[&self.operator]).await?;
        Ok(Anchored::Sent { index, tree_size, sent })
    }

    /// The operator's newest root on the chain.
    async fn last(&self) -> Result<Option<AuditRoot>, SendError> {
        let at = async |index: u64| {
            let (address, _) = pda::find_audit_root(&self.operator.pubkey(), index);
            match self.sender.reader().account::<AuditRoot>("audit root", &address).await {
                Ok(root) => Ok(Some(root)),
                Err(SendError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        // Indexes have no gap: double until there is none, then halve.
        let (mut newest, mut beyond) = (None, 1_u64);
        while let Some(root) = at(beyond - 1).await? {
            newest = Some(root);
            beyond *= 2;
        }
        let mut least = newest.as_ref().map_or(0, |root| root.index + 1);
        while least + 1 < beyond {
            let middle = least.midpoint(beyond);
            match at(middle - 1).await? {
                Some(root) => (least, newest) = (middle, Some(root)),
                None => beyond = middle,
            }
        }
        Ok(newest)
    }
}

/// Anchors until `shutdown`.
pub async fn keep_anchoring(anchor: Anchor, every: Duration, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        match anchor.anchor().await {
            Ok(Anchored::Sent { index, tree_size, .. }) => {
                metrics::gauge!("aegle_disclosures_anchored").set(tree_size as f64);
                tracing::info!(index, tree_size, "anchored the disclosure log");
            }
            Ok(Anchored::Unchanged { .. } | Anchored::Empty) => {}
            Err(error) => {
                metrics::counter!("aegle_anchor_failures_total").increment(1);
                tracing::error!(%error, "the disclosure log was not anchored");
            }
        }
    }
}
