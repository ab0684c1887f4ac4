//! Reads from a node: the transactions of accounts, and the events in them.

use std::collections::HashSet;

use anchor_lang::{AccountDeserialize, Discriminator, prelude::Pubkey};
use futures::{StreamExt, TryStreamExt, stream};
use solana_client::{
    rpc_client::GetConfirmedSignaturesForAddress2Config,
    rpc_config::{
        RpcAccountInfoConfig, RpcBlockConfig, RpcProgramAccountsConfig, RpcTransactionConfig, UiAccountEncoding,
    },
    rpc_filter::{Memcmp, RpcFilterType},
};
use solana_commitment_config::CommitmentConfig;
use solana_signature::Signature;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, TransactionDetails, UiTransactionEncoding,
};

use super::{BlockFacts, Happened};
use crate::{
    PROGRAM_ID, Reader, SendError,
    state::Registrar,
    transaction::{self, MAX_TRANSACTION_VERSION, Unreadable},
};

/// Signatures that a node gives at once.
const PAGE: usize = 1_000;
/// Transactions asked for at the same time.
const AT_ONCE: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Node(#[from] SendError),
    #[error("transaction {signature} cannot be read: {reason}")]
    Unreadable { signature: Signature, reason: Unreadable },
}

impl Reader {
    /// Every event of the program in the transactions that name one of `accounts`, up to `slot`; in no order.
    ///
    /// # Errors
    /// The node's, or a transaction that this version cannot read for certain.
    pub async fn history(&self, accounts: &[Pubkey], slot: u64) -> Result<Vec<Happened>, HistoryError> {
        let mut signatures = HashSet::new();
        for account in accounts {
            signatures.extend(self.signatures(account, slot).await?);
        }
        let read = stream::iter(signatures).map(|signature| self.events(signature)).buffer_unordered(AT_ONCE);
        let events: Vec<Vec<Happened>> = read.try_collect().await?;
        Ok(events.into_iter().flatten().filter(|happened| happened.slot <= slot).collect())
    }

    /// Signatures of the transactions that name `account` and succeeded, up to `slot`.
    async fn signatures(&self, account: &Pubkey, slot: u64) -> Result<Vec<Signature>, SendError> {
        let (mut signatures, mut before) = (Vec::new(), None);
        loop {
            let config = GetConfirmedSignaturesForAddress2Config {
                before,
                until: None,
                limit: Some(PAGE),
                commitment: Some(CommitmentConfig::confirmed()),
            };
            let page = self.rpc().get_signatures_for_address_with_config(account, config).await;
            let page = page.map_err(|error| self.node_error(error))?;
            let parse = |text: &String| text.parse::<Signature>().map_err(|_| SendError::NoAnswer);
            for found in page.iter().filter(|found| found.err.is_none() && found.slot <= slot) {
                signatures.push(parse(&found.signature)?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => before = Some(parse(&last.signature)?),
                _ => return Ok(signatures),
            }
        }
    }

    async fn events(&self, signature: Signature) -> Result<Vec<Happened>, HistoryError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(MAX_TRANSACTION_VERSION),
        };
        let read = self.rpc().get_transaction_with_config(&signature, config).await;
        let EncodedConfirmedTransactionWithStatusMeta { slot, transaction, .. } =
            read.map_err(|error| self.node_error(error))?;
        let events = transaction::events(&transaction);
        let events = events.map_err(|reason| HistoryError::Unreadable { signature, reason })?;
        Ok(events.into_iter().map(|found| Happened { slot, event: found.event }).collect())
    }

    /// Every registrar there is, with the address of its account.
    ///
    /// # Errors
    /// The node's; many do not answer this.
    pub async fn registrars(&self) -> Result<Vec<(Pubkey, Registrar)>, SendError> {
        let account_config = RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            commitment: Some(self.commitment()),
            ..Default::default()
        };
        let kind = RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, Registrar::DISCRIMINATOR.to_vec()));
        let config = RpcProgramAccountsConfig { account_config, filters: Some(vec![kind]), ..Default::default() };
        let found = self.rpc().get_program_ui_accounts_with_config(&PROGRAM_ID, config).await;
        let found = found.map_err(|error| self.node_error(error))?;
        let read = found.into_iter().map(|(address, account)| {
            let not_readable = || SendError::NotReadable { what: "registrar", address };
            let data = account.data.decode().ok_or_else(not_readable)?;
            let registrar = Registrar::try_deserialize(&mut &data[..]).map_err(|_| not_readable())?;
            Ok((address, registrar))
        });
        read.collect()
    }

    /// The block of `slot`; none where the node has none.
    ///
    /// # Errors
    /// The node's.
    pub async fn block(&self, slot: u64) -> Result<BlockFacts, SendError> {
        let config = RpcBlockConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            transaction_details: Some(TransactionDetails::None),
            rewards: Some(false),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(MAX_TRANSACTION_VERSION),
        };
        let block = self.rpc().get_block_with_config(slot, config).await.map_err(|error| self.node_error(error))?;
        let hash: solana_hash::Hash = block.blockhash.parse().map_err(|_| SendError::NoAnswer)?;
        Ok(BlockFacts { hash: hash.to_bytes(), time: block.block_time })
    }
}
