use std::{fs, io::Read, path::Path};

use bytes::Bytes;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, migrate::Migrator};

use super::{
    BackupError,
    file::Hashed,
    manifest::{Blob, Manifest, Migration, Table},
    of_file, tables,
};
use crate::{
    blob::{BlobId, Blobs},
    db::MIGRATIONS,
};

/// Tables in which the migrations themselves put a row, which is nothing yet.
const SEEDED: [&str; 2] = ["disclosure_log", "notice_feed"];
/// Bytes sent to the database at once.
const PIECE: usize = 256 * 1024;

/// What was restored.
#[derive(Debug, Serialize)]
pub struct Restored {
    pub tables: usize,
    pub rows: u64,
    pub blobs: u64,
    pub blob_bytes: u64,
    /// Up to which slot the mirror is.
    pub slot: i64,
    /// Up to which slot a server has to have applied every erasure before it serves anything.
    pub erasures_up_to: i64,
}

/// Restores the backup in `folder` into an empty database, and its blobs into the store. A server then
/// serves nothing before its mirror has reached `now`, the node's confirmed slot, and every erasure up to
/// there is applied.
///
/// # Errors
/// A folder that is no whole backup or was changed, a database or store that is used, or what they say.
/// The database then holds nothing of it.
pub async fn restore(pool: &PgPool, blobs: &Blobs, folder: &Path, now: i64) -> Result<Restored, BackupError> {
    let manifest = Manifest::read(folder)?;
    let program = aegle_client::PROGRAM_ID.to_string();
    if manifest.program != program {
        return Err(BackupError::OtherProgram(manifest.program));
    }
    let ours = known(&manifest.migrations)?;
    let mut connection = pool.acquire().await?;
    require_empty(&mut connection, &manifest).await?;
    restore_blobs(blobs, &manifest, folder).await?;

    ours.run(&mut *connection).await?;
    let mut transaction = connection.begin().await?;
    for table in &manifest.tables {
        restore_table(&mut transaction, table, folder).await?;
    }
    for sequence in &manifest.sequences {
        sqlx::query("SELECT setval($1::regclass, $2)")
            .bind(sequence.sql())
            .bind(sequence.last_value)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query!("INSERT INTO protected.restored (slot) VALUES ($1)", now).execute(&mut *transaction).await?;
    transaction.commit().await?;
    MIGRATIONS.run(&mut *connection).await?;
    sqlx::raw_sql("ANALYZE").execute(&mut *connection).await?;
    Ok(Restored {
        tables: manifest.tables.len(),
        rows: manifest.tables.iter().map(|table| table.rows).sum(),
        blobs: manifest.blobs,
        blob_bytes: manifest.blob_bytes,
        slot: manifest.finalized_slot,
        erasures_up_to: now,
    })
}

/// The migrations of the backup's schema, which must all be this release's.
fn known(migrations: &[Migration]) -> Result<Migrator, BackupError> {
    let mut ours = Vec::new();
    for wanted in migrations {
        let found = MIGRATIONS.iter().find(|migration| migration.version == wanted.version);
        match found.filter(|migration| hex::encode(&*migration.checksum) == wanted.checksum) {
            Some(migration) => ours.push(migration.clone()),
            None => return Err(BackupError::OtherSchema(wanted.version)),
        }
    }
    Ok(Migrator::with_migrations(ours))
}

/// Refuses a database that holds anything, or whose schema is newer than the backup's.
async fn require_empty(connection: &mut PgConnection, manifest: &Manifest) -> Result<(), BackupError> {
    let applied = tables::migrations(connection).await?;
    if let Some(newer) = applied.iter().find(|applied| !manifest.migrations.contains(applied)) {
        return Err(BackupError::DatabaseUsed(format!("it has the migration {}", newer.version)));
    }
    let tables = tables::tables(connection).await?;
    for table in tables.iter().filter(|table| !SEEDED.contains(&table.name.as_str())) {
        let used = format!("SELECT EXISTS (SELECT FROM {})", table.sql());
        if sqlx::query_scalar(AssertSqlSafe(used)).fetch_one(&mut *connection).await? {
            return Err(BackupError::DatabaseUsed(format!("{} has rows", table.sql())));
        }
    }
    Ok(())
}

/// Puts every object of the backup into the store. What is there already, of an attempt that failed or
/// since the store was never lost, has the same content: objects never change.
async fn restore_blobs(blobs: &Blobs, manifest: &Manifest, folder: &Path) -> Result<(), BackupError> {
    let marker = blobs.store.marker().await?;
    if marker.is_some_and(|marker| Some(marker.to_string()) != manifest.database) {
        return Err(BackupError::BlobsUsed);
    }
    let path = folder.join("blobs.json");
    let mut file = Hashed::new(fs::File::open(&path).map_err(of_file(&path))?);
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(of_file(&path))?;
    if file.finish().map_err(of_file(&path))? != manifest.blobs_sha256 {
        return Err(BackupError::Damaged(path));
    }
    let listed: Vec<Blob> = serde_json::from_slice(&text).map_err(|_| BackupError::Damaged(path))?;
    for blob in listed {
        let path = folder.join("blobs").join(&blob.object);
        let damaged = || BackupError::Damaged(path.clone());
        let object: BlobId = blob.object.parse().map_err(|_| damaged())?;
        let mut file = Hashed::new(fs::File::open(&path).map_err(of_file(&path))?);
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(of_file(&path))?;
        if file.finish().map_err(of_file(&path))? != blob.sha256 || content.len() as u64 != blob.length {
            return Err(damaged());
        }
        blobs.store.put(object, content.into()).await?;
    }
    if let Some(id) = manifest.database.as_ref().and_then(|id| id.parse().ok()) {
        blobs.store.mark(id).await?;
    }
    Ok(())
}

async fn restore_table(connection: &mut PgConnection, table: &Table, folder: &Path) -> Result<(), BackupError> {
    let name = table.sql();
    // Triggers are for changes, and what they did is in the backup.
    let prepare = format!("ALTER TABLE {name} DISABLE TRIGGER USER; DELETE FROM {name}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await?;
    let path = folder.join(table.file());
    let file = Hashed::new(fs::File::open(&path).map_err(of_file(&path))?);
    let mut decoder = zstd::stream::read::Decoder::new(file).map_err(of_file(&path))?;
    let mut sink = connection.copy_in_raw(&format!("COPY {name} ({}) FROM STDIN", table.column_list())).await?;
    let mut piece = vec![0; PIECE];
    let unreadable = loop {
        match decoder.read(&mut piece) {
            Ok(0) => break None,
            Ok(length) => {
                sink.send(Bytes::copy_from_slice(&piece[..length])).await?;
            }
            Err(error) => break Some(error),
        }
    };
    if unreadable.is_some() {
        sink.abort("the backup is damaged").await?;
        return Err(BackupError::Damaged(path));
    }
    let rows = sink.finish().await?;
    let hash = decoder.finish().into_inner().finish().map_err(of_file(&path))?;
    if hash != table.sha256 || rows != table.rows {
        return Err(BackupError::Damaged(path));
    }
    let end = format!("ALTER TABLE {name} ENABLE TRIGGER USER");
    sqlx::raw_sql(AssertSqlSafe(end)).execute(connection).await?;
    Ok(())
}
