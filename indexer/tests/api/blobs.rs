//! Uploads, blobs and sweeps over a real folder and a real Postgres, below the routes.

use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use aegle_indexer::blob::{
    BlobConfig, BlobId, Blobs, StoreError, Sweeper, Upload, UploadError, begin_part, cancel, claim, create, discard,
    find, finish_part, locate, release,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sqlx::{PgPool, Postgres, Transaction};
use tempfile::TempDir;

const OWNER: [u8; 32] = [1; 32];
const STRANGER: [u8; 32] = [2; 32];

struct Bench {
    pool: PgPool,
    folder: TempDir,
    blobs: Blobs,
    sweeper: Sweeper,
}

impl Bench {
    async fn new(pool: &PgPool) -> Self {
        Self::with(pool, BlobConfig { min_chunk_bytes: 1, ..BlobConfig::default() }).await
    }

    async fn with(pool: &PgPool, mut config: BlobConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        config.url = Some(format!("file://{}/blobs", folder.path().display()));
        config.validate().unwrap();
        let blobs = Blobs::open(&config).unwrap();
        let sweeper = Sweeper::new(blobs.clone(), pool.clone());
        sweeper.bind().await.unwrap();
        Self { pool: pool.clone(), folder, blobs, sweeper }
    }

    /// A transaction as the API's, which serves `caller`.
    async fn serve(&self, caller: [u8; 32]) -> Transaction<'static, Postgres> {
        let mut transaction = self.pool.begin().await.unwrap();
        sqlx::query("SET LOCAL ROLE aegle_api").execute(&mut *transaction).await.unwrap();
        sqlx::query("SELECT set_config('aegle.caller', $1, true)")
            .bind(hex::encode(caller))
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction
    }

    async fn create(&self, owner: [u8; 32], size: u64) -> Result<Upload, UploadError> {
        let mut transaction = self.serve(owner).await;
        let upload = create(&mut transaction, &self.blobs.config, owner, size).await?;
        transaction.commit().await?;
        Ok(upload)
    }

    async fn find(&self, caller: [u8; 32], id: BlobId) -> Option<Upload> {
        find(&mut *self.serve(caller).await, caller, id).await.unwrap()
    }

    async fn append(&self, id: BlobId, start: u64, bytes: &[u8]) -> Result<Upload, UploadError> {
        let config = &self.blobs.config;
        let mut transaction = self.serve(OWNER).await;
        let part = begin_part(&mut transaction, config, OWNER, id, start).await?;
        transaction.commit().await?;
        self.blobs.store.put(part.object, Bytes::copy_from_slice(bytes)).await.unwrap();
        let mut transaction = self.serve(OWNER).await;
        match finish_part(&mut transaction, config, OWNER, &part, bytes.len() as u64).await {
            Ok(upload) => {
                transaction.commit().await?;
                Ok(upload)
            }
            Err(error) => {
                drop(transaction);
                self.blobs.store.delete(&[part.object]).await.unwrap();
                let mut transaction = self.serve(OWNER).await;
                discard(&mut transaction, &part).await?;
                transaction.commit().await?;
                Err(error)
            }
        }
    }

    /// An upload of these bytes in parts of `step`, not claimed.
    async fn upload(&self, bytes: &[u8], step: usize) -> BlobId {
        let id = self.create(OWNER, bytes.len() as u64).await.unwrap().id;
        let mut start = 0;
        for part in bytes.chunks(step) {
            start = self.append(id, start, part).await.unwrap().received;
        }
        id
    }

    async fn claim(&self, id: BlobId) -> Result<u64, UploadError> {
        let mut transaction = self.serve(OWNER).await;
        let size = claim(&mut transaction, OWNER, id).await?;
        transaction.commit().await?;
        Ok(size)
    }

    async fn blob(&self, bytes: &[u8], step: usize) -> BlobId {
        let id = self.upload(bytes, step).await;
        assert_eq!(self.claim(id).await.unwrap(), bytes.len() as u64);
        id
    }

    async fn read(&self, id: BlobId, range: std::ops::Range<u64>) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(content) = locate(&mut *self.serve(STRANGER).await, id, range).await? else {
            return Ok(None);
        };
        let pieces: Vec<Bytes> = self.blobs.read(content).try_collect().await?;
        Ok(Some(pieces.concat()))
    }

    /// Names and contents of all objects.
    fn objects(&self) -> Vec<(String, Vec<u8>)> {
        files(&self.folder.path().join("blobs"))
            .into_iter()
            .filter(|file| !file.ends_with("aegle-blob-store"))
            .map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&file).unwrap()))
            .collect()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn random(rng: &mut impl RngCore, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// The generator of a randomized test; a failure shows the seed that tells its run again.
fn rng() -> ChaCha20Rng {
    let seed = std::env::var("AEGLE_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rngs::OsRng.next_u64());
    println!("AEGLE_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

#[sqlx::test(migrations = "../migrations")]
async fn any_split_with_interruptions_and_retries_gives_the_same_bytes_and_any_range_of_them(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let mut rng = rng();
    for round in 0..6 {
        let told = format!("round {round}");
        let length = rng.gen_range(1..100_000);
        let bytes = random(&mut rng, length);
        let id = bench.create(OWNER, length as u64).await.unwrap().id;
        let mut start = 0;
        while start < length {
            let end = rng.gen_range(start + 1..=length.min(start + 1 + length / 4));
            let part = &bytes[start..end];
            match rng.gen_range(0..5) {
                // Killed before the object, or between the object and the row.
                kind @ 0..=1 => {
                    let mut transaction = bench.serve(OWNER).await;
                    let begun = begin_part(&mut transaction, &bench.blobs.config, OWNER, id, start as u64).await;
                    transaction.commit().await.unwrap();
                    if kind == 1 {
                        let other = random(&mut rng, part.len());
                        bench.blobs.store.put(begun.unwrap().object, other.into()).await.unwrap();
                    }
                }
                // The answer was lost, so the client sends the same again.
                2 => {
                    bench.append(id, start as u64, part).await.unwrap();
                    let again = bench.append(id, start as u64, part).await;
                    match again {
                        Err(UploadError::Offset { expected }) => assert_eq!(expected, end as u64, "{told}"),
                        Err(UploadError::Complete) => assert_eq!(end, length, "{told}"),
                        other => panic!("{other:?}, {told}"),
                    }
                    start = end;
                }
                _ => {
                    let upload = bench.append(id, start as u64, part).await.unwrap();
                    assert_eq!(upload.received, end as u64, "{told}");
                    start = end;
                }
            }
            assert_eq!(bench.find(OWNER, id).await.unwrap().received, start as u64, "{told}");
        }
        bench.claim(id).await.unwrap();
        assert!(bench.read(id, 0..u64::MAX).await.unwrap().unwrap() == bytes, "{told}");
        for _ in 0..20 {
            let (first, last) = (rng.gen_range(0..length + 10), rng.gen_range(0..length + 10));
            let expected = bytes.get(first..last.min(length)).filter(|slice| !slice.is_empty());
            let read = bench.read(id, first as u64..last as u64).await.unwrap();
            assert!(read.as_deref() == expected, "{first}..{last} of {length}, {told}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn of_parallel_parts_at_one_place_one_is_taken_and_nothing_of_the_others_stays(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.create(OWNER, 3_000).await.unwrap().id;
    let parts: Vec<_> = (0..8_u8).map(|number| vec![number; 1_000 + usize::from(number)]).collect();
    let appended = futures::future::join_all(parts.iter().map(|part| bench.append(id, 0, part))).await;
    let winners: Vec<_> = (0..8).filter(|number| appended[*number].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{appended:?}");
    for refused in appended.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(refused, UploadError::Offset { .. }), "{refused}");
    }
    let winner = &parts[winners[0]];
    assert_eq!(bench.find(OWNER, id).await.unwrap().received, winner.len() as u64);
    assert_eq!(bench.objects().into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(), std::slice::from_ref(winner));

    let rest = vec![9; 3_000 - winner.len()];
    assert!(bench.append(id, winner.len() as u64, &rest).await.unwrap().is_complete());
    bench.claim(id).await.unwrap();
    assert!(bench.read(id, 0..u64::MAX).await.unwrap().unwrap() == [&winner[..], &rest].concat());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_foreign_wallet_neither_sees_nor_changes_nor_claims_an_upload(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.upload(&[7; 100], 60).await;
    assert!(bench.find(STRANGER, id).await.is_none());
    for caller in [STRANGER, OWNER] {
        // Also where the code names the right owner: the database knows whom it serves.
        let mut transaction = bench.serve(STRANGER).await;
        assert!(matches!(claim(&mut transaction, caller, id).await, Err(UploadError::NotFound)));
        assert!(matches!(cancel(&mut transaction, caller, id).await, Err(UploadError::NotFound)));
        let begun = begin_part(&mut transaction, &bench.blobs.config, caller, id, 100).await;
        assert!(matches!(begun, Err(UploadError::NotFound)));
        for sql in ["SELECT count(*) FROM protected.upload", "SELECT count(*) FROM protected.upload_part"] {
            let rows: i64 = sqlx::query_scalar(sql).fetch_one(&mut *transaction).await.unwrap();
            assert_eq!(rows, 0, "{sql}");
        }
        for sql in ["SELECT * FROM protected.blob_store", "DELETE FROM protected.upload"] {
            let mut inner = bench.serve(OWNER).await;
            assert!(sqlx::query(sql).execute(&mut *inner).await.is_err(), "{sql}");
        }
    }
    let mut nobody = bench.pool.begin().await.unwrap();
    sqlx::query("SET LOCAL ROLE aegle_api").execute(&mut *nobody).await.unwrap();
    assert!(create(&mut nobody, &bench.blobs.config, OWNER, 5).await.is_err(), "no caller is set");

    assert_eq!(bench.claim(id).await.unwrap(), 100);
    assert!(bench.find(OWNER, id).await.is_none(), "claimed, it is no upload any more");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_upload_is_claimed_once_complete_and_once_and_read_only_when_claimed(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.create(OWNER, 10).await.unwrap().id;
    assert!(matches!(bench.claim(id).await, Err(UploadError::NotFound)), "not complete");
    bench.append(id, 0, &[1; 10]).await.unwrap();
    assert!(matches!(bench.append(id, 10, &[1]).await, Err(UploadError::Complete)), "nothing goes beyond the size");
    assert_eq!(bench.read(id, 0..10).await.unwrap(), None, "not claimed");

    // Claimed in a transaction that fails, it is not.
    let mut transaction = bench.serve(OWNER).await;
    claim(&mut transaction, OWNER, id).await.unwrap();
    drop(transaction);
    assert_eq!(bench.read(id, 0..10).await.unwrap(), None);

    let claims = futures::future::join_all((0..4).map(|_| bench.claim(id))).await;
    assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
    assert_eq!(bench.read(id, 0..10).await.unwrap(), Some(vec![1; 10]));
    let cancelled = cancel(&mut *bench.serve(OWNER).await, OWNER, id).await;
    assert!(matches!(cancelled, Err(UploadError::NotFound)), "a blob is not given up");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sweep_takes_what_is_over_and_nothing_else(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let blob = bench.blob(&[1; 5_000], 1_000).await;
    let open = bench.upload(&[2; 5_000], 1_000).await;
    let part = begin_part(
        &mut *bench.serve(OWNER).await,
        &bench.blobs.config,
        OWNER,
        bench.create(OWNER, 9).await.unwrap().id,
        0,
    )
    .await;
    part.unwrap();
    assert_eq!(bench.sweep().await, (0, 0), "nothing is over");
    assert_eq!(bench.sweeper.search(Duration::ZERO).await.unwrap(), 0, "nothing is unknown");

    // Past its time, whatever it was: claimed stays, unclaimed goes.
    bench.execute("UPDATE protected.upload SET expires_at = now() - interval '1 second'").await;
    assert!(bench.find(OWNER, open).await.is_none());
    assert!(matches!(bench.claim(open).await, Err(UploadError::NotFound)), "an expired upload is not claimed");
    assert_eq!(bench.sweep().await, (2, 5));
    assert_eq!(bench.read(blob, 0..u64::MAX).await.unwrap(), Some(vec![1; 5_000]));
    assert_eq!(bench.objects().len(), 5);

    // Released, it goes too, and only then.
    let mut transaction = bench.serve(STRANGER).await;
    assert!(release(&mut transaction, blob).await.unwrap());
    drop(transaction);
    assert_eq!(bench.sweep().await, (0, 0), "not committed");
    let mut transaction = bench.serve(STRANGER).await;
    assert!(release(&mut transaction, blob).await.unwrap());
    assert!(!release(&mut transaction, blob).await.unwrap(), "it is over already");
    transaction.commit().await.unwrap();
    assert_eq!(bench.read(blob, 0..u64::MAX).await.unwrap(), None);
    assert_eq!(bench.sweep().await, (1, 5));
    assert_eq!(bench.objects(), []);
}

impl Bench {
    async fn sweep(&self) -> (u64, u64) {
        let swept = self.sweeper.sweep().await.unwrap();
        (swept.uploads, swept.parts)
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_writer_that_was_frozen_past_its_lease_finds_its_part_given_up(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.create(OWNER, 4).await.unwrap().id;
    let mut transaction = bench.serve(OWNER).await;
    let part = begin_part(&mut transaction, &bench.blobs.config, OWNER, id, 0).await.unwrap();
    transaction.commit().await.unwrap();
    bench.blobs.store.put(part.object, Bytes::from_static(b"late")).await.unwrap();
    fs::write(bench.folder.path().join(format!("blobs/{}/{}#1", &part.object.to_string()[..1], part.object)), "cut")
        .unwrap();
    bench.execute("UPDATE protected.upload_part SET leased_until = now()").await;
    assert_eq!(bench.sweep().await, (0, 1));
    assert_eq!(bench.objects(), [], "what a crash left beside it goes as well");

    let mut transaction = bench.serve(OWNER).await;
    let finished = finish_part(&mut transaction, &bench.blobs.config, OWNER, &part, 4).await;
    assert!(matches!(finished, Err(UploadError::GivenUp)), "{finished:?}");
    drop(transaction);
    // It may write its object even now; only a search finds that.
    bench.blobs.store.put(part.object, Bytes::from_static(b"late")).await.unwrap();
    assert_eq!(bench.sweeper.search(Duration::from_secs(3_600)).await.unwrap(), 0, "too young");
    assert_eq!(bench.sweeper.search(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(bench.objects(), []);
    assert!(bench.append(id, 0, b"good").await.unwrap().is_complete());
}

#[sqlx::test(migrations = "../migrations")]
async fn sweeps_beside_uploads_claims_and_each_other_lose_nothing(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let mut rng = rng();
    let contents: Vec<_> = (0..24).map(|_| random(&mut rng, 3_000)).collect();
    let others = Sweeper::new(bench.blobs.clone(), pool.clone());
    let work = async {
        let mut blobs = Vec::new();
        for (number, bytes) in contents.iter().enumerate() {
            let id = bench.upload(bytes, 700).await;
            if number % 3 == 0 {
                let mut transaction = bench.serve(OWNER).await;
                cancel(&mut transaction, OWNER, id).await.unwrap();
                transaction.commit().await.unwrap();
            } else {
                bench.claim(id).await.unwrap();
                blobs.push((id, bytes));
            }
        }
        blobs
    };
    let sweeping = async |sweeper: &Sweeper| loop {
        sweeper.sweep().await.unwrap();
        sweeper.search(Duration::ZERO).await.unwrap();
    };
    let blobs = tokio::select! {
        blobs = work => blobs,
        () = async { tokio::join!(sweeping(&bench.sweeper), sweeping(&others)); } => unreachable!(),
    };
    for (id, bytes) in &blobs {
        assert!(bench.read(*id, 0..u64::MAX).await.unwrap().as_ref() == Some(*bytes), "a claimed blob lost bytes");
    }
    bench.sweep().await;
    assert_eq!(bench.objects().len(), blobs.len() * 5, "and nothing else is left");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wallet_cannot_exceed_its_quota_with_parallel_requests(pool: PgPool) {
    let config = BlobConfig { max_unclaimed: 5, max_bytes: 1_000, max_unclaimed_bytes: 2_500, ..BlobConfig::default() };
    let bench = Bench::with(&pool, config).await;
    for (size, fit) in [(1, 5), (1_000, 2), (700, 3)] {
        bench.execute("UPDATE protected.upload SET state = 'released'").await;
        bench.sweep().await;
        let created = futures::future::join_all((0..8).map(|_| bench.create(OWNER, size))).await;
        assert_eq!(created.iter().filter(|upload| upload.is_ok()).count(), fit, "of {size} bytes");
        assert!(created.iter().all(|upload| matches!(upload, Ok(_) | Err(UploadError::Quota))), "{created:?}");
    }
    bench.create(STRANGER, 1_000).await.expect("another wallet has a quota of its own");
}

#[sqlx::test(migrations = "../migrations")]
async fn two_uploads_of_the_same_bytes_share_nothing_but_their_size(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let bytes = random(&mut rng(), 10_000);
    let (first, second) = (bench.blob(&bytes, 4_000).await, bench.blob(&bytes, 4_000).await);
    assert_ne!(first.0, second.0);
    let names: HashSet<_> = bench.objects().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 6);
    // No name is a part or a hash of an id or of the contents, and folders hold no blob together.
    let dump: Vec<String> = sqlx::query_scalar(
        "SELECT u::text FROM protected.upload AS u UNION ALL SELECT p::text FROM protected.upload_part AS p",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let digests = [0..10_000, 0..4_000, 4_000..8_000, 8_000..10_000].map(|range| {
        use sha2::Digest;
        hex::encode(sha2::Sha256::digest(&bytes[range]))
    });
    for digest in &digests {
        assert!(!names.contains(digest) && dump.iter().all(|row| !row.contains(digest)));
    }
    for id in [first, second] {
        assert!(names.iter().all(|name| *name != id.to_string()));
    }
    assert_eq!(format!("{first:?}"), "BlobId(…)", "logs do not repeat an id");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_damaged_store_is_an_error_and_never_other_bytes(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.blob(&[5; 1_000], 300).await;
    let file =
        files(&bench.folder.path().join("blobs")).into_iter().find(|file| fs::metadata(file).unwrap().len() == 100);
    fs::write(file.as_ref().unwrap(), [5; 99]).unwrap();
    assert!(bench.read(id, 0..950).await.unwrap().is_some());
    assert!(matches!(bench.read(id, 0..1_000).await, Err(StoreError::Damaged)));
    fs::remove_file(file.unwrap()).unwrap();
    assert!(bench.read(id, 0..1_000).await.is_err());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_that_is_dropped_reads_no_further(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    let id = bench.blob(&vec![3; 2_000_000], 500_000).await;
    let content = locate(&mut *bench.serve(OWNER).await, id, 100..u64::MAX).await.unwrap().unwrap();
    assert_eq!((content.size, content.range.clone()), (2_000_000, 100..2_000_000));
    let mut stream = Box::pin(bench.blobs.read(content));
    let first = stream.next().await.unwrap().unwrap();
    assert!(first.len() <= 256 * 1024, "a piece at a time");
    // What is erased meanwhile is not read from the next object on.
    for file in files(&bench.folder.path().join("blobs")) {
        fs::remove_file(file).unwrap();
    }
    let rest: Vec<_> = stream.collect().await;
    assert!(rest.last().unwrap().is_err());
    assert!(rest.iter().flatten().map(Bytes::len).sum::<usize>() < 500_000);
}

/// Needs a build with the feature `s3`, a bucket's address in AEGLE_TEST_S3_URL, and in the environment
/// what else the store wants (`AWS_…`).
#[sqlx::test(migrations = "../migrations")]
#[ignore = "needs an S3-compatible server"]
async fn an_s3_compatible_store_does_all_that_a_folder_does(pool: PgPool) {
    let mut rng = rng();
    let bucket = std::env::var("AEGLE_TEST_S3_URL").expect("AEGLE_TEST_S3_URL");
    let url = Some(format!("{bucket}/{}", rng.next_u64()));
    let config = BlobConfig { url, ..BlobConfig::default() };
    config.validate().unwrap();
    let blobs = Blobs::open(&config).unwrap();
    let sweeper = Sweeper::new(blobs.clone(), pool.clone());
    sweeper.bind().await.unwrap();
    sweeper.bind().await.expect("the same again");
    let bench = Bench { pool: pool.clone(), folder: tempfile::tempdir().unwrap(), blobs, sweeper };

    let bytes = random(&mut rng, 1_000_000);
    let (kept, given_up) = (bench.blob(&bytes, 300_000).await, bench.upload(&bytes, 400_000).await);
    for range in [0..1_000_000, 0..1, 299_999..300_001, 123_456..987_654, 999_999..u64::MAX] {
        let read = bench.read(kept, range.clone()).await.unwrap().unwrap();
        assert!(read == bytes[range.start as usize..range.end.min(1_000_000) as usize], "{range:?}");
    }
    let objects = async || bench.blobs.store.list().try_collect::<Vec<_>>().await.unwrap().len();
    assert_eq!(objects().await, 7);
    cancel(&mut bench.pool.acquire().await.unwrap(), OWNER, given_up).await.unwrap();
    assert_eq!(bench.sweep().await, (1, 3));
    bench.blobs.store.put(BlobId::random(), Bytes::from_static(b"orphan")).await.unwrap();
    bench.blobs.store.delete(&[BlobId::random()]).await.expect("what is not there is deleted");
    assert_eq!(objects().await, 5);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.sweeper.search(Duration::ZERO).await.unwrap(), 1);
    assert!(bench.read(kept, 0..u64::MAX).await.unwrap().unwrap() == bytes);
    assert!(release(&mut *bench.serve(OWNER).await, kept).await.unwrap());
}

#[sqlx::test(migrations = "../migrations")]
async fn folder_and_objects_are_for_the_servers_user_alone(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    bench.blob(&[1; 10], 10).await;
    let root = bench.folder.path().join("blobs");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    for file in files(&root).iter().filter(|file| !file.ends_with("aegle-blob-store")) {
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    let refused = |url: String| match Blobs::open(&BlobConfig { url: Some(url), ..BlobConfig::default() }) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    };
    let file = files(&root).remove(0);
    let message = refused(format!("file://{}", file.display()));
    assert!(message.contains("blob.url") && message.contains(file.to_str().unwrap()), "{message}");
    for url in ["ftp://a/b", "file://elsewhere/blobs", "blobs", "s3://user:hidden@bucket/"] {
        let message = refused(url.into());
        assert!(message.starts_with("blob.url") && !message.contains("hidden"), "{message}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_store_serves_one_database_and_a_database_one_store(pool: PgPool) {
    let bench = Bench::new(&pool).await;
    bench.sweeper.bind().await.expect("the same again");

    let elsewhere = tempfile::tempdir().unwrap();
    let url = Some(format!("file://{}", elsewhere.path().display()));
    let other = Sweeper::new(Blobs::open(&BlobConfig { url, ..BlobConfig::default() }).unwrap(), pool.clone());
    other.bind().await.expect("nothing is stored yet, so the store may move");
    bench.upload(&[1; 10], 10).await;
    fs::remove_file(elsewhere.path().join("aegle-blob-store")).unwrap();
    let lost = other.bind().await.unwrap_err().to_string();
    assert!(lost.contains("restore"), "{lost}");

    bench.execute("UPDATE protected.blob_store SET id = sha256('another')").await;
    let foreign = bench.sweeper.bind().await.unwrap_err().to_string();
    assert!(foreign.contains("another database"), "{foreign}");
}
