use std::sync::Arc;

use aegle_api_client::{Api, Error, Origin, Pay, Relay, Session};
use aegle_client::{Reader, Sender};
use anyhow::{Context, bail};
use serde::Deserialize;
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::read_keypair_file;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{AgentConfig, AgentKeys, trouble::Trouble};
use crate::retry::Backoff;

/// What the agent works with: its keys, the server, a node, and who pays.
pub struct Office {
    pub config: AgentConfig,
    pub keys: AgentKeys,
    pub api: Api,
    pub reader: Reader,
    payer: Option<Sender>,
}

#[derive(Deserialize)]
struct Status {
    genesis_hash: String,
}

impl Office {
    /// `site` is the page that people sign in on.
    ///
    /// # Errors
    /// The first setting that is wrong or missing.
    pub fn open(config: AgentConfig, rpc_url: String, site: &str) -> anyhow::Result<Self> {
        let hint = "agent.keypair is not set; make a key with `solana-keygen new -o agent.json` and name its file";
        let keys = AgentKeys::read(config.keypair.as_deref().context(hint)?);
        let keys = keys.map_err(|reason| anyhow::anyhow!("agent.{reason}"))?;
        let confirmed = CommitmentConfig::confirmed();
        let rpc = Arc::new(RpcClient::new_with_commitment(rpc_url, confirmed));
        let payer = match &config.payer {
            None => None,
            Some(file) => {
                let key = read_keypair_file(file);
                let unreadable = || format!("agent.payer: {} cannot be read as a keypair", file.display());
                let key = key.map_err(|_| anyhow::anyhow!(unreadable()))?;
                warn!("agent.payer pays: the ledger shows that these vaults have the same agent; a relay hides it");
                Some(Sender::new(rpc.clone(), Arc::new(key), confirmed))
            }
        };
        let origin = Origin::of(site).context("api.sign_in.uri")?;
        let api = Api::new(&config.api_url, origin).context("agent.api_url")?;
        Ok(Self { keys, api, reader: Reader::new(rpc, confirmed), payer, config })
    }

    /// Waits for server and node and checks that they fit. False where it was stopped before.
    ///
    /// # Errors
    /// A server that mirrors another ledger than the node's, or where nobody would pay.
    pub async fn fits(&self, stop: &CancellationToken) -> anyhow::Result<bool> {
        let mut backoff = Backoff::default();
        let mut told = false;
        loop {
            let found = stop.run_until_cancelled(self.look()).await;
            let Some(found) = found else { return Ok(false) };
            match found {
                Ok((of_server, of_node)) if of_server == of_node => return Ok(true),
                Ok(_) => bail!("the server at agent.api_url mirrors another ledger than that of rpc_url"),
                Err(error) if error.is("relay_off") => {
                    bail!("the server has no relay, so set agent.payer: somebody has to pay for what is minted")
                }
                Err(error) => match Trouble::of(&error) {
                    trouble @ (Trouble::Server | Trouble::Node) => {
                        if !std::mem::replace(&mut told, true) {
                            info!(reason = trouble.name(), "waiting for the server and the node");
                        }
                    }
                    _ => return Err(error).context("the server at agent.api_url cannot be used"),
                },
            }
            stop.run_until_cancelled(backoff.wait()).await;
        }
    }

    /// The genesis blocks of the server's ledger and of the node's.
    async fn look(&self) -> Result<(String, String), Error> {
        let status: Status = self.api.get("/v1/chain/status", &[]).await?;
        if self.payer.is_none() {
            let _terms: serde_json::Value = self.api.get("/v1/relay", &[]).await?;
        }
        let hash = self.reader.rpc().get_genesis_hash().await.map_err(|error| self.reader.node_error(error))?;
        Ok((status.genesis_hash, hash.to_string()))
    }

    /// Who pays for what is minted by `session`.
    ///
    /// # Errors
    /// The server's.
    pub async fn pay<'a>(&'a self, session: &'a Session) -> Result<Pay<'a>, Error> {
        match &self.payer {
            Some(sender) => Ok(Pay::Own(sender)),
            None => Ok(Pay::Relay(Relay::new(session, &self.reader, None).await?)),
        }
    }
}
