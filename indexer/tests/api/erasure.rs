//! What an erasure destroys, in which order, and what cannot be read without a record's erasure key.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use aegle_indexer::{
    api::delete_withdrawn,
    blob::{BlobConfig, Sweeper},
    erasure::{Eraser, ErasureConfig, ErasureError, ErasureKeys, KeyId, Swept, seal_stored},
    retention::{NewHold, lift, place},
};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_signer::Signer;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{keys, open_blobs},
    facts::{CONFIRMED, FINALIZED, Key, base58, key},
    sign_in::wallet,
    withdrawal::stored,
    world::{Grant, Session, TREAT, World, labels, opening},
};

async fn count(pool: &PgPool, from: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM protected.{from}"))).fetch_one(pool).await.unwrap()
}

async fn key_ids(pool: &PgPool, table: &str) -> Vec<KeyId> {
    let sql = format!("SELECT erasure_key::bytea FROM protected.{table} ORDER BY 1");
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
    ids.into_iter().map(|id| KeyId(id.try_into().unwrap())).collect()
}

/// What looks for erasures, and what deletes blobs, as the server of `world` has them.
fn eraser(world: &World) -> (Eraser, Sweeper) {
    eraser_with(world, &world.pool, keys(&world.pool))
}

/// The same with connections and keys of its own.
fn eraser_with(world: &World, pool: &PgPool, keys: ErasureKeys) -> (Eraser, Sweeper) {
    let url = Some(format!("file://{}", world.client.folder.path().display()));
    let blobs = aegle_indexer::blob::Blobs::open(&BlobConfig { url, ..BlobConfig::default() }).unwrap();
    let sweeper = Sweeper::new(blobs, pool.clone());
    (Eraser::new(keys, pool.clone(), sweeper.clone()), sweeper)
}

async fn progress(session: &Session<'_>, record: Key) -> Value {
    session.get(&format!("/v1/records/{}/erasure", base58(&record)), TREAT).await.ok()["data"].clone()
}

async fn is_missing(keys: &ErasureKeys, id: KeyId) -> bool {
    matches!(keys.get(id).await, Err(ErasureError::Missing))
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_5_what_opens_an_erased_record_is_destroyed_once_the_erasure_is_final(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = stored(&mut world, &[7; 100_000], &doctor).await;
    let other = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let (mut eraser, sweeper) = eraser(&world);
    let (patient, reader) = (world.session(&world.patient).await, world.session(&doctor).await);
    let token = (patient.token.clone(), reader.token.clone());
    reader.record(record).await.ok();
    assert_eq!(progress(&patient, record).await["state"], "not_erased");

    // Confirmed: refused at once, whatever is in memory, and nothing is destroyed that a fork could bring back.
    world.ledger.erase(CONFIRMED, world.vault, record).await;
    world.advance().await;
    let session = |token: &String| Session { client: &world.client, token: token.clone() };
    let (patient, reader) = (session(&token.0), session(&token.1));
    for session in [&patient, &reader] {
        assert_eq!(session.record(record).await.problem(), (403, "not_permitted".into()));
        assert_eq!(session.records(world.vault, "").await, [base58(&other)]);
    }
    assert_eq!(eraser.sweep().await.unwrap(), Swept::default());
    assert_eq!(progress(&patient, record).await["state"], "confirmed");
    assert_eq!(count(&pool, "content").await, 2);

    world.finalize(CONFIRMED).await;
    assert_eq!(progress(&patient, record).await["state"], "destroying");
    let before = key_ids(&pool, "content").await;
    assert_eq!(eraser.sweep().await.unwrap(), Swept { records: 1, keys: 1 });
    let after = key_ids(&pool, "content").await;
    let gone: Vec<_> = before.iter().filter(|id| !after.contains(id)).copied().collect();
    assert!(after.len() == 1 && gone.len() == 1 && is_missing(&keys(&pool), gone[0]).await);
    assert!(keys(&pool).get(after[0]).await.is_ok(), "the other record's key stays");
    let told = progress(&patient, record).await;
    assert_eq!((&told["state"], &told["destroyed"]["wraps"]), (&json!("destroyed"), &json!(2)), "{told}");
    assert_eq!(told["destroyed"]["blob_gone_at"], Value::Null);
    sweeper.sweep().await.unwrap();
    assert_eq!(count(&pool, "upload_part").await, 0, "the ciphertext");
    assert_eq!(eraser.sweep().await.unwrap(), Swept::default(), "again there is nothing left");
    assert_ne!(progress(&patient, record).await["destroyed"]["blob_gone_at"], Value::Null);

    // The patient alone is told how far it is; what was decided about it stays in the log.
    for (session, of) in [(&reader, record), (&patient, key(250))] {
        let refused = session.get(&format!("/v1/records/{}/erasure", base58(&of)), TREAT).await;
        assert_eq!(refused.problem(), (403, "not_permitted".into()));
    }
    let entries: Vec<String> =
        sqlx::query_scalar("SELECT entry FROM protected.disclosure").fetch_all(&pool).await.unwrap();
    assert!(entries.iter().any(|entry| entry.contains(&base58(&record)) && entry.contains("permit")), "{entries:?}");
    reader.record(other).await.ok();
}

#[sqlx::test(migrations = "../migrations")]
async fn an_erasure_that_was_cut_short_is_finished_and_the_record_takes_no_content_any_more(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = stored(&mut world, b"content", &doctor).await;
    world.ledger.erase(FINALIZED, world.vault, record).await;
    // Killed between the key and the rest.
    let id = key_ids(&pool, "content").await[0];
    keys(&pool).destroy(id).await.unwrap();
    assert_eq!(eraser(&world).0.sweep().await.unwrap().records, 1);
    assert_eq!((count(&pool, "content").await, count(&pool, "wrap").await), (0, 0));
    assert_eq!(count(&pool, "upload WHERE state = 'claimed'").await, 0);

    let session = world.session(&world.patient).await;
    let (opening, _) = opening(&labels(&["laboratory"]), "content");
    let body = json!({
        "vault": base58(&world.vault), "record_id": hex::encode(key(61)), "upload": session.upload(b"content").await,
        "opening": opening, "wraps": [],
    });
    assert_eq!(session.post("/v1/records", &body).await.problem(), (409, "record_erased".into()));
    assert_eq!(count(&pool, "content").await, 0);
}

/// Polls what is done so many times, and drops it then, as whoever is killed. None where it was not over.
async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), polls);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_5_an_erasure_killed_at_any_step_leaves_a_content_whole_or_gone_and_is_finished_at_the_next_start(
    pool: PgPool,
) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let token = world.session(&world.patient).await.token;
    let folder = tempfile::tempdir().unwrap();
    let url = Some(format!("file://{}", folder.path().display()));
    let keys = || ErasureKeys::open(&ErasureConfig { url: url.clone(), ..ErasureConfig::default() }).unwrap();
    let (mut whole, mut gone) = (0, 0);
    for polls in 0..1_000 {
        let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
        let session = Session { client: &world.client, token: token.clone() };
        let blob = hex::decode(session.upload(&[7; 1_000]).await).unwrap();
        for claim in [
            "UPDATE protected.upload SET state = 'claimed' WHERE id = $1",
            "UPDATE protected.content SET blob = $1, size = 1000",
        ] {
            sqlx::query(claim).bind(&blob).execute(&pool).await.unwrap();
        }
        let (id, _) = keys().create().await.unwrap();
        sqlx::query("UPDATE protected.content SET erasure_key = $1").bind(id.0).execute(&pool).await.unwrap();
        world.ledger.erase(FINALIZED, world.vault, record).await;
        // Who is killed loses its connections.
        let options = (*pool.connect_options()).clone();
        let lost = PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
        let (mut killed, sweeper) = eraser_with(&world, &lost, keys());
        let work = async {
            killed.sweep().await.unwrap();
            sweeper.sweep().await.unwrap();
            killed.sweep().await.unwrap();
        };
        let over = killed_after(polls, work).await.is_some();
        lost.close().await;

        // What the database has not forgotten opens, and what it has forgotten does not.
        let session = Session { client: &world.client, token: token.clone() };
        assert_eq!(session.record(record).await.problem(), (403, "not_permitted".into()), "after {polls} polls");
        let kept = (count(&pool, "content").await, count(&pool, "wrap").await, count(&pool, "erasure").await);
        match kept {
            (1, 2, noted) if noted == gone + whole => {
                assert!(!is_missing(&keys(), id).await, "after {polls} polls a content has no key");
                whole += 1;
            }
            (0, 0, noted) if noted == gone + whole + 1 => gone += 1,
            half => panic!("after {polls} polls there is {half:?}"),
        }
        // A process that has just started.
        let (mut next, sweeper) = eraser_with(&world, &pool, keys());
        next.sweep().await.unwrap();
        sweeper.sweep().await.unwrap();
        next.sweep().await.unwrap();
        assert!(is_missing(&keys(), id).await, "after {polls} polls the key stays");
        for left in ["content", "wrap", "upload", "upload_part", "erasure WHERE blob_gone_at IS NULL"] {
            assert_eq!(count(&pool, left).await, 0, "{left} after {polls} polls");
        }
        if over {
            assert!(whole > 1 && gone > 1, "killed {whole} times before and {gone} times after");
            return;
        }
    }
    panic!("it is never over");
}

#[sqlx::test(migrations = "../migrations")]
async fn without_its_erasure_key_nothing_of_a_record_is_answered(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = stored(&mut world, b"content", &doctor).await;
    let (told, _) = opening(&labels(&["laboratory"]), "content");
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT to_jsonb(c)::text FROM protected.content c UNION ALL SELECT to_jsonb(w)::text FROM protected.wrap w",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for secret in ["salt", "labels_salt", "details_commitment"].map(|name| told[name].as_str().unwrap().to_owned()) {
        assert!(!rows.iter().any(|row| row.contains(&secret)), "{secret} is stored in clear");
    }
    assert!(!rows.iter().any(|row| row.contains(&hex::encode([5; 16]))), "a wrapped key is stored in clear");

    let session = world.session(&world.patient).await;
    let read = session.record(record).await.ok();
    assert_eq!(read["data"]["opening"], told);
    assert_eq!(read["data"]["key"]["wrapped_key"], BASE64_STANDARD.encode([5; 80]));
    let id = key_ids(&pool, "content").await[0];
    keys(&pool).destroy(id).await.unwrap();
    for answer in [session.record(record).await, session.of("records", world.vault).await] {
        assert_eq!(answer.problem(), (503, "store_unavailable".into()));
        assert_eq!(answer.headers["retry-after"], "5");
    }
    let anew = json!({
        "vault": base58(&world.vault), "upload": session.upload(b"anew").await,
        "wraps": [{
            "holder": base58(&world.vault), "recipient": hex::encode(key(203)),
            "wrapped_key": BASE64_STANDARD.encode([6; 80]),
        }],
    });
    let uri = format!("/v1/records/{}/content", base58(&record));
    let refused = session.send(Method::PUT, &uri, None, Some(&anew)).await;
    assert_eq!(refused.problem(), (503, "store_unavailable".into()), "nothing is stored under a key that is gone");
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_takes_its_erasure_key_along_and_loses_it_where_it_is_laid_aside(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let (patient, sender) = (world.session(&world.patient).await, world.session(&doctor).await);
    let mut items = Vec::new();
    for seed in ["kept", "laid aside"] {
        let (opening, _) = opening(&labels(&["laboratory"]), seed);
        let body = json!({
            "vault": base58(&world.vault), "upload": sender.upload(seed.as_bytes()).await, "opening": opening,
            "recipient": hex::encode(key(203)), "wrapped_key": BASE64_STANDARD.encode([8; 80]),
        });
        let posted = sender.post("/v1/mailbox", &body).await.ok()["data"].clone();
        assert_eq!(posted["opening"], opening);
        items.push(posted["item"].as_str().unwrap().to_owned());
    }
    let listed = patient.of("mailbox", world.vault).await.ok();
    assert_eq!(listed["data"][0]["wrapped_key"], BASE64_STANDARD.encode([8; 80]));
    let mail = key_ids(&pool, "mailbox_item").await;
    let uri = |item: &str| format!("/v1/mailbox/{}/{item}", base58(&world.vault));
    let acceptance = json!({ "record_id": hex::encode(key(61)) });
    patient.post(&format!("{}/accept", uri(&items[0])), &acceptance).await.ok();
    patient.delete(&uri(&items[1])).await.ok();
    delete_withdrawn(&pool).await.unwrap();
    let kept = key_ids(&pool, "content").await;
    assert!(kept.len() == 1 && mail.contains(&kept[0]), "the record has the item's key");
    assert_eq!(eraser(&world).0.sweep().await.unwrap(), Swept { records: 0, keys: 1 });
    assert_eq!(count(&pool, "ended_key WHERE destroyed_at IS NULL").await, 0);
    for id in mail {
        assert_eq!(is_missing(&keys(&pool), id).await, !kept.contains(&id));
    }
    // What a backup of the mailbox holds ends with the record.
    let record = aegle_client::pda::find_record(&world.vault.into(), &key(61)).0.to_bytes();
    world.ledger.record(FINALIZED - 1, world.vault, record, 1, None).await;
    world.ledger.erase(FINALIZED, world.vault, record).await;
    assert_eq!(eraser(&world).0.sweep().await.unwrap().records, 1);
    assert!(is_missing(&keys(&pool), kept[0]).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_an_earlier_release_stored_in_clear_is_sealed_before_it_is_served(pool: PgPool) {
    let world = World::new(&pool).await;
    sqlx::query(
        "INSERT INTO protected.mailbox_item (item, vault, sender, blob, size, salt, labels, labels_salt,
                                             details_commitment, recipient, wrapped_key)
         VALUES ($1, $2, $3, $4, 100, $5, $6, $7, $8, $9, $10)",
    )
    .bind(key(1))
    .bind(world.vault)
    .bind(wallet(2).pubkey().to_bytes())
    .bind(key(4))
    .bind(key(5))
    .bind(serde_json::to_string(&labels(&["laboratory"])).unwrap())
    .bind(key(7))
    .bind(key(8))
    .bind(key(203))
    .bind(vec![9_u8; 80])
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(seal_stored(&pool, &keys(&pool)).await.unwrap(), 1);
    assert_eq!(seal_stored(&pool, &keys(&pool)).await.unwrap(), 0, "once");
    assert_eq!(count(&pool, "mailbox_item WHERE salt IS NULL AND octet_length(wrapped_key) = 120").await, 1);
    let listed = world.session(&world.patient).await.of("mailbox", world.vault).await.ok();
    let item = &listed["data"][0];
    assert_eq!(item["wrapped_key"], BASE64_STANDARD.encode([9; 80]));
    assert_eq!(item["opening"]["salt"], hex::encode(key(5)));
    assert_eq!(item["opening"]["labels_salt"], hex::encode(key(7)));
    assert_eq!(item["opening"]["details_commitment"], hex::encode(key(8)));
}

#[sqlx::test(migrations = "../migrations")]
async fn after_a_restore_nothing_is_served_before_every_erasure_since_is_applied(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    world.ledger.erase(CONFIRMED, world.vault, record).await;
    sqlx::query("INSERT INTO protected.restored (slot) VALUES ($1)").bind(CONFIRMED).execute(&pool).await.unwrap();
    let mut eraser = eraser(&world).0;
    let stop = CancellationToken::new();
    let early = tokio::time::timeout(Duration::from_millis(900), eraser.catch_up(&stop)).await;
    assert!(early.is_err(), "the mirror has not reached the slot");
    assert_eq!((count(&pool, "restored").await, count(&pool, "content").await), (1, 1));
    world.finalize(CONFIRMED).await;
    eraser.catch_up(&stop).await.unwrap();
    assert_eq!((count(&pool, "restored").await, count(&pool, "content").await), (0, 0));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_destroyed_key_leaves_disk_and_every_process(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let folder = tempfile::tempdir().unwrap();
    let url = Some(format!("file://{}/keys", folder.path().display()));
    let config = ErasureConfig { url, ..ErasureConfig::default() };
    let (one, other) = (ErasureKeys::open(&config).unwrap(), ErasureKeys::open(&config).unwrap());
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let (id, _) = one.create().await.unwrap();
    other.get(id).await.unwrap();
    let file = folder.path().join("keys").join(&id.to_string()[..1]).join(id.to_string());
    assert_eq!(std::fs::read(&file).unwrap().len(), 32);
    let (_, sweeper) = eraser(&world);
    let mut looking = Eraser::new(other.clone(), pool.clone(), sweeper);
    looking.sweep().await.unwrap();

    sqlx::query("UPDATE protected.content SET erasure_key = $1").bind(id.0).execute(&pool).await.unwrap();
    world.ledger.erase(FINALIZED + 1, world.vault, record).await;
    world.finalize(FINALIZED + 1).await;
    let sweeper = eraser(&world).1;
    assert_eq!(Eraser::new(one.clone(), pool.clone(), sweeper).sweep().await.unwrap().records, 1);
    assert!(!file.exists());
    assert!(is_missing(&one, id).await);
    assert!(other.get(id).await.is_ok(), "in the memory of the other, where the decision refuses before it is asked");
    // Also where it looks at every erasure anew.
    let (authority, reference) = ("a court".to_owned(), "1".to_owned());
    let hold = NewHold { vault: world.vault.into(), records: Vec::new(), authority, reference };
    let placed = place(&pool, hold).await.unwrap();
    lift(&pool, &placed.hold, "over").await.unwrap();
    looking.sweep().await.unwrap();
    assert!(is_missing(&other, id).await);
    one.destroy(id).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_belong_to_one_database_and_lie_apart_from_the_blobs(pool: PgPool) {
    let mut world = World::new(&pool).await;
    world.record(&labels(&["laboratory"]), &[]).await;
    let (_, sweeper) = eraser(&world);
    sweeper.bind().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = |name: &str| {
        let url = Some(format!("file://{}/{name}", folder.path().display()));
        ErasureConfig { url, ..ErasureConfig::default() }
    };
    let refusal = async |keys: &ErasureKeys| keys.bind(&pool).await.unwrap_err().to_string();
    let empty = ErasureKeys::open(&config("empty")).unwrap();
    assert!(refusal(&empty).await.contains("without them no record opens"), "keys that are needed are not there");
    sqlx::query("TRUNCATE protected.content CASCADE").execute(&pool).await.unwrap();
    empty.bind(&pool).await.unwrap();
    empty.bind(&pool).await.unwrap();
    sqlx::query("UPDATE protected.blob_store SET id = $1").bind(key(9)).execute(&pool).await.unwrap();
    assert!(refusal(&empty).await.contains("another database"));

    let (blobs, _) = open_blobs(BlobConfig::default());
    for url in ["s3://bucket", "http://x", "file://host/x"] {
        let config = ErasureConfig { url: Some(url.into()), ..ErasureConfig::default() };
        assert!(config.validate().is_err(), "{url}");
    }
    drop(blobs);
}
