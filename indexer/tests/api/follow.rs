//! The service on a real socket, and readers of its stream.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use aegle_indexer::{
    api::{ApiConfig, Stores, serve},
    blob::BlobConfig,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::{Client, Response};
use serde_json::Value;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{config, keys, open_blobs},
    sse::{Message, Parser},
};

pub const PATIENCE: Duration = Duration::from_secs(20);
/// Database connections of a service.
pub const CONNECTIONS: u32 = 4;

/// An API process.
pub struct Service {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    pub client: Client,
    pool: PgPool,
    task: JoinHandle<anyhow::Result<()>>,
    _folder: TempDir,
}

impl Service {
    pub async fn start(database: &PgPool, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let mut config = ApiConfig { max_streams_per_client: 1_000, max_streams: 1_000, ..config() };
        config.listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        change(&mut config);
        // Nobody else uses these connections.
        let options = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = options.connect_with((*database.connect_options()).clone()).await.unwrap();
        let (address, shutdown) = (config.listen, CancellationToken::new());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let (folder, blobs) = open_blobs(BlobConfig::default());
        let stores = Stores { blobs, keys: keys(&pool) };
        let mut task = tokio::spawn(serve(pool.clone(), config, stores, metrics, shutdown.clone()));
        let up = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            up = timeout(PATIENCE, up) => up.expect("it listens"),
            ended = &mut task => panic!("it ended: {ended:?}"),
        }
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, shutdown, client, pool, task, _folder: folder }
    }

    /// The answer to a request for the stream.
    pub async fn ask(&self, query: &str, last_id: Option<&str>) -> Response {
        let mut request = self.client.get(format!("http://{}/v1/chain/stream{query}", self.address));
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        request.send().await.unwrap()
    }

    pub async fn follow(&self, query: &str, last_id: Option<&str>) -> Reader {
        let response = self.ask(query, last_id).await;
        assert_eq!(response.status(), 200, "{query} {}", response.text().await.unwrap());
        Reader::of(response)
    }

    /// Status and code of a refusal.
    pub async fn refusal(&self, query: &str, last_id: Option<&str>) -> (u16, String) {
        let response = self.ask(query, last_id).await;
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(problem["status"], status);
        (status, problem["code"].as_str().unwrap().to_owned())
    }

    /// Ends at once, as a process does that is killed: nothing under way is finished.
    pub async fn kill(self) {
        self.shutdown.cancel();
        self.task.abort();
        self.pool.close().await;
    }

    pub async fn end(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.expect("it ends").unwrap().unwrap();
        self.pool.close().await;
    }
}

/// A reader of the stream.
pub struct Reader {
    pub response: Response,
    pub parser: Parser,
    messages: VecDeque<Message>,
}

impl Reader {
    pub fn of(response: Response) -> Self {
        Self { response, parser: Parser::default(), messages: VecDeque::new() }
    }

    /// The next message, whatever it is; none when the stream has ended.
    pub async fn message(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a sign of life in time");
            self.messages.extend(self.parser.read(&chunk.unwrap()?));
        }
    }

    /// The next chain event.
    pub async fn event(&mut self) -> Value {
        let message = self.message().await.expect("the stream goes on");
        assert_eq!(message.event, "message", "{}", message.data);
        serde_json::from_str(&message.data).unwrap()
    }

    pub async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.event().await);
        }
        events
    }

    /// Whether nothing comes for a while but signs of life.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        self.messages.is_empty() && timeout(time, self.message()).await.is_err()
    }

    /// What comes until a condition on the parser holds.
    pub async fn until(&mut self, done: impl Fn(&Parser) -> bool) {
        while !done(&self.parser) {
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a sign of life in time");
            self.messages.extend(self.parser.read(&chunk.unwrap().expect("the stream goes on")));
        }
    }
}
