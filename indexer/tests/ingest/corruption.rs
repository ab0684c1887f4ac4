//! Corruptions of the chain-derived tables, generated from a seed over every table and column that
//! the catalog lists.

use rand::{Rng, rngs::StdRng, seq::SliceRandom};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use aegle_indexer::verify::NOT_DERIVED;

use crate::mirror::dump;

/// What is done to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Another value in one column of a row.
    Update(String),
    /// Two rows exchange the values of a column.
    Swap(String),
    /// Two rows exchange the events they stand for.
    Exchange,
    Delete,
    /// A copy of a row under other keys.
    Insert,
    /// An event and its rows once more, as another transaction's.
    Repeat,
    /// An event and its rows in another slot.
    Move,
}

#[derive(Debug, Clone)]
pub struct Corruption {
    pub table: String,
    pub kind: Kind,
}

struct Column {
    name: String,
    sql_type: String,
    nullable: bool,
    /// Whether it is part of a unique key.
    unique: bool,
}

/// Every table that the chain alone determines, as the catalog lists them.
pub async fn tables(pool: &PgPool) -> Vec<String> {
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let mut tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.expect("tables");
    tables.retain(|table| !NOT_DERIVED.contains(&table.as_str()));
    tables
}

const EVENT_KEY: [&str; 3] = ["signature", "instruction_index", "inner_index"];

/// Every kind of corruption of every table and column, shuffled.
pub async fn all(pool: &PgPool, rng: &mut StdRng) -> Vec<Corruption> {
    let mut all = Vec::new();
    let mut add = |table: &str, kind, times| {
        all.extend((0..times).map(|_| Corruption { table: table.to_owned(), kind: Kind::clone(&kind) }));
    };
    for table in &tables(pool).await {
        for column in columns(table, pool).await {
            add(table, Kind::Update(column.name.clone()), 2);
            add(table, Kind::Swap(column.name), 1);
        }
        add(table, Kind::Delete, 4);
        add(table, Kind::Insert, 4);
        if !["slot", "event"].contains(&table.as_str()) {
            add(table, Kind::Exchange, 3);
        }
    }
    add("event", Kind::Repeat, 8);
    add("event", Kind::Move, 8);
    all.shuffle(rng);
    all
}

impl Corruption {
    /// Applies it to `intact` tables. False where the database refuses it or nothing is other than before.
    pub async fn apply(&self, intact: &[String], pool: &PgPool, rng: &mut StdRng) -> bool {
        let mut transaction = pool.begin().await.expect("transaction");
        let applied = self.write(pool, &mut transaction, rng).await;
        let database_refuses = matches!(applied, Err(sqlx::Error::Database(_)));
        if database_refuses {
            return false;
        }
        applied.unwrap_or_else(|failure| panic!("{self:?}: {failure}"));
        transaction.commit().await.expect("commit");
        dump(pool).await != intact
    }

    async fn write(&self, pool: &PgPool, connection: &mut PgConnection, rng: &mut StdRng) -> sqlx::Result<()> {
        let table = &self.table;
        let columns = columns(table, pool).await;
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT ctid::text FROM {table} t ORDER BY (to_jsonb(t) - 'ingested_at')::text"
        )))
        .fetch_all(&mut *connection)
        .await?;
        let mut two = rows.choose_multiple(rng, 2);
        let Some(row) = two.next() else { panic!("the story leaves {table} empty") };
        let other = two.next();
        let column = |name: &String| columns.iter().find(|column| column.name == *name).expect("a column");
        let sql = match (&self.kind, other) {
            (Kind::Update(name), _) => {
                let value = other_value(column(name), table, row, rng, connection).await?;
                format!("UPDATE {table} SET {name} = {value} WHERE ctid = '{row}'")
            }
            (Kind::Delete, _) => format!("DELETE FROM {table} WHERE ctid = '{row}'"),
            (Kind::Insert, _) => {
                let mut values = Vec::new();
                let event = random_event(rng, connection).await?;
                for column in &columns {
                    let key = EVENT_KEY.iter().position(|key| column.name == *key);
                    values.push(match key {
                        Some(key) if table != "event" => event[key].clone(),
                        _ if column.unique && (table == "slot" || column.name != "slot") => {
                            other_value(column, table, row, rng, connection).await?
                        }
                        _ => column.name.clone(),
                    });
                }
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let (names, values) = (names.join(", "), values.join(", "));
                format!("INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE ctid = '{row}'")
            }
            (Kind::Swap(name), Some(other)) => format!(
                "UPDATE {table} t SET {name} = o.{name} FROM {table} o
                 WHERE t.ctid IN ('{row}', '{other}') AND o.ctid IN ('{row}', '{other}') AND t.ctid <> o.ctid"
            ),
            (Kind::Exchange, Some(other)) => {
                let rest: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let mixed = rest.iter().map(|name| {
                    let of = if EVENT_KEY.contains(name) || ["slot", "tx_index"].contains(name) { "o" } else { "t" };
                    format!("{of}.{name}")
                });
                let (names, mixed) = (rest.join(", "), mixed.collect::<Vec<_>>().join(", "));
                format!(
                    "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
                     SELECT *, ctid AS id FROM {table} WHERE ctid IN ('{row}', '{other}');
                     DELETE FROM {table} WHERE ctid IN ('{row}', '{other}');
                     INSERT INTO {table} ({names}) SELECT {mixed} FROM kept t JOIN kept o ON t.id <> o.id"
                )
            }
            (Kind::Swap(_) | Kind::Exchange, None) => "SELECT".into(),
            (Kind::Repeat, _) => {
                let signature = literal(&random_bytes(64, rng));
                let mut sql = String::new();
                let mut tables = tables(pool).await;
                tables.retain(|table| table != "slot");
                // Rows refer to their event.
                tables.sort_by_key(|table| table != "event");
                for table in &tables {
                    let columns = self::columns(table, pool).await;
                    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                    let values = names.iter().map(|name| match *name {
                        "signature" => signature.clone(),
                        "tx_index" => "t.tx_index + 50".into(),
                        name => format!("t.{name}"),
                    });
                    let (names, values) = (names.join(", "), values.collect::<Vec<_>>().join(", "));
                    let of = "(SELECT signature FROM event WHERE ctid = ";
                    sql += &format!(
                        "INSERT INTO {table} ({names}) SELECT {values} FROM {table} t
                         WHERE t.signature = {of}'{row}');"
                    );
                }
                sql
            }
            (Kind::Move, _) => {
                let slots = sqlx::query_scalar("SELECT slot FROM slot WHERE block_hash IS NOT NULL ORDER BY slot");
                let slots: Vec<i64> = slots.fetch_all(&mut *connection).await?;
                let slot = slots.choose(rng).expect("a slot");
                let signature: Vec<u8> =
                    sqlx::query_scalar(AssertSqlSafe(format!("SELECT signature FROM event WHERE ctid = '{row}'")))
                        .fetch_one(&mut *connection)
                        .await?;
                let signature = literal(&signature);
                let tables = tables(pool).await;
                let moved = tables.iter().filter(|table| *table != "slot").map(|table| {
                    format!("UPDATE {table} SET slot = {slot}, tx_index = tx_index + 7 WHERE signature = {signature};")
                });
                moved.collect()
            }
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
        Ok(())
    }
}

async fn columns(table: &str, pool: &PgPool) -> Vec<Column> {
    let rows = sqlx::query(
        "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS sql_type, a.attnotnull AS required,
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
                        AND a.attnum = ANY (i.indkey)) AS in_key
         FROM pg_attribute a
         WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'ingested_at'
         ORDER BY a.attnum",
    )
    .bind(table)
    .fetch_all(pool)
    .await
    .expect("columns");
    let columns = rows.into_iter().map(|row| Column {
        name: row.get("name"),
        sql_type: row.get("sql_type"),
        nullable: !row.get::<bool, _>("required"),
        unique: row.get("in_key"),
    });
    columns.collect()
}

/// A value of the column's type, as SQL: near the stored one, another row's, or any.
async fn other_value(
    column: &Column,
    table: &str,
    row: &str,
    rng: &mut StdRng,
    connection: &mut PgConnection,
) -> sqlx::Result<String> {
    let Column { name, sql_type, nullable, .. } = column;
    let stored = format!("SELECT {name}::text FROM {table} WHERE ctid = '{row}'");
    let stored: Option<String> = sqlx::query_scalar(AssertSqlSafe(stored)).fetch_one(&mut *connection).await?;
    let choice = rng.gen_range(0..4);
    if *nullable && stored.is_some() && choice == 0 {
        return Ok("NULL".into());
    }
    if choice == 1 {
        let others = format!("SELECT DISTINCT {name}::text FROM {table} WHERE {name} IS NOT NULL");
        let mut others: Vec<String> = sqlx::query_scalar(AssertSqlSafe(others)).fetch_all(&mut *connection).await?;
        others.retain(|other| Some(other) != stored.as_ref());
        others.sort();
        if let Some(other) = others.choose(rng) {
            return Ok(format!("'{}'::{sql_type}", other.replace('\'', "''")));
        }
    }
    Ok(match sql_type.as_str() {
        "smallint" | "integer" | "bigint" => {
            let stored: i64 = stored.as_deref().map_or(0, |stored| stored.parse().expect("a number"));
            let other = if choice == 2 { rng.gen_range(0..1_000) } else { stored + *[-1, 1].choose(rng).expect("one") };
            other.to_string()
        }
        "boolean" => if stored.as_deref() == Some("true") { "false" } else { "true" }.into(),
        "text" => format!("'{}x'", stored.unwrap_or_default()),
        "bytea" | "key32" => {
            let hex = stored.as_deref().map_or("", |stored| stored.trim_start_matches("\\x"));
            let mut bytes = hex::decode(hex).expect("hex");
            if bytes.is_empty() || choice == 2 {
                bytes = random_bytes(if bytes.is_empty() { 32 } else { bytes.len() }, rng);
            } else {
                let place = rng.gen_range(0..bytes.len());
                bytes[place] ^= 1 << rng.gen_range(0..8);
            }
            literal(&bytes)
        }
        of_enum => {
            let labels = format!("SELECT unnest(enum_range(NULL::{of_enum}))::text");
            let mut labels: Vec<String> = sqlx::query_scalar(AssertSqlSafe(labels)).fetch_all(connection).await?;
            labels.retain(|label| Some(label) != stored.as_ref());
            format!("'{}'", labels.choose(rng).expect("a label"))
        }
    })
}

/// The key of a stored event, as SQL.
async fn random_event(rng: &mut StdRng, connection: &mut PgConnection) -> sqlx::Result<[String; 3]> {
    let rows = sqlx::query("SELECT signature, instruction_index, inner_index FROM event ORDER BY 1, 2, 3")
        .fetch_all(connection)
        .await?;
    let row = rows.choose(rng).expect("an event");
    let signature: Vec<u8> = row.get(0);
    Ok([literal(&signature), row.get::<i16, _>(1).to_string(), row.get::<i16, _>(2).to_string()])
}

fn random_bytes(length: usize, rng: &mut StdRng) -> Vec<u8> {
    (0..length).map(|_| rng.r#gen()).collect()
}

fn literal(bytes: &[u8]) -> String {
    format!("'\\x{}'::bytea", hex::encode(bytes))
}
