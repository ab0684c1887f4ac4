//! What a patient is told: in the inbox, and as a stream.

use std::{collections::BTreeSet, time::Duration};

use aegle_client::state::Right;
use serde_json::{Value, json};
use solana_keypair::Keypair;
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{CONFIRMED, FINALIZED, base58, key, time},
    follow::{PATIENCE, Reader, Service},
    receivers::notifying,
    sign_in::{sign_in, wallet},
    world::{Grant, Session, World, labels},
};

/// Somebody who signed in by another server than the world's.
async fn session<'a>(client: &'a Client, who: &Keypair) -> Session<'a> {
    Session { client, token: sign_in(client, who).await.0 }
}

async fn inbox(session: &Session<'_>, world: &World, query: &str) -> Vec<Value> {
    let body = session.get(&format!("/v1/inbox?patient={}{query}", base58(&world.vault)), "PATRQT").await.ok();
    body["data"].as_array().unwrap().clone()
}

/// Kinds by number, once there are so many.
async fn told(session: &Session<'_>, world: &World, count: usize) -> Vec<(i64, String)> {
    let all = async {
        loop {
            let notices = inbox(session, world, "").await;
            if notices.len() >= count {
                return notices;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let notices = tokio::time::timeout(PATIENCE, all).await.expect("they are told");
    let of = |notice: &Value| (notice["number"].as_i64().unwrap(), notice["kind"].as_str().unwrap().to_owned());
    notices.iter().rev().map(of).collect()
}

fn numbered(kinds: &[&str]) -> Vec<(i64, String)> {
    (1..).zip(kinds).map(|(number, kind)| (number, (*kind).to_owned())).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_patient_is_told_of_grants_disclosures_and_revocations_and_of_nothing_else(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let consent = world.grant(&doctor, Grant::default()).await;
    let service = Service::start(&pool, notifying).await;
    let client = Client::new(&pool);
    let [session, patient] = [session(&client, &doctor).await, session(&client, &world.patient).await];
    assert_eq!(told(&patient, &world, 1).await, numbered(&["grant"]));
    session.record(record).await.ok();
    session.record(key(250)).await.problem();
    patient.record(record).await.ok();
    session.of("records", world.vault).await.ok();
    assert_eq!(told(&patient, &world, 3).await, numbered(&["grant", "disclosure", "disclosure"]));

    world.ledger.revoke(CONFIRMED, world.vault, consent).await;
    world.advance().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(told(&patient, &world, 3).await.len(), 3, "what is not final is not told");
    world.finalize(CONFIRMED).await;
    let all = numbered(&["grant", "disclosure", "disclosure", "revocation"]);
    assert_eq!(told(&patient, &world, 4).await, all);

    for notice in inbox(&patient, &world, "").await {
        let members: BTreeSet<_> = notice.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["number", "kind", "at", "read"]));
    }
    let refused = session.get(&format!("/v1/inbox?patient={}", base58(&world.vault)), "TREAT").await;
    assert_eq!(refused.problem(), (403, "not_permitted".into()));
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_delegate_has_read_is_new_to_the_patient_still(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let carer = wallet(3);
    world.delegate(&carer, Right::Read as u8).await;
    for _ in 0..3 {
        world.grant(&wallet(2), Grant::default()).await;
    }
    let service = Service::start(&pool, notifying).await;
    let [carer, patient] = [world.session(&carer).await, world.session(&world.patient).await];
    told(&patient, &world, 4).await;
    let read = async |session: &Session<'_>, until: u32| -> Value {
        let body = json!({ "vault": base58(&world.vault), "until": until });
        session.post("/v1/inbox/read", &body).await.ok()["data"]["until"].clone()
    };
    assert_eq!(read(&carer, 2).await, 2);
    assert_eq!(read(&carer, 1).await, 2, "what was read stays so");
    assert_eq!(inbox(&carer, &world, "&unread=true").await.len(), 2);
    assert_eq!(inbox(&patient, &world, "&unread=true").await.len(), 4);
    assert_eq!(read(&patient, 1_000).await, 4, "what did not happen yet cannot have been read");
    assert!(inbox(&patient, &world, "").await.iter().all(|notice| notice["read"] == true));

    let page = format!("/v1/inbox?patient={}&limit=3", base58(&world.vault));
    let first = patient.get(&page, "PATRQT").await.ok();
    let next = first["next"].as_str().unwrap();
    let second = patient.get(&format!("{page}&cursor={next}"), "PATRQT").await.ok();
    let numbers = |page: &Value| -> Vec<i64> {
        page["data"].as_array().unwrap().iter().map(|notice| notice["number"].as_i64().unwrap()).collect()
    };
    assert_eq!([numbers(&first), numbers(&second)].concat(), [4, 3, 2, 1]);
    service.end().await;
}

/// Moves an event to another slot, as a node does that follows another branch.
async fn fork(world: &World, slot: Option<i64>) {
    let query = match slot {
        Some(slot) => format!("UPDATE event SET slot = {slot} WHERE name = 'BreakGlassOpened'"),
        None => "DELETE FROM event WHERE name = 'BreakGlassOpened'".to_owned(),
    };
    sqlx::query(sqlx::AssertSqlSafe(query)).execute(&world.pool).await.unwrap();
    world.advance().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_6_an_emergency_is_told_once_confirmed_taken_back_with_its_branch_and_told_once(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let service = Service::start(&pool, notifying).await;
    let client = Client::new(&pool);
    let patient = session(&client, &world.patient).await;
    world.ledger.break_glass(FINALIZED + 1, world.vault, key(70), key(90), time(CONFIRMED) + 500).await;
    assert_eq!(told(&patient, &world, 1).await, numbered(&["emergency"]), "before it is final");
    // It lands in another slot of the branch that stays, and is final there: that is no other emergency.
    fork(&world, Some(FINALIZED + 3)).await;
    world.finalize(FINALIZED + 2).await;
    world.finalize(FINALIZED + 4).await;
    world.ledger.review_break_glass(FINALIZED + 5, world.vault, key(70)).await;
    world.finalize(CONFIRMED).await;
    assert_eq!(told(&patient, &world, 2).await, numbered(&["emergency", "emergency_reviewed"]));

    // One of a branch that is left for good is taken back,
    sqlx::query(
        "INSERT INTO slot (slot, block_hash, parent_slot, parent_hash, block_height, block_time)
         SELECT slot, sha256(slot::text::bytea), slot - 1, sha256((slot - 1)::text::bytea), slot, $2
         FROM generate_series($1::bigint + 1, $1 + 9) AS slot",
    )
    .bind(CONFIRMED)
    .bind(time(CONFIRMED))
    .execute(&pool)
    .await
    .unwrap();
    let opened = world.ledger.break_glass(CONFIRMED + 1, world.vault, key(71), key(91), time(CONFIRMED) + 500).await;
    assert_eq!(told(&patient, &world, 3).await.last().unwrap().1, "emergency");
    sqlx::query("DELETE FROM event WHERE signature = $1").bind(opened.signature).execute(&pool).await.unwrap();
    world.finalize(CONFIRMED + 2).await;
    let kinds = ["emergency", "emergency_reviewed", "emergency", "emergency_undone", "emergency"];
    assert_eq!(told(&patient, &world, 4).await, numbered(&kinds[..4]));
    // and told anew should the transaction come after all.
    sqlx::query(
        "INSERT INTO event (signature, instruction_index, inner_index, slot, tx_index, name, account, vault, data)
         VALUES ($1, 0, 3, $2, 1, 'BreakGlassOpened', $3, $4, '\\x01')",
    )
    .bind(opened.signature)
    .bind(CONFIRMED + 5)
    .bind(key(71))
    .bind(world.vault)
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(told(&patient, &world, 5).await, numbered(&kinds));
    world.finalize(CONFIRMED + 6).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(told(&patient, &world, 5).await, numbered(&kinds));
    service.end().await;
}

async fn follow(service: &Service, session: &Session<'_>, world: &World, last_id: Option<&str>) -> Reader {
    let url = format!("http://{}/v1/events?patient={}", service.address, base58(&world.vault));
    let mut request = service.client.get(url).bearer_auth(&session.token);
    if let Some(id) = last_id {
        request = request.header("last-event-id", id);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Reader::of(response)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_tells_what_happens_continues_where_it_was_and_ends_with_the_session(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let service = Service::start(&pool, |config| {
        notifying(config);
        config.stream_heartbeat = 1;
    })
    .await;
    let [session, patient] = [world.session(&doctor).await, world.session(&world.patient).await];
    told(&patient, &world, 1).await;

    let mut live = follow(&service, &patient, &world, None).await;
    let mut all = follow(&service, &patient, &world, Some("0")).await;
    session.record(record).await.ok();
    let event = live.event().await;
    let members: BTreeSet<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["vault", "number", "kind", "at"]));
    assert_eq!((&event["kind"], &event["number"]), (&"disclosure".into(), &2.into()));
    let kinds: Vec<_> = all.events(2).await.iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["grant", "disclosure"]);
    drop(all);
    session.record(record).await.ok();
    live.event().await;
    let mut again = follow(&service, &patient, &world, Some("1")).await;
    let numbers: Vec<_> = again.events(2).await.iter().map(|event| event["number"].clone()).collect();
    assert_eq!(numbers, [2, 3]);

    for (token, last_id, status) in [(&session.token, "0", 403), (&patient.token, "none", 400)] {
        let url = format!("http://{}/v1/events?patient={}", service.address, base58(&world.vault));
        let asked = service.client.get(url).bearer_auth(token).header("last-event-id", last_id);
        assert_eq!(asked.send().await.unwrap().status(), status);
    }
    patient.delete("/v1/sessions").await;
    session.record(record).await.ok();
    assert_eq!(again.message().await, None, "nobody is told whose session has ended");
    service.end().await;
}
