//! Emergency policies, emergency openings and their reviews.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58, day, key, time},
    state::{at, iso},
};

const VAULT: [u8; 32] = [10; 32];
const OTHER: [u8; 32] = [11; 32];
const OPENING: [u8; 32] = [70; 32];

fn path() -> String {
    format!("/v1/chain/break-glass/{}", base58(&OPENING))
}

fn list(vault: [u8; 32], query: &str) -> String {
    format!("/v1/chain/vaults/{}/break-glass?{query}", base58(&vault))
}

async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let body = client.get(list(VAULT, query)).await.ok();
    body["data"].as_array().unwrap().iter().map(|opening| opening["break_glass"].clone()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_vault_says_whether_it_allows_emergencies_as_of_any_slot(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(110, VAULT).await;
    ledger.emergency_policy(120, VAULT, 1).await;
    ledger.rotate_key(125, VAULT, key(21), 1).await;
    ledger.emergency_policy(130, VAULT, 0).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/vaults/{}", base58(&VAULT));
    for (slot, policy) in [(110, "forbidden"), (120, "allowed"), (129, "allowed"), (130, "forbidden")] {
        let vault = client.get(at(&path, slot)).await.ok()["data"].clone();
        assert_eq!(vault["emergency_policy"], policy, "as of slot {slot}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_opening_says_who_submitted_it_until_when_and_who_reviewed_it(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    let opened = ledger.break_glass(110, VAULT, OPENING, key(231), time(112)).await;
    let reviewed = ledger.review_break_glass(120, VAULT, OPENING).await;
    let client = Client::new(&pool);

    let told = client.get(at(&path(), 110)).await.ok()["data"].clone();
    assert_eq!(
        told,
        json!({
            "break_glass": base58(&OPENING),
            "vault": base58(&VAULT),
            "break_glass_id": hex::encode(key(231)),
            "commitment": hex::encode(key(232)),
            "expires_at": iso(day(112)),
            "in_effect": true,
            "rent_payer": base58(&key(202)),
            "opened": {
                "signature": base58(&opened.signature),
                "slot": 110,
                "at": iso(day(110)),
                "authority": base58(&key(233)),
            },
            "reviewed": null,
        })
    );
    for (slot, in_effect) in [(111, true), (112, false), (150, false)] {
        assert_eq!(client.get(at(&path(), slot)).await.ok()["data"]["in_effect"], in_effect, "as of slot {slot}");
    }
    let told = client.get(path()).await.ok()["data"].clone();
    assert_eq!(
        told["reviewed"],
        json!({
            "signature": base58(&reviewed.signature),
            "slot": 120,
            "at": iso(day(120)),
            "authority": base58(&key(200)),
        })
    );
    let refused = client.get(at(&path(), 109)).await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    assert_eq!(refused.detail(), "There is no emergency opening at this address in the state asked for.");
}

#[sqlx::test(migrations = "../migrations")]
async fn openings_are_filtered_by_whether_they_were_reviewed(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    ledger.vault(101, OTHER).await;
    for number in 0..4 {
        ledger.break_glass(110, VAULT, key(70 + number), key(90 + number), time(111)).await;
    }
    ledger.break_glass(110, OTHER, key(80), key(90), time(111)).await;
    ledger.review_break_glass(120, VAULT, key(71)).await;
    ledger.review_break_glass(152, VAULT, key(73)).await;
    let client = Client::new(&pool);
    let named = |numbers: &[u8]| numbers.iter().map(|number| json!(base58(&key(*number)))).collect::<Vec<_>>();
    for (query, expected) in [
        ("", vec![70, 71, 72, 73]),
        ("reviewed=true", vec![71]),
        ("reviewed=false", vec![70, 72, 73]),
        ("reviewed=false&commitment=confirmed", vec![70, 72]),
        ("reviewed=false&as_of_slot=119", vec![70, 71, 72, 73]),
        ("as_of_slot=109", vec![]),
    ] {
        assert_eq!(listed(&client, query).await, named(&expected), "{query}");
    }
    let body = client.get(list(VAULT, "limit=1&reviewed=false")).await.ok();
    let cursor = body["next"].as_str().unwrap();
    for query in ["", "reviewed=true&"] {
        let answer = client.get(list(VAULT, &format!("{query}cursor={cursor}"))).await;
        assert_eq!(answer.problem(), (400, "invalid_cursor".into()), "{query}");
    }
    let answer = client.get(list(VAULT, "reviewed=perhaps")).await;
    assert_eq!(answer.problem(), (400, "invalid_parameter".into()));
}

/// An opening counts once confirmed, in its vault, until it expires, whether reviewed or not.
#[sqlx::test(migrations = "../migrations")]
async fn the_database_answers_what_a_decision_asks_of_openings(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    ledger.vault(101, OTHER).await;
    ledger.break_glass(110, VAULT, key(72), key(90), time(160)).await;
    ledger.break_glass(111, VAULT, key(71), key(91), time(160)).await;
    ledger.break_glass(112, OTHER, key(73), key(92), time(160)).await;
    ledger.review_break_glass(120, VAULT, key(72)).await;

    let open = async |vault: [u8; 32], id: u8, slot: i64, now: i64| -> bool {
        sqlx::query_scalar("SELECT open_break_glass($1, $2, $3, $4)")
            .bind(vault)
            .bind(key(id))
            .bind(slot)
            .bind(now)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert!(!open(VAULT, 90, 109, time(109)).await, "before it is opened");
    assert!(open(VAULT, 90, 110, time(110)).await);
    assert!(open(VAULT, 90, 120, time(160) - 1).await, "also once reviewed");
    assert!(!open(VAULT, 90, 120, time(160)).await, "the end is excluded");
    assert!(!open(VAULT, 92, 120, time(120)).await, "another vault's");
    assert!(!open(VAULT, 93, 120, time(120)).await, "an id that nobody opened");
    assert!(open(OTHER, 92, 120, time(120)).await);

    let unreviewed = async |slot: i64| -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT break_glass_id::bytea FROM unreviewed_break_glass($1, $2)")
            .bind(VAULT)
            .bind(slot)
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    assert_eq!(unreviewed(109).await, Vec::<Vec<u8>>::new());
    assert_eq!(unreviewed(119).await, [key(90), key(91)], "oldest first");
    assert_eq!(unreviewed(120).await, [key(91)]);
}
