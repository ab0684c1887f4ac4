//! INV-6 on a ledger that runs: it is recorded, replayed into a second database, and the tables of
//! both are compared.

use std::path::Path;

use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{indexer::Settings, postgres::Postgres};

/// Tables that the chain alone does not determine.
const NOT_DERIVED: [&str; 3] = ["_sqlx_migrations", "checkpoint", "node_tip"];

/// Records the ledger up to `slot`, which is final and mirrored, to `file`; replays it, and compares.
pub async fn compare(settings: &Settings, postgres: &Postgres, slot: u64, file: &Path) -> anyhow::Result<()> {
    let file = file.to_str().context("a path that is no text")?;
    run(settings, &["record", file, "--to-slot", &slot.to_string()]).await?;
    let database = format!("aegle_replay_{}", std::process::id());
    let replayed = Settings { database_url: postgres.create(&database).await?, ..settings.clone() };
    replayed.migrate().await?;
    println!("  {}", run(&replayed, &["replay", file]).await?.trim());
    let tables = dump(&settings.database_url, slot).await?.into_iter().zip(dump(&replayed.database_url, slot).await?);
    for ((table, live), (_, replayed)) in tables {
        ensure!(live == replayed, "the replayed table {table} differs");
    }
    postgres.remove(&database).await
}

async fn run(settings: &Settings, arguments: &[&str]) -> anyhow::Result<String> {
    let output = settings.output(arguments).await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "aegle-indexer {}: {}", arguments[0], errors.trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// Every table with its rows up to `slot` as text, without the times of ingestion.
async fn dump(url: &str, slot: u64) -> anyhow::Result<Vec<(String, String)>> {
    let mut connection = PgConnection::connect(url).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            .fetch_all(&mut connection)
            .await?;
    let mut dump = Vec::new();
    for table in tables.into_iter().filter(|table| !NOT_DERIVED.contains(&table.as_str())) {
        let rows = format!(
            "SELECT coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), '')
             FROM (SELECT to_jsonb(t) - 'ingested_at' AS row FROM {table} t WHERE slot <= {slot}) rows"
        );
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await?;
        dump.push((table, rows));
    }
    Ok(dump)
}
