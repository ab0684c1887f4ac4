//! Many readers, and readers that do not read.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sqlx::PgPool;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpSocket,
    time::timeout,
};

use crate::{
    facts::Ledger,
    follow::{CONNECTIONS, PATIENCE, Service},
};

const VAULT: [u8; 32] = [10; 32];
const READERS: usize = 200;

/// Connections that a service has to the database.
async fn connections(pool: &PgPool) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE query LIKE 'LISTEN%'), count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn two_hundred_readers_share_a_few_connections(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let mut readers = join_all((0..READERS).map(|_| service.follow("", None))).await;
    for reader in &mut readers {
        reader.until(|parser| !parser.last_id.is_empty()).await;
    }
    let mut slowest = Duration::ZERO;
    for round in 0..3 {
        let slot = 200 + round * 10;
        ledger.many(slot..=slot, 5, VAULT, 1).await;
        let began = Instant::now();
        let given = join_all(readers.iter_mut().map(|reader| reader.events(5))).await;
        slowest = slowest.max(began.elapsed());
        assert!(given.iter().all(|events| *events == given[0]));
        let (listening, all) = connections(&pool).await;
        // The tests' own connections count too, and that of who tells patients.
        let own = i64::from(pool.size()) + 1;
        assert_eq!(listening, 1, "one listens for all");
        assert!(all <= i64::from(CONNECTIONS) + 1 + own, "{all} connections, {own} of them the test's");
    }
    println!("{READERS} readers had 5 events {slowest:?} after their commit at the latest");
    drop(readers);
    service.end().await;
}

/// A reader that takes nothing keeps nobody else waiting, and gets everything once it reads.
#[sqlx::test(migrations = "../migrations")]
async fn a_reader_that_never_reads_slows_nobody(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    // More than the buffers of a connection take, as of one that does not read.
    const EVENTS: usize = 600;
    ledger.many(200..=209, EVENTS as i32 / 10, VAULT, 128).await;
    let service = Service::start(&pool, |config| config.request_timeout = 3).await;
    let mut stuck = Vec::new();
    for _ in 0..10 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut socket = socket.connect(service.address).await.unwrap();
        socket.write_all(b"GET /v1/chain/stream?from=first HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stuck.push(socket);
    }
    // Until they have filled their buffers.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let mut reader = service.follow("?from=first", None).await;
    let events = reader.events(EVENTS).await;
    println!("{EVENTS} events read in {:?} beside {} that read nothing", began.elapsed(), stuck.len());
    assert!(events.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])));

    ledger.many(300..=300, 1, VAULT, 1).await;
    let began = Instant::now();
    reader.event().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // Whoever reads at last gets everything.
    let mut late = stuck.pop().unwrap();
    let (mut line, mut given) = (Vec::new(), 0);
    let mut late = BufReader::new(&mut late);
    while given < EVENTS + 1 {
        line.clear();
        timeout(PATIENCE, late.read_until(b'\n', &mut line)).await.unwrap().unwrap();
        given += usize::from(line.starts_with(b"data: "));
    }
    let began = Instant::now();
    service.end().await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

fn order(event: &serde_json::Value) -> (i64, i64) {
    (event["slot"].as_i64().unwrap(), event["tx_index"].as_i64().unwrap())
}
