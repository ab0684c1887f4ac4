//! A Yellowstone server over a ledger that the tests write. It filters as the real one does, and
//! drops, stalls, repeats and refuses as told.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{
    Stream, StreamExt,
    channel::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use solana_message::VersionedMessage;
use solana_transaction_status_client_types::{
    EncodedTransactionWithStatusMeta, UiConfirmedBlock, UiInstruction, option_serializer::OptionSerializer,
};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Server, server::TcpIncoming},
};
use yellowstone_grpc_proto::prelude::{
    geyser_server::{self, GeyserServer},
    subscribe_update::UpdateOneof,
    *,
};

type Updates = Pin<Box<dyn Stream<Item = Result<SubscribeUpdate, Status>> + Send>>;

/// What a client asked for when it subscribed.
#[derive(Debug, Clone)]
pub struct Asked {
    pub token: Option<String>,
    pub from_slot: Option<u64>,
}

struct Session {
    filters: Vec<(String, Vec<String>)>,
    updates: UnboundedSender<Result<SubscribeUpdate, Status>>,
}

#[derive(Default)]
struct State {
    /// The token it expects, if any.
    token: Mutex<Option<String>>,
    /// What it can replay; `None` where it refuses to replay at all.
    history: Mutex<Option<BTreeMap<u64, SubscribeUpdateBlock>>>,
    asked: Mutex<Vec<Asked>>,
    sessions: Mutex<Vec<Session>>,
    pings: AtomicUsize,
}

pub struct Geyser {
    pub url: String,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Geyser {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panicked with it")
}

impl Geyser {
    pub async fn start() -> Self {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("address")).expect("a free port");
        let url = format!("http://{}", incoming.local_addr().expect("address"));
        let state = Arc::new(State::default());
        let service = GeyserServer::new(Service(state.clone()));
        let task = tokio::spawn(async move {
            Server::builder().add_service(service).serve_with_incoming(incoming).await.expect("the server");
        });
        Self { url, state, task }
    }

    pub fn expect_token(&self, token: Option<&str>) {
        *lock(&self.state.token) = token.map(str::to_owned);
    }

    /// Lets it replay what it publishes from now on.
    pub fn remember(&self) {
        lock(&self.state.history).get_or_insert_default();
    }

    /// Makes it forget everything below `slot`.
    pub fn forget_below(&self, slot: u64) {
        if let Some(history) = &mut *lock(&self.state.history) {
            *history = history.split_off(&slot);
        }
    }

    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state.asked).clone()
    }

    pub fn pings_answered(&self) -> usize {
        self.state.pings.load(Relaxed)
    }

    /// Waits until a client listens that subscribed as the `number`th.
    pub async fn subscribed(&self, number: usize) {
        let listening = async {
            while self.asked().len() < number || lock(&self.state.sessions).is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), listening).await.expect("a subscription");
    }

    pub fn publish(&self, slot: u64, block: &UiConfirmedBlock) {
        self.publish_altered(slot, block, |_| ());
    }

    /// Publishes the block with what `alter` does to it once it is filtered.
    pub fn publish_altered(&self, slot: u64, block: &UiConfirmedBlock, alter: impl Fn(&mut SubscribeUpdateBlock)) {
        let whole = whole_block(slot, block);
        if let Some(history) = &mut *lock(&self.state.history) {
            history.insert(slot, whole.clone());
        }
        lock(&self.state.sessions).retain(|session| session.send(&whole, &alter));
    }

    pub fn ping(&self) {
        for session in lock(&self.state.sessions).iter() {
            let ping = UpdateOneof::Ping(SubscribeUpdatePing {});
            let _ = session.updates.unbounded_send(Ok(update(Vec::new(), ping)));
        }
    }

    /// Ends every stream.
    pub fn hang_up(&self) {
        lock(&self.state.sessions).clear();
    }
}

impl Session {
    fn send(&self, whole: &SubscribeUpdateBlock, alter: impl Fn(&mut SubscribeUpdateBlock)) -> bool {
        self.filters.iter().all(|(name, accounts)| {
            let mut block = whole.clone();
            block.transactions.retain(|info| accounts.is_empty() || names_one_of(info, accounts));
            alter(&mut block);
            self.updates.unbounded_send(Ok(update(vec![name.clone()], UpdateOneof::Block(block)))).is_ok()
        })
    }
}

struct Service(Arc<State>);

impl Service {
    async fn serve(
        state: Arc<State>,
        mut requests: Streaming<SubscribeRequest>,
        updates: UnboundedSender<Result<SubscribeUpdate, Status>>,
        token: Option<String>,
    ) {
        let Some(Ok(first)) = requests.next().await else { return };
        assert_eq!(first.commitment, Some(CommitmentLevel::Confirmed.into()), "what is not confirmed may vanish");
        let filters = first.blocks.into_iter().map(|(name, filter)| {
            assert_eq!(filter.include_transactions, Some(true));
            (name, filter.account_include)
        });
        let session = Session { filters: filters.collect(), updates: updates.clone() };
        lock(&state.asked).push(Asked { token, from_slot: first.from_slot });
        if let Some(from) = first.from_slot {
            let history = lock(&state.history).clone();
            let first = history.as_ref().and_then(|history| Some(*history.first_key_value()?.0));
            match (history, first) {
                (None, _) => {
                    let _ = updates.unbounded_send(Err(Status::internal("from_slot is not supported")));
                    return;
                }
                (Some(_), Some(first)) if from < first => {
                    let reason = format!("broadcast from {from} is not available, last available: {first}");
                    let _ = updates.unbounded_send(Err(Status::out_of_range(reason)));
                    return;
                }
                (Some(history), _) => history.range(from..).for_each(|(_, block)| {
                    session.send(block, |_| ());
                }),
            }
        }
        lock(&state.sessions).push(session);
        drop(updates);
        while let Some(Ok(request)) = requests.next().await {
            if let Some(ping) = request.ping {
                state.pings.fetch_add(1, Relaxed);
                for session in lock(&state.sessions).iter() {
                    let pong = UpdateOneof::Pong(SubscribeUpdatePong { id: ping.id });
                    let _ = session.updates.unbounded_send(Ok(update(Vec::new(), pong)));
                }
            }
        }
    }
}

#[tonic::async_trait]
impl geyser_server::Geyser for Service {
    type SubscribeStream = Updates;
    type SubscribeDeshredStream = UnboundedReceiver<Result<SubscribeUpdateDeshred, Status>>;
    type SubscribeGossipStream = UnboundedReceiver<Result<SubscribeUpdateGossip, Status>>;

    async fn subscribe(&self, request: Request<Streaming<SubscribeRequest>>) -> Result<Response<Updates>, Status> {
        let token = request.metadata().get("x-token").map(|token| token.to_str().expect("ASCII").to_owned());
        if let Some(expected) = &*lock(&self.0.token)
            && token.as_ref() != Some(expected)
        {
            lock(&self.0.asked).push(Asked { token: token.clone(), from_slot: None });
            return Err(Status::unauthenticated(format!("{} is no valid token", token.unwrap_or_default())));
        }
        let (updates, outgoing) = mpsc::unbounded();
        tokio::spawn(Self::serve(self.0.clone(), request.into_inner(), updates, token));
        Ok(Response::new(outgoing.boxed()))
    }

    async fn subscribe_deshred(
        &self,
        _: Request<Streaming<SubscribeDeshredRequest>>,
    ) -> Result<Response<Self::SubscribeDeshredStream>, Status> {
        Err(Status::unimplemented("deshred"))
    }

    async fn subscribe_gossip(
        &self,
        _: Request<SubscribeGossipRequest>,
    ) -> Result<Response<Self::SubscribeGossipStream>, Status> {
        Err(Status::unimplemented("gossip"))
    }

    async fn subscribe_replay_info(
        &self,
        _: Request<SubscribeReplayInfoRequest>,
    ) -> Result<Response<SubscribeReplayInfoResponse>, Status> {
        let history = lock(&self.0.history);
        let first_available = history.as_ref().and_then(|history| Some(*history.first_key_value()?.0));
        Ok(Response::new(SubscribeReplayInfoResponse { first_available }))
    }

    async fn ping(&self, request: Request<PingRequest>) -> Result<Response<PongResponse>, Status> {
        Ok(Response::new(PongResponse { count: request.into_inner().count }))
    }

    async fn get_latest_blockhash(
        &self,
        _: Request<GetLatestBlockhashRequest>,
    ) -> Result<Response<GetLatestBlockhashResponse>, Status> {
        Err(Status::unimplemented("blockhash"))
    }

    async fn get_block_height(
        &self,
        _: Request<GetBlockHeightRequest>,
    ) -> Result<Response<GetBlockHeightResponse>, Status> {
        Err(Status::unimplemented("height"))
    }

    async fn get_slot(&self, _: Request<GetSlotRequest>) -> Result<Response<GetSlotResponse>, Status> {
        Err(Status::unimplemented("slot"))
    }

    async fn is_blockhash_valid(
        &self,
        _: Request<IsBlockhashValidRequest>,
    ) -> Result<Response<IsBlockhashValidResponse>, Status> {
        Err(Status::unimplemented("blockhash"))
    }

    async fn get_version(&self, _: Request<GetVersionRequest>) -> Result<Response<GetVersionResponse>, Status> {
        Ok(Response::new(GetVersionResponse { version: env!("CARGO_PKG_VERSION").into() }))
    }
}

fn update(filters: Vec<String>, update: UpdateOneof) -> SubscribeUpdate {
    SubscribeUpdate { filters, update_oneof: Some(update), created_at: None }
}

/// Whether the transaction names one of the accounts, itself or through a table.
fn names_one_of(info: &SubscribeUpdateTransactionInfo, accounts: &[String]) -> bool {
    let message = info.transaction.as_ref().and_then(|transaction| transaction.message.as_ref());
    let named = message.iter().flat_map(|message| &message.account_keys);
    let loaded =
        info.meta.iter().flat_map(|meta| meta.loaded_writable_addresses.iter().chain(&meta.loaded_readonly_addresses));
    named.chain(loaded).any(|key| accounts.contains(&bs58::encode(key).into_string()))
}

/// The block with all its transactions, as a validator hands it to the server.
fn whole_block(slot: u64, block: &UiConfirmedBlock) -> SubscribeUpdateBlock {
    let transactions = block.transactions.iter().flatten().enumerate().map(|(index, tx)| whole_transaction(index, tx));
    let transactions: Vec<_> = transactions.collect();
    SubscribeUpdateBlock {
        slot,
        blockhash: block.blockhash.clone(),
        block_time: block.block_time.map(|timestamp| UnixTimestamp { timestamp }),
        block_height: block.block_height.map(|block_height| BlockHeight { block_height }),
        parent_slot: block.parent_slot,
        parent_blockhash: block.previous_blockhash.clone(),
        executed_transaction_count: transactions.len() as u64,
        transactions,
        ..Default::default()
    }
}

fn whole_transaction(index: usize, encoded: &EncodedTransactionWithStatusMeta) -> SubscribeUpdateTransactionInfo {
    let transaction = encoded.transaction.decode().expect("a transaction");
    let meta = encoded.meta.as_ref().map(|meta| {
        let mut whole = TransactionStatusMeta {
            err: meta.err.as_ref().map(|_| TransactionError { err: vec![2, 0, 0, 0] }),
            fee: meta.fee,
            inner_instructions_none: true,
            ..Default::default()
        };
        if let OptionSerializer::Some(groups) = &meta.inner_instructions {
            whole.inner_instructions_none = false;
            whole.inner_instructions = groups
                .iter()
                .map(|group| InnerInstructions {
                    index: group.index.into(),
                    instructions: group.instructions.iter().map(inner_instruction).collect(),
                })
                .collect();
        }
        if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
            let bytes = |text: &String| bs58::decode(text).into_vec().expect("an address");
            whole.loaded_writable_addresses = loaded.writable.iter().map(bytes).collect();
            whole.loaded_readonly_addresses = loaded.readonly.iter().map(bytes).collect();
        }
        whole
    });
    SubscribeUpdateTransactionInfo {
        signature: transaction.signatures[0].as_ref().to_vec(),
        is_vote: false,
        transaction: Some(Transaction {
            signatures: transaction.signatures.iter().map(|signature| signature.as_ref().to_vec()).collect(),
            message: Some(whole_message(&transaction.message)),
        }),
        meta,
        index: index as u64,
    }
}

fn inner_instruction(instruction: &UiInstruction) -> InnerInstruction {
    let UiInstruction::Compiled(instruction) = instruction else { panic!("{instruction:?}") };
    InnerInstruction {
        program_id_index: instruction.program_id_index.into(),
        accounts: instruction.accounts.clone(),
        data: bs58::decode(&instruction.data).into_vec().expect("data"),
        stack_height: instruction.stack_height,
    }
}

fn whole_message(message: &VersionedMessage) -> Message {
    let header = message.header();
    let config = match message {
        VersionedMessage::V1(message) => Some(TransactionConfig {
            priority_fee: message.config.priority_fee,
            compute_unit_limit: message.config.compute_unit_limit,
            loaded_accounts_data_size_limit: message.config.loaded_accounts_data_size_limit,
            heap_size: message.config.heap_size,
        }),
        _ => None,
    };
    let lookups = message.address_table_lookups().unwrap_or_default().iter();
    Message {
        header: Some(MessageHeader {
            num_required_signatures: header.num_required_signatures.into(),
            num_readonly_signed_accounts: header.num_readonly_signed_accounts.into(),
            num_readonly_unsigned_accounts: header.num_readonly_unsigned_accounts.into(),
        }),
        account_keys: message.static_account_keys().iter().map(|key| key.to_bytes().to_vec()).collect(),
        recent_blockhash: message.recent_blockhash().to_bytes().to_vec(),
        instructions: message
            .instructions()
            .iter()
            .map(|instruction| CompiledInstruction {
                program_id_index: instruction.program_id_index.into(),
                accounts: instruction.accounts.clone(),
                data: instruction.data.clone(),
            })
            .collect(),
        versioned: !matches!(message, VersionedMessage::Legacy(_)),
        address_table_lookups: lookups
            .map(|lookup| MessageAddressTableLookup {
                account_key: lookup.account_key.to_bytes().to_vec(),
                writable_indexes: lookup.writable_indexes.clone(),
                readonly_indexes: lookup.readonly_indexes.clone(),
            })
            .collect(),
        config,
    }
}
