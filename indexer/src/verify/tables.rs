//! The chain-derived tables beside what they should hold.
//!
//! Expected rows go through the very insertions of ingestion, into temporary tables that shadow the
//! real ones on a connection of their own. Which tables there are, and their columns and keys, comes
//! from the catalog: a table that joins later is compared and restored without a change here.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction};

use crate::db::Facts;

/// Tables that the chain alone does not determine: how far the mirror is, what the node says now,
/// and the migrator's own.
pub const NOT_DERIVED: [&str; 3] = ["checkpoint", "node_tip", "_sqlx_migrations"];
/// The one column that says when a row was written here.
const INGESTION_TIME: &str = "ingested_at";
/// What an event's rows name it by.
const EVENT_KEY: [&str; 3] = ["signature", "instruction_index", "inner_index"];

/// A chain-derived table. Names are quoted where SQL needs it.
#[derive(Debug, Clone)]
struct Table {
    name: String,
    columns: Vec<String>,
    primary: Vec<String>,
    /// Every unique key, the primary one too.
    unique: Vec<Vec<String>>,
}

/// A row that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    pub table: String,
    /// The primary key.
    pub key: Value,
    /// The slots that the row is in and should be in.
    pub slots: Vec<i64>,
    /// The columns that differ, or the whole row; `None` where there should be none.
    pub expected: Option<Value>,
    /// The same of the stored row; `None` where it is missing.
    pub stored: Option<Value>,
}

impl fmt::Display for RowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |side: &Option<Value>| side.as_ref().map_or("no row".into(), Value::to_string);
        let Self { table, key, expected, stored, .. } = self;
        write!(f, "{table} {key}: expected {}, stored {}", side(expected), side(stored))
    }
}

/// Rows of one table that were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Without those that went with them, as facts do with their event.
    pub deleted: u64,
    pub inserted: u64,
}

/// Which tables the expected rows are complete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Rows that come from blocks.
    All,
    /// Rows that come from stored events.
    ButSlots,
}

/// An event as stored, to be projected again.
#[derive(sqlx::FromRow)]
pub struct StoredEvent {
    pub signature: Vec<u8>,
    pub instruction_index: i16,
    pub inner_index: i16,
    pub slot: i64,
    pub tx_index: i32,
    pub data: Vec<u8>,
}

/// A connection with an empty temporary table for every chain-derived one. Creating those costs more
/// than comparing a few thousand rows, so it is kept where comparisons follow each other.
pub struct Shadow {
    connection: PgConnection,
    schema: String,
    tables: Vec<Table>,
}

impl Shadow {
    /// # Errors
    /// A database that does not answer, or a table that is tied neither to a slot nor to an event.
    pub async fn open(pool: &PgPool) -> sqlx::Result<Self> {
        let mut connection = pool.connect_options().connect().await?;
        let schema: String =
            sqlx::query_scalar("SELECT quote_ident(current_schema())").fetch_one(&mut connection).await?;
        let tables = catalog(&mut connection).await?;
        let create = tables.iter().map(|Table { name, primary, .. }| {
            let primary = primary.join(", ");
            // No other constraint: what a corrupted event says may contradict them, and is a difference.
            format!(
                "CREATE TEMPORARY TABLE {name} (LIKE {schema}.{name} INCLUDING DEFAULTS, PRIMARY KEY ({primary}))
                 ON COMMIT DELETE ROWS;"
            )
        });
        sqlx::raw_sql(AssertSqlSafe(create.collect::<String>())).execute(&mut connection).await?;
        Ok(Self { connection, schema, tables })
    }

    /// One moment of the database, to compare.
    pub async fn read(&mut self) -> sqlx::Result<Comparison<'_>> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ").await
    }

    /// A transaction to correct rows in.
    pub async fn write(&mut self) -> sqlx::Result<Comparison<'_>> {
        self.begin("BEGIN").await
    }

    async fn begin(&mut self, statement: &'static str) -> sqlx::Result<Comparison<'_>> {
        let transaction = self.connection.begin_with(statement).await?;
        Ok(Comparison { transaction, schema: &self.schema, tables: &self.tables })
    }

    pub async fn close(self) -> sqlx::Result<()> {
        self.connection.close().await
    }
}

/// A transaction with expected rows beside the stored ones.
pub struct Comparison<'s> {
    transaction: Transaction<'s, Postgres>,
    schema: &'s str,
    tables: &'s [Table],
}

impl Comparison<'_> {
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Adds expected rows.
    pub async fn expect(&mut self, mut facts: Facts) -> sqlx::Result<()> {
        // Into the temporary tables: their schema is searched first.
        facts.insert(&mut self.transaction).await?;
        Ok(())
    }

    /// The slot of the event `count` events after the first of slot `from` or later.
    pub async fn slot_after(&mut self, from: i64, count: i64) -> sqlx::Result<Option<i64>> {
        let sql = format!("SELECT slot FROM {}.event WHERE slot >= $1 ORDER BY slot LIMIT 1 OFFSET $2", self.schema);
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(from).bind(count).fetch_optional(&mut *self.transaction).await
    }

    /// The stored events of the slots `from..=to`.
    pub async fn events(&mut self, from: i64, to: i64) -> sqlx::Result<Vec<StoredEvent>> {
        let sql = format!(
            "SELECT signature, instruction_index, inner_index, slot, tx_index, data FROM {}.event
             WHERE slot BETWEEN $1 AND $2",
            self.schema
        );
        sqlx::query_as(AssertSqlSafe(sql)).bind(from).bind(to).fetch_all(&mut *self.transaction).await
    }

    /// How the stored rows of the slots `from..=to` differ from the expected ones.
    pub async fn differences(&mut self, from: i64, to: i64, of: Coverage) -> sqlx::Result<Vec<RowDifference>> {
        let tables: Vec<&Table> = self.tables.iter().filter(|table| table.covered(of)).collect();
        let selects = (0_i32..).zip(&tables).map(|(number, table)| {
            let (name, keys) = (&table.name, equal("s", "e", &table.primary));
            let (stored, differ) = (table.stored(self.schema), table.differ("s", "e"));
            format!(
                "SELECT {number}, (to_jsonb(s) - '{INGESTION_TIME}')::text, (to_jsonb(e) - '{INGESTION_TIME}')::text
                 FROM ({stored}) s FULL JOIN pg_temp.{name} e ON {keys} WHERE {differ}"
            )
        });
        let sql = selects.collect::<Vec<_>>().join(" UNION ALL ");
        let rows = sqlx::query_as(AssertSqlSafe(sql)).bind(from).bind(to).fetch_all(&mut *self.transaction);
        let rows: Vec<(i32, Option<String>, Option<String>)> = rows.await?;
        let found = rows.into_iter().filter_map(|(number, stored, expected)| {
            let table = tables.get(usize::try_from(number).ok()?)?;
            Some(table.difference(stored, expected))
        });
        found.collect()
    }

    /// Rows whose event or slot is missing. The database refuses them, but a restored dump or a broken
    /// index may hold some.
    pub async fn orphans(&mut self) -> sqlx::Result<Vec<RowDifference>> {
        let mut orphans = Vec::new();
        for table in self.tables {
            let Some(orphaned) = table.orphaned(self.schema) else { continue };
            let name = &table.name;
            let sql = format!("SELECT to_jsonb(d)::text FROM {}.{name} d WHERE {orphaned}", self.schema);
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *self.transaction).await?;
            for row in rows {
                orphans.push(table.difference(Some(row), None)?);
            }
        }
        Ok(orphans)
    }

    /// Makes the stored rows of the slots `from..=to` the expected ones.
    pub async fn restore(&mut self, from: i64, to: i64) -> sqlx::Result<BTreeMap<String, Changed>> {
        let mut changed: BTreeMap<String, Changed> = BTreeMap::new();
        // What hangs on others first, else it is gone before it can be told.
        for table in self.tables.iter().rev() {
            let (schema, name) = (self.schema, &table.name);
            let (stored, keys, differ) =
                (table.stored(schema), equal("s", "e", &table.primary), table.differ("s", "e"));
            let wrong = format!(
                "DELETE FROM {schema}.{name} d USING ({stored}) s
                 WHERE {} AND NOT EXISTS (SELECT FROM pg_temp.{name} e WHERE {keys} AND NOT {differ})",
                equal("d", "s", &table.primary)
            );
            let wrong = sqlx::query(AssertSqlSafe(wrong)).bind(from).bind(to).execute(&mut *self.transaction).await?;
            let mut deleted = wrong.rows_affected();
            for unique in &table.unique {
                // Rows of other slots that stand where an expected one belongs.
                let (keys, differ) = (equal("d", "e", unique), table.differ("d", "e"));
                let sql = format!("DELETE FROM {schema}.{name} d USING pg_temp.{name} e WHERE {keys} AND {differ}");
                deleted += sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.transaction).await?.rows_affected();
            }
            changed.entry(name.clone()).or_default().deleted += deleted;
        }
        for Table { name, columns, primary, .. } in self.tables {
            let (columns, primary) = (columns.join(", "), primary.join(", "));
            let sql = format!(
                "INSERT INTO {}.{name} ({columns}) SELECT {columns} FROM pg_temp.{name} ON CONFLICT ({primary}) DO NOTHING",
                self.schema
            );
            let inserted = sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.transaction).await?;
            changed.entry(name.clone()).or_default().inserted += inserted.rows_affected();
        }
        changed.retain(|_, changed| *changed != Changed::default());
        Ok(changed)
    }

    /// Deletes the slots outside `first..=last` with what is in them, and rows whose event or slot is
    /// missing.
    pub async fn delete_strays(&mut self, first: i64, last: i64) -> sqlx::Result<BTreeMap<String, Changed>> {
        let sql = format!("DELETE FROM {}.slot WHERE slot < $1 OR slot > $2", self.schema);
        let done = sqlx::query(AssertSqlSafe(sql)).bind(first).bind(last).execute(&mut *self.transaction).await?;
        let mut changed = BTreeMap::from([("slot".to_owned(), done.rows_affected())]);
        for table in self.tables {
            let Some(orphaned) = table.orphaned(self.schema) else { continue };
            let sql = format!("DELETE FROM {}.{} d WHERE {orphaned}", self.schema, table.name);
            let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.transaction).await?;
            changed.insert(table.name.clone(), done.rows_affected());
        }
        let changed = changed.into_iter().filter(|(_, deleted)| *deleted > 0);
        Ok(changed.map(|(table, deleted)| (table, Changed { deleted, inserted: 0 })).collect())
    }

    /// Keeps what was written to the real tables.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }

    /// Forgets everything written.
    pub async fn end(self) -> sqlx::Result<()> {
        self.transaction.rollback().await
    }
}

impl Table {
    fn covered(&self, of: Coverage) -> bool {
        of == Coverage::All || self.name != "slot"
    }

    /// The stored rows of the slots `$1..=$2`: by their own slot where they are the ledger's, else by
    /// their event's, which a wrong slot of their own cannot hide.
    fn stored(&self, schema: &str) -> String {
        let name = &self.name;
        if ["slot", "event"].contains(&name.as_str()) {
            return format!("SELECT * FROM {schema}.{name} WHERE slot BETWEEN $1 AND $2");
        }
        let keys = equal("f", "v", &EVENT_KEY);
        format!("SELECT f.* FROM {schema}.{name} f JOIN {schema}.event v ON {keys} WHERE v.slot BETWEEN $1 AND $2")
    }

    /// The condition by which a row `d` hangs on nothing; none for slots, which hang on nothing.
    fn orphaned(&self, schema: &str) -> Option<String> {
        match self.name.as_str() {
            "slot" => None,
            "event" => Some(format!("NOT EXISTS (SELECT FROM {schema}.slot v WHERE v.slot = d.slot)")),
            _ => Some(format!("NOT EXISTS (SELECT FROM {schema}.event v WHERE {})", equal("v", "d", &EVENT_KEY))),
        }
    }

    fn differ(&self, one: &str, other: &str) -> String {
        let list = |of: &str| self.columns.iter().map(|column| format!("{of}.{column}")).collect::<Vec<_>>().join(", ");
        format!("(ROW({}) IS DISTINCT FROM ROW({}))", list(one), list(other))
    }

    fn difference(&self, stored: Option<String>, expected: Option<String>) -> sqlx::Result<RowDifference> {
        let (stored, expected) = (object(stored)?, object(expected)?);
        let either = expected.as_ref().or(stored.as_ref());
        let primary = self.primary.iter().filter_map(|column| {
            let value = either?.get(column)?;
            Some((column.clone(), value.clone()))
        });
        let key = Value::Object(primary.collect());
        let slot = |row: &Option<Map<String, Value>>| row.as_ref()?.get("slot")?.as_i64();
        let mut slots: Vec<i64> = [slot(&stored), slot(&expected)].into_iter().flatten().collect();
        slots.dedup();
        let only_differing = |one: &Map<String, Value>, other: &Map<String, Value>| {
            let differing = one.iter().filter(|(column, value)| other.get(*column) != Some(value));
            differing.map(|(column, value)| (column.clone(), value.clone())).collect()
        };
        let (stored, expected) = match (stored, expected) {
            (Some(stored), Some(expected)) => {
                (Some(only_differing(&stored, &expected)), Some(only_differing(&expected, &stored)))
            }
            sides => sides,
        };
        let table = self.name.clone();
        let (expected, stored) = (expected.map(Value::Object), stored.map(Value::Object));
        Ok(RowDifference { table, key, slots, expected, stored })
    }
}

fn equal(one: &str, other: &str, columns: &[impl AsRef<str>]) -> String {
    let terms = columns.iter().map(|column| format!("{one}.{0} = {other}.{0}", column.as_ref()));
    terms.collect::<Vec<_>>().join(" AND ")
}

fn object(text: Option<String>) -> sqlx::Result<Option<Map<String, Value>>> {
    text.map(|text| serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))).transpose()
}

/// The chain-derived tables, those first that others refer to.
async fn catalog(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    // Not checked queries: they are about the schema, not of it.
    let tables: Vec<(String, Vec<String>, bool)> = sqlx::query_as(
        "SELECT quote_ident(c.relname),
                array(SELECT quote_ident(a.attname) FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                        AND a.attname <> $1
                      ORDER BY a.attnum),
                c.relname IN ('slot', 'event') OR EXISTS (
                    SELECT FROM pg_constraint r
                    WHERE r.conrelid = c.oid AND r.confrelid = 'event'::regclass AND r.contype = 'f')
         FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($2)
         ORDER BY c.relname <> 'slot', c.relname <> 'event', c.relname",
    )
    .bind(INGESTION_TIME)
    .bind(NOT_DERIVED.map(str::to_owned).to_vec())
    .fetch_all(&mut *connection)
    .await?;
    let keys: Vec<(String, bool, Vec<String>)> = sqlx::query_as(
        "SELECT quote_ident(c.relname), i.indisprimary,
                array(SELECT quote_ident(a.attname) FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) ORDER BY a.attnum)
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND i.indisunique AND i.indpred IS NULL
           AND i.indexprs IS NULL",
    )
    .fetch_all(connection)
    .await?;
    let tables = tables.into_iter().map(|(name, columns, tied)| {
        let of_table = || keys.iter().filter(|(table, ..)| *table == name);
        let primary = of_table().find(|(_, primary, _)| *primary).map(|(.., columns)| columns.clone());
        match primary {
            Some(primary) if tied => {
                let unique = of_table().map(|(.., columns)| columns.clone()).collect();
                Ok(Table { name, columns, primary, unique })
            }
            _ => Err(sqlx::Error::Configuration(
                format!("the table {name} has no primary key or no event that its rows come from").into(),
            )),
        }
    });
    tables.collect()
}
