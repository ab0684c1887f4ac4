//! Sending transactions: one payer for everybody, confirmation, retries and blockhash expiry.

use std::{sync::Arc, time::Duration};

use anchor_lang::{AccountDeserialize, prelude::Pubkey};
use base64::prelude::{BASE64_STANDARD, Engine};
use solana_client::{
    client_error::{ClientError, ClientErrorKind},
    nonblocking::rpc_client::RpcClient,
    rpc_config::{RpcSendTransactionConfig, RpcSimulateTransactionConfig},
};
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_rpc_client_api::{request::RpcError, response::RpcSimulateTransactionResult};
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::TransactionStatus;
use tokio::time::{Instant, sleep};

use crate::{ProgramError, Reader};

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
    #[error("The node ran the transaction and gave no answer back")]
    NoAnswer,
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

/// How far a transaction got.
enum Progress {
    Unseen,
    /// In a block, below the commitment asked for.
    Seen,
    Reached(Sent),
}

/// Sends transactions that `payer` pays for.
#[derive(Clone)]
pub struct Sender {
    reader: Reader,
    payer: Arc<Keypair>,
}

impl Sender {
    pub fn new(rpc: Arc<RpcClient>, payer: Arc<Keypair>, commitment: CommitmentConfig) -> Self {
        Self { reader: Reader::new(rpc, commitment), payer }
    }

    pub fn rpc(&self) -> &RpcClient {
        self.reader.rpc()
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    pub fn payer(&self) -> Pubkey {
        self.payer.pubkey()
    }

    /// Reads an account of the program.
    pub async fn account<T: AccountDeserialize>(&self, what: &'static str, address: &Pubkey) -> Result<T, SendError> {
        self.reader.account(what, address).await
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
        let (blockhash, last_valid) = self.blockhash().await?;
        let transaction = self.sign(instructions, signers, blockhash)?;
        let signature = transaction.signatures[0];

        self.submit(&transaction, false).await?;
        let mut submitted = Instant::now();
        let mut expired = false;
        loop {
            match self.status(&signature).await? {
                Progress::Reached(sent) => return Ok(Some(sent)),
                // Signed anew it could land twice: what is in a block is waited for, spent blockhash or not.
                Progress::Seen => expired = false,
                Progress::Unseen if expired => return Ok(None),
                Progress::Unseen if submitted.elapsed() > RESEND => {
                    let height = self.rpc().get_block_height_with_commitment(CommitmentConfig::confirmed()).await;
                    if height.map_err(|error| self.reader.node_error(error))? > last_valid {
                        // What has not landed by now never will; whether it has is asked once more.
                        expired = true;
                        continue;
                    }
                    self.submit(&transaction, true).await?;
                    submitted = Instant::now();
                }
                Progress::Unseen => {}
            }
            sleep(POLL).await;
        }
    }

    /// A recent blockhash and the last block height it is valid for.
    pub(crate) async fn blockhash(&self) -> Result<(Hash, u64), SendError> {
        self.rpc()
            .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed())
            .await
            .map_err(|error| self.reader.node_error(error))
    }

    pub(crate) fn sign(
        &self,
        instructions: &[Instruction],
        signers: &[&Keypair],
        blockhash: Hash,
    ) -> Result<Transaction, SendError> {
        let message = Message::new(instructions, Some(&self.payer.pubkey()));
        let mut keys: Vec<&Keypair> = vec![&self.payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != self.payer.pubkey()));
        let mut transaction = Transaction::new_unsigned(message);
        transaction.try_sign(&keys, blockhash)?;
        Ok(transaction)
    }

    /// Runs a transaction on the node without sending it, and returns the data that its last program
    /// returned. Nothing is written and nothing becomes public, but the node sees it.
    pub async fn simulate(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Vec<u8>, SendError> {
        let (blockhash, _) = self.blockhash().await?;
        let transaction = self.sign(instructions, signers, blockhash)?;
        let config = RpcSimulateTransactionConfig {
            sig_verify: true,
            commitment: Some(self.reader.commitment()),
            ..Default::default()
        };
        let simulated = self
            .rpc()
            .simulate_transaction_with_config(&transaction, config)
            .await
            .map_err(|error| self.reader.node_error(error))?
            .value;
        if let Some(error) = simulated.err {
            return Err(self.refused(error.into()));
        }
        let data = simulated.return_data.ok_or(SendError::NoAnswer)?.data.0;
        BASE64_STANDARD.decode(data).map_err(|_| SendError::NoAnswer)
    }

    pub(crate) async fn submit(&self, transaction: &Transaction, again: bool) -> Result<(), SendError> {
        let config = RpcSendTransactionConfig {
            // The first time the node simulates, so that a refusal costs nothing.
            skip_preflight: again,
            preflight_commitment: Some(CommitmentLevel::Confirmed),
            max_retries: Some(0),
            ..Default::default()
        };
        match self.rpc().send_transaction_with_config(transaction, config).await {
            Ok(_) => Ok(()),
            Err(error) => match error.get_transaction_error() {
                Some(TransactionError::AlreadyProcessed) => Ok(()),
                Some(refused) => Err(self.refused(refused)),
                None => match preflight_error(&error) {
                    Some(refused) => Err(self.refused(refused)),
                    None if again => Ok(()),
                    None => Err(self.reader.node_error(error)),
                },
            },
        }
    }

    async fn status(&self, signature: &Signature) -> Result<Progress, SendError> {
        Ok(self.statuses(&[*signature]).await?.pop().unwrap_or(Progress::Unseen))
    }

    /// Whether each transaction reached the commitment. At most 256 at a time.
    pub(crate) async fn landed(&self, signatures: &[Signature]) -> Result<Vec<bool>, SendError> {
        let statuses = self.statuses(signatures).await?;
        Ok(statuses.iter().map(|status| matches!(status, Progress::Reached(_))).collect())
    }

    async fn statuses(&self, signatures: &[Signature]) -> Result<Vec<Progress>, SendError> {
        let statuses =
            self.rpc().get_signature_statuses(signatures).await.map_err(|error| self.reader.node_error(error))?;
        let progress = |(signature, status): (&Signature, Option<TransactionStatus>)| match status {
            None => Ok(Progress::Unseen),
            Some(TransactionStatus { err: Some(error), .. }) => Err(self.refused(error)),
            Some(status) if status.satisfies_commitment(self.reader.commitment()) => {
                Ok(Progress::Reached(Sent { signature: *signature, slot: status.slot }))
            }
            Some(_) => Ok(Progress::Seen),
        };
        signatures.iter().zip(statuses.value).map(progress).collect()
    }

    fn refused(&self, error: TransactionError) -> SendError {
        SendError::of(error, &self.payer())
    }
}

impl SendError {
    /// Why a transaction that `payer` pays for was not taken.
    pub fn of(error: TransactionError, payer: &Pubkey) -> Self {
        match error {
            TransactionError::AccountNotFound | TransactionError::InsufficientFundsForFee => {
                Self::PayerEmpty { payer: *payer }
            }
            error => match ProgramError::of(&error) {
                // The system program's first code: too few lamports for an account's rent.
                Some(ProgramError { code: 1, .. }) => Self::PayerEmpty { payer: *payer },
                Some(refused) => Self::Refused(refused),
                None => Self::Failed(error),
            },
        }
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
