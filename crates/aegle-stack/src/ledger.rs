//! A ledger: the one that `AEGLE_RPC_URL` names, else the embedded one, or a validator where that is asked for.

use std::{env, process::Stdio, sync::Arc, time::Duration};

use aegle_client::Pubkey;
use anyhow::{Context, ensure};
use serde::Deserialize;
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{folders, validator::Validator};

pub struct Ledger {
    pub rpc_url: String,
    pub ws_url: String,
    /// Which ledger it is, for people.
    pub which: String,
    process: Process,
}

/// What of the ledger is ours to stop.
enum Process {
    Given,
    /// It ends when its standard input closes.
    Embedded(Child),
    Validator(Validator),
}

/// How the embedded ledger starts.
pub struct Embedded {
    pub slot_ms: u64,
    pub upgrade_authority: Pubkey,
    /// Address and lamports.
    pub fund: Vec<(Pubkey, u64)>,
    /// Time the ledger's clock starts at, in seconds since the Unix epoch; else now.
    pub clock: Option<i64>,
}

#[derive(Deserialize)]
struct Ready {
    rpc_url: String,
    ws_url: String,
}

impl Ledger {
    /// The ledger that the environment names, if it names one.
    pub fn given() -> anyhow::Result<Option<Self>> {
        let Ok(rpc_url) = env::var("AEGLE_RPC_URL") else {
            return Ok(None);
        };
        let ws_url = env::var("AEGLE_WS_URL").unwrap_or_else(|_| rpc_url.replacen("http", "ws", 1));
        Ok(Some(Self { which: format!("the ledger at {rpc_url}"), rpc_url, ws_url, process: Process::Given }))
    }

    /// Starts the embedded ledger with the program deployed.
    pub async fn start(options: Embedded) -> anyhow::Result<Self> {
        let binary = match env::var_os("AEGLE_LOCALNET") {
            Some(path) => path.into(),
            None => folders::cache()?.join("target/localnet/debug/aegle-localnet"),
        };
        let mut command = Command::new(&binary);
        command
            .args(["--until-stdin-closes", "--slot-ms", &options.slot_ms.to_string()])
            .args(["--program", &format!("{}={}", aegle_client::PROGRAM_ID, folders::elf().display())])
            .args(["--upgrade-authority", &options.upgrade_authority.to_string()]);
        for (address, lamports) in &options.fund {
            command.args(["--fund", &format!("{address}={lamports}")]);
        }
        if let Some(clock) = options.clock {
            command.args(["--clock", &clock.to_string()]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}; run `make build`", binary.display()))?;
        let output = child.stdout.take().context("no output of the ledger")?;
        let mut lines = BufReader::new(output).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line())
            .await
            .context("the ledger did not start within a minute")??;
        let ready: Ready = serde_json::from_str(&line.context("the ledger ended at once")?)?;
        // What it prints later goes nowhere, but must be read.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            rpc_url: ready.rpc_url,
            ws_url: ready.ws_url,
            which: "the embedded ledger".into(),
            process: Process::Embedded(child),
        })
    }

    /// Starts `solana-test-validator` with nothing deployed; `payer` is rich.
    pub async fn start_validator(payer: &Pubkey) -> anyhow::Result<Self> {
        let mut validator = Validator::start(&folders::state().join("validator"), payer, &aegle_client::PROGRAM_ID)?;
        let (rpc_url, ws_url) = (validator.rpc_url(), validator.ws_url());
        let node = RpcClient::new_with_commitment(rpc_url.clone(), CommitmentConfig::confirmed());
        validator.ready(&node, Duration::from_secs(60)).await?;
        let version = node.get_version().await?.solana_core;
        let which = format!("solana-test-validator {version}");
        Ok(Self { rpc_url, ws_url, which, process: Process::Validator(validator) })
    }

    pub fn is_embedded(&self) -> bool {
        matches!(self.process, Process::Embedded(_))
    }

    /// Whether it begins anew with each run.
    pub fn is_ours(&self) -> bool {
        !matches!(self.process, Process::Given)
    }

    pub fn client(&self) -> Arc<RpcClient> {
        Arc::new(RpcClient::new_with_commitment(self.rpc_url.clone(), CommitmentConfig::confirmed()))
    }

    /// Ends the ledger, if it is ours.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.process {
            Process::Embedded(mut child) => {
                drop(child.stdin.take());
                let status =
                    timeout(Duration::from_secs(10), child.wait()).await.context("the ledger does not end")??;
                ensure!(status.success(), "the ledger ended with {status}");
            }
            Process::Validator(validator) => drop(validator),
            Process::Given => {}
        }
        Ok(())
    }
}
