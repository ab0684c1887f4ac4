//! The service on a real socket.

use std::{net::SocketAddr, time::Duration};

use aegle_indexer::{
    api::{Stores, serve},
    blob::BlobConfig,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::client::{config, keys, open_blobs};

const PATIENCE: Duration = Duration::from_secs(20);

async fn start(pool: &PgPool, burst: u32) -> (SocketAddr, CancellationToken, JoinHandle<anyhow::Result<()>>) {
    let mut config = config();
    config.listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (config.rate_per_second, config.burst, config.request_timeout) = (1, burst, 1);
    let (address, shutdown) = (config.listen, CancellationToken::new());
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let (folder, blobs) = open_blobs(BlobConfig::default());
    let stores = Stores { blobs, keys: keys(pool) };
    let serving = serve(pool.clone(), config, stores, metrics, shutdown.clone());
    let service = tokio::spawn(async move {
        let _folder = folder;
        serving.await
    });
    (address, shutdown, service)
}

async fn connect(address: SocketAddr) -> TcpStream {
    timeout(PATIENCE, async {
        loop {
            match TcpStream::connect(address).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
    .await
    .unwrap()
}

/// The answer to raw bytes, as a client that then closes.
async fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[sqlx::test(migrations = "../migrations")]
async fn it_limits_by_the_connection_and_stops_when_told(pool: PgPool) {
    let (address, shutdown, service) = start(&pool, 2).await;
    let request = b"GET /v1/nowhere HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 198.51.100.9\r\nconnection: close\r\n\r\n";
    for status in ["404", "404", "429"] {
        let answer = ask(address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let idle = connect(address).await;
    shutdown.cancel();
    timeout(PATIENCE, service).await.expect("an open connection holds nothing up").unwrap().unwrap();
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err());
}

#[sqlx::test(migrations = "../migrations")]
async fn bytes_that_are_no_request_are_refused(pool: PgPool) {
    let (address, shutdown, service) = start(&pool, 1_000).await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(100_000));
    for request in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        b"GET /\x00 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/chain/status HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        long.as_bytes(),
    ] {
        let answer = ask(address, request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let answer = ask(address, b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    shutdown.cancel();
    timeout(PATIENCE, service).await.unwrap().unwrap().unwrap();
}
