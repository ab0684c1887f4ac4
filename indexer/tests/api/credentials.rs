//! Registrars and the credentials they attest.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58, day, key},
    state::{at, date, iso},
};

const REGISTRAR: [u8; 32] = [80; 32];
const CREDENTIAL: [u8; 32] = [90; 32];

fn path() -> String {
    format!("/v1/chain/credentials/{}", base58(&CREDENTIAL))
}

async fn credential(client: &Client, slot: i64) -> Value {
    client.get(at(&path(), slot)).await.ok()["data"].clone()
}

/// Why the credential is not in effect, as of slots.
async fn reasons(client: &Client, slots: &[i64]) -> Vec<Value> {
    let mut reasons = Vec::new();
    for slot in slots {
        let credential = credential(client, *slot).await;
        assert_eq!(credential["in_effect"], credential["reason"].is_null());
        reasons.push(credential["reason"].clone());
    }
    reasons
}

#[sqlx::test(migrations = "../migrations")]
async fn a_registrar_says_which_kinds_it_attests_and_since_when(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let added = ledger.registrar(110, REGISTRAR, 0b1000_0101).await;
    let removed = ledger.remove_registrar(152, REGISTRAR).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/registrars/{}", base58(&REGISTRAR));
    let body = client.get(&path).await.ok();
    assert_eq!(
        body["data"],
        json!({
            "registrar": base58(&REGISTRAR),
            "authority": base58(&key(220)),
            "kinds": ["practitioner", "researcher", "agent"],
            "profile_commitment": hex::encode(key(221)),
            "rent_payer": base58(&key(202)),
            "added": {
                "signature": base58(&added.signature),
                "slot": 110,
                "at": iso(day(110)),
                "authority": base58(&key(222)),
            },
            "removed": null,
        })
    );
    let body = client.get(format!("{path}?commitment=confirmed")).await.ok();
    assert_eq!(body["data"]["removed"]["signature"], base58(&removed.signature));
    let refused = client.get(at(&path, 109)).await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    assert_eq!(refused.detail(), "There is no registrar at this address in the state asked for.");
    assert_eq!(client.get(at("/v1/chain/registrars", 109)).await.ok()["data"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_credential_says_what_is_attested_as_of_any_slot(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.registrar(110, REGISTRAR, 0b1000).await;
    let issued = ledger.credential(111, CREDENTIAL, REGISTRAR, key(230), (day(111), day(1_000))).await;
    let suspended = ledger.credential_status(120, CREDENTIAL, 1, "suspended").await;
    let renewed = ledger.renew_credential(130, CREDENTIAL, 2, (day(130), day(2_000))).await;
    let client = Client::new(&pool);

    let change = |fact: crate::facts::Fact| {
        json!({
            "signature": base58(&fact.signature),
            "slot": fact.slot,
            "at": iso(day(fact.slot)),
            "authority": base58(&key(220)),
        })
    };
    assert_eq!(
        credential(&client, 111).await,
        json!({
            "credential": base58(&CREDENTIAL),
            "registrar": base58(&REGISTRAR),
            "subject": base58(&key(230)),
            "kind": "pharmacy",
            "status": "active",
            "emergency": false,
            "encryption_key": hex::encode(key(223)),
            "profile_commitment": hex::encode(key(224)),
            "from": date(day(111)),
            "until": date(day(1_000)),
            "revision": 0,
            "in_effect": true,
            "reason": null,
            "rent_payer": base58(&key(202)),
            "issued": change(issued),
            "changed": change(issued),
        })
    );

    let told = credential(&client, 120).await;
    assert_eq!((&told["status"], &told["revision"]), (&json!("suspended"), &json!(1)));
    assert_eq!(told["encryption_key"], hex::encode(key(223)), "a suspension keeps the terms");
    assert_eq!(told["changed"], change(suspended));

    let told = client.get(path()).await.ok()["data"].clone();
    assert_eq!((&told["status"], &told["revision"]), (&json!("suspended"), &json!(2)), "a renewal keeps a suspension");
    assert_eq!(told["emergency"], true);
    assert_eq!(told["encryption_key"], hex::encode(key(225)));
    assert_eq!(told["profile_commitment"], hex::encode(key(226)));
    assert_eq!((&told["from"], &told["until"]), (&date(day(130)), &date(day(2_000))));
    assert_eq!((&told["issued"], &told["changed"]), (&change(issued), &change(renewed)));

    let refused = client.get(at(&path(), 110)).await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    assert_eq!(refused.detail(), "There is no credential at this address in the state asked for.");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_2_a_credential_is_in_effect_only_in_its_days_while_active_and_while_its_registrar_is(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.registrar(101, REGISTRAR, 0b1000).await;
    ledger.credential(110, CREDENTIAL, REGISTRAR, key(230), (day(112), day(125))).await;
    ledger.renew_credential(126, CREDENTIAL, 1, (day(126), day(1_000))).await;
    ledger.credential_status(130, CREDENTIAL, 2, "suspended").await;
    ledger.credential_status(132, CREDENTIAL, 3, "active").await;
    ledger.remove_registrar(140, REGISTRAR).await;
    ledger.credential_status(145, CREDENTIAL, 4, "revoked").await;
    let client = Client::new(&pool);
    assert_eq!(
        reasons(&client, &[110, 111, 112, 124, 125, 126, 130, 131, 132, 139, 140, 144, 145]).await,
        [
            json!("not_yet"),
            json!("not_yet"),
            Value::Null,
            Value::Null,
            json!("expired"),
            Value::Null,
            json!("suspended"),
            json!("suspended"),
            Value::Null,
            Value::Null,
            json!("registrar_removed"),
            json!("registrar_removed"),
            json!("revoked"),
        ]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_suspension_shows_as_soon_as_it_is_confirmed(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.registrar(101, REGISTRAR, 0b1000).await;
    ledger.credential(110, CREDENTIAL, REGISTRAR, key(230), (day(110), day(1_000))).await;
    ledger.credential_status(152, CREDENTIAL, 1, "suspended").await;
    let client = Client::new(&pool);
    assert_eq!(client.get(path()).await.ok()["data"]["in_effect"], true);
    let confirmed = client.get(format!("{}?commitment=confirmed", path())).await.ok();
    assert_eq!(confirmed["data"]["reason"], "suspended");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_credential_whose_registrar_the_mirror_lacks_is_not_in_effect(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.credential(110, CREDENTIAL, REGISTRAR, key(230), (day(110), day(1_000))).await;
    assert_eq!(reasons(&Client::new(&pool), &[120]).await, [json!("unknown")]);
}
