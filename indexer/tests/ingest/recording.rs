//! INV-6: a recorded ledger gives the tables that the live one gave.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aegle_client::Pubkey;
use aegle_indexer::{
    ingest::{self, IngestConfig, IngestError, RecordedLedger, Replayed},
    source::{Finality, Recording, RecordingError, Source},
};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    blocks::{Tx, block, block_with},
    ledger::Ledger,
    mirror::{clear, count, dump, read_checkpoint},
    pipeline::start_with,
    story::Story,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A story's ledger as a node gives it: other programs' transactions and failed ones between the
/// story's, and skipped slots.
fn ledger() -> Ledger {
    let story = Story::of(&(0..120).map(|choice: u8| choice.wrapping_mul(37)).collect::<Vec<_>>());
    let last = story.last_slot() as u64;
    let ledger = Ledger::new(0);
    let mut number = 0;
    let mut next = || {
        number += 1;
        Tx::new(number)
    };
    let mut parent = 0;
    for slot in 1..=last {
        let mut transactions = Vec::new();
        for (_, event) in story.ledger.iter().filter(|(at, _)| *at == slot as i64) {
            let other = Pubkey::new_from_array([8; 32]);
            let mut failed = next().event_bytes(event.data.clone());
            failed.failed = true;
            let mut own = next().inner(other, vec![], vec![0, 1]).event_bytes(event.data.clone());
            own.table = slot % 2 == 0;
            transactions.extend([next().inner(other, vec![], vec![7; 40]), failed, own, next()]);
        }
        ledger.script().blocks.insert(slot, block_with(slot, 0, (parent, 0), transactions));
        parent = slot;
    }
    // Two slots were skipped.
    for slot in [last + 3, last + 4] {
        ledger.script().blocks.insert(slot, block(slot, 0, (parent, 0)));
        parent = slot;
    }
    ledger.script().finalized = parent;
    ledger
}

async fn record(
    ledger: &Ledger,
    path: &Path,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<RecordedLedger, IngestError> {
    let config = IngestConfig { start_slot: from, ..Default::default() };
    ingest::record(ledger, &config, path, to, &CancellationToken::new()).await
}

async fn replay(path: &Path, pool: &PgPool) -> Result<Replayed, IngestError> {
    ingest::replay(&Recording::open(path).expect("a recording"), pool, &CancellationToken::new()).await
}

/// Runs the live pipeline until everything is final in the mirror.
async fn live<S: Source>(source: S, pool: &PgPool) -> Vec<String> {
    let source = Arc::new(source);
    let last = source.tip(Finality::Finalized).await.expect("tip") as i64;
    let config = IngestConfig { poll_ms: 20, ..Default::default() };
    let running = start_with(&source, pool, config);
    let reached = async {
        while read_checkpoint(pool).await.is_none_or(|checkpoint| checkpoint.finalized.slot != last) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("everything becomes final");
    running.end().await;
    dump(pool).await
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("ledger");
    (folder, path)
}

/// The recording that is kept with the tests: the demonstration's story on the embedded ledger.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/demo.ledger")
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn inv_6_replaying_a_recording_gives_the_tables_of_the_live_mirror(pool: PgPool) {
    let ledger = ledger();
    let (_folder, path) = folder();
    let recorded = record(&ledger, &path, None, None).await.expect("a recording");
    let expected = live(ledger, &pool).await;
    let checkpoint = read_checkpoint(&pool).await;
    let (blocks, events) =
        (count(&pool, "slot WHERE block_hash IS NOT NULL").await as u64, count(&pool, "event").await as u64);
    assert!(events > 80 && count(&pool, "slot WHERE block_hash IS NULL").await >= 2);
    assert_eq!((recorded.recorded.blocks, recorded.events), (blocks, events));

    clear(&pool).await;
    let done = replay(&path, &pool).await.expect("a replay");
    assert_eq!((done.blocks_added, done.events_added), (blocks, events));
    assert_eq!(dump(&pool).await, expected);
    assert_eq!(read_checkpoint(&pool).await, checkpoint);

    // Again over what is there: nothing changes.
    let again = replay(&path, &pool).await.expect("the same again");
    assert_eq!((again.events, again.blocks_added, again.events_added), (events, 0, 0));
    assert_eq!(dump(&pool).await, expected);
    assert_eq!(read_checkpoint(&pool).await, checkpoint);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn inv_6_a_replay_continues_what_another_one_or_a_live_mirror_began(pool: PgPool) {
    let ledger = ledger();
    let (folder, path) = folder();
    record(&ledger, &path, None, None).await.expect("a recording");
    replay(&path, &pool).await.expect("a replay");
    let expected = dump(&pool).await;

    let part = folder.path().join("part");
    let recorded = record(&ledger, &part, None, Some(9)).await.expect("a part");
    clear(&pool).await;
    replay(&part, &pool).await.expect("the part");
    let done = replay(&path, &pool).await.expect("the rest");
    assert_eq!(done.blocks - done.blocks_added, recorded.recorded.blocks);
    assert_eq!(done.events - done.events_added, recorded.events);
    assert_eq!(dump(&pool).await, expected);

    // A live mirror that has nothing final yet.
    clear(&pool).await;
    ledger.script().finalized = 2;
    let confirmed = ledger.tip(Finality::Confirmed).await.expect("tip") as i64;
    let ledger = Arc::new(ledger);
    let running = start_with(&ledger, &pool, IngestConfig { poll_ms: 20, ..Default::default() });
    while read_checkpoint(&pool).await.is_none_or(|checkpoint| checkpoint.confirmed.slot != confirmed) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = replay(&path, &pool).await.expect_err("two writers");
    assert!(matches!(refused, IngestError::Busy), "{refused}");
    running.end().await;
    let done = replay(&path, &pool).await.expect("over the live mirror");
    assert_eq!(done.blocks_added, 0);
    assert_eq!(dump(&pool).await, expected);
    assert_eq!(read_checkpoint(&pool).await.expect("checkpoint").finalized.slot, confirmed);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn inv_6_a_recording_is_a_source_like_any_other(pool: PgPool) {
    let (_folder, path) = folder();
    record(&ledger(), &path, None, None).await.expect("a recording");
    replay(&path, &pool).await.expect("a replay");
    let expected = dump(&pool).await;
    clear(&pool).await;
    assert_eq!(live(Recording::open(&path).expect("a recording"), &pool).await, expected);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn inv_6_the_kept_recording_of_a_real_ledger_replays_to_the_tables_of_the_pipeline(pool: PgPool) {
    let expected = live(Recording::open(&kept()).expect("a recording"), &pool).await;
    clear(&pool).await;
    let done = replay(&kept(), &pool).await.expect("a replay");
    assert_eq!(dump(&pool).await, expected);
    assert!(done.events_added > 200 && done.events_added == count(&pool, "event").await as u64);
}

#[tokio::test]
async fn a_recording_of_a_recording_is_the_same_file() {
    let (folder, path) = folder();
    record(&ledger(), &path, None, None).await.expect("a recording");
    let copy = folder.path().join("copy");
    let source = Recording::open(&path).expect("a recording");
    ingest::record(&source, &IngestConfig::default(), &copy, None, &CancellationToken::new()).await.expect("a copy");
    assert!(fs::read(&path).expect("file") == fs::read(&copy).expect("file"));
}

#[tokio::test]
async fn a_recording_is_never_overwritten_nor_left_incomplete() {
    let ledger = ledger();
    let (folder, path) = folder();
    fs::write(&path, "mine").expect("file");
    let refused = record(&ledger, &path, None, None).await.expect_err("a file that is there");
    assert!(matches!(refused, IngestError::Recording(RecordingError::Exists)), "{refused}");
    assert_eq!(fs::read_to_string(&path).expect("file"), "mine");
    fs::remove_file(&path).expect("file");

    // A block that does not build on the one before.
    let stray = ledger.script().blocks.keys().nth(7).copied().expect("a slot");
    ledger.script().blocks.insert(stray, block(stray, 1, (stray - 1, 1)));
    let refused = record(&ledger, &path, None, None).await.expect_err("a gap");
    assert!(refused.to_string().contains(&format!("slot {stray}")), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn only_what_is_final_is_recorded() {
    let ledger = ledger();
    let (_folder, path) = folder();
    ledger.script().finalized = 9;
    let refused = record(&ledger, &path, None, Some(10)).await.expect_err("not final");
    assert!(refused.to_string().contains("slot 10 is not final"), "{refused}");
    let refused = record(&ledger, &path, Some(8), Some(5)).await.expect_err("no range");
    assert!(refused.to_string().contains("from slot 8 to 5"), "{refused}");
    record(&ledger, &path, Some(3), None).await.expect("a recording");
    let total = Recording::open(&path).expect("a recording").total();
    assert!(total.first_slot >= 3 && total.last_slot <= 9, "{total:?}");
}

#[tokio::test]
async fn damage_anywhere_is_an_error_that_names_the_place() {
    let (folder, path) = folder();
    record(&ledger(), &path, None, Some(4)).await.expect("a recording");
    let whole = fs::read(&path).expect("file");
    let damaged = folder.path().join("damaged");
    let open = |bytes: &[u8]| {
        fs::write(&damaged, bytes).expect("file");
        let recording = Recording::open(&damaged)?;
        (0..recording.frames()).try_for_each(|number| recording.read(number).map(drop))
    };
    open(&whole).expect("the whole file");
    for length in 0..whole.len() {
        match open(&whole[..length]) {
            Err(RecordingError::NoRecording) if length < 8 => {}
            Err(RecordingError::Damaged { offset, .. }) => assert!(offset <= length as u64),
            other => panic!("cut off after {length} bytes: {other:?}"),
        }
    }
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        match open(&bytes) {
            Err(RecordingError::NoRecording) if index < 8 => {}
            Err(RecordingError::UnknownVersion(_)) if index < 10 => {}
            Err(RecordingError::Damaged { offset, .. }) => assert!(offset <= index as u64, "byte {index}"),
            other => panic!("byte {index} changed: {other:?}"),
        }
    }
    let more = [&whole[..], &[0]].concat();
    let refused = open(&more).expect_err("something after the end").to_string();
    assert!(refused.contains(&format!("byte {}", whole.len())), "{refused}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_recording_that_does_not_join_the_mirror_is_refused(pool: PgPool) {
    let ledger = ledger();
    let (folder, whole) = folder();
    record(&ledger, &whole, None, None).await.expect("a recording");
    let late = folder.path().join("late");
    record(&ledger, &late, Some(6), None).await.expect("a late part");
    let early = folder.path().join("early");
    record(&ledger, &early, None, Some(3)).await.expect("an early part");

    replay(&early, &pool).await.expect("the early part");
    let before = dump(&pool).await;
    let refused = replay(&late, &pool).await.expect_err("a gap");
    assert!(matches!(refused, IngestError::Unlinked { .. }), "{refused}");

    ledger.script().genesis = [1; 32];
    let other = folder.path().join("other");
    record(&ledger, &other, None, None).await.expect("a recording");
    let refused = replay(&other, &pool).await.expect_err("another chain");
    assert!(matches!(refused, IngestError::OtherChain { .. }), "{refused}");
    assert_eq!(dump(&pool).await, before);

    clear(&pool).await;
    replay(&late, &pool).await.expect("the late part");
    let refused = replay(&whole, &pool).await.expect_err("below the first slot");
    assert!(refused.to_string().contains("below the mirror's first slot"), "{refused}");
}
