use serde_json::json;
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58, day, key, time},
};

const VAULT: [u8; 32] = [10; 32];
const OTHER: [u8; 32] = [11; 32];

async fn filled(pool: &PgPool) -> Ledger {
    let mut ledger = Ledger::new(pool).await;
    ledger.event(100, "ConfigInitialized", key(1), None).await;
    ledger.vault(101, VAULT).await;
    ledger.vault(101, OTHER).await;
    ledger.record(110, VAULT, key(20), 1, None).await;
    ledger.record(111, OTHER, key(21), 1, None).await;
    ledger.consent(112, VAULT, key(40), day(112), day(1_000)).await;
    ledger.erase(152, VAULT, key(20)).await;
    ledger
}

/// Names of the events of each page, until nothing is left.
async fn walk(client: &Client, filter: &str, limit: usize) -> Vec<String> {
    let (mut uri, mut names) = (format!("/v1/chain/events?limit={limit}{filter}"), Vec::new());
    loop {
        let body = client.get(&uri).await.ok();
        let page = body["data"].as_array().unwrap();
        names.extend(page.iter().map(|event| event["name"].as_str().unwrap().to_owned()));
        if !body["more"].as_bool().unwrap() {
            return names;
        }
        uri = format!("/v1/chain/events?limit={limit}{filter}&after={}", body["next"].as_str().unwrap());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn events_come_in_ledger_order_whatever_the_page(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let all = ["ConfigInitialized", "VaultCreated", "VaultCreated", "RecordMinted", "RecordMinted", "ConsentGranted"];
    for limit in [1, 2, 3, 6, 200] {
        assert_eq!(walk(&client, "", limit).await, all, "by {limit}");
        let confirmed = walk(&client, "&commitment=confirmed", limit).await;
        assert_eq!(confirmed, [&all[..], &["RecordErased"]].concat(), "by {limit}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn events_are_filtered_by_vault_account_name_and_slot(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let (vault, record) = (base58(&VAULT), base58(&key(20)));
    for (filter, expected) in [
        (format!("&vault={vault}"), &["VaultCreated", "RecordMinted", "ConsentGranted"][..]),
        (format!("&account={record}"), &["RecordMinted"]),
        (format!("&account={record}&commitment=confirmed"), &["RecordMinted", "RecordErased"]),
        (format!("&account={record}&vault={vault}"), &["RecordMinted"]),
        (format!("&account={record}&vault={}", base58(&OTHER)), &[]),
        ("&name=RecordMinted".into(), &["RecordMinted", "RecordMinted"]),
        (format!("&name=RecordMinted&vault={vault}"), &["RecordMinted"]),
        (format!("&vault={vault}&as_of_slot=111"), &["VaultCreated", "RecordMinted"]),
        (format!("&vault={}", base58(&key(99))), &[]),
    ] {
        for limit in [1, 50] {
            assert_eq!(walk(&client, &filter, limit).await, expected, "{filter}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_names_its_place_in_the_ledger(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let fact = ledger.vault(101, VAULT).await;
    let body = Client::new(&pool).get("/v1/chain/events").await.ok();
    let block_time = body["data"][0]["block_time"].clone();
    assert_eq!(
        body["data"][0],
        json!({
            "signature": base58(&fact.signature),
            "slot": 101,
            "tx_index": fact.tx_index,
            "instruction_index": 0,
            "inner_index": 3,
            "block_hash": base58(&key(101)),
            "block_time": block_time,
            "name": "VaultCreated",
            "account": base58(&VAULT),
            "vault": base58(&VAULT),
            "authority": base58(&key(200)),
            "data": "01ff",
        })
    );
    assert!(block_time.as_str().unwrap().ends_with("T01:00:00Z"), "{} at {}", block_time, time(101));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_kept_cursor_continues_with_what_became_final_since(pool: PgPool) {
    let ledger = filled(&pool).await;
    let client = Client::new(&pool);
    let body = client.get("/v1/chain/events?limit=200").await.ok();
    assert_eq!(body["more"], false);
    let next = body["next"].as_str().unwrap();
    let uri = format!("/v1/chain/events?after={next}");
    let body = client.get(&uri).await.ok();
    assert_eq!((&body["data"], &body["more"]), (&json!([]), &json!(false)));
    assert_eq!(body["next"], next, "an empty page continues where it began");

    sqlx::query("UPDATE checkpoint SET finalized_slot = 153").execute(&ledger.pool).await.unwrap();
    // Another process of the same deployment.
    let body = Client::new(&pool).get(&uri).await.ok();
    assert_eq!(body["data"][0]["name"], "RecordErased");
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_of_other_events_is_refused(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let body = client.get("/v1/chain/events?limit=1").await.ok();
    let next = body["next"].as_str().unwrap();
    for filter in [
        format!("&vault={}", base58(&VAULT)),
        format!("&account={}", base58(&VAULT)),
        "&name=RecordMinted".into(),
        "&commitment=confirmed".into(),
        "&as_of_slot=120".into(),
    ] {
        let answer = client.get(format!("/v1/chain/events?after={next}{filter}")).await;
        assert_eq!(answer.problem(), (400, "invalid_cursor".into()), "{filter}");
    }
}
