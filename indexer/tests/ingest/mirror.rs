//! What the tests read and write of the database.

use aegle_client::PROGRAM_ID;
use aegle_indexer::{
    db::checkpoint::{self, BlockId, Checkpoint},
    decode::{Block, Header, LedgerEvent},
    ingest::Step,
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::blocks::{GENESIS, hash};

/// Tables that the chain alone does not determine.
const NOT_DERIVED: [&str; 3] = ["_sqlx_migrations", "checkpoint", "node_tip"];

pub fn id(slot: u64, fork: u8) -> BlockId {
    BlockId { slot: slot as i64, hash: hash(slot, fork) }
}

/// A block of events, as decoded.
pub fn decoded(slot: u64, fork: u8, parent: (u64, u8), events: Vec<LedgerEvent>) -> Block {
    let (slot, parent) = (id(slot, fork), id(parent.0, parent.1));
    let header = Header {
        slot: slot.slot,
        hash: slot.hash,
        parent_slot: parent.slot,
        parent_hash: parent.hash,
        height: None,
        time: Some(1_767_225_600 + slot.slot),
    };
    Block { header, events }
}

/// The story's blocks, all linked, from slot 1 on.
pub fn steps(ledger: &[(i64, LedgerEvent)]) -> Vec<Step> {
    let last = ledger.iter().map(|(slot, _)| *slot).max().unwrap_or(0);
    (1..=last as u64)
        .map(|slot| {
            let events = ledger.iter().filter(|(at, _)| *at == slot as i64).map(|(_, event)| event.clone()).collect();
            Step::Block(decoded(slot, 0, (slot - 1, 0), events))
        })
        .collect()
}

/// An empty mirror that starts after slot 0.
pub async fn begin(pool: &PgPool) {
    let mut connection = pool.acquire().await.expect("connection");
    let checkpoint = Checkpoint::before_first(GENESIS, PROGRAM_ID.to_bytes(), id(0, 0));
    checkpoint::create(&checkpoint, &mut connection).await.expect("checkpoint");
}

/// Empties every table.
pub async fn clear(pool: &PgPool) {
    sqlx::raw_sql("TRUNCATE slot, checkpoint, node_tip CASCADE").execute(pool).await.expect("truncate");
}

/// Every chain-derived table as text, without the times of ingestion.
pub async fn dump(pool: &PgPool) -> Vec<String> {
    let mut dump = Vec::new();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            .fetch_all(pool)
            .await
            .expect("tables");
    for table in tables.iter().filter(|table| !NOT_DERIVED.contains(&table.as_str())) {
        let rows = format!(
            "SELECT coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), '')
             FROM (SELECT to_jsonb(t) - 'ingested_at' AS row FROM {table} t) rows"
        );
        let text: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(pool).await.expect("dump");
        dump.push(format!("{table}\n{text}"));
    }
    dump
}

pub async fn read_checkpoint(pool: &PgPool) -> Option<Checkpoint> {
    let mut connection = pool.acquire().await.expect("connection");
    checkpoint::read(&mut connection).await.expect("checkpoint")
}

pub async fn count(pool: &PgPool, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.expect("count")
}
