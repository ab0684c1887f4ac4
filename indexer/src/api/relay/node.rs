//! What the relay asks of a node.

use std::time::Duration;

use aegle_client::{ProgramError, Pubkey};
use solana_client::{
    client_error::ClientError,
    nonblocking::rpc_client::RpcClient,
    rpc_config::{RpcSendTransactionConfig, RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig},
};
use solana_commitment_config::CommitmentConfig;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::TransactionStatus;

/// How long the node may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The system program's code where the payer has too little for an account's rent.
const TOO_LITTLE: u32 = 1;

pub struct Node {
    rpc: RpcClient,
}

/// What a transaction would do.
#[derive(Debug, PartialEq, Eq)]
pub enum Simulated {
    /// What the relay's account would lose, in lamports.
    Runs { lamports: u64 },
    /// What the caller should read.
    Fails(String),
    /// The relay's account has too little.
    RelayEmpty,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Unseen,
    /// In a block that is not confirmed yet.
    Seen,
    Landed,
    Failed,
}

impl Node {
    pub fn new(url: String) -> Self {
        Self { rpc: RpcClient::new_with_timeout_and_commitment(url, TIMEOUT, CommitmentConfig::confirmed()) }
    }

    /// Runs a transaction without sending it. Its blockhash must be recent.
    pub async fn simulate(&self, transaction: &VersionedTransaction, relay: &Pubkey) -> Result<Simulated, ClientError> {
        let before = self.balance(relay).await?;
        let config = RpcSimulateTransactionConfig {
            // The wallet's signature was verified; the relay's stays in this process until the budget is reserved.
            sig_verify: false,
            replace_recent_blockhash: false,
            commitment: Some(CommitmentConfig::confirmed()),
            accounts: Some(RpcSimulateTransactionAccountsConfig { encoding: None, addresses: vec![relay.to_string()] }),
            ..Default::default()
        };
        let result = self.rpc.simulate_transaction_with_config(transaction, config).await?.value;
        if let Some(error) = result.err {
            return Ok(explain(error.into()));
        }
        // A node that tells the balances around the transaction tells what it costs; otherwise the balance
        // asked for before stands in.
        let balances = |balances: Option<Vec<u64>>| balances.and_then(|balances| balances.first().copied());
        let account = || result.accounts.as_ref().and_then(|accounts| accounts.first().cloned().flatten());
        let (before, after) = match (balances(result.pre_balances), balances(result.post_balances)) {
            (Some(before), Some(after)) => (before, after),
            _ => (before, account().map_or(0, |account| account.lamports)),
        };
        Ok(Simulated::Runs { lamports: before.saturating_sub(after) })
    }

    pub async fn balance(&self, key: &Pubkey) -> Result<u64, ClientError> {
        self.rpc.get_balance(key).await
    }

    /// The last block height at which a blockhash that is valid now still is.
    pub async fn last_valid_block_height(&self) -> Result<u64, ClientError> {
        Ok(self.rpc.get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()).await?.1)
    }

    /// Hands a transaction to the node, which sends it on until it lands or expires.
    pub async fn send(&self, transaction: &VersionedTransaction) -> Result<(), ClientError> {
        let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
        match self.rpc.send_transaction_with_config(transaction, config).await {
            Ok(_) => Ok(()),
            Err(error) if error.get_transaction_error() == Some(TransactionError::AlreadyProcessed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The height of the newest block, and how far each transaction has come.
    pub async fn progress(&self, signatures: &[Signature]) -> Result<(u64, Vec<Progress>), ClientError> {
        // The height first: a transaction that is unseen then is in no block up to it.
        let height = self.rpc.get_block_height().await?;
        let statuses = self.rpc.get_signature_statuses_with_history(signatures).await?.value;
        Ok((height, statuses.into_iter().map(progress).collect()))
    }
}

fn progress(status: Option<TransactionStatus>) -> Progress {
    match status {
        None => Progress::Unseen,
        Some(status) if !status.satisfies_commitment(CommitmentConfig::confirmed()) => Progress::Seen,
        Some(TransactionStatus { err: Some(_), .. }) => Progress::Failed,
        Some(_) => Progress::Landed,
    }
}

/// A failed simulation as its reader understands it.
fn explain(error: TransactionError) -> Simulated {
    if matches!(error, TransactionError::InsufficientFundsForFee | TransactionError::AccountNotFound) {
        return Simulated::RelayEmpty;
    }
    let Some(refusal) = ProgramError::of(&error) else {
        return Simulated::Fails(match error {
            TransactionError::BlockhashNotFound => {
                "Its blockhash is not recent; take a new one and sign again".to_owned()
            }
            TransactionError::AlreadyProcessed => "It has been sent already".to_owned(),
            error => format!("The ledger would refuse it: {error}"),
        });
    };
    match refusal.explain() {
        None if refusal.code == TOO_LITTLE => Simulated::RelayEmpty,
        None => Simulated::Fails(format!("Instruction {} would fail with code {}", refusal.instruction, refusal.code)),
        Some(known) => Simulated::Fails(format!(
            "Instruction {} would fail with {} ({}): {}. {}",
            refusal.instruction,
            known.name,
            known.code,
            known.message.trim_end_matches('.'),
            known.advice.trim_end_matches('.'),
        )),
    }
}
