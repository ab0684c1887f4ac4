//! The whole of ingestion over a ledger that the tests write.

use std::{sync::Arc, time::Duration};

use aegle_indexer::{
    ingest::{self, IngestConfig, IngestError},
    source::Source,
    verify::VerifyConfig,
};
use sqlx::PgPool;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    blocks::{Tx, block, block_with},
    ledger::Ledger,
    mirror::{clear, count, dump, id, read_checkpoint},
    story::created,
};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), IngestError>>,
}

pub fn start_with<S: Source>(source: &Arc<S>, pool: &PgPool, config: IngestConfig) -> Running {
    let stop = CancellationToken::new();
    let verify = VerifyConfig { interval: 0, ..Default::default() };
    let task = tokio::spawn(ingest::run(source.clone(), pool.clone(), config, verify, stop.clone()));
    Running { stop, task }
}

pub fn start<S: Source>(source: &Arc<S>, pool: &PgPool) -> Running {
    start_with(
        source,
        pool,
        IngestConfig { poll_ms: 20, concurrency: 3, batch_blocks: 4, queue_blocks: 2, ..Default::default() },
    )
}

impl Running {
    pub async fn end(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("it ends").expect("no panic").expect("no error");
    }

    pub async fn failure(self) -> IngestError {
        timeout(PATIENCE, self.task).await.expect("it stops by itself").expect("no panic").expect_err("a failure")
    }
}

pub async fn reach(pool: &PgPool, confirmed: (u64, u8), finalized: (u64, u8)) {
    let reached = async {
        loop {
            if let Some(checkpoint) = read_checkpoint(pool).await
                && checkpoint.confirmed == id(confirmed.0, confirmed.1)
                && checkpoint.finalized == id(finalized.0, finalized.1)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if timeout(PATIENCE, reached).await.is_err() {
        panic!("expected {confirmed:?} and {finalized:?}, at {:?}", read_checkpoint(pool).await);
    }
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn the_mirror_follows_the_node_and_finality(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(30));
    ledger.script().blocks.insert(30, block_with(30, 0, (29, 0), vec![Tx::new(1).event(&created(1))]));
    let running = start(&ledger, &pool);
    reach(&pool, (30, 0), (0, 0)).await;
    {
        let mut script = ledger.script();
        // The slots 31 and 32 were skipped.
        script.blocks.insert(33, block(33, 0, (30, 0)));
        script.finalized = 32;
        script.failures = 3;
    }
    reach(&pool, (33, 0), (30, 0)).await;
    running.end().await;
    assert_eq!(count(&pool, "vault").await, 1);
    assert_eq!(count(&pool, "slot").await, 33);
    assert_eq!(count(&pool, "slot WHERE block_hash IS NULL").await, 2);
    assert_eq!(count(&pool, "node_tip WHERE slot = 33 AND block_time = 1767225633").await, 1);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_slot_that_the_node_lists_or_not_is_skipped_only_when_a_child_proves_it(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    {
        let mut script = ledger.script();
        script.absent.insert(5);
        script.unlisted.insert(7);
        script.blocks.insert(7, block_with(7, 0, (6, 0), vec![Tx::new(1).event(&created(1))]));
    }
    let running = start(&ledger, &pool);
    reach(&pool, (4, 0), (0, 0)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&pool, "slot WHERE slot > 4").await, 0, "nothing is passed over");
    ledger.script().absent.clear();
    reach(&pool, (10, 0), (0, 0)).await;
    running.end().await;
    assert_eq!(count(&pool, "slot WHERE block_hash IS NULL").await, 0);
    assert_eq!(count(&pool, "event WHERE slot = 7").await, 1);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_fork_that_the_node_leaves_is_left(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    ledger.script().blocks.insert(9, block_with(9, 0, (8, 0), vec![Tx::new(1).event(&created(1))]));
    let running = start(&ledger, &pool);
    reach(&pool, (10, 0), (0, 0)).await;
    {
        let mut script = ledger.script();
        script.blocks.split_off(&8);
        script.blocks.insert(9, block_with(9, 1, (7, 0), vec![Tx::new(2).event(&created(2))]));
        script.blocks.insert(12, block_with(12, 1, (9, 1), vec![Tx::new(1).event(&created(1))]));
    }
    reach(&pool, (12, 1), (0, 0)).await;
    ledger.script().finalized = 11;
    reach(&pool, (12, 1), (9, 1)).await;
    running.end().await;
    assert_eq!(count(&pool, "event").await, 2);
    assert_eq!(count(&pool, "event WHERE slot = 12").await, 1);
    let followed = dump(&pool).await;

    // INV-6: as if the abandoned branch had never been.
    clear(&pool).await;
    let running = start(&ledger, &pool);
    reach(&pool, (12, 1), (9, 1)).await;
    running.end().await;
    assert_eq!(dump(&pool).await, followed);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn what_was_confirmed_and_not_finalized_is_read_again(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let running = start(&ledger, &pool);
    reach(&pool, (10, 0), (0, 0)).await;
    {
        // Same slots, another branch: no newer slot tells.
        let mut script = ledger.script();
        for slot in 8..=10 {
            script.blocks.insert(slot, block(slot, 1, (slot - 1, u8::from(slot > 8))));
        }
        script.finalized = 10;
    }
    reach(&pool, (10, 1), (10, 1)).await;
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_replaced_finalized_block_stops_ingestion(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    ledger.script().finalized = 8;
    let running = start(&ledger, &pool);
    reach(&pool, (10, 0), (8, 0)).await;
    {
        let mut script = ledger.script();
        script.blocks.insert(8, block(8, 1, (7, 0)));
        script.blocks.insert(11, block(11, 1, (8, 1)));
    }
    let failure = running.failure().await;
    assert!(matches!(failure, IngestError::FinalizedReplaced { slot: 8, .. }), "{failure}");
    assert_eq!(read_checkpoint(&pool).await.expect("checkpoint").confirmed, id(10, 0));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn what_cannot_be_read_stops_ingestion_with_slot_and_signature(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let mut tx = Tx::new(1);
    tx.version = Some(solana_transaction::versioned::TransactionVersion::Number(9));
    let signature = tx.signature.to_string();
    ledger.script().blocks.insert(6, block_with(6, 0, (5, 0), vec![tx]));
    let failure = start(&ledger, &pool).failure().await.to_string();
    assert!(failure.contains("slot 6") && failure.contains(&signature) && failure.contains("version 9"), "{failure}");
    // What came before it is there, and nothing after.
    assert_eq!(read_checkpoint(&pool).await.expect("checkpoint").confirmed, id(5, 0));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_restart_goes_on_where_it_was_and_refuses_another_ledger(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    ledger.script().finalized = 8;
    let running = start(&ledger, &pool);
    reach(&pool, (10, 0), (8, 0)).await;
    running.end().await;

    ledger.script().blocks.insert(11, block(11, 0, (10, 0)));
    let running = start(&ledger, &pool);
    reach(&pool, (11, 0), (8, 0)).await;
    running.end().await;

    let config = IngestConfig { start_slot: Some(500), ..Default::default() };
    let failure = start_with(&ledger, &pool, config).failure().await;
    assert!(matches!(failure, IngestError::StartAbove { start: 500, confirmed: 11 }), "{failure}");

    ledger.script().blocks.get_mut(&8).expect("block").block_time = Some(5);
    let failure = start(&ledger, &pool).failure().await;
    assert!(matches!(failure, IngestError::Restarted { slot: 8, node: 5, .. }), "{failure}");

    ledger.script().genesis = [1; 32];
    let failure = start(&ledger, &pool).failure().await;
    assert!(matches!(failure, IngestError::OtherChain { .. }), "{failure}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn one_process_ingests_and_the_next_takes_over(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(5));
    let first = start(&ledger, &pool);
    reach(&pool, (5, 0), (0, 0)).await;
    let second = start(&ledger, &pool);
    tokio::time::sleep(Duration::from_millis(200)).await;
    first.end().await;
    ledger.script().blocks.insert(6, block(6, 0, (5, 0)));
    reach(&pool, (6, 0), (0, 0)).await;
    second.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_lost_database_connection_is_made_anew(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(5));
    let running = start(&ledger, &pool);
    reach(&pool, (5, 0), (0, 0)).await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        .execute(&pool)
        .await
        .expect("terminate the ingester's connection");
    ledger.script().blocks.insert(6, block(6, 0, (5, 0)));
    reach(&pool, (6, 0), (0, 0)).await;
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_backfill_reads_what_is_older_than_the_mirror_and_adds_nothing_twice(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(20));
    {
        let mut script = ledger.script();
        script.finalized = 18;
        script.blocks.insert(3, block_with(3, 0, (2, 0), vec![Tx::new(1).event(&created(1))]));
        script.blocks.insert(15, block_with(15, 0, (14, 0), vec![Tx::new(2).event(&created(2))]));
    }
    let config = IngestConfig { start_slot: Some(10), poll_ms: 20, ..Default::default() };
    let running = start_with(&ledger, &pool, config.clone());
    reach(&pool, (20, 0), (18, 0)).await;
    running.end().await;
    assert_eq!(count(&pool, "event").await, 1);

    let stop = CancellationToken::new();
    let gap = ingest::backfill(ledger.as_ref(), &pool, &config, 2, Some(5), &stop).await.expect_err("a gap");
    assert!(gap.to_string().contains("gap"), "{gap}");
    let above = ingest::backfill(ledger.as_ref(), &pool, &config, 2, Some(19), &stop).await;
    assert!(above.is_err(), "slot 19 is not final");

    let done = ingest::backfill(ledger.as_ref(), &pool, &config, 2, None, &stop).await.expect("backfill");
    assert_eq!((done.first_slot, done.last_slot, done.blocks, done.events), (2, 18, 17, 2));
    assert_eq!((done.slots_added, done.events_added), (8, 1));
    assert_eq!(read_checkpoint(&pool).await.expect("checkpoint").first_slot, 2);
    let again = ingest::backfill(ledger.as_ref(), &pool, &config, 2, None, &stop).await.expect("again");
    assert_eq!((again.slots_added, again.events_added), (0, 0));
}
