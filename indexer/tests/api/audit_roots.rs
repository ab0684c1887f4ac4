//! Anchored roots of operators' disclosure logs.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58, day, key},
    state::{at, iso},
};

const OPERATOR: [u8; 32] = [50; 32];
const OTHER: [u8; 32] = [51; 32];

fn list(operator: [u8; 32], query: &str) -> String {
    format!("/v1/chain/operators/{}/audit-roots?{query}", base58(&operator))
}

fn indexes(body: &Value) -> Vec<i64> {
    body["data"].as_array().unwrap().iter().map(|root| root["index"].as_i64().unwrap()).collect()
}

/// INV-9: whoever checks a log finds what its operator committed to.
#[sqlx::test(migrations = "../migrations")]
async fn an_audit_root_says_what_its_operator_committed_to(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let anchored = ledger.audit_root(110, key(70), OPERATOR, 0, 9_007_199_254_740_991).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/audit-roots/{}", base58(&key(70)));
    let told = client.get(&path).await.ok()["data"].clone();
    assert_eq!(
        told,
        json!({
            "audit_root": base58(&key(70)),
            "operator": base58(&OPERATOR),
            "index": 0,
            "tree_size": 9_007_199_254_740_991_i64,
            "root": hex::encode(key(241)),
            "heads": hex::encode(key(242)),
            "rent_payer": base58(&key(202)),
            "anchored": {
                "signature": base58(&anchored.signature),
                "slot": 110,
                "at": iso(day(110)),
            },
        })
    );
    let refused = client.get(at(&path, 109)).await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    assert_eq!(refused.detail(), "There is no audit root at this address in the state asked for.");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_roots_of_an_operator_come_newest_first_and_each_once(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    for number in 0..7 {
        // Addresses in another order than numbers.
        ledger.audit_root(110 + i64::from(number), key(99 - number), OPERATOR, number.into(), 10).await;
        ledger.audit_root(110, key(120 + number), OTHER, number.into(), 10).await;
    }
    ledger.audit_root(152, key(150), OPERATOR, 7, 11).await;
    let client = Client::new(&pool);
    for (state, newest) in [("", 6), ("commitment=confirmed&", 7), ("as_of_slot=112&", 2)] {
        for limit in [1, 2, 7, 8, 200] {
            let query = format!("{state}limit={limit}");
            let (mut uri, mut seen) = (list(OPERATOR, &query), Vec::new());
            loop {
                let body = client.get(&uri).await.ok();
                let page = indexes(&body);
                assert!(page.len() <= limit);
                seen.extend(page);
                let Some(next) = body["next"].as_str() else { break };
                uri = list(OPERATOR, &format!("{query}&cursor={next}"));
            }
            assert_eq!(seen, (0..=newest).rev().collect::<Vec<_>>(), "{query}");
        }
    }
    assert_eq!(indexes(&client.get(list(key(52), "")).await.ok()), Vec::<i64>::new(), "nobody's");

    let body = client.get(list(OPERATOR, "limit=1")).await.ok();
    let cursor = body["next"].as_str().unwrap();
    let answer = client.get(list(OTHER, &format!("cursor={cursor}"))).await;
    assert_eq!(answer.problem(), (400, "invalid_cursor".into()));
}
