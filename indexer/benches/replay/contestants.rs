//! What replay is measured against: the same rows, as Postgres itself gave them out.

use std::collections::BTreeMap;

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Connection, Encode, PgConnection, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, types::Oid},
};

/// Parents before children.
const TABLES: [&str; 12] = [
    "slot",
    "event",
    "config",
    "config_change",
    "vault",
    "vault_change",
    "delegate",
    "delegate_removal",
    "record",
    "record_change",
    "consent",
    "consent_revocation",
];

/// Bytes of a COPY stream's header: signature, flags, length of the extension.
const COPY_HEADER: usize = 11 + 4 + 4;
/// What ends a COPY stream, in place of a number of fields.
const COPY_END: i16 = -1;

/// A table's rows in Postgres's binary format.
pub struct Rows {
    table: &'static str,
    columns: Vec<String>,
    binary: Vec<u8>,
}

/// A field in Postgres's binary format; none for null.
struct Field(Option<Vec<u8>>);

impl Type<Postgres> for Field {
    fn type_info() -> PgTypeInfo {
        // The server infers the column's type.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Field {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        buffer.extend_from_slice(bytes);
        Ok(IsNull::No)
    }
}

/// Keeps autovacuum away. It does not see the rows of a transaction under way: what it would say of a
/// table meanwhile, that it is empty, makes the planner check foreign keys row by row.
pub async fn keep_autovacuum_away(connection: &mut PgConnection) -> anyhow::Result<()> {
    for table in TABLES {
        let statement = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Empties every table and lets the server catch its breath.
pub async fn clear(connection: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::raw_sql("TRUNCATE slot, checkpoint, node_tip CASCADE").execute(&mut *connection).await?;
    sqlx::raw_sql("CHECKPOINT").execute(connection).await?;
    Ok(())
}

/// The rows of every table up to slot `to`.
pub async fn capture(connection: &mut PgConnection, to: i64) -> anyhow::Result<Vec<Rows>> {
    let mut all = Vec::new();
    for table in TABLES {
        let columns = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum",
        )
        .bind(table)
        .fetch_all(&mut *connection)
        .await?;
        let statement = format!("COPY (SELECT * FROM {table} WHERE slot <= {to}) TO STDOUT (FORMAT binary)");
        let mut stream = connection.copy_out_raw(&statement).await?;
        let mut binary = Vec::new();
        while let Some(bytes) = stream.try_next().await? {
            binary.extend_from_slice(&bytes);
        }
        drop(stream);
        all.push(Rows { table, columns, binary });
    }
    Ok(all)
}

/// Writes the rows as one COPY for each table, in one transaction.
pub async fn copy(all: &[Rows], connection: &mut PgConnection) -> anyhow::Result<()> {
    let mut transaction = connection.begin().await?;
    for rows in all {
        let mut stream = transaction.copy_in_raw(&format!("COPY {} FROM STDIN (FORMAT binary)", rows.table)).await?;
        for part in rows.binary.chunks(1 << 20) {
            stream.send(part).await?;
        }
        stream.finish().await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Writes the rows by one prepared upsert each: those of one transaction of the ledger in one of the
/// database where `apart`, all in one otherwise.
pub async fn upsert(all: &[Rows], apart: bool, connection: &mut PgConnection) -> anyhow::Result<()> {
    let mut by_signature: BTreeMap<Option<Vec<u8>>, Vec<Upsert>> = BTreeMap::new();
    for rows in all {
        let parameters: Vec<String> = (1..=rows.columns.len()).map(|number| format!("${number}")).collect();
        let statement = format!(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING",
            rows.table,
            rows.columns.join(", "),
            parameters.join(", ")
        );
        // Slots have none and come first.
        let signature = rows.columns.iter().position(|column| column == "signature").filter(|_| apart);
        for row in fields(&rows.binary)? {
            let key = signature.and_then(|index| row[index].0.clone());
            by_signature.entry(key).or_default().push((statement.clone(), row));
        }
    }
    for rows in by_signature.into_values() {
        let mut transaction = connection.begin().await?;
        for (statement, row) in rows {
            let mut query = sqlx::query(AssertSqlSafe(statement));
            for field in row {
                query = query.bind(field);
            }
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// A statement and what it stores.
type Upsert = (String, Vec<Field>);

/// Takes a COPY stream apart.
fn fields(binary: &[u8]) -> anyhow::Result<Vec<Vec<Field>>> {
    let mut rest = binary.get(COPY_HEADER..).context("no header")?;
    let mut rows = Vec::new();
    loop {
        let count = i16::from_be_bytes(take(&mut rest)?);
        if count == COPY_END {
            return Ok(rows);
        }
        let mut row = Vec::new();
        for _ in 0..count {
            let length = i32::from_be_bytes(take(&mut rest)?);
            let Ok(length) = usize::try_from(length) else {
                row.push(Field(None));
                continue;
            };
            let (field, after) = rest.split_at_checked(length).context("a field is cut off")?;
            row.push(Field(Some(field.to_vec())));
            rest = after;
        }
        rows.push(row);
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> anyhow::Result<[u8; N]> {
    let (taken, after) = rest.split_first_chunk().context("the stream is cut off")?;
    *rest = after;
    Ok(*taken)
}
