//! Being told elsewhere: in order, again until it is taken, never again after that, and only for as long as
//! one may read.

use std::{collections::BTreeSet, time::Duration};

use aegle_client::state::Right;
use aegle_indexer::api::{ApiConfig, SmtpConfig};
use serde_json::{Value, json};
use solana_keypair::Keypair;
use sqlx::PgPool;
use tokio::{net::TcpListener, time::timeout};

use crate::{
    client::{self, Client},
    facts::{CONFIRMED, base58},
    follow::Service,
    receivers::{Next, Postbox, Receiver, notifying},
    sign_in::{sign_in, wallet},
    world::{Grant, Session, World, labels},
};

/// Subscribes a webhook; gives the id and the secret.
async fn subscribe(session: &Session<'_>, world: &World, url: &str, kinds: &[&str]) -> (String, String) {
    let body = json!({ "vault": base58(&world.vault), "target": { "webhook": { "url": url } }, "kinds": kinds });
    let made = ask(session, &body).await.ok()["data"].clone();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("subscription"), text("secret"))
}

async fn list(session: &Session<'_>, world: &World) -> Vec<Value> {
    let body = session.get(&format!("/v1/subscriptions?patient={}", base58(&world.vault)), "PATRQT").await.ok();
    body["data"].as_array().unwrap().clone()
}

/// Somebody who reads, which is told, so many times.
async fn look(world: &World, doctor: &Keypair, record: [u8; 32], times: usize) {
    let session = world.session(doctor).await;
    for _ in 0..times {
        session.record(record).await.ok();
    }
}

/// Settings of a server that sends nothing itself, and lets addresses on this machine be named.
fn config() -> ApiConfig {
    let mut config = client::config();
    notifying(&mut config);
    config.notify.smtp = Some(smtp("127.0.0.1:1"));
    config
}

fn smtp(address: &str) -> SmtpConfig {
    let url = serde_json::from_value(json!(format!("smtp://{address}"))).unwrap();
    SmtpConfig { url, from: "Aegle <notices@aegle.example>".into() }
}

/// A patient with a record that a doctor may read.
async fn world(pool: &PgPool) -> (World, Keypair, [u8; 32]) {
    let mut world = World::with(pool, Client::with(pool, &config())).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    (world, doctor, record)
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(crate::follow::PATIENCE, wait).await.expect("it happens");
}

#[sqlx::test(migrations = "../migrations")]
async fn messages_come_in_order_signed_again_until_they_are_taken_and_never_after(pool: PgPool) {
    let (world, doctor, record) = world(&pool).await;
    let receiver = Receiver::start().await;
    let patient = world.session(&world.patient).await;
    let (id, secret) = subscribe(&patient, &world, &receiver.url(), &["disclosures"]).await;
    receiver.answer([500, 307, 404].map(Next::Status));
    // Two processes, of which one sends.
    let services = [Service::start(&pool, notifying).await, Service::start(&pool, notifying).await];
    look(&world, &doctor, record, 5).await;
    let messages = receiver.wait(8).await;
    let numbers: Vec<_> = messages.iter().map(|message| message.number()).collect();
    // The grant is number 1, and was not asked for.
    assert_eq!(numbers, [2, 2, 2, 2, 3, 4, 5, 6]);
    for message in &messages {
        assert!(message.is_signed(&secret), "{message:?}");
        assert_eq!(message.id(), format!("{id}-{}", message.number()));
        let body = message.json();
        let members: BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["type", "timestamp", "data"]));
        assert_eq!((&body["type"], &body["data"]["vault"]), (&"disclosure".into(), &base58(&world.vault).into()));
        assert_eq!(body["data"].as_object().unwrap().len(), 2);
    }
    let mut forged = messages[0].clone();
    forged.body = String::from_utf8(forged.body).unwrap().replace("disclosure", "grant").into();
    assert!(!forged.is_signed(&secret));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(receiver.messages().len(), 8, "what was taken is not sent again");
    assert_eq!(receiver.led(), 0, "a redirection leads nowhere");
    let [first, second] = services;
    first.end().await;
    look(&world, &doctor, record, 1).await;
    assert_eq!(receiver.wait(9).await[8].number(), 7, "another process goes on");
    second.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_process_that_dies_while_it_sends_loses_and_reorders_nothing(pool: PgPool) {
    let (world, doctor, record) = world(&pool).await;
    let receiver = Receiver::start().await;
    let patient = world.session(&world.patient).await;
    subscribe(&patient, &world, &receiver.url(), &["disclosures"]).await;
    look(&world, &doctor, record, 4).await;
    // It gets no answer to the second, and is gone before it could note one.
    receiver.answer([Next::Status(200), Next::Silence, Next::Status(200), Next::Silence]);
    let first = Service::start(&pool, notifying).await;
    receiver.wait(2).await;
    first.kill().await;
    let second = Service::start(&pool, notifying).await;
    receiver.wait(4).await;
    // This one loses the connection by which it has the office, and takes it again.
    let ended: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
         WHERE locktype = 'advisory' AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(ended, 1);
    let messages = receiver.wait(6).await;
    let numbers: Vec<_> = messages.iter().map(|message| message.number()).collect();
    assert_eq!(numbers, [2, 3, 3, 4, 4, 5]);
    assert_eq!(messages[1].id(), messages[2].id(), "who got it twice knows it by its id");
    second.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_no_longer_acts_for_the_patient_is_told_nothing_more(pool: PgPool) {
    let (mut world, doctor, record) = world(&pool).await;
    let carer = wallet(3);
    world.delegate(&carer, Right::Read as u8).await;
    let receiver = Receiver::start().await;
    let client = Client::with(&pool, &config());
    let session = Session { client: &client, token: sign_in(&client, &carer).await.0 };
    let (id, _) = subscribe(&session, &world, &receiver.url(), &["disclosures"]).await;
    let patient = Session { client: &client, token: sign_in(&client, &world.patient).await.0 };
    assert_eq!(list(&patient, &world).await.len(), 0, "each sees the own");
    let removal = format!("/v1/subscriptions/{}/{id}", base58(&world.vault));
    assert_eq!(patient.delete(&removal).await.problem().0, 403);
    let service = Service::start(&pool, notifying).await;
    look(&world, &doctor, record, 1).await;
    receiver.wait(1).await;

    let delegate: Vec<u8> = sqlx::query_scalar("SELECT delegate::bytea FROM delegate").fetch_one(&pool).await.unwrap();
    world.ledger.remove_delegate(CONFIRMED, world.vault, delegate.try_into().unwrap()).await;
    world.advance().await;
    look(&world, &doctor, record, 2).await;
    until(async || {
        let tries = sqlx::query_scalar::<_, i32>("SELECT attempts FROM protected.subscription").fetch_one(&pool);
        tries.await.unwrap() > 1
    })
    .await;
    assert_eq!(receiver.messages().len(), 1);
    session.delete(&removal).await.ok();
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_receiver_that_never_answers_is_given_up_and_its_owner_told(pool: PgPool) {
    let (world, doctor, record) = world(&pool).await;
    let patient = world.session(&world.patient).await;
    let [dead, gone] = [Receiver::start().await, Receiver::start().await];
    dead.answer([Next::Status(503); 1_000]);
    gone.answer([Next::Status(410); 1_000]);
    let (id, _) = subscribe(&patient, &world, &dead.url(), &["disclosures"]).await;
    let service = Service::start(&pool, notifying).await;
    look(&world, &doctor, record, 1).await;
    dead.wait(2).await;
    assert!(list(&patient, &world).await[0]["failing_since"].is_string());
    sqlx::query("UPDATE protected.subscription SET failing_since = now() - interval '8 days'")
        .execute(&pool)
        .await
        .unwrap();
    until(async || list(&patient, &world).await[0]["ended_at"].is_string()).await;
    let inbox = patient.get(&format!("/v1/inbox?patient={}", base58(&world.vault)), "PATRQT").await.ok();
    assert_eq!(inbox["data"][0]["kind"], "subscription_ended");
    let tries = dead.messages().len();
    look(&world, &doctor, record, 1).await;

    subscribe(&patient, &world, &gone.url(), &["disclosures"]).await;
    look(&world, &doctor, record, 1).await;
    until(async || list(&patient, &world).await[1]["failing_since"].is_string()).await;
    until(async || list(&patient, &world).await[1]["ended_at"].is_string()).await;
    assert_eq!(dead.messages().len(), tries, "nothing is sent once it ended");
    patient.delete(&format!("/v1/subscriptions/{}/{id}", base58(&world.vault))).await.ok();
    assert_eq!(list(&patient, &world).await.len(), 1);
    service.end().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn webhooks_reach_nothing_on_the_servers_own_network(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let patient = world.session(&world.patient).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for url in ["http://hooks.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "hooks"] {
        let body = json!({ "vault": base58(&world.vault), "target": { "webhook": { "url": url } } });
        assert_eq!(ask(&patient, &body).await.problem(), (400, "invalid_body".into()), "{url}");
    }
    let body =
        json!({ "vault": base58(&world.vault), "target": { "webhook": { "url": "https://8.8.8.8/" } }, "kinds": [] });
    assert_eq!(ask(&patient, &body).await.problem(), (400, "invalid_body".into()));
    // A name shows what it stands for only when it is resolved, and that may change.
    let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
    subscribe(&patient, &world, &url, &["disclosures"]).await;
    let service = Service::start(&pool, |config| {
        notifying(config);
        config.notify.allow_private = false;
    })
    .await;
    look(&world, &doctor, record, 1).await;
    until(async || list(&patient, &world).await[0]["failing_since"].is_string()).await;
    assert!(timeout(Duration::from_millis(300), listener.accept()).await.is_err(), "it connected");
    service.end().await;
}

async fn ask(session: &Session<'_>, body: &Value) -> client::Answer {
    session.post("/v1/subscriptions", body).await
}

#[sqlx::test(migrations = "../migrations")]
async fn only_who_may_read_subscribes_and_not_without_end(pool: PgPool) {
    let (world, doctor, _) = world(&pool).await;
    let [stranger, patient] = [world.session(&doctor).await, world.session(&world.patient).await];
    let body = json!({ "vault": base58(&world.vault), "target": { "webhook": { "url": "http://127.0.0.1/" } } });
    assert_eq!(ask(&stranger, &body).await.problem(), (403, "not_permitted".into()));
    assert_eq!(stranger.of("subscriptions", world.vault).await.problem().0, 403);
    for _ in 0..10 {
        ask(&patient, &body).await.ok();
    }
    assert_eq!(ask(&patient, &body).await.problem(), (429, "too_many_subscriptions".into()));
    let all = list(&patient, &world).await;
    assert_eq!(all[0]["kinds"], json!(["grants", "revocations", "disclosures", "emergencies", "storage"]));
    assert!(all.iter().all(|subscription| subscription.get("secret").is_none()));
    for made in all {
        let id = made["subscription"].as_str().unwrap();
        patient.delete(&format!("/v1/subscriptions/{}/{id}", base58(&world.vault))).await.ok();
    }
    for _ in 0..10 {
        ask(&patient, &body).await.ok();
    }
    let id = list(&patient, &world).await[0]["subscription"].as_str().unwrap().to_owned();
    patient.delete(&format!("/v1/subscriptions/{}/{id}", base58(&world.vault))).await.ok();
    assert_eq!(ask(&patient, &body).await.problem().0, 429, "those that were removed are counted for a day");
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_goes_to_an_address_whose_owner_repeats_the_code_and_says_nothing_of_what_happened(pool: PgPool) {
    let (world, doctor, record) = world(&pool).await;
    let patient = world.session(&world.patient).await;
    let postbox = Postbox::start().await;
    let service = Service::start(&pool, |config| {
        notifying(config);
        config.notify.smtp = Some(smtp(&postbox.address.to_string()));
    })
    .await;
    let target = json!({ "email": { "address": "patient@example.org" } });
    let made = ask(&patient, &json!({ "vault": base58(&world.vault), "target": target })).await.ok()["data"].clone();
    assert_eq!((&made["code_sent"], &made["secret"]), (&true.into(), &Value::Null));
    let asked = postbox.wait(1).await[0].clone();
    assert!(asked.contains("To: patient@example.org") && asked.contains("Subject: Confirm your address"), "{asked}");
    let code = asked.split_once("code there: ").unwrap().1[..8].to_owned();
    look(&world, &doctor, record, 1).await;
    // Told, and not by mail.
    let inbox = format!("/v1/inbox?patient={}", base58(&world.vault));
    until(async || patient.get(&inbox, "PATRQT").await.ok()["data"].as_array().unwrap().len() == 2).await;

    let uri =
        format!("/v1/subscriptions/{}/{}/confirmation", base58(&world.vault), made["subscription"].as_str().unwrap());
    let wrong = json!({ "code": if code == "00000000" { "00000001" } else { "00000000" } });
    assert_eq!(patient.post(&uri, &wrong).await.problem(), (409, "code_wrong".into()));
    patient.post(&uri, &json!({ "code": code })).await.ok();
    assert_eq!(list(&patient, &world).await[0]["confirmed"], true);
    look(&world, &doctor, record, 2).await;
    let mails = postbox.wait(3).await;
    assert_ne!(mails[1], mails[2]);
    for mail in &mails[1..] {
        assert!(mail.contains("Subject: Something new about your health records"), "{mail}");
        for word in ["disclosure", "laboratory", &base58(&world.vault)] {
            assert!(!mail.contains(word), "{mail}");
        }
    }

    // Guessing ends.
    let made = ask(&patient, &json!({ "vault": base58(&world.vault), "target": target })).await.ok()["data"].clone();
    let code = postbox.wait(4).await[3].split_once("code there: ").unwrap().1[..8].to_owned();
    let id = made["subscription"].as_str().unwrap();
    let uri = format!("/v1/subscriptions/{}/{id}/confirmation", base58(&world.vault));
    for _ in 0..5 {
        assert_eq!(patient.post(&uri, &json!({ "code": "1" })).await.problem().0, 409);
    }
    assert_eq!(patient.post(&uri, &json!({ "code": code })).await.problem(), (409, "code_wrong".into()));

    // So does waiting.
    let made = ask(&patient, &json!({ "vault": base58(&world.vault), "target": target })).await.ok()["data"].clone();
    let code = postbox.wait(5).await[4].split_once("code there: ").unwrap().1[..8].to_owned();
    let uri =
        format!("/v1/subscriptions/{}/{}/confirmation", base58(&world.vault), made["subscription"].as_str().unwrap());
    let aged = |by: &'static str| {
        let aged = sqlx::query(
            "UPDATE protected.subscription SET created_at = now() - $1::text::interval WHERE code IS NOT NULL",
        );
        aged.bind(by).execute(&pool)
    };
    aged("24 hours").await.unwrap();
    assert_eq!(patient.post(&uri, &json!({ "code": code })).await.problem(), (409, "code_wrong".into()));
    aged("23 hours").await.unwrap();
    patient.post(&uri, &json!({ "code": code })).await.ok();
    service.end().await;
}
