//! The node: one chain, the moment it is in, and two sockets.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{net::TcpListener, sync::broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{chain::Chain, faults::Faults, rpc, ws};

/// How long the mirror waits for an answer. The node stalls for longer.
pub const TIMEOUT: Duration = Duration::from_millis(300);

pub struct Node {
    pub chain: Chain,
    /// The transactions of each block, encoded when they are first asked for.
    encoded: Vec<OnceLock<Value>>,
    views: Vec<View>,
    moment: AtomicUsize,
    faults: Mutex<Faults>,
    moved: broadcast::Sender<usize>,
}

/// What a node knows at a moment.
pub struct View {
    pub head: u64,
    pub finalized: u64,
    /// Blocks of the branch it follows, by slot.
    pub branch: BTreeMap<u64, usize>,
}

/// A node that answers until this is dropped.
pub struct Served {
    pub node: Arc<Node>,
    pub rpc_url: String,
    pub ws_url: String,
    _stop: DropGuard,
}

impl Node {
    pub async fn serve(chain: Chain, faults: Faults) -> Served {
        let views = chain.moments.iter().map(|moment| View {
            head: chain.blocks[moment.head].slot,
            finalized: chain.blocks[moment.finalized].slot,
            branch: chain.branch(moment.head),
        });
        let views = views.collect();
        let encoded = chain.blocks.iter().map(|_| OnceLock::new()).collect();
        let (moved, _) = broadcast::channel(64);
        let node =
            Arc::new(Self { chain, encoded, views, moment: AtomicUsize::new(0), faults: Mutex::new(faults), moved });
        let stop = CancellationToken::new();
        let (rpc, ws) = (listener().await, listener().await);
        let address = |listener: &TcpListener| listener.local_addr().expect("an address");
        let (rpc_url, ws_url) = (format!("http://{}", address(&rpc)), format!("ws://{}", address(&ws)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(rpc::serve(rpc, node.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(ws::serve(ws, node.clone(), stop.clone())));
        Served { node, rpc_url, ws_url, _stop: stop.drop_guard() }
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().expect("no test panicked with it")
    }

    /// Goes on to that moment and says so.
    pub fn move_to(&self, moment: usize) {
        self.moment.store(moment, SeqCst);
        // Nobody may be listening.
        let _ = self.moved.send(moment);
    }

    pub fn moves(&self) -> broadcast::Receiver<usize> {
        self.moved.subscribe()
    }

    /// What it knows now, or knew some moments ago.
    pub fn view(&self, moments_ago: usize) -> &View {
        &self.views[self.moment.load(SeqCst).saturating_sub(moments_ago)]
    }

    pub fn view_at(&self, moment: usize) -> &View {
        &self.views[moment]
    }

    /// The transactions of that block of the chain, as nodes answer them.
    pub fn transactions(&self, block: usize) -> &Value {
        let transactions = || self.chain.blocks[block].transactions.iter().map(|transaction| transaction.encode());
        self.encoded[block].get_or_init(|| transactions().collect())
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}
