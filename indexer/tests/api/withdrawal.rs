//! What ends with a permission: keys that are deleted, and downloads on their way.

use std::time::Duration;

use aegle_client::state::ALL_RIGHTS;
use aegle_indexer::api::delete_withdrawn;
use axum::{
    body::Body,
    http::{Method, Request},
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::StreamExt;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::{
    facts::{CONFIRMED, FINALIZED, Key, base58, key},
    sign_in::wallet,
    world::{Grant, Session, TREAT, World, labels, opening, signature},
};

async fn holders(pool: &PgPool, record: Key) -> Vec<Vec<u8>> {
    sqlx::query_scalar("SELECT holder::bytea FROM protected.wrap WHERE record = $1 ORDER BY holder")
        .bind(record)
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_of_who_lost_a_permission_for_good_are_deleted_and_no_others(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (dismissed, kept, carer, early) =
        (world.practitioner(2).await, world.practitioner(3).await, wallet(4), world.practitioner(5).await);
    world.delegate(&carer, ALL_RIGHTS).await;
    let everybody = [&dismissed, &kept, &carer, &early];
    let record = world.record(&labels(&["laboratory"]), &everybody).await;
    let consent = world.grant(&dismissed, Grant::default()).await;
    world.grant(&kept, Grant::default()).await;
    world.grant(&early, Grant { slot: FINALIZED + 2, ..Grant::default() }).await;

    delete_withdrawn(&pool).await.unwrap();
    assert_eq!(holders(&pool, record).await.len(), 5);
    world.ledger.revoke(FINALIZED + 1, world.vault, consent).await;
    delete_withdrawn(&pool).await.unwrap();
    assert_eq!(holders(&pool, record).await.len(), 5, "the revocation is not final");
    world.finalize(FINALIZED + 1).await;
    assert_eq!(delete_withdrawn(&pool).await.unwrap(), 1);
    let left = holders(&pool, record).await;
    assert!(left.len() == 4 && !left.contains(&dismissed.pubkey().to_bytes().to_vec()));

    let account = aegle_client::pda::find_delegate(&world.vault.into(), &carer.pubkey()).0.to_bytes();
    world.ledger.remove_delegate(FINALIZED + 1, world.vault, account).await;
    delete_withdrawn(&pool).await.unwrap();
    assert_eq!(holders(&pool, record).await.len(), 3);
    world.ledger.revoke_all(CONFIRMED, world.vault, 1).await;
    world.finalize(CONFIRMED).await;
    delete_withdrawn(&pool).await.unwrap();
    assert_eq!(holders(&pool, record).await, [world.vault.to_vec()], "the patient's own stays");
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_in_a_vault_that_is_not_final_yet_wait_with_it(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, carer, stranger, young) = (world.practitioner(2).await, wallet(4), wallet(5), key(11));
    world.ledger.vault(FINALIZED + 1, young).await;
    world.vault = young;
    let holding = [&doctor, &carer, &stranger];
    let record = world.record_in(young, FINALIZED + 2, &labels(&["laboratory"]), &holding).await;
    world.grant(&doctor, Grant { slot: FINALIZED + 2, ..Grant::default() }).await;
    world.delegate(&carer, ALL_RIGHTS).await;
    sqlx::query("UPDATE delegate SET slot = $1").bind(FINALIZED + 2).execute(&pool).await.unwrap();

    assert_eq!(delete_withdrawn(&pool).await.unwrap(), 1);
    let left = holders(&pool, record).await;
    assert!(left.len() == 3 && !left.contains(&stranger.pubkey().to_bytes().to_vec()));
    world.finalize(FINALIZED + 2).await;
    assert_eq!(delete_withdrawn(&pool).await.unwrap(), 0);
}

/// A record of the patient's with this content, which `doctor` holds the key of.
pub async fn stored(world: &mut World, content: &[u8], doctor: &Keypair) -> Key {
    let (opening, commitment) = opening(&labels(&["laboratory"]), "content");
    let session = world.session(&world.patient).await;
    let upload = session.upload(content).await;
    let wrap = |holder: Key, recipient: Key| {
        json!({
            "holder": base58(&holder), "recipient": hex::encode(recipient),
            "wrapped_key": BASE64_STANDARD.encode([5; 80]),
        })
    };
    let grantee = doctor.pubkey().to_bytes();
    let body = json!({
        "vault": base58(&world.vault), "record_id": hex::encode(key(61)), "upload": upload, "opening": opening,
        "wraps": [wrap(world.vault, key(203)), wrap(grantee, grantee)],
    });
    session.post("/v1/records", &body).await.ok();
    world.mint(world.vault, FINALIZED - 3, key(61), commitment).await
}

async fn download(session: &Session<'_>, record: Key, range: Option<&str>) -> Response {
    let uri = format!("/v1/records/{}/content", base58(&record));
    let mut request =
        Request::get(&uri).header("authorization", format!("Bearer {}", session.token)).header("aegle-purpose", TREAT);
    for (name, value) in signature(&Method::GET, &uri, TREAT) {
        request = request.header(name, value);
    }
    if let Some(range) = range {
        request = request.header("range", range);
    }
    session.client.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place / 251 + place % 251) as u8).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_content_is_read_whole_or_by_ranges_across_its_parts(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let content = content(150_000);
    let record = stored(&mut world, &content, &doctor).await;
    world.grant(&doctor, Grant::default()).await;
    let session = world.session(&doctor).await;
    for (range, status, expected) in [
        (None, 200, 0..150_000),
        (Some("bytes=0-0"), 206, 0..1),
        (Some("bytes=65530-65545"), 206, 65_530..65_546),
        (Some("bytes=131072-"), 206, 131_072..150_000),
        (Some("bytes=-5"), 206, 149_995..150_000),
        (Some("bytes=149999-999999"), 206, 149_999..150_000),
        (Some("bytes=0-1,5-6"), 200, 0..150_000),
        (Some("lines=0-1"), 200, 0..150_000),
    ] {
        let answer = download(&session, record, range).await;
        assert_eq!(answer.status(), status, "{range:?}");
        assert_eq!(answer.headers()["content-length"], expected.len().to_string().as_str());
        assert_eq!(answer.headers()["cache-control"], "no-store");
        if status == 206 {
            let told = format!("bytes {}-{}/150000", expected.start, expected.end - 1);
            assert_eq!(answer.headers()["content-range"], told.as_str());
        }
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert!(bytes == content[expected], "{range:?}");
    }
    let beyond = download(&session, record, Some("bytes=150000-")).await;
    assert_eq!(beyond.status(), 416);
    let stranger = world.session(&wallet(9)).await;
    assert_eq!(download(&stranger, record, Some("bytes=150000-")).await.status(), 403, "its size is not told");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_2_a_revocation_ends_a_download_that_is_under_way(pool: PgPool) {
    for revoked in [false, true] {
        sqlx::query(
            "TRUNCATE slot, checkpoint, node_tip, protected.content, protected.opening, protected.upload CASCADE",
        )
        .execute(&pool)
        .await
        .unwrap();
        let mut world = World::new(&pool).await;
        let doctor = world.practitioner(2).await;
        let content = content(400_000);
        let record = stored(&mut world, &content, &doctor).await;
        let consent = world.grant(&doctor, Grant::default()).await;
        let token = world.session(&doctor).await.token;
        let session = Session { client: &world.client, token };
        let answer = download(&session, record, None).await;
        assert_eq!(answer.status(), 200);
        let mut pieces = answer.into_body().into_data_stream();
        let mut got = pieces.next().await.unwrap().unwrap().to_vec();
        if revoked {
            world.ledger.revoke(CONFIRMED, world.vault, consent).await;
            world.advance().await;
        }
        // Longer than a decision holds.
        tokio::time::sleep(Duration::from_millis(150)).await;
        let mut ended = false;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => got.extend_from_slice(&piece),
                Err(_) => ended = true,
            }
        }
        assert_eq!((ended, got == content), (revoked, !revoked), "{} bytes came", got.len());
        assert!(content.starts_with(&got));
    }
}
