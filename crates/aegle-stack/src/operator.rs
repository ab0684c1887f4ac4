//! The operator: deploys, configures and pays for everybody; measures what it pays.

use std::sync::{Arc, Mutex};

use aegle_client::{
    Pubkey, SendError, Sender, Sent,
    aegle::InitConfigParams,
    deploy::Deployer,
    instruction, pda,
    state::{Config, DAY},
};
use anyhow::Context;
use solana_client::{nonblocking::rpc_client::RpcClient, rpc_config::RpcTransactionConfig};
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// What one transaction cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub operation: &'static str,
    pub compute_units: u64,
    /// Lamports that left the payer; negative where rent came back.
    pub lamports: i64,
}

/// Sends for everybody and remembers what it cost.
#[derive(Clone)]
pub struct Operator {
    pub sender: Sender,
    payer: Arc<Keypair>,
    costs: Arc<Mutex<Vec<Cost>>>,
}

impl Operator {
    pub fn new(rpc: Arc<RpcClient>, payer: Keypair) -> Self {
        let payer = Arc::new(payer);
        let sender = Sender::new(rpc, payer.clone(), CommitmentConfig::confirmed());
        Self { sender, payer, costs: Arc::default() }
    }

    pub fn keypair(&self) -> &Keypair {
        &self.payer
    }

    pub fn payer(&self) -> Pubkey {
        self.sender.payer()
    }

    /// Deploys the program through the loader, as `aegle program deploy` does. Returns the lamports it took.
    pub async fn deploy(&self, elf: &[u8], upgrade_authority: &Keypair) -> anyhow::Result<u64> {
        let balance = async || Ok::<u64, anyhow::Error>(self.sender.rpc().get_balance(&self.payer()).await?);
        let (before, buffer) = (balance().await?, Keypair::new());
        let deployer = Deployer { sender: &self.sender, authority: upgrade_authority };
        deployer.write_buffer(&buffer, elf, &|_| {}).await?;
        deployer.deploy(&aegle_client::PROGRAM_ID, None, &buffer.pubkey(), elf.len()).await?;
        Ok(before.saturating_sub(balance().await?))
    }

    /// Creates the configuration where there is none, with the shortest delay of a recovery in seconds.
    /// Returns the one that is there then.
    pub async fn configure(
        &self,
        upgrade_authority: &Keypair,
        governance: Pubkey,
        record_uri: &str,
        min_recovery_delay: i64,
    ) -> anyhow::Result<Config> {
        let address = pda::find_config().0;
        match self.sender.account::<Config>("configuration", &address).await {
            Ok(config) => return Ok(config),
            Err(SendError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let params = InitConfigParams {
            governance,
            min_recovery_delay,
            max_recovery_delay: 30 * DAY,
            record_uri: record_uri.to_owned(),
        };
        let init = instruction::init_config(upgrade_authority.pubkey(), self.payer(), params);
        self.send("configure the program", init, &[upgrade_authority]).await?;
        Ok(self.sender.account("configuration", &address).await?)
    }

    /// Sends one instruction and remembers its cost under `operation`.
    pub async fn send(
        &self,
        operation: &'static str,
        instruction: Instruction,
        signers: &[&Keypair],
    ) -> anyhow::Result<Sent> {
        let sent = self.sender.send(&[instruction], signers).await.with_context(|| format!("cannot {operation}"))?;
        self.account_for(operation, &sent).await?;
        Ok(sent)
    }

    /// Remembers what a transaction sent elsewhere cost.
    pub async fn account_for(&self, operation: &'static str, sent: &Sent) -> anyhow::Result<()> {
        let cost = self.cost(operation, sent).await?;
        if let Ok(mut costs) = self.costs.lock() {
            costs.push(cost);
        }
        Ok(())
    }

    async fn cost(&self, operation: &'static str, sent: &Sent) -> anyhow::Result<Cost> {
        let config = RpcTransactionConfig {
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(1),
            ..Default::default()
        };
        let found = self.sender.rpc().get_transaction_with_config(&sent.signature, config).await?;
        let meta = found.transaction.meta.context("a transaction without its meta data")?;
        let compute_units = Option::from(meta.compute_units_consumed).unwrap_or(0);
        let paid = |balances: &[u64]| balances.first().copied().unwrap_or(0).cast_signed();
        let lamports = paid(&meta.pre_balances) - paid(&meta.post_balances);
        Ok(Cost { operation, compute_units, lamports })
    }

    /// What was spent so far, in the order of sending.
    pub fn costs(&self) -> Vec<Cost> {
        self.costs.lock().map(|costs| costs.clone()).unwrap_or_default()
    }
}
