//! The mailbox and access requests: who may put something before a patient, and who takes it.

use aegle_client::state::Right;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    facts::{CONFIRMED, FINALIZED, Key, base58, key},
    sign_in::wallet,
    world::{Session, TREAT, World, labels, opening},
};

/// Key of every vault, as `facts` writes it.
const VAULT_KEY: Key = [203; 32];

fn mail(vault: Key, upload: &str, recipient: Key) -> Value {
    json!({
        "vault": base58(&vault), "upload": upload, "opening": opening(&labels(&["laboratory"]), "mail").0,
        "recipient": hex::encode(recipient), "wrapped_key": BASE64_STANDARD.encode([5; 80]),
    })
}

fn item_path(vault: Key, item: &Value) -> String {
    format!("/v1/mailbox/{}/{}", base58(&vault), item.as_str().unwrap())
}

#[sqlx::test(migrations = "../migrations")]
async fn only_who_is_attested_posts_an_own_upload_once_and_to_the_vaults_key(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (lab, suspended, nobody) = (world.practitioner(2).await, wallet(3), wallet(4));
    let credential = world.credential(&suspended, "practitioner").await;
    world.ledger.credential_status(CONFIRMED, credential, 1, "suspended").await;

    for other in [&suspended, &nobody] {
        let session = world.session(other).await;
        let upload = session.upload(b"result").await;
        let posted = session.post("/v1/mailbox", &mail(world.vault, &upload, VAULT_KEY)).await;
        assert_eq!(posted.problem(), (403, "not_permitted".into()));
    }
    let session = world.session(&lab).await;
    let upload = session.upload(b"result").await;
    let post =
        async |vault, upload: &str, recipient| session.post("/v1/mailbox", &mail(vault, upload, recipient)).await;
    assert_eq!(post(world.vault, &upload, key(1)).await.problem(), (409, "key_changed".into()));
    assert_eq!(post(key(251), &upload, VAULT_KEY).await.problem(), (404, "not_found".into()));
    let foreign = world.session(&nobody).await.upload(b"another's").await;
    assert_eq!(post(world.vault, &foreign, VAULT_KEY).await.problem(), (409, "no_such_upload".into()));
    let mut short = mail(world.vault, &upload, VAULT_KEY);
    short["wrapped_key"] = "AAAA".into();
    assert_eq!(session.post("/v1/mailbox", &short).await.problem(), (400, "invalid_body".into()));
    let posted = post(world.vault, &upload, VAULT_KEY).await.ok();
    let mut other = mail(world.vault, &upload, VAULT_KEY);
    other["wrapped_key"] = BASE64_STANDARD.encode([6; 80]).into();
    assert_eq!(session.post("/v1/mailbox", &other).await.problem(), (409, "no_such_upload".into()));

    let path = item_path(world.vault, &posted["data"]["item"]);
    for (who, status) in [(&nobody, 403), (&lab, 200), (&world.patient, 200)] {
        let content = world.session(who).await.get(&format!("{path}/content"), TREAT).await;
        assert_eq!(content.status, status);
        assert_eq!(content.text == "result", status == 200);
    }
    assert_eq!(world.session(&nobody).await.delete(&path).await.problem(), (403, "not_permitted".into()));
    assert_eq!(session.get("/v1/mailbox", TREAT).await.ok()["data"].as_array().unwrap().len(), 1);
    session.delete(&path).await.ok();
    assert_eq!(session.get("/v1/mailbox", TREAT).await.ok()["data"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_3_a_delegate_who_may_only_mint_makes_a_record_of_an_item_once(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (lab, agent, reader) = (world.practitioner(2).await, wallet(3), wallet(4));
    world.delegate(&agent, Right::Mint as u8).await;
    world.delegate(&reader, Right::Read as u8).await;
    let session = world.session(&lab).await;
    let upload = session.upload(b"result").await;
    let posted = session.post("/v1/mailbox", &mail(world.vault, &upload, VAULT_KEY)).await.ok();
    let path = format!("{}/accept", item_path(world.vault, &posted["data"]["item"]));
    let body = json!({ "record_id": hex::encode(key(61)) });

    for other in [&lab, &reader, &wallet(9)] {
        let accepted = world.session(other).await.post(&path, &body).await;
        assert_eq!(accepted.problem(), (403, "not_permitted".into()));
    }
    let token = world.session(&agent).await.token;
    let session = Session { client: &world.client, token: token.clone() };
    let accepted = session.post(&path, &body).await.ok();
    let elsewhere = session.post(&path, &json!({ "record_id": hex::encode(key(62)) })).await;
    assert_eq!(elsewhere.problem(), (403, "not_permitted".into()), "it is gone");

    let commitment = opening(&labels(&["laboratory"]), "mail").1;
    assert_eq!(accepted["data"]["commitment"], hex::encode(commitment));
    let record = world.mint(world.vault, FINALIZED - 3, key(61), commitment).await;
    assert_eq!(accepted["data"]["record"], base58(&record));
    world.advance().await;
    let read = world.session(&world.patient).await.record(record).await.ok();
    assert_eq!((&read["data"]["key"]["state"], &read["data"]["key"]["mail"]), (&json!("wrapped"), &json!(true)));
    let session = Session { client: &world.client, token };
    for uri in [format!("/v1/records/{}", base58(&record)), format!("/v1/records/{}/content", base58(&record))] {
        assert_eq!(session.get(&uri, TREAT).await.problem(), (403, "not_permitted".into()));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_is_seen_and_ended_by_who_asks_and_who_is_asked(pool: PgPool) {
    let world = World::new(&pool).await;
    let (asking, other) = (wallet(2), wallet(3));
    let request = json!({
        "vault": base58(&world.vault), "purposes": 1, "actions": 1, "message": BASE64_STANDARD.encode("sealed"),
    });
    let session = world.session(&asking).await;
    let ask = async |actions: u8| {
        let mut request = request.clone();
        request["actions"] = actions.into();
        session.post("/v1/access-requests", &request).await.ok()["data"]["request"].clone()
    };
    let (first, second) = (ask(1).await, ask(3).await);
    let path = |request: &Value| format!("/v1/access-requests/{}/{}", base58(&world.vault), request.as_str().unwrap());

    let stranger = world.session(&other).await;
    assert_eq!(stranger.of("access-requests", world.vault).await.problem(), (403, "not_permitted".into()));
    assert_eq!(session.of("access-requests", world.vault).await.problem(), (403, "not_permitted".into()));
    assert_eq!(stranger.get("/v1/access-requests", TREAT).await.ok()["data"], json!([]));
    assert_eq!(stranger.delete(&path(&first)).await.problem(), (403, "not_permitted".into()));

    let patient = world.session(&world.patient).await;
    assert_eq!(patient.of("access-requests", world.vault).await.ok()["data"].as_array().unwrap().len(), 2);
    patient.delete(&path(&first)).await.ok();
    let left = session.get("/v1/access-requests", TREAT).await.ok();
    assert_eq!((left["data"].as_array().unwrap().len(), &left["data"][0]["request"]), (1, &second));
    session.delete(&path(&second)).await.ok();
    assert_eq!(session.delete(&path(&second)).await.problem(), (403, "not_permitted".into()), "it is gone");
    for (field, value) in [("purposes", 0), ("purposes", 1 << 15), ("actions", 0), ("actions", 1 << 7)] {
        let mut wrong = request.clone();
        wrong[field] = value.into();
        assert_eq!(session.post("/v1/access-requests", &wrong).await.problem(), (400, "invalid_body".into()));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_has_more_than_a_thousand_requests_open(pool: PgPool) {
    let world = World::new(&pool).await;
    let asking = wallet(2);
    sqlx::query(
        "INSERT INTO protected.access_request (request, vault, requester, purposes, actions)
         SELECT sha256(place::text::bytea), $1, $2, 1, 1 FROM generate_series(1, 999) AS place",
    )
    .bind(world.vault)
    .bind(asking.pubkey().to_bytes())
    .execute(&pool)
    .await
    .unwrap();
    let request = json!({ "vault": base58(&world.vault), "purposes": 1, "actions": 1 });
    let session = world.session(&asking).await;
    session.post("/v1/access-requests", &request).await.ok();
    let one_more = json!({ "vault": base58(&world.vault), "purposes": 1, "actions": 3 });
    let refused = session.post("/v1/access-requests", &one_more).await;
    assert_eq!(refused.problem(), (429, "too_many_access_requests".into()));
    world.session(&wallet(3)).await.post("/v1/access-requests", &request).await.ok();
}
