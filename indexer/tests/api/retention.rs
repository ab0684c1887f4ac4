//! What ends by the schedule, what a hold keeps, and what the report says of both.

use std::{io::Write, time::Duration};

use aegle_client::{Pubkey, state::Right};
use aegle_indexer::{
    api::delete_withdrawn,
    backup,
    blob::{BlobConfig, Blobs, Sweeper},
    erasure::{Eraser, ErasureConfig, ErasureError, ErasureKeys, KeyId},
    retention::{Class, HoldError, Keeper, NewHold, RetentionConfig, Setting, Stores, due, lift, list, place, report},
};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tempfile::NamedTempFile;

use crate::{
    client::keys,
    facts::{CONFIRMED, FINALIZED, Key, base58, day, key},
    sign_in::{answered_challenge, post, wallet},
    withdrawal::stored,
    world::{Grant, Session, TREAT, World, labels, opening},
};

const AUTHORITY: &str = "District Court of Example";
const REFERENCE: &str = "7 O 123/26";

fn sweeper(world: &World) -> Sweeper {
    let url = Some(format!("file://{}", world.client.folder.path().display()));
    Sweeper::new(Blobs::open(&BlobConfig { url, ..BlobConfig::default() }).unwrap(), world.pool.clone())
}

fn eraser(world: &World) -> Eraser {
    Eraser::new(keys(&world.pool), world.pool.clone(), sweeper(world))
}

fn keeper(world: &World, config: &RetentionConfig) -> Keeper {
    Keeper::new(keys(&world.pool), world.pool.clone(), sweeper(world), config).unwrap()
}

/// A schedule by which contents end after a year; those of imaging stay.
fn a_year() -> (NamedTempFile, RetentionConfig) {
    let mut schedule: Value = serde_json::from_str(include_str!("../../src/retention/default.json")).unwrap();
    let rule = |keep: Option<&str>, then: &str| json!({ "data": "content", "from": "stored", "keep": keep, "then": then, "basis": "x" });
    let mut imaging = rule(None, "keep");
    imaging["categories"] = json!(["imaging"]);
    schedule["rules"][0] = rule(Some("P1Y"), "delete");
    schedule["rules"].as_array_mut().unwrap().push(imaging);
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(schedule.to_string().as_bytes()).unwrap();
    let config = RetentionConfig { schedule: Some(file.path().to_owned()), ..RetentionConfig::default() };
    config.validate().unwrap();
    (file, config)
}

fn hold(vault: Key, records: &[Key]) -> NewHold {
    let records = records.iter().map(|record| Pubkey::from(*record)).collect();
    NewHold { vault: vault.into(), records, authority: AUTHORITY.into(), reference: REFERENCE.into() }
}

async fn count(pool: &PgPool, from: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM protected.{from}"))).fetch_one(pool).await.unwrap()
}

async fn key_of(pool: &PgPool, record: Key) -> Option<KeyId> {
    let id: Option<Vec<u8>> = sqlx::query_scalar("SELECT erasure_key::bytea FROM protected.content WHERE record = $1")
        .bind(record)
        .fetch_optional(pool)
        .await
        .unwrap();
    id.map(|id| KeyId(id.try_into().unwrap()))
}

async fn is_missing(pool: &PgPool, id: KeyId) -> bool {
    matches!(keys(pool).get(id).await, Err(ErasureError::Missing))
}

async fn erasure(session: &Session<'_>, record: Key) -> Value {
    session.get(&format!("/v1/records/{}/erasure", base58(&record)), TREAT).await.ok()["data"].clone()
}

async fn kinds(session: &Session<'_>, world: &World) -> Vec<String> {
    let told = session.of("inbox", world.vault).await.ok();
    let kind = |notice: &Value| notice["kind"].as_str().unwrap().to_owned();
    told["data"].as_array().unwrap().iter().rev().map(kind).collect()
}

fn session<'a>(world: &'a World, token: &str) -> Session<'a> {
    Session { client: &world.client, token: token.to_owned() }
}

fn in_days(days: i64) -> Timestamp {
    // As the database stamps rows; a minute apart counts for nothing.
    Timestamp::from_second(aegle_indexer::api::wall_clock()).unwrap() + SignedDuration::from_hours(24 * days)
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_5_what_is_held_is_served_to_nobody_and_destroyed_once_the_hold_is_lifted(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let held = stored(&mut world, b"evidence", &doctor).await;
    let other = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let (patient, reader) = (world.session(&world.patient).await.token, world.session(&doctor).await.token);
    let placed = place(&pool, hold(world.vault, &[held])).await.unwrap();
    assert_eq!(placed.contents, 1);
    session(&world, &reader).record(held).await.ok();
    // Neither the owner nor a delegate, who sees no holds, can put something else in its place.
    let carer = wallet(4);
    world.delegate(&carer, Right::Read as u8).await;
    for who in [&world.patient, &carer] {
        let session = world.session(who).await;
        let anew = json!({
            "vault": base58(&world.vault), "upload": session.upload(b"something else").await,
            "wraps": [{
                "holder": base58(&world.vault), "recipient": hex::encode(key(203)),
                "wrapped_key": BASE64_STANDARD.encode([6; 80]),
            }],
        });
        let uri = format!("/v1/records/{}/content", base58(&held));
        let refused = session.send(Method::PUT, &uri, None, Some(&anew)).await;
        assert_eq!(refused.problem(), (409, "record_held".into()));
    }

    for record in [held, other] {
        world.ledger.erase(FINALIZED, world.vault, record).await;
    }
    world.advance().await;
    let mut eraser = eraser(&world);
    let (key, others) = (key_of(&pool, held).await.unwrap(), key_of(&pool, other).await.unwrap());
    assert_eq!(eraser.sweep().await.unwrap().records, 1, "the other one");
    assert_eq!(eraser.sweep().await.unwrap().records, 0);
    assert!(key_of(&pool, other).await.is_none() && is_missing(&pool, others).await);
    assert!(key_of(&pool, held).await == Some(key) && !is_missing(&pool, key).await);
    assert_eq!(count(&pool, "wrap").await, 2);
    assert_eq!(count(&pool, "upload WHERE state = 'claimed'").await, 1, "the ciphertext");
    let (patient, reader) = (session(&world, &patient), session(&world, &reader));
    for session in [&patient, &reader] {
        assert_eq!(session.record(held).await.problem(), (403, "not_permitted".into()), "held is not served");
    }
    assert_eq!(erasure(&patient, held).await["state"], "held");
    assert_eq!(erasure(&patient, other).await["state"], "destroyed");

    // The patient sees it and why, and nobody else does.
    let shown = patient.of("holds", world.vault).await.ok()["data"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["records"], json!([base58(&held)]));
    assert_eq!((&shown[0]["authority"], &shown[0]["reference"]), (&json!(AUTHORITY), &json!(REFERENCE)));
    assert_eq!(shown[0]["lifted_at"], Value::Null);
    assert_eq!(reader.of("holds", world.vault).await.problem(), (403, "not_permitted".into()));
    assert_eq!(kinds(&patient, &world).await, ["hold_placed"]);

    lift(&pool, &placed.hold, "The case is closed").await.unwrap();
    assert_eq!(eraser.sweep().await.unwrap().records, 1, "at the next look");
    assert!(key_of(&pool, held).await.is_none() && is_missing(&pool, key).await);
    assert_eq!(erasure(&patient, held).await["state"], "destroyed");
    assert_eq!(kinds(&patient, &world).await, ["hold_placed", "hold_lifted"]);
    let shown = patient.of("holds", world.vault).await.ok()["data"].clone();
    assert_eq!(shown[0]["reason"], "The case is closed");
    assert!(shown[0]["lifted_at"].is_string(), "it stays as history");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_held_is_refused_and_a_hold_is_lifted_once_and_never_changed(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let other = world.vault(&wallet(3)).await;
    let refused = [
        (hold(key(99), &[]), "knows no vault"),
        (hold(other, &[record]), "is no record of the vault"),
        (NewHold { authority: " ".into(), ..hold(world.vault, &[]) }, "the authority"),
        (NewHold { reference: "two\nlines".into(), ..hold(world.vault, &[]) }, "the reference"),
        (NewHold { reference: "x".repeat(501), ..hold(world.vault, &[]) }, "the reference"),
    ];
    for (new, reason) in refused {
        let said = place(&pool, new).await.unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!((count(&pool, "hold").await, count(&pool, "notice").await), (0, 0));
    let placed = place(&pool, hold(world.vault, &[])).await.unwrap();
    for (id, reason) in [("zz", "no hold"), ("00", "no hold"), (&*"00".repeat(16), "no hold")] {
        let said = lift(&pool, id, "over").await.unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
    }
    assert!(matches!(lift(&pool, &placed.hold, "").await, Err(HoldError::Text(_))));
    lift(&pool, &placed.hold, "over").await.unwrap();
    assert!(matches!(lift(&pool, &placed.hold, "again").await, Err(HoldError::Lifted(_))));
    for change in [
        "UPDATE protected.hold SET lifted_at = NULL, reason = NULL",
        "DELETE FROM protected.hold",
        "TRUNCATE protected.hold",
    ] {
        assert!(sqlx::query(change).execute(&pool).await.is_err(), "{change}");
    }
    assert_eq!((list(&pool, false, 9).await.unwrap().len(), list(&pool, true, 9).await.unwrap().len()), (0, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn of_a_hold_and_an_erasure_at_once_one_comes_first_and_nothing_is_half(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let mut records = Vec::new();
    for _ in 0..6 {
        let record = world.record(&labels(&["laboratory"]), &[]).await;
        records.push((record, key_of(&pool, record).await.unwrap()));
        world.ledger.erase(FINALIZED, world.vault, record).await;
    }
    // A hold that is being placed: whoever destroys waits for it, and then sees it.
    let mut placing = pool.begin().await.unwrap();
    sqlx::query("INSERT INTO protected.hold (hold, vault, authority, reference) VALUES ($1, $2, 'a', 'r')")
        .bind([1_u8; 16])
        .bind(world.vault)
        .execute(&mut *placing)
        .await
        .unwrap();
    let mut erasing = eraser(&world);
    let erasing = tokio::spawn(async move { erasing.sweep().await.unwrap().records });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&pool, "content").await, 6);
    placing.commit().await.unwrap();
    assert_eq!(erasing.await.unwrap(), 0);
    assert_eq!(count(&pool, "content").await, 6);
    lift(&pool, &hex::encode([1; 16]), "over").await.unwrap();

    // Both at once, for real: what the hold says it keeps is whole, and the rest is gone.
    let mut erasing = eraser(&world);
    let (erased, placed) = tokio::join!(erasing.sweep(), place(&pool, hold(world.vault, &[])));
    let (erased, placed) = (erased.unwrap().records as i64, placed.unwrap().contents);
    assert_eq!((erased + placed, count(&pool, "content").await), (6, placed));
    for (record, key) in records {
        assert_eq!(key_of(&pool, record).await.is_none(), is_missing(&pool, key).await);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn of_a_hold_and_a_new_content_at_once_one_comes_first(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = stored(&mut world, b"evidence", &doctor).await;
    let session = world.session(&world.patient).await;
    let upload = session.upload(b"something else").await;
    let anew = json!({
        "vault": base58(&world.vault), "upload": upload,
        "wraps": [{
            "holder": base58(&world.vault), "recipient": hex::encode(key(203)),
            "wrapped_key": BASE64_STANDARD.encode([6; 80]),
        }],
    });
    let uri = format!("/v1/records/{}/content", base58(&record));
    // A request that saw no hold and now has to wait for its upload.
    let mut waits = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM protected.upload WHERE id = $1 FOR UPDATE")
        .bind(hex::decode(upload).unwrap())
        .execute(&mut *waits)
        .await
        .unwrap();
    let replacing = session.send(Method::PUT, &uri, None, Some(&anew));
    let placing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(place(&pool, hold(world.vault, &[record])).await.unwrap().contents, 1);
        waits.commit().await.unwrap();
    };
    let (replaced, ()) = tokio::join!(replacing, placing);
    assert_eq!(replaced.problem(), (409, "record_held".into()), "the hold came first");
    assert_eq!(count(&pool, "wrap").await, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_on_everything_keeps_what_waits_to_become_a_record(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let (patient, sender) = (world.session(&world.patient).await.token, world.session(&doctor).await.token);
    let (patient, sender) = (session(&world, &patient), session(&world, &sender));
    let mut items = Vec::new();
    for seed in ["discarded", "withdrawn", "made a record of"] {
        let (opening, _) = opening(&labels(&["laboratory"]), seed);
        let mail = json!({
            "vault": base58(&world.vault), "upload": sender.upload(seed.as_bytes()).await, "opening": opening,
            "recipient": hex::encode(key(203)), "wrapped_key": BASE64_STANDARD.encode([8; 80]),
        });
        let posted = sender.post("/v1/mailbox", &mail).await.ok();
        items.push(format!("/v1/mailbox/{}/{}", base58(&world.vault), posted["data"]["item"].as_str().unwrap()));
    }
    let placed = place(&pool, hold(world.vault, &[])).await.unwrap();
    // They are gone for everybody at once, and nobody learns that they are not destroyed.
    patient.delete(&items[0]).await.ok();
    sender.delete(&items[1]).await.ok();
    let acceptance = json!({ "record_id": hex::encode(key(61)) });
    patient.post(&format!("{}/accept", items[2]), &acceptance).await.ok();
    for item in &items[..2] {
        for session in [&patient, &sender] {
            let read = session.get(&format!("{item}/content"), TREAT).await;
            assert_eq!(read.problem(), (403, "not_permitted".into()));
            assert_eq!(session.delete(item).await.problem(), (403, "not_permitted".into()));
        }
        let accepted = patient.post(&format!("{item}/accept"), &acceptance).await;
        assert_eq!(accepted.problem().0, 403);
    }
    assert_eq!(patient.of("mailbox", world.vault).await.ok()["data"], json!([]));
    assert_eq!(sender.get("/v1/mailbox", TREAT).await.ok()["data"], json!([]));
    // Nor does an accepted one that is never minted go after a day.
    sqlx::query("UPDATE protected.content SET stored_at = now() - interval '2 days'").execute(&pool).await.unwrap();
    delete_withdrawn(&pool).await.unwrap();
    eraser(&world).sweep().await.unwrap();
    assert_eq!((count(&pool, "mailbox_item").await, count(&pool, "content").await), (2, 1));
    assert_eq!((count(&pool, "ended_key").await, count(&pool, "upload WHERE state = 'claimed'").await), (0, 3));

    lift(&pool, &placed.hold, "over").await.unwrap();
    delete_withdrawn(&pool).await.unwrap();
    assert_eq!((count(&pool, "mailbox_item").await, count(&pool, "content").await), (0, 0));
    assert_eq!(eraser(&world).sweep().await.unwrap().keys, 3);
    assert_eq!(count(&pool, "upload WHERE state = 'released'").await, 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn storage_ends_only_long_after_the_patient_was_told_and_the_record_stands(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let ends = stored(&mut world, b"content", &doctor).await;
    let stays = world.record(&labels(&["laboratory", "imaging"]), &[]).await;
    let held = world.record(&labels(&["laboratory"]), &[]).await;
    let token = world.session(&world.patient).await.token;
    let (_file, config) = a_year();
    let nothing = keeper(&world, &RetentionConfig::default()).sweep(in_days(40 * 365)).await.unwrap();
    assert_eq!(nothing.announced, 0, "by default contents stay");
    let keeper = keeper(&world, &config);
    let look = async |day: i64| {
        let expected = due(&pool, &config, in_days(day)).await.unwrap();
        let swept = keeper.sweep(in_days(day)).await.unwrap();
        assert_eq!(swept, expected, "what was said to be due on day {day}");
        (swept.announced, swept.deleted.get(&Class::Content).copied().unwrap_or_default())
    };

    let placed = place(&pool, hold(world.vault, &[held])).await.unwrap();
    assert_eq!(look(270).await, (0, 0));
    assert_eq!(look(280).await, (1, 0));
    let patient = session(&world, &token);
    assert_eq!(kinds(&patient, &world).await, ["hold_placed", "storage_ending"]);
    let endings = patient.of("endings", world.vault).await.ok()["data"].clone();
    assert_eq!(endings.as_array().unwrap().len(), 1);
    assert_eq!((&endings[0]["record"], &endings[0]["is_held"]), (&json!(base58(&ends)), &json!(false)));
    let day = in_days(370).strftime("%Y-%m-%d").to_string();
    assert!(endings[0]["ends_at"].as_str().unwrap().starts_with(&day), "the period is over before: {endings}");
    let stranger = world.session(&doctor).await;
    assert_eq!(stranger.of("endings", world.vault).await.problem(), (403, "not_permitted".into()));

    let key = key_of(&pool, ends).await.unwrap();
    assert_eq!(look(281).await, (0, 0), "it is told once");
    assert_eq!(look(369).await, (0, 0), "the year is over, and the notice is not");
    patient.record(ends).await.ok();
    assert_eq!(look(371).await, (0, 1));
    eraser(&world).sweep().await.unwrap();
    assert!(key_of(&pool, ends).await.is_none() && is_missing(&pool, key).await);
    assert_eq!(kinds(&patient, &world).await, ["hold_placed", "storage_ending", "storage_ended"]);
    assert_eq!(count(&pool, "wrap").await, 2, "of the others");
    world.advance().await;
    let patient = session(&world, &token);
    assert_eq!(patient.record(ends).await.problem(), (403, "not_permitted".into()));
    patient.record(stays).await.ok();
    assert_eq!(erasure(&patient, ends).await["state"], "storage_ended");
    let on_chain = world.client.get(format!("/v1/chain/records/{}", base58(&ends))).await.ok();
    assert_eq!(on_chain["data"]["record"]["status"], "active");

    // What is held ends only once it is not, and the patient was told of that one, too.
    assert_eq!(look(800).await, (0, 0));
    lift(&pool, &placed.hold, "over").await.unwrap();
    assert_eq!(look(801).await, (1, 0));
    assert_eq!(look(890).await, (0, 0));
    place(&pool, hold(world.vault, &[])).await.unwrap();
    assert_eq!(look(892).await, (0, 0), "a hold on the whole vault");
    let put_off = session(&world, &token).of("endings", world.vault).await.ok()["data"].clone();
    assert_eq!((&put_off[0]["record"], &put_off[0]["is_held"]), (&json!(base58(&held)), &json!(true)));
    assert!(key_of(&pool, held).await.is_some());

    // The owner erases what is not stored any more all the same.
    world.ledger.erase(FINALIZED, world.vault, ends).await;
    assert_eq!(erasure(&session(&world, &token), ends).await["state"], "destroyed");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_end_that_was_told_is_taken_back_by_a_schedule_that_keeps_longer(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let (_file, config) = a_year();
    assert_eq!(keeper(&world, &config).sweep(in_days(400)).await.unwrap().announced, 1);
    keeper(&world, &RetentionConfig::default()).sweep(in_days(401)).await.unwrap();
    assert_eq!(count(&pool, "content_end").await, 0);
    let swept = keeper(&world, &config).sweep(in_days(500)).await.unwrap();
    assert_eq!((swept.announced, swept.deleted.len()), (1, 0), "it is told anew, and the time counts anew");
    // What had ended before a backup was restored is finished without telling it again.
    sqlx::query("DELETE FROM protected.content_end").execute(&pool).await.unwrap();
    keys(&pool).destroy(key_of(&pool, record).await.unwrap()).await.unwrap();
    let swept = keeper(&world, &config).sweep(in_days(501)).await.unwrap();
    assert_eq!((swept.announced, swept.deleted[&Class::Content]), (0, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_that_cannot_be_read_or_destroyed_keeps_no_other_content(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let folder = tempfile::tempdir().unwrap();
    let url = Some(format!("file://{}", folder.path().display()));
    let keys = ErasureKeys::open(&ErasureConfig { url, ..ErasureConfig::default() }).unwrap();
    let mut files = Vec::new();
    for _ in 0..3 {
        let record = world.record(&labels(&["laboratory"]), &[]).await;
        let name = keys.create().await.unwrap().0;
        let set = "UPDATE protected.content SET erasure_key = $1 WHERE record = $2";
        sqlx::query(set).bind(name.0).bind(record).execute(&pool).await.unwrap();
        files.push(folder.path().join(&name.to_string()[..1]).join(name.to_string()));
    }
    files.sort();
    std::fs::write(&files[0], b"damaged").unwrap();
    let (_file, config) = a_year();
    let fresh = ErasureKeys::open(&ErasureConfig {
        url: Some(format!("file://{}", folder.path().display())),
        ..ErasureConfig::default()
    })
    .unwrap();
    let keeper = Keeper::new(fresh.clone(), pool.clone(), sweeper(&world), &config).unwrap();
    assert_eq!(keeper.sweep(in_days(400)).await.unwrap().announced, 3);
    assert_eq!(keeper.sweep(in_days(500)).await.unwrap().deleted[&Class::Content], 3);
    std::fs::remove_file(&files[0]).unwrap();
    std::fs::create_dir_all(files[0].join("in the way")).unwrap();
    let mut eraser = Eraser::new(fresh, pool.clone(), sweeper(&world));
    assert!(eraser.sweep().await.is_err());
    assert!(!files[1].exists() && !files[2].exists(), "the others are destroyed");
    assert_eq!(count(&pool, "erasure WHERE destroyed_at IS NULL").await, 1);
    std::fs::remove_dir_all(&files[0]).unwrap();
    assert_eq!(eraser.sweep().await.unwrap().keys, 1);
    assert_eq!(count(&pool, "erasure WHERE destroyed_at IS NULL").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_requests_and_notices_go_when_they_are_over_and_not_before_or_while_held(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let vaults = [world.vault, world.vault(&wallet(3)).await];
    let sender = world.session(&doctor).await;
    for (place, vault) in vaults.iter().enumerate() {
        let (opening, _) = opening(&labels(&["laboratory"]), &place.to_string());
        let mail = json!({
            "vault": base58(vault), "upload": sender.upload(b"result").await, "opening": opening,
            "recipient": hex::encode(key(203)), "wrapped_key": BASE64_STANDARD.encode([8; 80]),
        });
        sender.post("/v1/mailbox", &mail).await.ok();
        let asked = json!({ "vault": base58(vault), "purposes": 1, "actions": 1 });
        sender.post("/v1/access-requests", &asked).await.ok();
    }
    let mut tell = Vec::new();
    for _ in 0..2 {
        tell.push(place(&pool, hold(vaults[0], &[])).await.unwrap());
    }
    lift(&pool, &tell.remove(0).hold, "over").await.unwrap();
    let config = RetentionConfig::default();
    let keeper = keeper(&world, &config);
    assert_eq!(keeper.sweep(in_days(360)).await.unwrap().deleted.len(), 0);
    let swept = keeper.sweep(in_days(366)).await.unwrap().deleted;
    assert_eq!((swept.get(&Class::AccessRequest), swept.get(&Class::MailboxItem)), (Some(&1), None));
    assert_eq!(due(&pool, &config, in_days(731)).await.unwrap().deleted[&Class::MailboxItem], 1);
    assert_eq!(count(&pool, "mailbox_item").await, 2, "looking changes nothing");
    assert_eq!(keeper.sweep(in_days(731)).await.unwrap().deleted[&Class::MailboxItem], 1);
    delete_withdrawn(&pool).await.unwrap();
    assert_eq!((count(&pool, "mailbox_item").await, count(&pool, "ended_key").await), (1, 1));
    assert_eq!(eraser(&world).sweep().await.unwrap().keys, 1);
    assert_eq!(count(&pool, "upload WHERE state = 'released'").await, 1);

    // The first vault's hold keeps its rows, notices too; once it is lifted, all go but the newest notice.
    assert_eq!(keeper.sweep(in_days(2_200)).await.unwrap().deleted.len(), 0);
    lift(&pool, &tell[0].hold, "over").await.unwrap();
    let swept = keeper.sweep(in_days(2_200)).await.unwrap().deleted;
    assert_eq!((swept[&Class::MailboxItem], swept[&Class::AccessRequest], swept[&Class::Notice]), (1, 1, 3));
    place(&pool, hold(vaults[0], &[])).await.unwrap();
    let numbers: Vec<i64> =
        sqlx::query_scalar("SELECT number FROM protected.notice ORDER BY 1").fetch_all(&pool).await.unwrap();
    assert_eq!(numbers, [4, 5], "numbers go on");
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_schedule_that_can_be_read_nothing_is_deleted(pool: PgPool) {
    let world = World::new(&pool).await;
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(b"{\"kind\":\"aegle:retention:v1\",\"rules\":[]}").unwrap();
    for path in [file.path().to_owned(), "nowhere.json".into()] {
        let config = RetentionConfig { schedule: Some(path), ..RetentionConfig::default() };
        assert!(Keeper::new(keys(&pool), pool.clone(), sweeper(&world), &config).is_err());
        assert!(config.validate().unwrap_err().starts_with("schedule"));
    }
    for (notice_days, sweep_interval) in [(29, 3_600), (366, 3_600), (90, 0)] {
        let config = RetentionConfig { notice_days, sweep_interval, ..RetentionConfig::default() };
        assert!(config.validate().is_err(), "{notice_days} {sweep_interval}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_report_counts_what_is_in_force_and_names_nobody(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = stored(&mut world, b"content", &doctor).await;
    let erased = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    // Neither is a recipient: a permission that is over, and one of before everything was revoked.
    let (past, revoked) = (world.practitioner(5).await, world.practitioner(6).await);
    let days = (day(CONFIRMED) - 5, day(CONFIRMED));
    world.grant(&past, Grant { days, ..Grant::default() }).await;
    let id = world.grant(&revoked, Grant::default()).await;
    sqlx::query("UPDATE consent SET consent_epoch = 7 WHERE consent = $1").bind(id).execute(&pool).await.unwrap();
    let reader = world.session(&doctor).await;
    reader.record(record).await.ok();
    reader.record(key(250)).await.problem();
    world.ledger.erase(FINALIZED, world.vault, erased).await;
    eraser(&world).sweep().await.unwrap();
    place(&pool, hold(world.vault, &[record])).await.unwrap();
    world.ledger.erase(FINALIZED, world.vault, record).await;
    eraser(&world).sweep().await.unwrap();
    let mut wrong = answered_challenge(&world.client, &doctor).await;
    wrong["signature"] = answered_challenge(&world.client, &doctor).await["signature"].clone();
    assert_eq!(post(&world.client, "/v1/sign-in", &wrong).await.status, 403);
    let controller = json!({ "name": "Clinic | of Example", "contact": "privacy@clinic.example" });
    let config =
        RetentionConfig { controller: Some(serde_json::from_value(controller).unwrap()), ..RetentionConfig::default() };
    let stores = Stores { database: "Postgres", contents: "a folder", erasure_keys: "a folder" };
    let sessions = Setting { data: "sessions", setting: "a key", period: "1 day".into(), rows: None };
    let report = report(&pool, &config, vec![sessions], stores).await.unwrap();

    let row = |class| report.data.iter().find(|row| row.data == class).unwrap();
    assert_eq!(report.data.len(), Class::ALL.len());
    assert_eq!((row(Class::Content).rows, row(Class::ConsentOpening).rows, row(Class::Hold).rows), (1, 3, 1));
    assert!(row(Class::DisclosureLog).rows >= 3 && row(Class::DisclosureLog).oldest.is_some());
    assert_eq!(row(Class::MailboxItem).rules[0].says(), "P2Y from posted, then deleted");
    assert_eq!(row(Class::Content).rules[0].says(), "until the owner erases it");
    let recipients: Vec<_> = report.recipients.iter().map(|row| (row.of.as_str(), row.count)).collect();
    assert!(recipients.contains(&("grantees: practitioner", 1)), "{recipients:?}");
    assert_eq!((report.holds.in_force, report.holds.vaults, report.holds.lifted), (1, 1, 0));
    let erasures = &report.erasures;
    assert_eq!((erasures.destroyed, erasures.pending, erasures.held), (1, 1, 1));
    assert!(erasures.longest_seconds.is_some());
    let treat = report.disclosures.iter().find(|row| row.purpose == "TREAT").unwrap();
    assert_eq!((treat.answered, treat.refused), (1, 1));

    let (accepted, refused) = (report.sign_ins.accepted, report.sign_ins.refused);
    assert!(accepted >= 2 && refused == 1 && report.sign_ins.refused_since.is_some(), "{:?}", report.sign_ins);

    let page = report.markdown();
    assert!(page.contains("Clinic \\| of Example, privacy@clinic.example"), "{page}");
    assert!(page.contains("1 in force on 1 vaults") && page.contains("| TREAT | 1 | 1 |"), "{page}");
    assert!(page.contains("- sessions: 1 day (`a key`); 2 now"), "{page}");
    let text = page + &serde_json::to_string(&report).unwrap();
    for id in [world.vault, record, erased] {
        assert!(!text.contains(&base58(&id)) && !text.contains(&hex::encode(id)), "an id is in the report");
    }
    for secret in [AUTHORITY, REFERENCE, "laboratory"] {
        assert!(!text.contains(secret), "{secret} is in the report");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_is_in_every_backup_and_in_force_after_a_restore(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = wallet(2);
    let record = stored(&mut world, b"evidence", &doctor).await;
    place(&pool, hold(world.vault, &[record])).await.unwrap();
    world.ledger.erase(CONFIRMED, world.vault, record).await;
    let url = Some(format!("file://{}", world.client.folder.path().display()));
    let blobs = Blobs::open(&BlobConfig { url, ..BlobConfig::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    backup::create(&pool, &blobs, &backup).await.unwrap();

    let (options, name) = (pool.connect_options(), "restored_with_a_hold");
    let mut connection = pool.acquire().await.unwrap();
    for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    }
    let other = PgPoolOptions::new().max_connections(4).connect_with((*options).clone().database(name)).await.unwrap();
    backup::restore(&other, &blobs, &backup, CONFIRMED).await.unwrap();
    sqlx::query("UPDATE checkpoint SET finalized_slot = $1").bind(CONFIRMED).execute(&other).await.unwrap();
    let mut eraser = Eraser::new(keys(&pool), other.clone(), Sweeper::new(blobs, other.clone()));
    eraser.catch_up(&Default::default()).await.unwrap();
    assert_eq!((count(&other, "content").await, count(&other, "hold").await), (1, 1));
    let placed = list(&other, false, 9).await.unwrap().remove(0);
    lift(&other, &placed.hold, "over").await.unwrap();
    assert_eq!(eraser.sweep().await.unwrap().records, 1);
    other.close().await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name}"))).execute(&mut *connection).await.unwrap();
}
