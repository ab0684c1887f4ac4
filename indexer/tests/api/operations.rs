use axum::{body::Body, http::Request};
use sqlx::PgPool;

use crate::{
    client::{Client, config, peer},
    facts::{CONFIRMED, Ledger, base58, day, key, time},
};

const VAULT: [u8; 32] = [10; 32];

/// Every route that answers from the mirror's data.
fn data_routes() -> Vec<String> {
    let (vault, record, consent) = (base58(&VAULT), base58(&key(20)), base58(&key(40)));
    let routes = [
        format!("/v1/chain/vaults/{vault}"),
        format!("/v1/chain/vaults/{vault}/records"),
        format!("/v1/chain/vaults/{vault}/consents"),
        format!("/v1/chain/vaults/{vault}/delegates"),
        format!("/v1/chain/records/{record}"),
        format!("/v1/chain/consents/{consent}"),
        "/v1/chain/events".into(),
    ];
    let queries = ["", "?commitment=confirmed", "?as_of_slot=120"];
    routes.iter().flat_map(|route| queries.map(|query| format!("{route}{query}"))).collect()
}

async fn filled(pool: &PgPool) -> Ledger {
    let mut ledger = Ledger::new(pool).await;
    ledger.vault(101, VAULT).await;
    ledger.record(110, VAULT, key(20), 1, None).await;
    ledger.consent(110, VAULT, key(40), day(110), day(1_000)).await;
    ledger
}

async fn answers(client: &Client) {
    for route in data_routes() {
        client.get(&route).await.ok();
    }
    client.get("/readyz").await.ok();
    assert_eq!(client.get("/v1/chain/status").await.ok()["ready"], true);
}

async fn refuses(client: &Client, code: &str) {
    for route in data_routes().iter().map(String::as_str).chain(["/readyz"]) {
        let answer = client.get(route).await;
        assert_eq!(answer.problem(), (503, code.into()), "{route}");
        assert_eq!(answer.headers["retry-after"], "5");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_10_a_mirror_behind_its_node_answers_503_and_no_data(pool: PgPool) {
    let ledger = filled(&pool).await;
    let client = Client::new(&pool);
    answers(&client).await;
    let now = Some(time(CONFIRMED));

    for (slot, block_time, age, reason) in [
        (CONFIRMED + 151, now, 0, "too many slots behind"),
        (CONFIRMED + 1, now.map(|time| time + 61), 0, "too many seconds behind"),
        (CONFIRMED, now, 62, "the node was not heard of for too long"),
        (CONFIRMED + 100, now.map(|time| time + 40), 30, "both together too long"),
        (CONFIRMED + 140, None, 10, "slots that take too long without a time"),
        (i64::MAX, Some(i64::MAX), 0, "a node that tells nonsense"),
    ] {
        ledger.node_tip(slot, block_time, age).await;
        println!("{reason}");
        refuses(&client, "behind").await;
        let status = client.get("/v1/chain/status").await.ok();
        assert_eq!(status["ready"], false, "{reason}");
        assert_eq!(status["confirmed_slot"], CONFIRMED);
        assert_eq!(client.get("/healthz").await.ok()["status"], "alive");
    }

    for (slot, block_time, age) in [
        (CONFIRMED + 150, now.map(|time| time + 50), 5),
        (CONFIRMED - 10, now.map(|time| time - 100), 5),
        (CONFIRMED + 100, None, 5),
    ] {
        ledger.node_tip(slot, block_time, age).await;
        answers(&client).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_10_a_mirror_that_does_not_know_its_lag_answers_503(pool: PgPool) {
    let client = Client::new(&pool);
    refuses(&client, "not_ready").await;
    assert_eq!(client.get("/v1/chain/status").await.problem(), (503, "not_ready".into()));

    filled(&pool).await;
    sqlx::query("DELETE FROM node_tip").execute(&pool).await.unwrap();
    refuses(&client, "not_ready").await;
    let status = client.get("/v1/chain/status").await.ok();
    assert_eq!((&status["ready"], &status["lag_slots"]), (&false.into(), &serde_json::Value::Null));
}

#[sqlx::test(migrations = "../migrations")]
async fn without_its_database_it_is_alive_and_not_ready(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    pool.close().await;
    refuses(&client, "unavailable").await;
    assert_eq!(client.get("/v1/chain/status").await.problem(), (503, "unavailable".into()));
    assert_eq!(client.get("/healthz").await.ok()["status"], "alive");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_query_that_fails_tells_the_caller_nothing_of_it(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    sqlx::query("ALTER TABLE vault RENAME COLUMN owner TO possessor").execute(&pool).await.unwrap();
    sqlx::query("DROP FUNCTION vault_at").execute(&pool).await.unwrap();
    let answer = client.get(format!("/v1/chain/vaults/{}", base58(&VAULT))).await;
    assert_eq!(answer.problem(), (500, "internal".into()));
    assert!(!answer.text.contains("vault_at"), "{}", answer.text);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_query_that_takes_too_long_is_stopped_in_the_database(pool: PgPool) {
    filled(&pool).await;
    let mut config = config();
    config.request_timeout = 1;
    let client = Client::with(&pool, &config);
    let mut blocker = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE vault").execute(&mut *blocker).await.unwrap();
    let answer = client.get(format!("/v1/chain/vaults/{}", base58(&VAULT))).await;
    assert_eq!(answer.problem(), (504, "timeout".into()));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'vault'::regclass AND NOT granted";
    let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut *blocker).await.unwrap();
    assert_eq!(waiting, 0, "no statement is left waiting");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_status_names_chain_program_and_frontier(pool: PgPool) {
    filled(&pool).await;
    let answer = Client::new(&pool).get("/v1/chain/status").await;
    let status = answer.ok();
    assert_eq!(status["program"], aegle_client::PROGRAM_ID.to_string());
    assert_eq!(status["genesis_hash"], base58(&key(1)));
    for (field, slot) in [("first_slot", 100), ("finalized_slot", 150), ("confirmed_slot", 155), ("node_slot", 155)] {
        assert_eq!(status[field], slot, "{field}");
    }
    assert_eq!(answer.headers["aegle-finalized-slot"], "150");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_rate_limit_goes_by_the_socket_and_no_header_moves_it(pool: PgPool) {
    filled(&pool).await;
    let mut config = config();
    (config.rate_per_second, config.burst) = (1, 3);
    let client = Client::with(&pool, &config);
    let ask = async |route: &str, number: u8, socket: &str| {
        let mut request = Request::get(route)
            .header("x-forwarded-for", format!("198.51.100.{number}"))
            .header("x-real-ip", format!("198.51.100.{number}"))
            .header("forwarded", format!("for=198.51.100.{number}"))
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(peer(socket));
        client.send(request).await
    };
    for number in 1..=3 {
        ask("/v1/chain/status", number, &format!("192.0.2.1:{}", 1_000 + u16::from(number))).await.ok();
    }
    let answer = ask("/v1/chain/status", 4, "192.0.2.1:2000").await;
    assert_eq!(answer.problem(), (429, "rate_limited".into()));
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(ask("/v1/nowhere", 5, "192.0.2.1:2000").await.problem(), (429, "rate_limited".into()));

    ask("/v1/chain/status", 4, "192.0.2.2:1000").await.ok();
    for route in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(route, 5, "192.0.2.1:2000").await.status, 200, "{route} is never limited");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn token_metadata_says_nothing_about_anybody(pool: PgPool) {
    let answer = Client::new(&pool).get("/token/record.json").await;
    let metadata = answer.ok();
    assert_eq!(metadata["name"], "Aegle health record");
    assert_eq!(metadata["symbol"], "AEGLE");
    assert!(metadata["image"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    assert_eq!(metadata.as_object().unwrap().len(), 4);
    assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_keeps_its_plain_id_and_gets_one_otherwise(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let id = async |given: &str| {
        let request = Request::get("/healthz").header("x-request-id", given).body(Body::empty()).unwrap();
        client.send(request).await.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    let longest = "a".repeat(64);
    for plain in ["1", "abc-DEF_123", &longest] {
        assert_eq!(id(plain).await, plain);
    }
    for other in ["", "a b", "a\"b", "<script>", "ä", &"a".repeat(65)] {
        let made = id(other).await;
        assert_ne!(made, other);
        assert_eq!(made.len(), 32);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn only_configured_origins_may_read(pool: PgPool) {
    filled(&pool).await;
    let mut config = config();
    config.cors_origins = vec!["https://aegle.example".into()];
    let client = Client::with(&pool, &config);
    let ask = async |method: &str, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/v1/chain/status")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .body(Body::empty())
            .unwrap();
        client.send(request).await.headers
    };
    for method in ["GET", "OPTIONS"] {
        let allowed = ask(method, "https://aegle.example").await;
        assert_eq!(allowed["access-control-allow-origin"], "https://aegle.example");
        assert!(!allowed.contains_key("access-control-allow-credentials"));
        let refused = ask(method, "https://elsewhere.example").await;
        assert!(!refused.contains_key("access-control-allow-origin"));
    }
    assert_eq!(
        ask("OPTIONS", "https://aegle.example").await["access-control-allow-methods"],
        "GET,HEAD,POST,PUT,PATCH,DELETE"
    );
    let headers = ask("OPTIONS", "https://aegle.example").await["access-control-allow-headers"].clone();
    for needed in ["authorization", "content-type", "aegle-purpose", "range", "upload-offset"] {
        assert!(headers.to_str().unwrap().split(',').any(|header| header == needed), "{needed}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn large_answers_are_compressed_and_none_is_stored_framed_or_guessed(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    for (uri, encoding) in [("/openapi.json", Some("gzip")), ("/v1/chain/events", None)] {
        let request = Request::get(uri).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        let answer = client.send(request).await;
        assert_eq!(answer.headers.get("content-encoding").map(|value| value.as_bytes()), encoding.map(str::as_bytes));
    }
    for uri in ["/v1/chain/events", "/v1/chain/nothing", "/readyz"] {
        let headers = client.get(uri).await.headers;
        assert_eq!(headers["cache-control"], "no-store", "{uri}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        for directive in ["frame-ancestors", "base-uri", "form-action"] {
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains(&format!("{directive} 'none'")), "{policy}");
        }
    }
}

#[test]
fn a_wrong_configuration_names_its_key() {
    use aegle_indexer::api::ApiConfig;
    assert_eq!(ApiConfig::default().validate(), Ok(()));
    type Change = fn(&mut ApiConfig);
    let wrong: [(&str, Change); 12] = [
        ("cursor_key", |config| config.cursor_key = Some("secret".into())),
        ("cors_origins", |config| config.cors_origins = vec!["*".into()]),
        ("cors_origins", |config| config.cors_origins = vec!["https://aegle.example/".into()]),
        ("rate_per_second", |config| config.rate_per_second = 0),
        ("burst", |config| config.burst = 0),
        ("max_lag_slots", |config| config.max_lag_slots = 0),
        ("request_timeout", |config| config.request_timeout = 0),
        ("max_body_bytes", |config| config.max_body_bytes = 0),
        ("protected_connections", |config| config.protected_connections = 0),
        ("sign_in.uri", |config| config.sign_in.uri = "aegle.example".into()),
        ("sign_in.chain", |config| config.sign_in.chain = Some("a\nb".into())),
        ("sign_in.session_seconds", |config| config.sign_in.session_seconds = 1_000_000),
    ];
    for (key, change) in wrong {
        let mut config = ApiConfig::default();
        change(&mut config);
        let message = config.validate().unwrap_err();
        assert!(message.starts_with(key) && !message.contains("secret"), "{message}");
    }
}
