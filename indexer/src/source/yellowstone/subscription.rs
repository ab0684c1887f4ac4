//! The subscription: connects, proves that the stream is of the node's chain, and connects anew when it
//! ends, stalls or is refused.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aegle_client::PROGRAM_ID;
use futures::channel::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{ClientTlsConfig, Endpoint},
};
use tracing::{debug, error, info, warn};
use yellowstone_grpc_proto::{
    prelude::{
        CommitmentLevel, SubscribeRequest, SubscribeRequestFilterBlocks, SubscribeRequestPing, SubscribeUpdateBlock,
        geyser_client::GeyserClient, subscribe_update::UpdateOneof,
    },
    prost::Message,
};

use super::{Shared, YellowstoneConfig, convert::Streamed};
use crate::{
    retry::Backoff,
    source::{Answer, Finality, Source, SourceError},
};

/// Our subscription's name within the stream.
const FILTER: &str = "aegle";
/// How long connecting, subscribing and a question to the node may take, each.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to ask the transport whether it is still there, and how long it may take to answer.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Largest message taken, in bytes.
const LARGEST_MESSAGE: usize = 64 << 20;
/// Blocks, and their bytes, held back at most while the node has not confirmed the first of them.
const MOST_UNPROVEN: (usize, usize) = (64, LARGEST_MESSAGE);

pub struct Subscription<N> {
    node: Arc<N>,
    shared: Arc<Shared>,
    endpoint: Endpoint,
    token: Option<MetadataValue<Ascii>>,
    stall: Duration,
}

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("no connection")]
    Unreachable,
    #[error("the server does not answer")]
    Silent,
    #[error("{}: {}", .0.code(), .0.message())]
    Status(#[from] Status),
    #[error("the server ended it")]
    Closed,
    #[error("no block for {0:?}")]
    Stalled(Duration),
    #[error("its block of slot {0} is not the node's; it may be of another cluster")]
    OtherChain(u64),
    #[error("the node has none of its blocks")]
    Unproven,
}

/// One connection.
struct Session {
    /// Blocks that wait for the first of them to be found on the node's chain.
    unproven: Vec<Streamed>,
    proven: bool,
}

impl<N: Source> Subscription<N> {
    pub fn new(node: Arc<N>, shared: Arc<Shared>, config: YellowstoneConfig) -> Answer<Self> {
        let refused = |reason: &str| SourceError::Refused(reason.to_owned());
        let tls = config.url.starts_with("https:");
        let mut endpoint = Endpoint::from_shared(config.url)
            .map_err(|_| refused("yellowstone_url is no address"))?
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true);
        if tls {
            let roots = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint
                .tls_config(roots)
                .map_err(|_| refused("yellowstone_url needs TLS, and the system has no certificate authorities"))?;
        }
        let token = config.token.map(|token| {
            let mut token = MetadataValue::try_from(token).map_err(|_| refused("yellowstone_token is no token"))?;
            token.set_sensitive(true);
            Ok(token)
        });
        Ok(Self { node, shared, endpoint, token: token.transpose()?, stall: config.stall })
    }

    /// Follows the stream for ever.
    pub async fn follow(self) {
        let mut backoff = Backoff::default();
        let mut replay = true;
        loop {
            // Servers hold the last minute or so; some refuse to replay, and some forget the blocks. So
            // it is asked for once, and the node fills what is missing.
            let from_slot = self.shared.stream().recent.newest().filter(|_| replay);
            let mut session = Session { unproven: Vec::new(), proven: false };
            let Err(ended) = self.listen(from_slot, &mut session).await;
            self.set_live(false);
            metrics::counter!("aegle_retries_total", "what" => "stream").increment(1);
            replay = session.proven || from_slot.is_none();
            if session.proven {
                backoff = Backoff::default();
            }
            let (pause, reason) = (backoff.pause(), self.without_token(ended.to_string()));
            match &ended {
                Ended::Status(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                    error!(reason, ?pause, "the stream refuses; check yellowstone_token. The node alone is used");
                }
                _ => warn!(reason, ?pause, "the stream ended; the node alone is used until it is back"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes what one connection brings.
    async fn listen(&self, from_slot: Option<u64>, session: &mut Session) -> Result<std::convert::Infallible, Ended> {
        let channel = timeout(PATIENCE, self.endpoint.connect()).await.map_err(|_| Ended::Silent)?;
        let channel = channel.map_err(|_| Ended::Unreachable)?;
        let mut client = GeyserClient::new(channel).max_decoding_message_size(LARGEST_MESSAGE);
        // One request, and answers to pings; the sender keeps the server from taking us for gone.
        let (mut requests, outgoing) = mpsc::channel(8);
        let _ = requests.try_send(subscribe(from_slot));
        let mut request = Request::new(outgoing);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("x-token", token.clone());
        }
        let response = timeout(PATIENCE, client.subscribe(request)).await.map_err(|_| Ended::Silent)??;
        let mut updates = response.into_inner();
        debug!(?from_slot, "subscribed");
        let mut last_block = Instant::now();
        loop {
            let update = timeout_at(last_block + self.stall, updates.message()).await;
            let update = update.map_err(|_| Ended::Stalled(self.stall))??.ok_or(Ended::Closed)?;
            match update.update_oneof {
                Some(UpdateOneof::Block(block)) if update.filters.iter().any(|name| name == FILTER) => {
                    last_block = Instant::now();
                    self.take(block, session).await?;
                }
                Some(UpdateOneof::Ping(_)) => {
                    // Balancers drop who only listens. A full queue means that the server does not read.
                    let ping = SubscribeRequest { ping: Some(SubscribeRequestPing { id: 1 }), ..Default::default() };
                    let _ = requests.try_send(ping);
                }
                _ => {}
            }
        }
    }

    async fn take(&self, block: SubscribeUpdateBlock, session: &mut Session) -> Result<(), Ended> {
        let (slot, size) = (block.slot, block.encoded_len());
        let block = match Streamed::read(block, size) {
            Ok(block) => block,
            Err(reason) => {
                metrics::counter!("aegle_stream_blocks_total", "outcome" => "unusable").increment(1);
                warn!(%reason, "a block of the stream is not used; the node is asked for it");
                if session.proven {
                    self.shared.stream().recent.pass_over(slot);
                    self.shared.arrived.notify_one();
                }
                return Ok(());
            }
        };
        metrics::counter!("aegle_stream_blocks_total", "outcome" => "taken").increment(1);
        if session.proven {
            self.shared.stream().recent.insert(block);
            self.shared.arrived.notify_one();
            return Ok(());
        }
        session.unproven.push(block);
        self.prove(session).await
    }

    /// Asks the node for the first block of the connection. Until it has it, none is used: the stream
    /// may be of another cluster, or of a fork.
    async fn prove(&self, session: &mut Session) -> Result<(), Ended> {
        let Some(first) = session.unproven.first() else { return Ok(()) };
        let Ok(Ok(Some(header))) = timeout(PATIENCE, self.node.header(first.slot, Finality::Confirmed)).await else {
            // It may be a moment behind the stream.
            let held: usize = session.unproven.iter().map(|block| block.size).sum();
            let most = session.unproven.len() >= MOST_UNPROVEN.0 || held >= MOST_UNPROVEN.1;
            return if most { Err(Ended::Unproven) } else { Ok(()) };
        };
        if header.hash != first.header.hash {
            self.shared.stream().recent.forget();
            return Err(Ended::OtherChain(first.slot));
        }
        info!(slot = first.slot, "following the stream");
        session.proven = true;
        let blocks = std::mem::take(&mut session.unproven);
        blocks.into_iter().for_each(|block| self.shared.stream().recent.insert(block));
        self.set_live(true);
        Ok(())
    }

    /// A server's words may repeat what it was sent.
    fn without_token(&self, text: String) -> String {
        match self.token.as_ref().and_then(|token| token.to_str().ok()) {
            Some(token) => text.replace(token, "(secret)"),
            None => text,
        }
    }

    fn set_live(&self, live: bool) {
        self.shared.stream().live = live;
        self.shared.arrived.notify_one();
        metrics::gauge!("aegle_stream_live").set(f64::from(u8::from(live)));
    }
}

/// Every confirmed block with its links, and of its transactions those that name the program.
fn subscribe(from_slot: Option<u64>) -> SubscribeRequest {
    let filter = SubscribeRequestFilterBlocks {
        account_include: vec![PROGRAM_ID.to_string()],
        include_transactions: Some(true),
        include_accounts: Some(false),
        include_entries: Some(false),
        ..Default::default()
    };
    SubscribeRequest {
        blocks: HashMap::from([(FILTER.to_owned(), filter)]),
        commitment: Some(CommitmentLevel::Confirmed.into()),
        from_slot,
        ..Default::default()
    }
}
