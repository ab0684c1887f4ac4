//! Who is told elsewhere: a receiver of webhooks and one of mail, on real sockets. What they check is
//! checked by libraries that others wrote.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aegle_indexer::api::{ApiConfig, NotifyConfig};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{any, post},
};
use mailin::{Action, Handler, Response, SessionBuilder, response};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::follow::PATIENCE;

/// Settings under which tests wait for nothing.
pub fn notifying(config: &mut ApiConfig) {
    config.notify = NotifyConfig { poll_ms: 50, retry_ms: 50, allow_private: true, ..NotifyConfig::default() };
}

/// What a receiver answers next: a status, or nothing until its sender is gone.
#[derive(Clone, Copy)]
pub enum Next {
    Status(u16),
    Silence,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Message {
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn number(&self) -> i64 {
        self.json()["data"]["number"].as_i64().unwrap()
    }

    pub fn is_signed(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(&self.body, &self.headers).is_ok()
    }
}

#[derive(Default)]
struct Inner {
    messages: Mutex<Vec<Message>>,
    /// Messages that were led elsewhere.
    led: AtomicUsize,
    answers: Mutex<VecDeque<Next>>,
    came: Notify,
}

/// Takes webhooks.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

impl Receiver {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let router = Router::new().route("/hook", post(receive)).route("/elsewhere", any(led));
        let router = router.with_state(inner.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inner }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What to answer to the next messages; 204 after that.
    pub fn answer(&self, answers: impl IntoIterator<Item = Next>) {
        self.inner.answers.lock().unwrap().extend(answers);
    }

    pub fn messages(&self) -> Vec<Message> {
        self.inner.messages.lock().unwrap().clone()
    }

    /// How many messages came where a redirection led.
    pub fn led(&self) -> usize {
        self.inner.led.load(Ordering::Relaxed)
    }

    /// The messages, once there are so many.
    pub async fn wait(&self, count: usize) -> Vec<Message> {
        let all = async {
            loop {
                let came = self.inner.came.notified();
                let messages = self.messages();
                if messages.len() >= count {
                    return messages;
                }
                let _ = tokio::time::timeout(Duration::from_millis(100), came).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("they come")
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
    inner.messages.lock().unwrap().push(Message { headers, body: body.into() });
    inner.came.notify_waiters();
    let next = inner.answers.lock().unwrap().pop_front().unwrap_or(Next::Status(204));
    let mut headers = HeaderMap::new();
    match next {
        Next::Status(status) => {
            if status == 307 {
                headers.insert("location", "/elsewhere".parse().unwrap());
            }
            (StatusCode::from_u16(status).unwrap(), headers)
        }
        Next::Silence => std::future::pending().await,
    }
}

async fn led(State(inner): State<Arc<Inner>>) {
    inner.led.fetch_add(1, Ordering::Relaxed);
}

/// Takes mail.
#[derive(Clone)]
pub struct Postbox {
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Postbox {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let postbox = Self { address: listener.local_addr().unwrap(), mails: Arc::default() };
        let mails = postbox.mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                tokio::spawn(serve(stream, peer.ip(), Delivery { mails: mails.clone(), mail: Vec::new() }));
            }
        });
        postbox
    }

    /// Mails as they came, once there are so many.
    pub async fn wait(&self, count: usize) -> Vec<String> {
        let all = async {
            loop {
                let mails = self.mails.lock().unwrap().clone();
                if mails.len() >= count {
                    return mails;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("they come")
    }
}

struct Delivery {
    mails: Arc<Mutex<Vec<String>>>,
    mail: Vec<u8>,
}

impl Handler for Delivery {
    fn data(&mut self, part: &[u8]) -> io::Result<()> {
        self.mail.extend_from_slice(part);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = std::mem::take(&mut self.mail);
        self.mails.lock().unwrap().push(String::from_utf8(mail).unwrap());
        response::OK
    }
}

async fn serve(mut stream: TcpStream, peer: IpAddr, delivery: Delivery) -> io::Result<()> {
    let mut session = SessionBuilder::new("postbox.example").build(peer, delivery);
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    write.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    while read.read_until(b'\n', &mut line).await? > 0 {
        let answer = session.process(&line);
        line.clear();
        if !matches!(answer.action, Action::NoReply) {
            write.write_all(&answer.buffer()?).await?;
        }
        if matches!(answer.action, Action::Close) {
            break;
        }
    }
    Ok(())
}
