//! Requests that come again, at once or after their answer was lost: the same request has the same answer
//! and stores once.

use aegle_client::{commitment::commit, state::Right};
use aegle_indexer::erasure::{KeyId, Part};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::join_all;
use serde_json::{Value, json};
use solana_signer::Signer;
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    client::{Answer, keys},
    facts::{FINALIZED, Key, base58, key},
    sign_in::wallet,
    world::{Grant, Session, World, labels, opening},
};

/// Key of every vault, as `facts` writes it.
const VAULT_KEY: Key = [203; 32];
const MANY: usize = 20;

fn wrap(holder: Key, recipient: Key, number: u8) -> Value {
    json!({
        "holder": base58(&holder), "recipient": hex::encode(recipient),
        "wrapped_key": BASE64_STANDARD.encode([number; 80]),
    })
}

fn record(vault: Key, record_id: Key, upload: &str) -> Value {
    json!({
        "vault": base58(&vault), "record_id": hex::encode(record_id), "upload": upload,
        "opening": opening(&labels(&["laboratory"]), "record").0, "wraps": [wrap(vault, VAULT_KEY, 5)],
    })
}

fn mail(vault: Key, upload: &str) -> Value {
    json!({
        "vault": base58(&vault), "upload": upload, "opening": opening(&labels(&["laboratory"]), "mail").0,
        "recipient": hex::encode(VAULT_KEY), "wrapped_key": BASE64_STANDARD.encode([5; 80]),
    })
}

async fn rows(pool: &PgPool, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM protected.{table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
}

/// Asks many times at once, then once more. Gives what all were answered.
async fn often(session: &Session<'_>, method: &str, uri: &str, body: &Value) -> Value {
    let ask = || session.send(method.parse().unwrap(), uri, None, Some(body));
    let answers = join_all((0..MANY).map(|_| ask())).await;
    let answers: Vec<_> = answers.iter().chain([&ask().await]).map(|answer| answer.ok()["data"].clone()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    answers[0].clone()
}

/// The only wrapped key that is stored.
async fn the_key(pool: &PgPool) -> Vec<u8> {
    let (id, recipient, sealed): (Vec<u8>, Vec<u8>, Vec<u8>) = sqlx::query_as(
        "SELECT erasure_key::bytea, recipient::bytea, wrapped_key FROM protected.wrap JOIN protected.content USING (record)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    let key = keys(pool).get(KeyId(id.try_into().unwrap())).await.unwrap();
    key.open(Part::Wrap(&recipient.try_into().unwrap()), &sealed).unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_record_that_is_stored_many_times_at_once_is_stored_once(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let minted = world.mint(world.vault, FINALIZED - 3, key(61), opening(&labels(&["laboratory"]), "record").1).await;
    let patient = world.session(&world.patient).await;
    let body = record(world.vault, key(61), &patient.upload(b"content").await);
    let stored = often(&patient, "POST", "/v1/records", &body).await;
    assert_eq!((&stored["record"], &stored["minted"]), (&json!(base58(&minted)), &json!(true)));
    assert_eq!((rows(&pool, "content").await, rows(&pool, "wrap").await), (1, 1));

    let upload = patient.upload(b"content").await;
    for (field, value) in [
        ("upload", json!(upload)),
        ("wraps", json!([])),
        ("wraps", json!([wrap(world.vault, VAULT_KEY, 6)])),
        ("wraps", json!([wrap(world.vault, VAULT_KEY, 5), wrap(key(1), key(1), 5)])),
    ] {
        let mut other = body.clone();
        other[field] = value;
        assert_eq!(patient.post("/v1/records", &other).await.problem(), (409, "record_stored".into()), "{other}");
    }
    let mut relabelled = body.clone();
    relabelled["opening"] = opening(&labels(&["imaging"]), "record").0;
    assert_eq!(patient.post("/v1/records", &relabelled).await.problem(), (409, "commitment_mismatch".into()));
    let elsewhere = record(world.vault, key(62), body["upload"].as_str().unwrap());
    assert_eq!(patient.post("/v1/records", &elsewhere).await.problem(), (409, "no_such_upload".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_repeated_request_is_its_callers_and_stores_nothing_anew(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, agent) = (world.practitioner(2).await, wallet(3));
    world.grant(&doctor, Grant::default()).await;
    world.delegate(&agent, Right::Mint as u8).await;
    let patient = world.session(&world.patient).await;
    let body = record(world.vault, key(61), &patient.upload(b"content").await);
    let stored = patient.post("/v1/records", &body).await.ok();
    let wraps = json!({
        "vault": base58(&world.vault),
        "wraps": [{ "record": stored["data"]["record"], "wrap": wrap(world.vault, VAULT_KEY, 9) }],
    });
    patient.post("/v1/wraps", &wraps).await.ok();
    assert_eq!(patient.post("/v1/records", &body).await.ok()["data"], stored["data"]);
    assert_eq!(the_key(&pool).await, [9; 80], "the newer key stays");

    // Who may store here learns that it is stored; to who may not, that tells nothing.
    let session = world.session(&agent).await;
    assert_eq!(session.post("/v1/records", &body).await.problem(), (409, "record_stored".into()));
    for who in [&doctor, &wallet(9)] {
        let session = world.session(who).await;
        let absent = session.post("/v1/records", &record(world.vault, [62; 32], "00".repeat(32).as_str())).await;
        let repeated = session.post("/v1/records", &body).await;
        assert_eq!(repeated.problem(), (403, "not_permitted".into()));
        assert_eq!((repeated.problem(), repeated.detail()), (absent.problem(), absent.detail()));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn content_that_is_encrypted_anew_many_times_at_once_is_replaced_once(pool: PgPool) {
    let world = World::new(&pool).await;
    let patient = world.session(&world.patient).await;
    let first = record(world.vault, key(61), &patient.upload(b"content").await);
    let stored = patient.post("/v1/records", &first).await.ok();
    let uri = format!("/v1/records/{}/content", stored["data"]["record"].as_str().unwrap());
    let anew = json!({
        "vault": base58(&world.vault), "upload": patient.upload(b"anew").await,
        "wraps": [wrap(world.vault, VAULT_KEY, 6)],
    });
    assert_eq!(often(&patient, "PUT", &uri, &anew).await, stored["data"]);
    let kept: Vec<String> = sqlx::query_scalar("SELECT state FROM protected.upload").fetch_all(&pool).await.unwrap();
    assert_eq!(kept.iter().filter(|state| *state == "claimed").count(), 1, "{kept:?}");
    let late = patient.post("/v1/records", &first).await;
    assert_eq!(late.problem(), (409, "record_stored".into()), "the first content is there no more");
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_that_are_stored_at_once_are_all_answered_and_the_last_one_stays(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let patient = world.session(&world.patient).await;
    let body = record(world.vault, key(61), &patient.upload(b"content").await);
    let stored = patient.post("/v1/records", &body).await.ok();
    let wraps = |number: u8| {
        let wrap = json!({ "record": stored["data"]["record"], "wrap": wrap(world.vault, VAULT_KEY, number) });
        json!({ "vault": base58(&world.vault), "wraps": [wrap] })
    };
    assert_eq!(often(&patient, "POST", "/v1/wraps", &wraps(1)).await, json!({ "stored": 1 }));
    let bodies: Vec<_> = (0..MANY).map(|number| wraps(number as u8 + 10)).collect();
    for answer in join_all(bodies.iter().map(|body| patient.post("/v1/wraps", body))).await {
        answer.ok();
    }
    assert_eq!(rows(&pool, "wrap").await, 1);
    patient.post("/v1/wraps", &wraps(99)).await.ok();
    assert_eq!(the_key(&pool).await, [99; 80]);

    let (guardian, heir) = (wallet(2), wallet(3));
    let share = json!({ "guardian": guardian.pubkey().to_string(), "share": "share" });
    let ring = json!({ "vault": base58(&world.vault), "key_epoch": 0, "keyring": "ring", "shares": [share] });
    often(&patient, "POST", "/v1/keyrings", &ring).await;
    assert_eq!((rows(&pool, "keyring").await, rows(&pool, "guardian_share").await), (1, 1));
    world.propose_recovery(&heir).await;
    let handed = json!({
        "vault": base58(&world.vault), "key_epoch": 0, "holder": heir.pubkey().to_string(), "share": "handed",
    });
    often(&world.session(&guardian).await, "POST", "/v1/guardian-shares", &handed).await;
    assert_eq!(rows(&pool, "guardian_share").await, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_that_is_posted_and_accepted_many_times_at_once_is_one_item_and_one_record(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (lab, other, agent) = (world.practitioner(2).await, world.practitioner(4).await, wallet(3));
    world.delegate(&agent, Right::Mint as u8).await;
    let sender = world.session(&lab).await;
    let body = mail(world.vault, &sender.upload(b"result").await);
    let posted = often(&sender, "POST", "/v1/mailbox", &body).await;
    assert_eq!(rows(&pool, "mailbox_item").await, 1);
    let mut changed = body.clone();
    changed["wrapped_key"] = BASE64_STANDARD.encode([6; 80]).into();
    assert_eq!(sender.post("/v1/mailbox", &changed).await.problem(), (409, "no_such_upload".into()));
    let theirs = world.session(&other).await.post("/v1/mailbox", &body).await;
    assert_eq!(theirs.problem(), (409, "no_such_upload".into()), "another's request is another request");

    let uri = format!("/v1/mailbox/{}/{}/accept", base58(&world.vault), posted["item"].as_str().unwrap());
    let session = world.session(&agent).await;
    let accepted = often(&session, "POST", &uri, &json!({ "record_id": hex::encode(key(61)) })).await;
    assert_eq!(accepted["commitment"], hex::encode(opening(&labels(&["laboratory"]), "mail").1));
    assert_eq!((rows(&pool, "mailbox_item").await, rows(&pool, "content").await), (0, 1));
    let gone = |answer: Answer| assert_eq!(answer.problem(), (403, "not_permitted".into()));
    gone(session.post(&uri, &json!({ "record_id": hex::encode(key(62)) })).await);
    gone(world.session(&lab).await.post(&uri, &json!({ "record_id": hex::encode(key(61)) })).await);
    let patient = world.session(&world.patient).await;
    gone(patient.post(&uri, &json!({ "record_id": hex::encode(key(61)) })).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_consent_that_is_kept_many_times_at_once_is_kept_once(pool: PgPool) {
    let world = World::new(&pool).await;
    let patient = world.session(&world.patient).await;
    let body = json!({
        "vault": base58(&world.vault), "consent_id": hex::encode(key(71)), "grantee": base58(&key(9)),
        "salt": hex::encode(key(50)), "policy": r#"{"kind":"aegle:policy:v1","base":"all-normal"}"#,
        "policy_salt": hex::encode(key(51)), "encryption_key": hex::encode(key(9)),
    });
    often(&patient, "POST", "/v1/consents", &body).await;
    assert_eq!(rows(&pool, "opening").await, 1);
    for (field, value) in [
        ("grantee", base58(&key(8))),
        ("salt", hex::encode(key(52))),
        ("policy", r#"{"base":"all-normal","kind":"aegle:policy:v1"}"#.into()),
        ("policy_salt", hex::encode(key(52))),
        ("encryption_key", hex::encode(key(8))),
    ] {
        let mut other = body.clone();
        other[field] = value.into();
        assert_eq!(patient.post("/v1/consents", &other).await.problem(), (409, "consent_stored".into()), "{field}");
    }
    let stranger = world.session(&wallet(9)).await;
    assert_eq!(stranger.post("/v1/consents", &body).await.problem(), (403, "not_permitted".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_that_is_made_many_times_at_once_is_one_request_of_its_requester(pool: PgPool) {
    let world = World::new(&pool).await;
    let body = json!({ "vault": base58(&world.vault), "purposes": 1, "actions": 1 });
    let session = world.session(&wallet(2)).await;
    let open = often(&session, "POST", "/v1/access-requests", &body).await;
    assert_eq!(rows(&pool, "access_request").await, 1);
    let mut other = body.clone();
    other["message"] = BASE64_STANDARD.encode(commit(&key(1), b"sealed")).into();
    let ask = async |session: &Session<'_>, body| session.post("/v1/access-requests", body).await.ok()["data"].clone();
    assert_ne!(ask(&session, &other).await["request"], open["request"]);
    assert_ne!(ask(&world.session(&wallet(3)).await, &body).await["request"], open["request"], "another's");
    let uri = format!("/v1/access-requests/{}/{}", base58(&world.vault), open["request"].as_str().unwrap());
    world.session(&world.patient).await.delete(&uri).await.ok();
    ask(&session, &body).await;
    assert_eq!(rows(&pool, "access_request").await, 3, "what was laid aside can be asked again");
}
