//! Reading the program's accounts straight from a node, for which nobody needs a key.

use std::{sync::Arc, time::Duration};

use anchor_lang::{AccountDeserialize, prelude::Pubkey};
use base64::prelude::{BASE64_STANDARD, Engine};
use solana_account::Account;
use solana_client::{
    client_error::ClientError, nonblocking::rpc_client::RpcClient, rpc_config::RpcSimulateTransactionConfig,
};
use solana_clock::Clock;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_message::Message;
use solana_transaction::Transaction;
use tokio::time::sleep;

use crate::SendError;

/// How long an airdrop may take: longer than a blockhash lives.
const AIRDROP_POLL: Duration = Duration::from_millis(500);
const AIRDROP_POLLS: usize = 200;
/// Accounts that a node gives at once.
const MOST_ACCOUNTS: usize = 100;

/// Reads accounts as of `commitment`.
#[derive(Clone)]
pub struct Reader {
    rpc: Arc<RpcClient>,
    commitment: CommitmentConfig,
}

impl Reader {
    pub fn new(rpc: Arc<RpcClient>, commitment: CommitmentConfig) -> Self {
        Self { rpc, commitment }
    }

    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    pub fn commitment(&self) -> CommitmentConfig {
        self.commitment
    }

    /// Reads an account of the program. `what` names it in errors.
    pub async fn account<T: AccountDeserialize>(&self, what: &'static str, address: &Pubkey) -> Result<T, SendError> {
        self.account_at_slot(what, address).await.map(|(account, _)| account)
    }

    /// Reads an account of the program, and the slot whose state the answer is.
    pub async fn account_at_slot<T: AccountDeserialize>(
        &self,
        what: &'static str,
        address: &Pubkey,
    ) -> Result<(T, u64), SendError> {
        let (account, slot) = self.raw(what, address).await?;
        let not_readable = SendError::NotReadable { what, address: *address };
        if account.owner != crate::PROGRAM_ID {
            return Err(not_readable);
        }
        match T::try_deserialize(&mut &account.data[..]) {
            Ok(read) => Ok((read, slot)),
            Err(_) => Err(not_readable),
        }
    }

    /// The ledger's time, in seconds since the Unix epoch: what periods are measured against.
    pub async fn now(&self) -> Result<i64, SendError> {
        let (what, address) = ("clock", solana_sdk_ids::sysvar::clock::ID);
        let (account, _) = self.raw(what, &address).await?;
        let clock: Clock = bincode::deserialize(&account.data).map_err(|_| SendError::NotReadable { what, address })?;
        Ok(clock.unix_timestamp)
    }

    /// Those of `addresses` that hold something.
    ///
    /// # Errors
    /// The node's.
    pub async fn existing(&self, addresses: &[Pubkey]) -> Result<Vec<Pubkey>, SendError> {
        let mut existing = Vec::new();
        for page in addresses.chunks(MOST_ACCOUNTS) {
            let accounts = self.accounts(page).await?;
            existing.extend(page.iter().zip(accounts).filter(|(_, account)| account.is_some()).map(|(key, _)| *key));
        }
        Ok(existing)
    }

    /// Accounts as they are, all of one slot; none for what is not there.
    pub(crate) async fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>, SendError> {
        let found = self.rpc.get_multiple_accounts_with_commitment(addresses, self.commitment).await;
        Ok(found.map_err(|error| self.node_error(error))?.value)
    }

    /// The account as it is, and the slot whose state the answer is.
    async fn raw(&self, what: &'static str, address: &Pubkey) -> Result<(Account, u64), SendError> {
        // The client's call for a single account reports an unreachable node as a missing account.
        let response = self
            .rpc
            .get_multiple_accounts_with_commitment(&[*address], self.commitment)
            .await
            .map_err(|error| self.node_error(error))?;
        let account = response.value.into_iter().next().flatten();
        Ok((account.ok_or(SendError::NotFound { what, address: *address })?, response.context.slot))
    }

    /// Runs a transaction on the node, unsigned, as if `payer` paid for it, and returns the data that its
    /// last program returned. Nothing is written and nothing becomes public, but the node sees it.
    pub async fn simulate(&self, instructions: &[Instruction], payer: &Pubkey) -> Result<Option<Vec<u8>>, SendError> {
        let blockhash = self.rpc.get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()).await;
        let (blockhash, _) = blockhash.map_err(|error| self.node_error(error))?;
        let message = Message::new_with_blockhash(instructions, Some(payer), &blockhash);
        let config =
            RpcSimulateTransactionConfig { sig_verify: false, commitment: Some(self.commitment), ..Default::default() };
        let simulated = self.rpc.simulate_transaction_with_config(&Transaction::new_unsigned(message), config).await;
        let simulated = simulated.map_err(|error| self.node_error(error))?.value;
        if let Some(error) = simulated.err {
            return Err(SendError::of(error.into(), payer));
        }
        let data = simulated.return_data.map(|returned| BASE64_STANDARD.decode(returned.data.0));
        data.transpose().map_err(|_| SendError::NoAnswer)
    }

    /// Asks a test network for `lamports` and waits until `address` has them.
    pub async fn airdrop(&self, address: &Pubkey, lamports: u64) -> Result<(), SendError> {
        let signature = self.rpc.request_airdrop(address, lamports).await.map_err(|error| self.node_error(error))?;
        for _ in 0..AIRDROP_POLLS {
            let landed = self.rpc.confirm_transaction_with_commitment(&signature, self.commitment).await;
            if landed.map_err(|error| self.node_error(error))?.value {
                return Ok(());
            }
            sleep(AIRDROP_POLL).await;
        }
        Err(SendError::Expired)
    }

    /// A failure of the node with its address.
    pub fn node_error(&self, source: ClientError) -> SendError {
        SendError::Node { url: self.rpc.url(), source: Box::new(source) }
    }
}
