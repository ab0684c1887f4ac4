//! Sending transactions: one payer for everybody, confirmation, retries and blockhash expiry.

use std::{sync::Arc, time::Duration};

use anchor_lang::{AccountDeserialize, prelude::Pubkey};
use solana_client::{
    client_error::{ClientError, ClientErrorKind},
    nonblocking::rpc_client::RpcClient,
    rpc_config::RpcSendTransactionConfig,
};
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_rpc_client_api::{request::RpcError, response::RpcSimulateTransactionResult};
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;
use tokio::time::{Instant, sleep};

use crate::ProgramError;

const POLL: Duration = Duration::from_millis(100);
const RESEND: Duration = Duration::from_secs(2);
/// How often a transaction whose blockhash expired unseen is signed anew.
const ATTEMPTS: usize = 3;

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{0}")]
    Refused(#[from] ProgramError),
    #[error("The payer {payer} cannot pay for this; send it some SOL and try again")]
    PayerEmpty { payer: Pubkey },
    #[error("The transaction failed: {0}")]
    Failed(TransactionError),
    #[error("The network did not take the transaction in time; nothing was changed, try again")]
    Expired,
    #[error("A key that must sign is missing: {0}")]
    Signing(#[from] SignerError),
    #[error("The node at {url} did not answer as expected: {source}")]
    Node { url: String, source: Box<ClientError> },
    #[error("There is no {what} at {address} on this network")]
    NotFound { what: &'static str, address: Pubkey },
    #[error("The account at {address} is not a {what} this version can read")]
    NotReadable { what: &'static str, address: Pubkey },
}

/// A transaction that reached the commitment asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub signature: Signature,
    pub slot: u64,
}

/// Sends transactions that `payer` pays for.
#[derive(Clone)]
pub struct Sender {
    rpc: Arc<RpcClient>,
    payer: Arc<Keypair>,
    commitment: CommitmentConfig,
}

impl Sender {
    pub fn new(rpc: Arc<RpcClient>, payer: Arc<Keypair>, commitment: CommitmentConfig) -> Self {
        Self { rpc, payer, commitment }
    }

    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    pub fn payer(&self) -> Pubkey {
        self.payer.pubkey()
    }

    /// Reads an account of the program.
    pub async fn account<T: AccountDeserialize>(&self, what: &'static str, address: &Pubkey) -> Result<T, SendError> {
        let response = self.rpc.get_account_with_commitment(address, self.commitment).await;
        let account = response
            .map_err(|error| self.node(error))?
            .value
            .ok_or(SendError::NotFound { what, address: *address })?;
        if account.owner != crate::PROGRAM_ID {
            return Err(SendError::NotReadable { what, address: *address });
        }
        T::try_deserialize(&mut &account.data[..])
            .map_err(|_| SendError::NotReadable { what, address: *address })
    }

    /// Sends until the commitment is reached, the program refuses, or the network has provably not
    /// taken it. `signers` are those besides the payer.
    pub async fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Sent, SendError> {
        for _ in 0..ATTEMPTS {
            if let Some(sent) = self.attempt(instructions, signers).await? {
                return Ok(sent);
            }
        }
        Err(SendError::Expired)
    }

    /// One signed transaction until it lands; `None` once its blockhash has expired without it.
    async fn attempt(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Option<Sent>, SendError> {
        let (blockhash, last_valid) = self
            .rpc
            .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed())
            .await
            .map_err(|error| self.node(error))?;
        let message = Message::new(instructions, Some(&self.payer.pubkey()));
        let mut keys: Vec<&Keypair> = vec![&self.payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != self.payer.pubkey()));
        let mut transaction = Transaction::new_unsigned(message);
        transaction.try_sign(&keys, blockhash)?;
        let signature = transaction.signatures[0];

        self.submit(&transaction, false).await?;
        let mut submitted = Instant::now();
        loop {
            if let Some(sent) = self.status(&signature).await? {
                return Ok(Some(sent));
            }
            if submitted.elapsed() > RESEND {
                let height = self.rpc.get_block_height_with_commitment(CommitmentConfig::confirmed()).await;
                if height.map_err(|error| self.node(error))? > last_valid {
                    // The blockhash is spent: what has not landed by now never will.
                    return self.status(&signature).await;
                }
                self.submit(&transaction, true).await?;
                submitted = Instant::now();
            }
            sleep(POLL).await;
        }
    }

    async fn submit(&self, transaction: &Transaction, again: bool) -> Result<(), SendError> {
        let config = RpcSendTransactionConfig {
            // The first time the node simulates, so that a refusal costs nothing.
            skip_preflight: again,
            preflight_commitment: Some(CommitmentLevel::Confirmed),
            max_retries: Some(0),
            ..Default::default()
        };
        match self.rpc.send_transaction_with_config(transaction, config).await {
            Ok(_) => Ok(()),
            Err(error) => match error.get_transaction_error() {
                Some(TransactionError::AlreadyProcessed) => Ok(()),
                Some(refused) => Err(self.refused(refused)),
                None => match preflight_error(&error) {
                    Some(refused) => Err(self.refused(refused)),
                    None if again => Ok(()),
                    None => Err(self.node(error)),
                },
            },
        }
    }

    async fn status(&self, signature: &Signature) -> Result<Option<Sent>, SendError> {
        let statuses = self.rpc.get_signature_statuses(&[*signature]).await.map_err(|error| self.node(error))?;
        let Some(Some(status)) = statuses.value.into_iter().next() else {
            return Ok(None);
        };
        if let Some(error) = status.err.clone() {
            return Err(self.refused(error.into()));
        }
        Ok(status
            .satisfies_commitment(self.commitment)
            .then_some(Sent { signature: *signature, slot: status.slot }))
    }

    fn refused(&self, error: TransactionError) -> SendError {
        match error {
            TransactionError::AccountNotFound | TransactionError::InsufficientFundsForFee => {
                SendError::PayerEmpty { payer: self.payer() }
            }
            error => match ProgramError::of(&error) {
                // The system program's first code: too few lamports for an account's rent.
                Some(ProgramError { code: 1, .. }) => SendError::PayerEmpty { payer: self.payer() },
                Some(refused) => SendError::Refused(refused),
                None => SendError::Failed(error),
            },
        }
    }

    fn node(&self, source: ClientError) -> SendError {
        SendError::Node { url: self.rpc.url(), source: Box::new(source) }
    }
}

/// The transaction error inside a failed preflight.
fn preflight_error(error: &ClientError) -> Option<TransactionError> {
    match error.kind() {
        ClientErrorKind::RpcError(RpcError::RpcResponseError {
            data:
                solana_rpc_client_api::request::RpcResponseErrorData::SendTransactionPreflightFailure(
                    RpcSimulateTransactionResult { err: Some(error), .. },
                ),
            ..
        }) => Some(error.clone().into()),
        _ => None,
    }
}
