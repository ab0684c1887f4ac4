//! The mirror's side: databases, and what stands in them.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row, postgres::PgPoolOptions};

/// A slot and what is said of it, as text.
pub type Line = (i64, String);

/// A database of its own with the mirror's schema.
pub struct Database {
    server: String,
    name: String,
    pub pool: PgPool,
}

/// What the mirror says that is final, as of one instant.
#[derive(Debug)]
pub struct Snapshot {
    pub first: i64,
    pub finalized: (i64, String),
    pub confirmed: (i64, String),
    /// Every final slot and event, in order.
    pub slots: Vec<Line>,
    pub events: Vec<Line>,
    /// Blocks that do not build on the one before them, and slots above the confirmed one.
    pub unlinked: i64,
    pub beyond: i64,
}

impl Database {
    /// On the server of `DATABASE_URL`.
    pub async fn create(purpose: &str) -> Self {
        let server = std::env::var("DATABASE_URL").expect("DATABASE_URL; `make check` sets it");
        let mut connection = PgConnection::connect(&server).await.expect("Postgres");
        let name: String = sqlx::query_scalar("SELECT current_database() || '_' || $1 || '_' || pg_backend_pid()")
            .bind(purpose)
            .fetch_one(&mut connection)
            .await
            .expect("a name");
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE \"{name}\""))).await.expect("a database");
        // What it holds need not outlive the machine.
        connection
            .execute(AssertSqlSafe(format!("ALTER DATABASE \"{name}\" SET synchronous_commit = off")))
            .await
            .expect("a setting");
        let options = server.parse::<sqlx::postgres::PgConnectOptions>().expect("a URL").database(&name);
        let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await.expect("a pool");
        aegle_indexer::db::MIGRATIONS.run(&pool).await.expect("the schema");
        Self { server, name, pool }
    }

    pub async fn remove(self) {
        self.pool.close().await;
        let mut connection = PgConnection::connect(&self.server).await.expect("Postgres");
        let statement = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name);
        connection.execute(AssertSqlSafe(statement)).await.expect("no database");
    }

    /// Empties every table; rather than TRUNCATE, which is slow for few rows.
    pub async fn clear(&self) {
        let statements = "DELETE FROM slot; DELETE FROM checkpoint; DELETE FROM node_tip";
        sqlx::raw_sql(statements).execute(&self.pool).await.expect("empty tables");
    }

    /// The frontier as text, cheaply; empty before the mirror has begun.
    pub async fn frontier(&self) -> String {
        let frontier = "SELECT concat_ws(' ', finalized_slot, encode(confirmed_hash, 'hex')) FROM checkpoint";
        let frontier: Option<String> =
            sqlx::query_scalar(frontier).fetch_optional(&self.pool).await.expect("a frontier");
        frontier.unwrap_or_default()
    }

    /// None before the mirror has begun.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        let row = sqlx::query(
            "SELECT first_slot,
                    finalized_slot, encode(finalized_hash, 'hex') AS finalized_hash,
                    confirmed_slot, encode(confirmed_hash, 'hex') AS confirmed_hash,
                    slots.numbers AS slot_numbers, slots.lines AS slot_lines,
                    events.numbers AS event_numbers, events.lines AS event_lines,
                    (SELECT count(*) FROM (
                        SELECT parent_slot, parent_hash, lag(slot) OVER before AS slot, lag(block_hash) OVER before AS hash
                        FROM slot WHERE block_hash IS NOT NULL WINDOW before AS (ORDER BY slot)
                     ) block WHERE (parent_slot, parent_hash) <> (slot, hash)) AS unlinked,
                    (SELECT count(*) FROM slot WHERE slot > confirmed_slot) AS beyond
             FROM checkpoint,
             LATERAL (
                SELECT coalesce(array_agg(slot ORDER BY slot), '{}') AS numbers,
                       coalesce(array_agg(concat_ws(' ', encode(block_hash, 'hex'), parent_slot,
                           encode(parent_hash, 'hex'), block_height, block_time) ORDER BY slot), '{}') AS lines
                FROM slot WHERE slot <= finalized_slot
             ) slots,
             LATERAL (
                SELECT coalesce(array_agg(slot ORDER BY slot, tx_index, instruction_index, inner_index), '{}') AS numbers,
                       coalesce(array_agg(concat_ws(' ', encode(block_hash, 'hex'), tx_index, encode(signature, 'hex'),
                           instruction_index, inner_index, name, encode(account, 'hex'),
                           coalesce(encode(vault, 'hex'), '-'), coalesce(encode(authority, 'hex'), '-'),
                           encode(data, 'hex')) ORDER BY slot, tx_index, instruction_index, inner_index), '{}') AS lines
                FROM event JOIN slot USING (slot) WHERE slot <= finalized_slot
             ) events",
        )
        .fetch_optional(&self.pool)
        .await
        .expect("a snapshot")?;
        let lines = |numbers: &str, lines: &str| {
            let (numbers, lines): (Vec<i64>, Vec<String>) = (row.get(numbers), row.get(lines));
            numbers.into_iter().zip(lines).collect()
        };
        Some(Snapshot {
            first: row.get("first_slot"),
            finalized: (row.get("finalized_slot"), row.get("finalized_hash")),
            confirmed: (row.get("confirmed_slot"), row.get("confirmed_hash")),
            slots: lines("slot_numbers", "slot_lines"),
            events: lines("event_numbers", "event_lines"),
            unlinked: row.get("unlinked"),
            beyond: row.get("beyond"),
        })
    }

    /// Every row of every table that the chain alone determines, without the times of ingestion.
    pub async fn dump(&self) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             AND relname NOT IN ('checkpoint', 'node_tip', '_sqlx_migrations') ORDER BY relname",
        )
        .fetch_all(&self.pool)
        .await
        .expect("tables");
        let selects = tables
            .iter()
            .map(|table| format!("SELECT '{table} ' || (to_jsonb(t) - 'ingested_at')::text AS row FROM \"{table}\" t"));
        let rows = format!("{} ORDER BY row", selects.collect::<Vec<_>>().join(" UNION ALL "));
        sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&self.pool).await.expect("rows")
    }
}
