use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use futures::TryStreamExt;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    BackupError,
    file::Hashed,
    manifest::{Blob, Kind, Manifest, Table},
    of_file, tables,
};
use crate::blob::{BlobId, Blobs, StoreError};

/// zstd's own default.
const COMPRESSION: i32 = 3;

/// What was backed up.
#[derive(Debug, Serialize)]
pub struct Created {
    pub tables: usize,
    pub rows: u64,
    pub blobs: u64,
    pub blob_bytes: u64,
    /// The mirror's finalized slot.
    pub slot: i64,
}

/// Backs up database and blobs to `folder`, which must be empty or not there. Servers may run meanwhile.
///
/// # Errors
/// A folder that is used, an object that is missing, or what database, store and files say. What was
/// written then is no backup.
pub async fn create(pool: &PgPool, blobs: &Blobs, folder: &Path) -> Result<Created, BackupError> {
    make(folder)?;
    let mut connection = pool.acquire().await?;
    let (mut manifest, objects) = dump(&mut connection, folder).await?;
    let mut copied = Vec::new();
    for (object, length) in objects {
        match copy(blobs, object, length, folder).await {
            Ok(sha256) => copied.push(Blob { object: object.to_string(), length, sha256 }),
            // Given up or erased since the tables were read.
            Err(error) => match is_named(&mut connection, object).await? {
                false => {}
                true if matches!(
                    error,
                    BackupError::Store(StoreError::Store(object_store::Error::NotFound { .. }))
                ) =>
                {
                    return Err(BackupError::BlobMissing(object.to_string()));
                }
                true => return Err(error),
            },
        }
    }
    manifest.blobs = copied.len() as u64;
    manifest.blob_bytes = copied.iter().map(|blob| blob.length).sum();
    let path = folder.join("blobs.json");
    let mut file = create_file(&path)?;
    serde_json::to_writer(&mut file, &copied).map_err(std::io::Error::from).map_err(of_file(&path))?;
    manifest.blobs_sha256 = file.sync().map_err(of_file(&path))?;
    for part in ["tables", "blobs"].map(|part| folder.join(part)) {
        fs::File::open(&part).and_then(|part| part.sync_all()).map_err(of_file(&part))?;
    }
    manifest.write(folder)?;
    Ok(Created {
        tables: manifest.tables.len(),
        rows: manifest.tables.iter().map(|table| table.rows).sum(),
        blobs: manifest.blobs,
        blob_bytes: manifest.blob_bytes,
        slot: manifest.finalized_slot,
    })
}

/// Makes the folder with those in it, for this user alone.
fn make(folder: &Path) -> Result<(), BackupError> {
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(folder).map_err(of_file(folder))?;
    if fs::read_dir(folder).map_err(of_file(folder))?.next().is_some() {
        return Err(BackupError::FolderUsed(folder.to_owned()));
    }
    for part in ["tables", "blobs"].map(|part| folder.join(part)) {
        private.create(&part).map_err(of_file(&part))?;
    }
    Ok(())
}

fn create_file(path: &Path) -> Result<Hashed, BackupError> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    Ok(Hashed::new(file.map_err(of_file(path))?))
}

/// Writes every table as of one moment; gives the objects that they name, with their lengths.
async fn dump(connection: &mut PgConnection, folder: &Path) -> Result<(Manifest, Vec<(BlobId, u64)>), BackupError> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL row_security = off")
        .execute(&mut *transaction)
        .await?;
    let checkpoint = sqlx::query!(r#"SELECT program AS "program: [u8; 32]", finalized_slot FROM checkpoint"#)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(BackupError::Empty)?;
    let database = sqlx::query_scalar!(r#"SELECT id AS "id: [u8; 32]" FROM protected.blob_store"#);
    let database = database.fetch_optional(&mut *transaction).await?.map(|id| BlobId(id).to_string());
    let mut manifest = Manifest {
        kind: Kind::V1,
        program: bs58::encode(checkpoint.program).into_string(),
        finalized_slot: checkpoint.finalized_slot,
        database,
        migrations: tables::migrations(&mut transaction).await?,
        tables: tables::tables(&mut transaction).await?,
        sequences: tables::sequences(&mut transaction).await?,
        blobs: 0,
        blob_bytes: 0,
        blobs_sha256: String::new(),
    };
    for table in &mut manifest.tables {
        dump_table(&mut transaction, table, folder).await?;
    }
    let objects = sqlx::query!(
        r#"
        SELECT part.object AS "object: [u8; 32]", part.length AS "length!"
        FROM protected.upload_part AS part JOIN protected.upload ON upload.id = part.upload
        WHERE part.length IS NOT NULL AND upload.state <> 'released' ORDER BY part.object
        "#
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok((manifest, objects.into_iter().map(|part| (BlobId(part.object), part.length.unsigned_abs())).collect()))
}

async fn dump_table(connection: &mut PgConnection, table: &mut Table, folder: &Path) -> Result<(), BackupError> {
    let count = format!("SELECT count(*) FROM {}", table.sql());
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
    table.rows = rows.unsigned_abs();
    let path = folder.join(table.file());
    let file = create_file(&path)?;
    let mut encoder = zstd::stream::write::Encoder::new(file, COMPRESSION).map_err(of_file(&path))?;
    let statement = format!("COPY {} ({}) TO STDOUT", table.sql(), table.column_list());
    let mut stream = connection.copy_out_raw(&statement).await?;
    while let Some(bytes) = stream.try_next().await? {
        encoder.write_all(&bytes).map_err(of_file(&path))?;
    }
    let file = encoder.finish().map_err(of_file(&path))?;
    table.sha256 = file.sync().map_err(of_file(&path))?;
    Ok(())
}

/// Copies an object; gives its SHA-256.
async fn copy(blobs: &Blobs, object: BlobId, length: u64, folder: &Path) -> Result<String, BackupError> {
    let mut bytes = blobs.store.get(object, 0..length).await?;
    let path = folder.join("blobs").join(object.to_string());
    let mut file = create_file(&path)?;
    while let Some(piece) = bytes.try_next().await? {
        file.write_all(&piece).map_err(of_file(&path))?;
    }
    file.sync().map_err(of_file(&path))
}

/// Whether the database still names the object.
async fn is_named(connection: &mut PgConnection, object: BlobId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM protected.upload_part AS part JOIN protected.upload ON upload.id = part.upload
            WHERE part.object = $1 AND upload.state <> 'released'
        ) AS "named!"
        "#,
        &object.0[..] as _
    )
    .fetch_one(connection)
    .await
}
