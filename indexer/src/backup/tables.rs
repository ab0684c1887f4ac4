use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::manifest::{Migration, Sequence, Table};

/// What is not backed up: how far a node was, who is signed in (whoever signed out since would be in again),
/// and that this database was itself restored.
const LEFT_OUT: [&str; 5] = [
    "public._sqlx_migrations",
    "public.node_tip",
    "protected.session",
    "protected.used_challenge",
    "protected.restored",
];

type Name = (String, String);

/// Every table that is backed up, by the catalog, in an order in which each comes after those it refers to.
pub async fn tables(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    // Not checked queries: what the catalog has is the same for every schema of ours.
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text, a.attname::text
         FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         WHERE c.relkind = 'r' AND n.nspname IN ('public', 'protected')
             AND n.nspname || '.' || c.relname <> ALL ($1)
         ORDER BY 1, 2, a.attnum",
    )
    .bind(LEFT_OUT.map(String::from).as_slice())
    .fetch_all(&mut *connection)
    .await?;
    let references: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT DISTINCT n.nspname::text, c.relname::text, m.nspname::text, d.relname::text
         FROM pg_constraint f
         JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class d ON d.oid = f.confrelid JOIN pg_namespace m ON m.oid = d.relnamespace
         WHERE f.contype = 'f' AND c.oid <> d.oid",
    )
    .fetch_all(connection)
    .await?;
    let mut found: BTreeMap<Name, Vec<String>> = BTreeMap::new();
    for (schema, table, column) in columns {
        found.entry((schema, table)).or_default().push(column);
    }
    let mut waits: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for (schema, table, of_schema, of) in references {
        waits.entry((schema, table)).or_default().insert((of_schema, of));
    }
    let mut tables = Vec::new();
    while !found.is_empty() {
        let is_free = |name: &Name| {
            waits.get(name).is_none_or(|waits| waits.iter().all(|other| other == name || !found.contains_key(other)))
        };
        let free: Vec<Name> = found.keys().filter(|name| is_free(name)).cloned().collect();
        if free.is_empty() {
            return Err(sqlx::Error::Protocol("tables refer to each other in a circle".into()));
        }
        for (schema, name) in free {
            let columns = found.remove(&(schema.clone(), name.clone())).unwrap_or_default();
            tables.push(Table { schema, name, columns, rows: 0, sha256: String::new() });
        }
    }
    Ok(tables)
}

/// Sequences that gave a number.
pub async fn sequences(connection: &mut PgConnection) -> sqlx::Result<Vec<Sequence>> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT schemaname::text, sequencename::text, last_value FROM pg_sequences
         WHERE schemaname IN ('public', 'protected') AND last_value IS NOT NULL ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(schema, name, last_value)| Sequence { schema, name, last_value }).collect())
}

/// The migrations that a database has; none where it was never migrated.
pub async fn migrations(connection: &mut PgConnection) -> sqlx::Result<Vec<Migration>> {
    let migrated = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "migrated!""#);
    if !migrated.fetch_one(&mut *connection).await? {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(version, checksum)| Migration { version, checksum: hex::encode(checksum) }).collect())
}
