//! Verification finds what is wrong with the tables, and repair makes them what the ledger says.

use std::sync::Arc;

use aegle_indexer::{
    ingest::{self, IngestConfig, apply, run},
    repair::{RepairOptions, Repaired, repair, repair_with},
    source::{Archived, Recording},
    verify::{Depth, NOT_DERIVED, Report, Shadow, VerifyConfig, VerifyError, verify_to, verify_with},
};
use rand::{
    RngCore, SeedableRng,
    rngs::{OsRng, StdRng},
};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    blocks::block,
    corruption,
    ledger::Ledger,
    mirror::{begin, count, dump, read_checkpoint},
    story::Story,
};

const CORRUPTIONS: usize = 100;
const CONFIG: VerifyConfig = VerifyConfig { interval: 0, patience: 2, reread_after: 0 };
const DEEP: RepairOptions = RepairOptions { deep: true, from_slot: None, dry_run: false };
const NAMED: RepairOptions = RepairOptions { deep: false, from_slot: None, dry_run: false };

/// A ledger with every kind of account and event, all final.
fn written() -> Ledger {
    Ledger::telling(&Story::full())
}

/// Such a ledger and its mirror.
async fn mirrored(pool: &PgPool) -> Ledger {
    let ledger = written();
    begin(pool).await;
    let mut connection = pool.acquire().await.expect("connection");
    apply(&ledger.steps(), &mut connection).await.expect("blocks");
    ledger
}

async fn verified(depth: Depth, ledger: &Ledger, pool: &PgPool) -> Report {
    verify_to(depth, ledger, pool, &CONFIG, &CancellationToken::new()).await.expect("a report")
}

async fn repaired(options: RepairOptions, ledger: &Ledger, pool: &PgPool) -> Result<Repaired, VerifyError> {
    repair(ledger, pool, &CONFIG, options, &CancellationToken::new()).await
}

async fn corrupt(pool: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.expect(sql);
}

/// INV-6: a table that joins is compared as soon as there is one, or refused.
#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn every_table_is_compared_or_named_as_not_the_ledgers(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    let tables = corruption::tables(&pool).await;
    assert!(tables.len() >= 20, "{tables:?}");
    for table in tables {
        // A row that hangs on nothing, as a restored dump or a broken index may leave it.
        assert!(count(&pool, &table).await > 0, "the story leaves {table} empty");
        let column = if table == "slot" { "slot = slot + 1000" } else { "inner_index = inner_index + 100" };
        let mut transaction = pool.begin().await.expect("transaction");
        sqlx::raw_sql("SET LOCAL session_replication_role = replica").execute(&mut *transaction).await.expect("role");
        let sql = format!("UPDATE {table} SET {column} WHERE ctid = (SELECT max(ctid) FROM {table})");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await.expect("a wrong key");
        transaction.commit().await.expect("commit");
        let report = verified(Depth::STORED, &ledger, &pool).await;
        assert!(report.row_count > 0, "{table}: {report:?}");
        assert!(repaired(NAMED, &ledger, &pool).await.expect("a repair").complete(), "{table}");
        assert_eq!(dump(&pool).await, intact, "{table}");
    }
    assert_eq!(NOT_DERIVED, ["checkpoint", "node_tip", "_sqlx_migrations"]);
    corrupt(&pool, "CREATE TABLE joined (id int PRIMARY KEY)").await;
    let refused = verify_to(Depth::STORED, &ledger, &pool, &CONFIG, &CancellationToken::new()).await;
    assert!(refused.expect_err("a table of no event").to_string().contains("joined"));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn inv_6_every_generated_corruption_is_found_and_repaired(pool: PgPool) {
    let seed = std::env::var("AEGLE_SEED").map_or_else(|_| OsRng.next_u64(), |seed| seed.parse().expect("AEGLE_SEED"));
    let wanted = std::env::var("AEGLE_CORRUPTIONS").map_or(CORRUPTIONS, |count| count.parse().expect("a number"));
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    let checkpoint = read_checkpoint(&pool).await;
    let clean = verified(Depth::LEDGER, &ledger, &pool).await;
    assert_eq!(clean.drift(), 0, "{clean:?}");

    let stop = CancellationToken::new();
    let mut shadow = Shadow::open(&pool).await.expect("tables to compare in");
    let (mut applied, mut plainly, mut missed) = (0, 0, Vec::new());
    let mut candidates = Vec::new();
    while applied < wanted {
        if candidates.is_empty() {
            candidates = corruption::all(&pool, &mut rng).await;
        }
        let corruption = candidates.pop().expect("a corruption");
        if !corruption.apply(&intact, &pool, &mut rng).await {
            continue;
        }
        applied += 1;
        let found = verify_with(&mut shadow, Depth::LEDGER, &ledger, &pool, &CONFIG, &stop).await;
        if found.unwrap_or_else(|failure| panic!("seed {seed}: {corruption:?}: {failure}")).drift() == 0 {
            missed.push(corruption.clone());
        }
        let mut done = repair_with(&mut shadow, &ledger, &pool, &CONFIG, NAMED, &stop)
            .await
            .unwrap_or_else(|failure| panic!("seed {seed}: {corruption:?}: {failure}"));
        plainly += usize::from(done.found > 0);
        if dump(&pool).await != intact {
            // What only the blocks tell.
            done = repair_with(&mut shadow, &ledger, &pool, &CONFIG, DEEP, &stop).await.expect("a deep repair");
        }
        assert!(done.complete(), "seed {seed}: {corruption:?}: {done:#?}");
        assert_eq!(dump(&pool).await, intact, "seed {seed}: {corruption:?} is not repaired");
        assert_eq!(read_checkpoint(&pool).await, checkpoint, "seed {seed}: {corruption:?}");
    }
    println!("{applied} corruptions: verify found {plainly}, verify --deep {}", applied - missed.len());
    assert!(missed.is_empty(), "seed {seed}: not found {missed:#?}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_dry_run_says_what_it_would_do_and_does_nothing(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    corrupt(&pool, "UPDATE consent SET authority = rent_payer; DELETE FROM vault_change").await;
    let before = dump(&pool).await;
    let done = repaired(RepairOptions { dry_run: true, ..NAMED }, &ledger, &pool).await.expect("a dry run");
    assert!(!done.complete());
    assert!(done.changed["consent"].deleted > 0 && done.changed["vault_change"].inserted > 0, "{done:?}");
    assert_eq!(dump(&pool).await, before);
    assert!(repaired(NAMED, &ledger, &pool).await.expect("a repair").complete());
    let again = repaired(RepairOptions { dry_run: true, ..DEEP }, &ledger, &pool).await.expect("nothing to do");
    assert!(again.complete() && again.changed.is_empty(), "{again:?}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn an_emptied_history_is_written_anew(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    corrupt(&pool, "TRUNCATE slot CASCADE").await;
    let done = repaired(NAMED, &ledger, &pool).await.expect("a repair");
    assert!(done.complete(), "{done:?}");
    assert_eq!(dump(&pool).await, intact);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_repair_works_beside_a_running_ingester(pool: PgPool) {
    let ledger = Arc::new(mirrored(&pool).await);
    let stop = CancellationToken::new();
    let config = IngestConfig { poll_ms: 10, ..Default::default() };
    let running = tokio::spawn(run(ledger.clone(), pool.clone(), config, CONFIG, stop.clone()));
    corrupt(&pool, "UPDATE record SET commitment = vault, slot = slot + 1; DELETE FROM event WHERE tx_index > 0").await;
    let last = ledger.last();
    let growing = {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            for slot in last + 1..last + 40 {
                ledger.script().blocks.insert(slot, block(slot, 0, (slot - 1, 0)));
                ledger.script().finalized = last.max(slot - 2);
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
    };
    let done = repaired(NAMED, &ledger, &pool).await.expect("a repair");
    assert!(done.complete(), "{done:#?}");
    growing.await.expect("blocks");
    let deep = verified(Depth::LEDGER, &ledger, &pool).await;
    assert_eq!(deep.drift(), 0, "{deep:?}");
    stop.cancel();
    running.await.expect("no panic").expect("ingestion");
    assert!(read_checkpoint(&pool).await.expect("checkpoint").confirmed.slot > last as i64);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn slots_that_a_node_no_longer_has_are_left_to_one_that_has_them(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    corrupt(&pool, "UPDATE vault SET rent_payer = owner; UPDATE slot SET parent_hash = block_hash WHERE slot = 12")
        .await;
    let pruned = written();
    pruned.script().blocks.retain(|slot, _| *slot >= 8);
    let done = repaired(NAMED, &pruned, &pool).await.expect("what can be repaired");
    assert!(!done.complete() && done.report.drift() > 0);
    let [left] = &done.left[..] else { panic!("{done:?}") };
    assert!((left.from..=left.to).contains(&2), "{left:?}");
    for way_out in ["AEGLE_RPC_URL", "--recording", "--from-slot 8"] {
        assert!(left.reason.contains(way_out), "{left:?}");
    }
    let deep = verify_to(Depth::LEDGER, &pruned, &pool, &CONFIG, &CancellationToken::new()).await;
    assert!(matches!(deep, Err(VerifyError::Pruned { needed: 1, oldest: 8 })), "{deep:?}");
    assert!(verified(Depth::Ledger { from_slot: 8 }, &pruned, &pool).await.blocks.is_some());

    assert!(repaired(NAMED, &ledger, &pool).await.expect("the rest").complete());
    assert_eq!(dump(&pool).await, intact);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn nothing_is_repaired_from_a_node_of_another_history(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    corrupt(&pool, "UPDATE vault SET rent_payer = owner").await;
    let before = dump(&pool).await;
    let last = ledger.last();
    let parent = ledger.script().blocks[&last].parent_slot;

    let own = ledger.script().blocks.insert(last, block(last, 1, (parent, 0))).expect("a block");
    let refused = repaired(DEEP, &ledger, &pool).await.expect_err("another block");
    assert!(matches!(refused, VerifyError::OtherHistory { slot } if slot == last as i64), "{refused}");
    ledger.script().blocks.insert(last, own);

    // Nor from one that ends earlier, where its last block is not mirrored.
    ledger.script().finalized = 9;
    let own = ledger.script().blocks.insert(9, block(9, 1, (8, 0))).expect("a block");
    let refused = repaired(DEEP, &ledger, &pool).await.expect_err("another block");
    assert!(matches!(refused, VerifyError::OtherHistory { slot: 9 }), "{refused}");
    ledger.script().blocks.insert(9, own);
    ledger.script().finalized = last;

    // A block in the middle that is not the next one's parent.
    let own = ledger.script().blocks.insert(9, block(9, 1, (8, 0))).expect("a block");
    let refused = repaired(DEEP, &ledger, &pool).await.expect_err("a contradiction");
    assert!(matches!(refused, VerifyError::Contradiction { .. }), "{refused}");
    ledger.script().blocks.insert(9, own);

    ledger.script().genesis = [1; 32];
    let refused = repaired(DEEP, &ledger, &pool).await.expect_err("another chain");
    assert!(matches!(refused, VerifyError::Chain(_)), "{refused}");
    assert_eq!(dump(&pool).await, before);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_ledger_that_ends_earlier_repairs_what_it_has(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    corrupt(&pool, "UPDATE vault SET rent_payer = owner").await;
    ledger.script().finalized = 9;
    assert!(repaired(NAMED, &ledger, &pool).await.expect("a repair").complete());
    assert_eq!(dump(&pool).await, intact);
    let (last, needed) = (ledger.last(), ledger.last() as i64);
    ledger.script().blocks.remove(&last);
    let deep = verify_to(Depth::LEDGER, &ledger, &pool, &CONFIG, &CancellationToken::new()).await;
    assert!(matches!(deep, Err(VerifyError::Ends { needed: slot, .. }) if slot == needed), "{deep:?}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_recorded_ledger_repairs_where_the_node_no_longer_can(pool: PgPool) {
    let node = mirrored(&pool).await;
    let intact = dump(&pool).await;
    let (folder, stop) = (TempDir::new().expect("folder"), CancellationToken::new());
    let path = folder.path().join("ledger");
    ingest::record(&node, &IngestConfig::default(), &path, None, &stop).await.expect("a recording");
    node.script().blocks.retain(|slot, _| *slot >= 12);
    let last = node.last();
    for slot in last + 1..last + 4 {
        node.script().blocks.insert(slot, block(slot, 0, (slot - 1, 0)));
    }
    node.script().finalized = last + 2;
    let mut connection = pool.acquire().await.expect("connection");
    let newer = node.steps();
    apply(&newer[newer.len() - 4..], &mut connection).await.expect("newer blocks");
    let grown = dump(&pool).await;
    assert_ne!(grown, intact);

    corrupt(&pool, "UPDATE vault SET rent_payer = owner; UPDATE event SET data = '\\x00' WHERE slot = 9").await;
    let source = Archived { node, blocks: Recording::open(&path).expect("the recording") };
    let done = repair(&source, &pool, &CONFIG, NAMED, &stop).await.expect("a repair");
    assert!(done.complete(), "{done:#?}");
    assert_eq!(dump(&pool).await, grown);

    // What is newer than the recording is left, and said.
    let done = repair(&source, &pool, &CONFIG, DEEP, &stop).await.expect("a repair");
    assert_eq!(done.report.drift(), 0);
    let [left] = &done.left[..] else { panic!("{done:?}") };
    assert_eq!((left.from, left.to), (last as i64 + 1, last as i64 + 2));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_block_that_the_node_does_not_list_is_read_all_the_same(pool: PgPool) {
    let ledger = mirrored(&pool).await;
    let intact = dump(&pool).await;
    ledger.script().unlisted.extend([1, 5, 6, 7]);
    assert_eq!(verified(Depth::LEDGER, &ledger, &pool).await.drift(), 0);
    corrupt(&pool, "DELETE FROM slot WHERE slot = 6").await;
    assert!(repaired(NAMED, &ledger, &pool).await.expect("a repair").complete());
    assert_eq!(dump(&pool).await, intact);

    ledger.script().absent.insert(6);
    let withheld = verify_to(Depth::LEDGER, &ledger, &pool, &CONFIG, &CancellationToken::new()).await;
    assert!(matches!(withheld, Err(VerifyError::Withheld { slot: 6 })), "{withheld:?}");
}
