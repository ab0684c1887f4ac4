//! Reading a patient's records: who may, what of them, and from when until when.

use aegle_client::state::{ALL_RIGHTS, Right};
use aegle_indexer::blob::{BlobId, claim};
use axum::{
    body::Body,
    http::{self, Method, Request},
};
use futures::future::join_all;
use serde_json::json;
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    facts::{CONFIRMED, FINALIZED, base58, key},
    sign_in::wallet,
    world::{Grant, TREAT, World, labels, policy, signature},
};

#[sqlx::test(migrations = "../migrations")]
async fn inv_1_a_grantee_reads_what_the_policy_covers_and_learns_of_nothing_else(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let lab = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let vital = world.record(&labels(&["vital-signs"]), &[&doctor]).await;
    let mut secret = labels(&["laboratory"]);
    secret.sensitivity.insert("HIV".parse().unwrap());
    let secret = world.record(&secret, &[&doctor]).await;
    let labs = policy(json!({ "permit": [{ "categories": ["laboratory"] }] }));
    let consent = world.grant(&doctor, Grant { policy: labs, ..Grant::default() }).await;

    let session = world.session(&doctor).await;
    let read = session.record(lab).await.ok();
    assert_eq!(read["data"]["record"], base58(&lab));
    assert_eq!(read["data"]["consent"], base58(&consent));
    assert_eq!(read["data"]["key"]["state"], "wrapped");
    assert_eq!(session.records(world.vault, "").await, [base58(&lab)]);
    let patients = session.get("/v1/patients", TREAT).await.ok();
    assert_eq!(patients["data"][0]["patient"], base58(&world.vault));

    let absent = session.record(key(250)).await;
    assert_eq!(absent.problem(), (403, "not_permitted".into()));
    for denied in [vital, secret] {
        let denied = session.record(denied).await;
        assert_eq!((denied.problem(), denied.detail()), (absent.problem(), absent.detail()));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_patient_reads_everything_and_a_delegate_with_the_right_to_read(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (carer, agent) = (wallet(3), wallet(4));
    world.delegate(&carer, ALL_RIGHTS).await;
    world.delegate(&agent, Right::Mint as u8).await;
    let mut secret = labels(&["encounter"]);
    secret.sensitivity.insert("PSY".parse().unwrap());
    let record = world.record(&secret, &[]).await;

    let patient = world.session(&world.patient).await;
    let read = patient.record(record).await.ok();
    assert_eq!((&read["data"]["consent"], &read["data"]["key"]["state"]), (&json!(null), &json!("wrapped")));
    let carer = world.session(&carer).await;
    assert_eq!(carer.record(record).await.ok()["data"]["key"]["state"], "key_pending");
    let agent = world.session(&agent).await;
    assert_eq!(agent.record(record).await.problem(), (403, "not_permitted".into()));
    let mailbox = agent.get(&format!("/v1/mailbox?patient={}", base58(&world.vault)), TREAT).await.ok();
    assert_eq!(mailbox["data"], json!([]));
}

/// Compressed it would have no length, by which a client sees that a download was ended.
#[sqlx::test(migrations = "../migrations")]
async fn a_content_comes_as_it_is_and_with_its_length(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let session = world.session(&world.patient).await;
    let created = session.send(Method::POST, "/v1/uploads", None, Some(&json!({ "size": 4_000 }))).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = created.headers["location"].to_str().unwrap();
    let request =
        |request: http::request::Builder| request.header("authorization", format!("Bearer {}", session.token));
    let bytes = request(Request::patch(path))
        .header("content-type", "application/partial-upload")
        .header("upload-offset", "0")
        .body(Body::from(vec![b'a'; 4_000]));
    assert!(world.client.send(bytes.unwrap()).await.status.is_success());
    let id: BlobId = path.rsplit('/').next().unwrap().parse().unwrap();
    claim(&mut pool.acquire().await.unwrap(), world.patient.pubkey().to_bytes(), id).await.unwrap();
    sqlx::query("UPDATE protected.content SET blob = $1, size = 4000").bind(id.0).execute(&pool).await.unwrap();

    let uri = format!("/v1/records/{}/content", base58(&record));
    let mut content =
        request(Request::get(&uri)).header("aegle-purpose", TREAT).header("accept-encoding", "gzip, br, zstd");
    for (name, value) in signature(&Method::GET, &uri, TREAT) {
        content = content.header(name, value);
    }
    let content = world.client.send(content.body(Body::empty()).unwrap()).await;
    assert_eq!((content.status.as_u16(), content.text.len()), (200, 4_000));
    assert_eq!(content.headers["content-length"], "4000");
    assert!(!content.headers.contains_key("content-encoding"));
}

/// The first read notes that the key went out; several first reads at once all succeed.
#[sqlx::test(migrations = "../migrations")]
async fn first_reads_at_the_same_time_do_not_hinder_each_other(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let mut records = Vec::new();
    for _ in 0..10 {
        records.push(world.record(&labels(&["laboratory"]), &[&doctor]).await);
    }
    world.grant(&doctor, Grant::default()).await;
    let session = &world.session(&doctor).await;
    for record in records {
        for read in join_all((0..6).map(|_| session.record(record))).await {
            assert_eq!(read.ok()["data"]["key"]["state"], "wrapped");
        }
    }
}

/// Who asks is read for many at a time.
#[sqlx::test(migrations = "../migrations")]
async fn callers_who_ask_at_once_are_each_answered_for_themselves(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctors = [world.practitioner(2).await, world.practitioner(3).await];
    let mine = world.record(&labels(&["laboratory"]), &[&doctors[0]]).await;
    let theirs = world.record(&labels(&["vital-signs"]), &[&doctors[1]]).await;
    for (doctor, category) in doctors.iter().zip(["laboratory", "vital-signs"]) {
        let policy = policy(json!({ "permit": [{ "categories": [category] }] }));
        world.grant(doctor, Grant { policy, ..Grant::default() }).await;
    }
    let [first, second] = [world.session(&doctors[0]).await, world.session(&doctors[1]).await];
    let nobody = crate::world::Session { client: &world.client, token: "A".repeat(43) };
    let expected = [(&first, [200, 403]), (&nobody, [401, 401]), (&second, [403, 200])];
    for _ in 0..20 {
        let asked = expected.iter().cycle().take(48).map(async |(session, expected)| {
            let answers = [session.record(mine).await, session.record(theirs).await];
            assert_eq!(answers.map(|answer| answer.status.as_u16()), *expected);
        });
        join_all(asked).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_2_a_revocation_denies_once_confirmed_and_a_grant_permits_once_final(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;

    let granted = world.grant(&doctor, Grant { slot: FINALIZED + 1, ..Grant::default() }).await;
    let doctor_session = world.session(&doctor).await.token;
    let read = async |world: &World| {
        let session = crate::world::Session { client: &world.client, token: doctor_session.clone() };
        session.record(record).await.status.as_u16()
    };
    assert_eq!(read(&world).await, 403, "the grant is confirmed and not final");
    world.finalize(FINALIZED + 1).await;
    assert_eq!(read(&world).await, 200);
    world.ledger.revoke(CONFIRMED, world.vault, granted).await;
    // The view kept from before this slot would permit; a slot never gains an event, so the mirror's
    // next one does it here.
    world.advance().await;
    assert_eq!(read(&world).await, 403, "the revocation is confirmed and not final");
    sqlx::query("DELETE FROM slot WHERE slot >= $1").bind(CONFIRMED).execute(&pool).await.unwrap();
    sqlx::query("UPDATE checkpoint SET confirmed_slot = $1, confirmed_hash = $2")
        .bind(CONFIRMED - 1)
        .bind(key(CONFIRMED as u8 - 1))
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM node_tip").execute(&pool).await.unwrap();
    world.ledger.node_tip(CONFIRMED - 1, None, 0).await;
    assert_eq!(read(&world).await, 403, "the revocation was seen, and finality has not passed its slot");
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_read_without_a_purpose_or_for_another_one(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let session = world.session(&doctor).await;
    let uri = format!("/v1/records/{}", base58(&record));
    assert_eq!(session.get(&uri, "HRESCH").await.problem(), (403, "not_permitted".into()));
    assert_eq!(session.get(&uri, "CURIOSITY").await.problem(), (400, "no_purpose".into()));
    let none = session.send(axum::http::Method::GET, &uri, None, None).await;
    assert_eq!(none.problem(), (400, "no_purpose".into()));
    let stranger = world.client.get(&uri).await;
    assert_eq!(stranger.problem(), (401, "not_signed_in".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_follow_the_order_asked_for_and_cursors_are_the_callers_own(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let mut expected = Vec::new();
    for day in 1..=9_i8 {
        let mut labels = labels(&["laboratory"]);
        let date = jiff::civil::date(2024, 3, 10 - day);
        (labels.from, labels.until) = (Some(date), Some(date));
        expected.push(base58(&world.record(&labels, &[]).await));
    }
    let session = world.session(&world.patient).await;
    assert_eq!(session.records(world.vault, "limit=2").await, expected);
    let mut backwards = expected.clone();
    backwards.reverse();
    assert_eq!(session.records(world.vault, "limit=4&sort=date").await, backwards);
    assert_eq!(session.records(world.vault, "from=2024-03-04&until=2024-03-06").await, expected[3..6]);

    let uri = format!("/v1/records?patient={}&limit=2", base58(&world.vault));
    let next = session.get(&uri, TREAT).await.ok()["next"].as_str().unwrap().to_owned();
    let other = session.get(&format!("{uri}&sort=date&cursor={next}"), TREAT).await;
    assert_eq!(other.problem(), (400, "invalid_cursor".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_10_nothing_is_read_from_a_mirror_behind_its_node(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let session = world.session(&world.patient).await;
    assert_eq!(session.record(record).await.status, 200);
    world.ledger.node_tip(CONFIRMED + 500, None, 0).await;
    for uri in [format!("/v1/records/{}", base58(&record)), format!("/v1/records?patient={}", base58(&world.vault))] {
        assert_eq!(session.get(&uri, TREAT).await.problem(), (503, "behind".into()));
    }
}
