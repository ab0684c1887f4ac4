//! A Solana node: JSON-RPC for the blocks, a WebSocket as a hint that there is one more.

use std::{sync::Arc, time::Duration};

use aegle_client::{PROGRAM_ID, Pubkey, transaction::MAX_TRANSACTION_VERSION};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use solana_client::{
    client_error::{ClientError, ClientErrorKind},
    nonblocking::{pubsub_client::PubsubClient, rpc_client::RpcClient},
    rpc_config::{RpcAccountInfoConfig, RpcBlockConfig, RpcProgramAccountsConfig, UiAccountEncoding},
    rpc_custom_error as code,
    rpc_request::{RpcError, RpcRequest},
    rpc_response::{OptionalContext, RpcKeyedAccount},
};
use solana_commitment_config::CommitmentConfig;
use solana_transaction_status_client_types::{TransactionDetails, UiConfirmedBlock, UiTransactionEncoding};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{Accounts, Answer, Finality, Source, SourceError, surfpool};
use crate::{decode::Header, retry::Backoff};

/// Errors of the JSON-RPC protocol itself: the same request would fail again.
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;

pub struct RpcSource {
    rpc: RpcClient,
    hint: Arc<Notify>,
    /// Whether it is Surfpool, whose blocks do not link by hash.
    surfpool: bool,
}

impl RpcSource {
    /// A node at `rpc_url` that answers within `timeout`; `ws_url` gives hints until `stop`.
    pub fn new(
        rpc_url: String,
        ws_url: Option<String>,
        timeout: Duration,
        surfpool: bool,
        stop: CancellationToken,
    ) -> Self {
        let hint = Arc::new(Notify::new());
        if let Some(ws_url) = ws_url {
            let hint = hint.clone();
            tokio::spawn(async move {
                stop.run_until_cancelled(listen(ws_url, timeout, hint)).await;
            });
        }
        let rpc = RpcClient::new_with_timeout_and_commitment(rpc_url, timeout, CommitmentConfig::confirmed());
        Self { rpc, hint, surfpool }
    }

    async fn send<T: DeserializeOwned>(&self, request: RpcRequest, params: Value) -> Answer<T> {
        let answer = self.rpc.send(request, params).await.map_err(|error| classify(request, &error));
        metrics::gauge!("aegle_rate_limited_seconds")
            .set(self.rpc.get_transport_stats().rate_limited_time.as_secs_f64());
        answer
    }

    async fn get_block(
        &self,
        slot: u64,
        details: TransactionDetails,
        finality: Finality,
    ) -> Answer<Option<UiConfirmedBlock>> {
        let config = RpcBlockConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            transaction_details: Some(details),
            rewards: Some(false),
            commitment: Some(commitment(finality)),
            max_supported_transaction_version: Some(MAX_TRANSACTION_VERSION),
        };
        let answer: Result<Option<UiConfirmedBlock>, _> =
            self.rpc.send(RpcRequest::GetBlock, json!([slot, config])).await;
        match answer {
            Ok(mut block) => {
                if self.surfpool
                    && let Some(block) = &mut block
                {
                    surfpool::link(slot, block);
                }
                Ok(block)
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(match classify(RpcRequest::GetBlock, &error) {
                SourceError::Refused(reason) => SourceError::Refused(format!("slot {slot}: {reason}")),
                other => other,
            }),
        }
    }
}

impl Source for RpcSource {
    async fn genesis_hash(&self) -> Answer<[u8; 32]> {
        let text: String = self.send(RpcRequest::GetGenesisHash, Value::Null).await?;
        let hash: Option<[u8; 32]> = bs58::decode(&text).into_vec().ok().and_then(|bytes| bytes.try_into().ok());
        hash.ok_or_else(|| SourceError::Refused(format!("{text} is no genesis hash")))
    }

    async fn first_slot(&self) -> Answer<u64> {
        self.send(RpcRequest::GetFirstAvailableBlock, Value::Null).await
    }

    async fn tip(&self, finality: Finality) -> Answer<u64> {
        self.send(RpcRequest::GetSlot, json!([commitment(finality)])).await
    }

    async fn slots(&self, from: u64, limit: usize) -> Answer<Vec<u64>> {
        let params = json!([from, limit, CommitmentConfig::confirmed()]);
        let mut slots: Vec<u64> = self.send(RpcRequest::GetBlocksWithLimit, params).await?;
        // Nodes promise the order; what they send is another matter.
        slots.retain(|slot| *slot >= from);
        slots.sort_unstable();
        slots.dedup();
        slots.truncate(limit);
        Ok(slots)
    }

    async fn block(&self, slot: u64) -> Answer<Option<UiConfirmedBlock>> {
        self.get_block(slot, TransactionDetails::Full, Finality::Confirmed).await
    }

    async fn header(&self, slot: u64, finality: Finality) -> Answer<Option<Header>> {
        let block = self.get_block(slot, TransactionDetails::None, finality).await?;
        let header = block.map(|block| Header::of(slot, &block)).transpose();
        header.map_err(|error| SourceError::Refused(error.to_string()))
    }

    async fn accounts(&self) -> Answer<Accounts> {
        let config = RpcProgramAccountsConfig {
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                commitment: Some(CommitmentConfig::confirmed()),
                ..Default::default()
            },
            with_context: Some(true),
            ..Default::default()
        };
        let params = json!([PROGRAM_ID.to_string(), config]);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> = self.send(RpcRequest::GetProgramAccounts, params).await?;
        let OptionalContext::Context(answer) = answer else {
            return Err(SourceError::Refused("it lists accounts without saying of which slot".into()));
        };
        let accounts = answer.value.iter().map(|keyed| {
            let address: Option<Pubkey> = keyed.pubkey.parse().ok();
            address.zip(keyed.account.data.decode())
        });
        let accounts = accounts
            .collect::<Option<_>>()
            .ok_or_else(|| SourceError::Refused("an account it lists cannot be read".into()))?;
        Ok(Accounts { slot: answer.context.slot, accounts })
    }

    async fn hint(&self) {
        self.hint.notified().await;
    }
}

fn commitment(finality: Finality) -> CommitmentConfig {
    match finality {
        Finality::Confirmed => CommitmentConfig::confirmed(),
        Finality::Finalized => CommitmentConfig::finalized(),
    }
}

/// Whether the node says that it has no such block, for whatever reason.
fn is_absent(error: &ClientError) -> bool {
    let ClientErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) = error.kind() else {
        return false;
    };
    [
        code::JSON_RPC_SERVER_ERROR_BLOCK_NOT_AVAILABLE,
        code::JSON_RPC_SERVER_ERROR_SLOT_SKIPPED,
        code::JSON_RPC_SERVER_ERROR_LONG_TERM_STORAGE_SLOT_SKIPPED,
        code::JSON_RPC_SERVER_ERROR_BLOCK_STATUS_NOT_AVAILABLE_YET,
    ]
    .contains(code)
}

/// Tells what may pass from what will not. The node's URL may hold a key, so it is never repeated.
fn classify(request: RpcRequest, error: &ClientError) -> SourceError {
    match error.kind() {
        ClientErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => {
            let text = format!("{request}: {message} ({code})");
            match *code {
                INVALID_REQUEST
                | METHOD_NOT_FOUND
                | INVALID_PARAMS
                | code::JSON_RPC_SERVER_ERROR_BLOCK_CLEANED_UP
                | code::JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE
                | code::JSON_RPC_SERVER_ERROR_UNSUPPORTED_TRANSACTION_VERSION
                | code::JSON_RPC_SERVER_ERROR_KEY_EXCLUDED_FROM_SECONDARY_INDEX => SourceError::Refused(text),
                _ => SourceError::Unavailable(text),
            }
        }
        // Well-formed JSON that these client types do not know, such as a new transaction version.
        ClientErrorKind::SerdeJson(error) => SourceError::Refused(format!("{request}: unknown answer: {error}")),
        ClientErrorKind::Reqwest(error) => {
            let reason = match error.status() {
                Some(status) => format!("HTTP status {status}"),
                None if error.is_timeout() => "no answer in time".to_owned(),
                None if error.is_connect() => "no connection".to_owned(),
                None => "the connection broke".to_owned(),
            };
            SourceError::Unavailable(format!("{request}: {reason}"))
        }
        ClientErrorKind::RpcError(error) => SourceError::Unavailable(format!("{request}: {error}")),
        ClientErrorKind::Io(error) => SourceError::Unavailable(format!("{request}: {error}")),
        _ => SourceError::Unavailable(format!("{request}: unexpected failure")),
    }
}

/// Turns slot notifications into hints, connecting anew for as long as it takes. A node says several
/// times a second that there is a slot, so one that says nothing for `patience` is not listened to
/// longer: a connection can be dead without being closed.
async fn listen(ws_url: String, patience: Duration, hint: Arc<Notify>) {
    let mut backoff = Backoff::default();
    loop {
        if let Ok(Ok(client)) = timeout(patience, PubsubClient::new(&ws_url)).await
            && let Ok(Ok((mut slots, _unsubscribe))) = timeout(patience, client.slot_subscribe()).await
        {
            info!("listening for slots");
            // What came while nobody listened.
            hint.notify_one();
            while let Ok(Some(_)) = timeout(patience, slots.next()).await {
                backoff = Backoff::default();
                hint.notify_one();
            }
        }
        metrics::counter!("aegle_retries_total", "what" => "subscription").increment(1);
        debug!("no slot notifications; polling alone");
        backoff.wait().await;
    }
}
