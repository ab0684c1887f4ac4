//! Uploads over HTTP, by wallets that signed in.

use std::{fs, path::Path, time::Duration};

use aegle_indexer::blob::{BlobConfig, BlobId, Blobs, claim, locate};
use axum::{
    body::{Body, Bytes},
    http::{Method, Request},
};
use futures::{StreamExt, TryStreamExt, future::join_all, stream};
use serde_json::{Value, json};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, config},
    facts::Ledger,
    sign_in::{ask, sign_in, wallet},
};

struct Caller<'a> {
    client: &'a Client,
    token: String,
}

fn small() -> BlobConfig {
    BlobConfig {
        max_bytes: 10_000,
        min_chunk_bytes: 100,
        max_chunk_bytes: 1_000,
        max_unclaimed: 4,
        max_unclaimed_bytes: 20_000,
        ..BlobConfig::default()
    }
}

async fn client(pool: &PgPool, blobs: BlobConfig) -> Client {
    Ledger::new(pool).await;
    Client::with_blobs(pool, &config(), blobs)
}

impl<'a> Caller<'a> {
    async fn new(client: &'a Client, number: u8) -> Self {
        Self { client, token: sign_in(client, &wallet(number)).await.0 }
    }

    async fn create(&self, size: impl Into<Value>) -> Answer {
        let body = json!({ "size": size.into() });
        ask(self.client, Method::POST, "/v1/uploads", Some(&self.token), Some(&body)).await
    }

    /// Path of a new upload.
    async fn upload(&self, size: u64) -> String {
        let created = self.create(size).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let path = created.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(path, format!("/v1/uploads/{}", created.json()["id"].as_str().unwrap()));
        path
    }

    async fn append(&self, path: &str, offset: &str, body: impl Into<Body>) -> Answer {
        let request = Request::patch(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/partial-upload")
            .header("upload-offset", offset);
        self.client.send(request.body(body.into()).unwrap()).await
    }

    async fn find(&self, path: &str) -> Answer {
        ask(self.client, Method::HEAD, path, Some(&self.token), None).await
    }

    async fn cancel(&self, path: &str) -> Answer {
        ask(self.client, Method::DELETE, path, Some(&self.token), None).await
    }
}

/// Offset, length and completeness that an answer tells.
fn progress(answer: &Answer) -> (u64, u64, bool) {
    assert_eq!(answer.status, 204, "{}", answer.text);
    let number = |name: &str| answer.headers[name].to_str().unwrap().parse().unwrap();
    (number("upload-offset"), number("upload-length"), answer.headers["upload-complete"] == "?1")
}

fn objects(folder: &Path) -> usize {
    let files = |folder: fs::DirEntry| fs::read_dir(folder.path()).map_or(0, Iterator::count);
    fs::read_dir(folder).unwrap().map(|entry| files(entry.unwrap())).sum()
}

#[sqlx::test(migrations = "../migrations")]
async fn contents_come_in_chunks_and_are_the_same_once_claimed(pool: PgPool) {
    let client = client(&pool, small()).await;
    let caller = Caller::new(&client, 1).await;
    let bytes: Vec<u8> = (0..2_345_u32).map(|number| (number % 251) as u8).collect();

    let created = caller.create(2_345).await;
    let told = created.json();
    assert_eq!(
        (&told["size"], &told["min_chunk_bytes"], &told["max_chunk_bytes"]),
        (&json!(2_345), &json!(100), &json!(1_000))
    );
    assert!(told["expires_at"].as_str().unwrap().ends_with('Z'));
    let path = created.headers["location"].to_str().unwrap();
    let found = caller.find(path).await;
    assert_eq!(progress(&found), (0, 2_345, false));
    assert_eq!(found.headers["upload-limit"], "min-append-size=100, max-append-size=1000");
    assert_eq!(found.headers["cache-control"], "no-store");

    assert_eq!(progress(&caller.append(path, "0", bytes[..1_000].to_vec()).await), (1_000, 2_345, false));
    // A body in tiny pieces, without a length.
    let pieces = stream::iter(bytes[1_000..1_400].to_vec()).map(|byte| Ok::<_, std::io::Error>(vec![byte]));
    assert_eq!(progress(&caller.append(path, "1000", Body::from_stream(pieces)).await), (1_400, 2_345, false));
    assert_eq!(progress(&caller.find(path).await), (1_400, 2_345, false));
    // The answer was lost and the same is sent again.
    let again = caller.append(path, "1000", bytes[1_000..1_400].to_vec()).await;
    assert_eq!(again.problem(), (409, "upload_offset".into()));
    assert_eq!(again.headers["upload-offset"], "1400");
    assert_eq!(progress(&caller.append(path, "1400", bytes[1_400..2_300].to_vec()).await), (2_300, 2_345, false));
    assert_eq!(progress(&caller.append(path, "2300", bytes[2_300..].to_vec()).await), (2_345, 2_345, true));
    assert_eq!(caller.append(path, "2345", vec![0]).await.problem(), (400, "invalid_upload".into()));

    let id: BlobId = path.rsplit('/').next().unwrap().parse().unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let size = claim(&mut transaction, wallet(1).pubkey().to_bytes(), id).await.unwrap();
    assert_eq!(size, 2_345);
    let content = locate(&mut transaction, id, 0..u64::MAX).await.unwrap().unwrap();
    transaction.commit().await.unwrap();
    let url = Some(format!("file://{}", client.folder.path().display()));
    let blobs = Blobs::open(&BlobConfig { url, ..small() }).unwrap();
    let read: Vec<Bytes> = blobs.read(content).try_collect().await.unwrap();
    assert!(read.concat() == bytes);
    for answer in [caller.cancel(path).await, caller.append(path, "2345", vec![0]).await] {
        assert_eq!(answer.problem(), (404, "not_found".into()), "a claimed upload is none any more");
    }
    assert_eq!(caller.find(path).await.status, 404);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_foreign_upload_is_answered_as_one_that_is_not_there(pool: PgPool) {
    let client = client(&pool, small()).await;
    let (owner, stranger) = (Caller::new(&client, 1).await, Caller::new(&client, 2).await);
    let path = owner.upload(500).await;
    owner.append(&path, "0", vec![1; 200]).await;
    let nowhere = format!("/v1/uploads/{}", "ab".repeat(32));
    let upper = path.to_uppercase().replace("/V1/UPLOADS", "/v1/uploads");
    for (path, kind) in
        [(&path, "foreign"), (&nowhere, "absent"), (&"/v1/uploads/x".to_owned(), "no id"), (&upper, "no id")]
    {
        let found = stranger.find(path).await;
        assert_eq!(found.status, 404, "{kind}");
        assert!(!found.headers.contains_key("upload-offset"), "{kind}");
        for answer in [stranger.append(path, "200", vec![2; 300]).await, stranger.cancel(path).await] {
            assert_eq!(answer.problem(), (404, "not_found".into()), "{kind}");
            assert_eq!(answer.detail(), "There is no upload at this address in the state asked for.", "{kind}");
            assert!(!answer.headers.contains_key("upload-offset"), "{kind}");
        }
    }
    assert_eq!(progress(&owner.find(&path).await), (200, 500, false));
    assert_eq!(owner.cancel(&path).await.status, 204);
    assert_eq!(owner.cancel(&path).await.problem(), (404, "not_found".into()));
    let anonymous = ask(&client, Method::HEAD, &path, None, None).await;
    assert_eq!(anonymous.status, 401);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_no_upload_may_be_is_refused_and_leaves_nothing(pool: PgPool) {
    let client = client(&pool, small()).await;
    let caller = Caller::new(&client, 1).await;
    for (size, code) in [
        (json!(0), "invalid_upload"),
        (json!(10_001), "invalid_upload"),
        (json!(u64::MAX), "invalid_upload"),
        (json!(-1), "invalid_body"),
        (json!(1.5), "invalid_body"),
        (json!("1"), "invalid_body"),
    ] {
        assert_eq!(caller.create(size.clone()).await.problem(), (400, code.into()), "{size}");
    }
    let path = caller.upload(1_500).await;
    for offset in ["", "-0", "+0", "0x0", " ", "1e1", "18446744073709551616", "0, 0"] {
        let answer = caller.append(&path, offset, vec![0; 100]).await;
        assert_eq!(answer.problem(), (400, "invalid_upload".into()), "'{offset}'");
    }
    for offset in ["1", "1500", "18446744073709551615"] {
        let answer = caller.append(&path, offset, vec![0; 100]).await;
        assert_eq!(answer.problem(), (409, "upload_offset".into()), "{offset}");
        assert_eq!(answer.headers["upload-offset"], "0");
    }
    assert_eq!(caller.append(&path, "0", vec![0; 99]).await.problem(), (400, "invalid_upload".into()), "too little");
    assert_eq!(caller.append(&path, "0", Body::empty()).await.problem(), (400, "invalid_upload".into()));
    // By its declared length, and by what comes.
    let sized = Request::patch(&path)
        .header("authorization", format!("Bearer {}", caller.token))
        .header("upload-offset", "0")
        .header("content-length", "1001")
        .body(Body::from(vec![0; 1_001]));
    assert_eq!(client.send(sized.unwrap()).await.problem(), (413, "payload_too_large".into()));
    let endless = stream::repeat(vec![0; 300]).map(Ok::<_, std::io::Error>);
    assert_eq!(caller.append(&path, "0", Body::from_stream(endless)).await.problem(), (400, "invalid_upload".into()));
    // Cut off by the caller.
    let cut = stream::iter([Ok(vec![0; 300]), Err(std::io::Error::other("gone"))]);
    assert_eq!(caller.append(&path, "0", Body::from_stream(cut)).await.problem(), (400, "invalid_upload".into()));
    assert_eq!(progress(&caller.append(&path, "0", vec![1; 1_000]).await).0, 1_000);
    assert_eq!(caller.append(&path, "1000", vec![1; 501]).await.problem(), (400, "invalid_upload".into()), "beyond");
    assert_eq!(objects(client.folder.path()), 1);
    let parts: i64 = sqlx::query_scalar("SELECT count(*) FROM protected.upload_part").fetch_one(&pool).await.unwrap();
    assert_eq!(parts, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn quotas_hold_under_parallel_requests_and_for_each_wallet(pool: PgPool) {
    let client = client(&pool, BlobConfig { max_chunks_per_wallet: 2, max_chunks: 3, ..small() }).await;
    let (first, second) = (Caller::new(&client, 1).await, Caller::new(&client, 2).await);
    let created = join_all((0..10).map(|_| first.create(5_001))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = created.iter().partition(|answer| answer.status == 201);
    assert_eq!(taken.len(), 3, "of 20,000 bytes");
    assert!(refused.iter().all(|answer| answer.problem() == (429, "upload_quota".into())));
    let path = second.upload(10_000).await;

    let path_of = |answer: &Answer| answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(first.cancel(&path_of(taken[0])).await.status, 204);
    assert_eq!(first.create(5_001).await.problem(), (429, "upload_quota".into()), "it counts until it is deleted");

    // Bodies that never end hold their places, and their wallet's alone.
    let slow = || Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let paths = [path_of(taken[1]), path_of(taken[2])];
    let held = join_all(paths.iter().map(|path| first.append(path, "0", slow())));
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let third = first.append(&paths[0], "0", vec![1; 100]).await;
        let other = second.append(&path, "0", vec![1; 100]).await;
        (third, other)
    };
    let (third, other) = tokio::select! {
        _ = held => panic!("a body without an end ended"),
        answers = meanwhile => answers,
    };
    assert_eq!(third.problem(), (429, "too_many_chunks".into()));
    assert_eq!(progress(&other).0, 100);
    assert_eq!(progress(&first.append(&paths[0], "0", vec![1; 100]).await).0, 100, "free again");
}

#[sqlx::test(migrations = "../migrations")]
async fn of_parallel_requests_for_one_place_one_is_taken(pool: PgPool) {
    let client = client(&pool, BlobConfig { max_chunks_per_wallet: 10, ..small() }).await;
    let caller = Caller::new(&client, 1).await;
    let path = caller.upload(2_000).await;
    let answers = join_all((0..8_u8).map(|number| caller.append(&path, "0", vec![number; 500]))).await;
    let taken = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(taken, 1);
    for refused in answers.iter().filter(|answer| answer.status != 204) {
        assert_eq!(refused.problem(), (409, "upload_offset".into()));
        assert_eq!(refused.headers["upload-offset"], "500");
    }
    assert_eq!(objects(client.folder.path()), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_chunk_that_takes_too_long_is_refused_and_may_be_sent_again(pool: PgPool) {
    let client = client(&pool, BlobConfig { chunk_timeout: 1, ..small() }).await;
    let caller = Caller::new(&client, 1).await;
    let path = caller.upload(500).await;
    let slow = stream::iter([Ok::<_, std::io::Error>(vec![1; 100])]).chain(stream::pending());
    assert_eq!(caller.append(&path, "0", Body::from_stream(slow)).await.problem(), (504, "timeout".into()));
    assert_eq!(progress(&caller.append(&path, "0", vec![2; 500]).await), (500, 500, true));
}
