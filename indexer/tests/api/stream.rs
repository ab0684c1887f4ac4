//! The stream of final events, read over a socket.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgPool, postgres::PgListener};
use tokio::time::timeout;

use crate::{
    client::{Client, config},
    facts::{CONFIRMED, FINALIZED, Ledger, base58, key, time},
    follow::{PATIENCE, Service},
    sse::Parser,
};

const VAULT: [u8; 32] = [10; 32];
const OTHER: [u8; 32] = [11; 32];
const SHORT: Duration = Duration::from_millis(400);

async fn filled(pool: &PgPool) -> Ledger {
    let mut ledger = Ledger::new(pool).await;
    ledger.event(100, "ConfigInitialized", key(1), None).await;
    ledger.vault(101, VAULT).await;
    ledger.vault(101, OTHER).await;
    ledger.record(110, VAULT, key(20), 1, None).await;
    ledger.record(111, OTHER, key(21), 1, None).await;
    ledger.erase(152, VAULT, key(20)).await;
    ledger
}

async fn all(pool: &PgPool, filter: &str) -> Vec<Value> {
    let (client, mut events, mut after) = (Client::new(pool), Vec::new(), String::new());
    loop {
        let page = client.get(format!("/v1/chain/events?limit=200{filter}{after}")).await.ok();
        events.extend(page["data"].as_array().unwrap().clone());
        if page["more"] == false {
            return events;
        }
        after = format!("&after={}", page["next"].as_str().unwrap());
    }
}

/// Events while they become final, read by readers whose connection is cut after any byte: each event
/// comes once and in order.
#[sqlx::test(migrations = "../migrations")]
async fn a_reader_that_comes_back_after_any_cut_misses_and_repeats_nothing(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    ledger.many(156..=158, 40, VAULT, 1).await;
    let expected = all(&pool, "").await;
    let service = Service::start(&pool, |_| {}).await;
    let mut bytes = Vec::new();
    let mut response = service.ask("?from=first", None).await;
    let mut whole = Parser::default();
    let mut count = 0;
    while count < expected.len() {
        let chunk = timeout(PATIENCE, response.chunk()).await.unwrap().unwrap().unwrap();
        count += whole.read(&chunk).len();
        bytes.extend_from_slice(&chunk);
    }

    // What a reader has and knows after each byte; most bytes change neither.
    let (mut parser, mut cuts) = (Parser::default(), vec![(0, String::new())]);
    for byte in &bytes {
        let complete = parser.read(std::slice::from_ref(byte)).len();
        let (count, id) = cuts.last().unwrap();
        if complete > 0 || *id != parser.last_id {
            cuts.push((count + complete, parser.last_id.clone()));
        }
    }
    assert_eq!(cuts.len(), expected.len() + 2, "before anything, at the opening, and after each event");
    for (had, id) in cuts {
        let (query, id) = if id.is_empty() { ("?from=first", None) } else { ("", Some(id.as_str())) };
        let mut reader = service.follow(query, id).await;
        assert_eq!(reader.events(expected.len() - had).await, expected[had..], "after {had}");
    }
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_starts_now_and_gives_what_becomes_final(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    for query in ["", "?from=now"] {
        let mut reader = service.follow(query, None).await;
        reader.until(|parser| !parser.last_id.is_empty()).await;
        assert!(reader.is_silent(SHORT).await, "neither what was final nor what is only confirmed");
    }
    let mut reader = service.follow("", None).await;
    reader.until(|parser| !parser.last_id.is_empty()).await;
    let start = reader.parser.last_id.clone();
    ledger.finalize(152).await;
    let erased = reader.event().await;
    assert_eq!((&erased["name"], &erased["slot"]), (&"RecordErased".into(), &152.into()));
    // The stream was cut before its first event: the opening id lost nothing.
    assert_eq!(service.follow("", Some(&start)).await.event().await, erased);

    ledger.record(154, OTHER, key(22), 1, None).await;
    ledger.finalize(154).await;
    assert_eq!(reader.event().await["account"], base58(&key(22)));
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn filters_and_cursors_are_those_of_the_events(pool: PgPool) {
    let ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let (vault, record) = (base58(&VAULT), base58(&key(20)));
    for filter in [
        String::new(),
        format!("&vault={vault}"),
        format!("&account={record}"),
        format!("&account={record}&vault={vault}"),
        "&name=RecordMinted".into(),
        format!("&name=RecordMinted&vault={vault}"),
    ] {
        let expected = all(&pool, &filter).await;
        let mut reader = service.follow(&format!("?from=first{filter}"), None).await;
        assert_eq!(reader.events(expected.len()).await, expected, "{filter}");

        // A page's cursor starts a stream, and a stream's id a page; also at another process.
        for commitment in ["", "&commitment=finalized"] {
            let page = Client::new(&pool).get(format!("/v1/chain/events?limit=1{filter}{commitment}")).await.ok();
            let next = page["next"].as_str().unwrap();
            let mut reader = service.follow(&format!("?from={next}{filter}"), None).await;
            reader.until(|parser| !parser.last_id.is_empty()).await;
            assert_eq!(reader.events(expected.len() - 1).await, expected[1..], "{filter}");
            let last = &reader.parser.last_id;
            let page = Client::new(&pool).get(format!("/v1/chain/events?after={last}{filter}")).await.ok();
            assert_eq!(page["data"].as_array().unwrap().len(), 0);
        }
    }
    // What comes back knows better than the address it was first given.
    let mut reader = service.follow("?from=first", None).await;
    reader.events(2).await;
    let id = reader.parser.last_id.clone();
    let mut again = service.follow("?from=first", Some(&id)).await;
    ledger.finalize(155).await;
    assert_eq!(again.event().await, reader.event().await);
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_id_of_anything_else_is_refused(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let vault = format!("?vault={}", base58(&VAULT));
    let mut reader = service.follow("?from=first", None).await;
    reader.event().await;
    let id = reader.parser.last_id.clone();
    let other_key = aegle_indexer::api::ApiConfig { cursor_key: Some("08".repeat(32)), ..config() };
    let of_another_key = Client::with(&pool, &other_key).get("/v1/chain/events?limit=1").await.ok();
    let of_a_slot = Client::new(&pool).get("/v1/chain/events?limit=1&as_of_slot=120").await.ok();
    ledger.record(112, VAULT, key(22), 1, None).await;
    let records = format!("/v1/chain/vaults/{}/records?limit=1", base58(&VAULT));
    let of_records = Client::new(&pool).get(records).await.ok();
    let next = |page: &Value| page["next"].as_str().unwrap().to_owned();
    let tampered = format!("{}{}", if id.starts_with('A') { 'B' } else { 'A' }, &id[1..]);
    let invalid = (400, "invalid_cursor".to_owned());
    let foreign = [next(&of_another_key), next(&of_a_slot), next(&of_records)];
    let others = [&tampered, &id[1..], "now", "first", "", " ", "%00", "1"];
    for text in foreign.iter().map(String::as_str).chain(others) {
        assert_eq!(service.refusal("", Some(text)).await, invalid, "{text}");
        if !["now", "first"].contains(&text) {
            assert_eq!(service.refusal(&format!("?from={}", text.trim()), None).await, invalid, "{text}");
        }
    }
    assert_eq!(service.refusal(&vault, Some(&id)).await, invalid, "of another filter");
    let request = service.client.get(format!("http://{}/v1/chain/stream", service.address));
    let twice = request.header("last-event-id", &id).header("last-event-id", &id).send().await.unwrap();
    assert_eq!(twice.status(), 400);
    let request = service.client.get(format!("http://{}/v1/chain/stream", service.address));
    let no_text = request.header("last-event-id", &b"\xff\xfe"[..]).send().await.unwrap();
    assert_eq!(no_text.status(), 400);
    for query in ["?commitment=confirmed", "?as_of_slot=120", "?limit=1", "?vault=1", "?name=Nothing"] {
        assert_eq!(service.refusal(query, None).await, (400, "invalid_parameter".into()), "{query}");
    }
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_outlives_the_time_of_a_request_and_is_neither_stored_nor_buffered(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let service = Service::start(&pool, |config| (config.request_timeout, config.stream_heartbeat) = (1, 1)).await;
    let request = service.client.get(format!("http://{}/v1/chain/stream", service.address));
    let response = request.header("accept-encoding", "gzip, br, deflate, zstd").send().await.unwrap();
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("aegle-finalized-slot", "150"),
        ("aegle-lag-slots", "0"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    assert!(!response.headers().contains_key("content-encoding"));
    drop(response);

    let mut reader = service.follow("", None).await;
    reader.until(|parser| parser.comments == 2).await;
    let before = reader.parser.last_id.clone();
    ledger.finalize(151).await;
    reader.until(|parser| parser.comments == 4).await;
    let after = reader.parser.last_id.clone();
    assert_ne!(after, before, "a sign of life says how far the stream is");
    ledger.record(153, VAULT, key(23), 1, None).await;
    ledger.finalize(153).await;
    let events = reader.events(2).await;
    for id in [&before, &after] {
        assert_eq!(service.follow("", Some(id)).await.events(2).await, events);
    }
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_10_a_stream_of_a_mirror_behind_starts_not_and_pauses(pool: PgPool) {
    let ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let now = Some(time(CONFIRMED));
    let mut reader = service.follow("?from=first", None).await;
    let given = reader.events(5).await;
    let id = reader.parser.last_id.clone();

    ledger.node_tip(CONFIRMED + 151, now, 0).await;
    let paused = reader.message().await.unwrap();
    assert_eq!(paused.event, "paused");
    assert_eq!(serde_json::from_str::<Value>(&paused.data).unwrap()["code"], "behind");
    ledger.finalize(152).await;
    assert!(reader.is_silent(SHORT * 4).await, "nothing is given while behind, and that is said once");
    assert_eq!(service.refusal("", None).await, (503, "behind".into()));
    assert_eq!(service.refusal("?from=first", None).await, (503, "behind".into()));
    assert_eq!(service.refusal("", Some(&id)).await, (503, "behind".into()));

    ledger.node_tip(CONFIRMED, now, 0).await;
    assert_eq!(reader.message().await.unwrap().event, "resumed");
    let erased = reader.event().await;
    assert_eq!(erased["slot"], 152);
    assert_eq!(given.last().unwrap()["slot"], 111);

    sqlx::query("DELETE FROM node_tip").execute(&pool).await.unwrap();
    assert_eq!(service.refusal("", None).await, (503, "not_ready".into()));
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_survives_the_loss_of_every_database_connection(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let mut reader = service.follow("", None).await;
    reader.until(|parser| !parser.last_id.is_empty()).await;
    for round in 0..3 {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&pool)
        .await
        .unwrap();
        ledger.record(151 + round, VAULT, key(30 + round as u8), 1, None).await;
        ledger.finalize(151 + round).await;
        loop {
            let message = reader.message().await.unwrap();
            match message.event.as_str() {
                "message" if message.data.contains(&base58(&key(30 + round as u8))) => break,
                "message" => assert!(message.data.contains("RecordErased"), "{}", message.data),
                other => assert!(["paused", "resumed"].contains(&other), "{other}"),
            }
        }
    }
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn finality_is_told_by_a_notification(pool: PgPool) {
    let ledger = filled(&pool).await;
    let mut listener = PgListener::connect_with(&pool).await.unwrap();
    listener.listen("aegle_finalized").await.unwrap();
    sqlx::query("UPDATE checkpoint SET confirmed_slot = 156").execute(&pool).await.unwrap();
    assert!(timeout(SHORT, listener.recv()).await.is_err(), "only finality is told");
    ledger.finalize(FINALIZED + 1).await;
    assert_eq!(timeout(PATIENCE, listener.recv()).await.unwrap().unwrap().payload(), "");
}

#[sqlx::test(migrations = "../migrations")]
async fn streams_are_bounded_for_each_client_and_in_all(pool: PgPool) {
    filled(&pool).await;
    let service = Service::start(&pool, |config| (config.max_streams, config.max_streams_per_client) = (2, 9)).await;
    let (first, second) = (service.follow("", None).await, service.follow("", None).await);
    let refused = service.ask("", None).await;
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(service.refusal("", None).await, (503, "no_free_stream".into()));
    // Other requests go on.
    let page = service.client.get(format!("http://{}/v1/chain/events", service.address)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    drop(first);
    let freed = async {
        while service.ask("", None).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("a stream that was closed is free");
    drop(second);
    service.end().await;

    let service = Service::start(&pool, |config| config.max_streams_per_client = 1).await;
    let _only = service.follow("", None).await;
    assert_eq!(service.refusal("", None).await, (429, "too_many_streams".into()));
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_ends_says_when_to_come_back_and_where_to_go_on(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let service = Service::start(&pool, |_| {}).await;
    let mut reader = service.follow("?from=first", None).await;
    reader.events(5).await;
    reader.parser.retry = None;
    service.shutdown.cancel();
    assert_eq!(reader.message().await, None);
    let retry = reader.parser.retry.expect("when to come back");
    assert!((1_000..3_000).contains(&retry), "{retry}");
    let id = reader.parser.last_id.clone();
    let began = std::time::Instant::now();
    service.end().await;
    assert!(began.elapsed() < Duration::from_secs(5), "streams hold nothing up");

    ledger.record(151, VAULT, key(30), 1, None).await;
    ledger.finalize(151).await;
    let another = Service::start(&pool, |_| {}).await;
    assert_eq!(another.follow("?from=first", Some(&id)).await.event().await["account"], base58(&key(30)));
    another.end().await;
}
