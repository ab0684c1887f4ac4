use sqlx::PgConnection;

use super::{BlobConfig, BlobId};

/// An upload that no record or mailbox item has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    pub id: BlobId,
    /// Bytes declared, and bytes there.
    pub size: u64,
    pub received: u64,
    /// Seconds since the Unix epoch.
    pub expires_at: i64,
}

impl Upload {
    pub fn is_complete(&self) -> bool {
        self.received == self.size
    }
}

/// A part that is being written.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub upload: BlobId,
    /// Name of the object to write.
    pub object: BlobId,
    /// Where it starts, and how many bytes the upload still takes there.
    pub start: u64,
    pub space: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("there is no such upload")]
    NotFound,
    #[error("the upload goes on at another byte")]
    Offset { expected: u64 },
    #[error("the upload is complete")]
    Complete,
    #[error("more is not taken before what is there is claimed")]
    Quota,
    #[error("the part took too long and was given up")]
    GivenUp,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

struct Row {
    id: [u8; 32],
    size: i64,
    received: i64,
    expires_at: i64,
}

impl From<Row> for Upload {
    fn from(row: Row) -> Self {
        Self {
            id: BlobId(row.id),
            // The table's constraints keep both from being negative.
            size: row.size.unsigned_abs(),
            received: row.received.unsigned_abs(),
            expires_at: row.expires_at,
        }
    }
}

/// Begins an upload of `size` bytes. The connection serves `owner`, as for everything here.
///
/// # Errors
/// [`UploadError::Quota`], also when parallel requests of one wallet exceed it together.
pub async fn create(
    connection: &mut PgConnection,
    config: &BlobConfig,
    owner: [u8; 32],
    size: u64,
) -> Result<Upload, UploadError> {
    // One at a time for each wallet, so that what is counted stays true until this is committed.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('upload', 0) # hashtextextended(encode($1, 'hex'), 0))",
        &owner
    )
    .execute(&mut *connection)
    .await?;
    let held = sqlx::query!(
        r#"
        SELECT count(*) AS "uploads!", coalesce(sum(size), 0)::bigint AS "bytes!"
        FROM protected.upload WHERE owner = $1 AND state <> 'claimed'
        "#,
        &owner
    )
    .fetch_one(&mut *connection)
    .await?;
    let bytes = held.bytes.unsigned_abs().saturating_add(size);
    if held.uploads >= i64::from(config.max_unclaimed) || bytes > config.max_unclaimed_bytes {
        return Err(UploadError::Quota);
    }
    let row = sqlx::query_as!(
        Row,
        r#"
        INSERT INTO protected.upload (id, owner, size, expires_at)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4))
        RETURNING id AS "id: _", size, received, extract(epoch FROM expires_at)::bigint AS "expires_at!"
        "#,
        &BlobId::random().0,
        &owner,
        signed(size),
        f64::from(config.expire_after)
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// The upload of that id, if it is the caller's, not claimed and not expired.
pub async fn find(connection: &mut PgConnection, owner: [u8; 32], id: BlobId) -> Result<Option<Upload>, UploadError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id AS "id: _", size, received, extract(epoch FROM expires_at)::bigint AS "expires_at!"
        FROM protected.upload WHERE id = $1 AND owner = $2 AND state = 'open' AND expires_at > now()
        "#,
        &id.0,
        &owner
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Upload::from))
}

/// Names the object for the bytes from `start` on. Only once this is committed may it be written.
///
/// # Errors
/// [`UploadError::NotFound`], [`UploadError::Complete`], or [`UploadError::Offset`] when the upload goes
/// on elsewhere.
pub async fn begin_part(
    connection: &mut PgConnection,
    config: &BlobConfig,
    owner: [u8; 32],
    id: BlobId,
    start: u64,
) -> Result<Part, UploadError> {
    let upload = find(&mut *connection, owner, id).await?.ok_or(UploadError::NotFound)?;
    if upload.is_complete() {
        return Err(UploadError::Complete);
    }
    if upload.received != start {
        return Err(UploadError::Offset { expected: upload.received });
    }
    let part = Part { upload: id, object: BlobId::random(), start, space: upload.size - upload.received };
    sqlx::query!(
        "
        INSERT INTO protected.upload_part (object, upload, start, leased_until)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4))
        ",
        &part.object.0,
        &id.0,
        signed(start),
        config.lease().as_secs_f64()
    )
    .execute(connection)
    .await
    .map_err(|error| match error.as_database_error() {
        // Given up and swept just now.
        Some(refused) if refused.is_foreign_key_violation() => UploadError::NotFound,
        _ => error.into(),
    })?;
    Ok(part)
}

/// Adds a part whose object is written, `length` bytes long, and puts off the upload's end. Of several
/// parts at one place, the first one to come here is taken.
///
/// # Errors
/// [`UploadError::Offset`] when another one was first, [`UploadError::GivenUp`] when a sweep was, and
/// [`UploadError::NotFound`] when the upload ended meanwhile. The object is then to be discarded.
pub async fn finish_part(
    connection: &mut PgConnection,
    config: &BlobConfig,
    owner: [u8; 32],
    part: &Part,
    length: u64,
) -> Result<Upload, UploadError> {
    let locked = sqlx::query!(
        r#"
        SELECT received FROM protected.upload
        WHERE id = $1 AND owner = $2 AND state = 'open' AND expires_at > now() FOR UPDATE
        "#,
        &part.upload.0,
        &owner
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(UploadError::NotFound)?;
    let expected = locked.received.unsigned_abs();
    if expected != part.start {
        return Err(UploadError::Offset { expected });
    }
    let finished = sqlx::query!(
        "UPDATE protected.upload_part SET length = $2 WHERE object = $1 AND length IS NULL AND NOT doomed",
        &part.object.0,
        signed(length)
    )
    .execute(&mut *connection)
    .await?;
    if finished.rows_affected() != 1 {
        return Err(UploadError::GivenUp);
    }
    let row = sqlx::query_as!(
        Row,
        r#"
        UPDATE protected.upload
        SET received = received + $2, expires_at = now() + make_interval(secs => $3)
        WHERE id = $1
        RETURNING id AS "id: _", size, received, extract(epoch FROM expires_at)::bigint AS "expires_at!"
        "#,
        &part.upload.0,
        signed(length),
        f64::from(config.expire_after)
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// Forgets a part that was not finished, once its object is deleted or was never written.
pub async fn discard(connection: &mut PgConnection, part: &Part) -> Result<(), UploadError> {
    sqlx::query!("DELETE FROM protected.upload_part WHERE object = $1 AND length IS NULL", &part.object.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives an upload up; its objects are deleted by the next sweep.
///
/// # Errors
/// [`UploadError::NotFound`] for one that is claimed too.
pub async fn cancel(connection: &mut PgConnection, owner: [u8; 32], id: BlobId) -> Result<(), UploadError> {
    let cancelled = sqlx::query!(
        "
        UPDATE protected.upload SET state = 'released'
        WHERE id = $1 AND owner = $2 AND state = 'open' AND expires_at > now()
        ",
        &id.0,
        &owner
    )
    .execute(connection)
    .await?;
    if cancelled.rows_affected() == 1 { Ok(()) } else { Err(UploadError::NotFound) }
}

/// Turns a complete upload into a blob, in the transaction that stores what refers to it, and gives its
/// size in bytes. It succeeds once.
///
/// # Errors
/// [`UploadError::NotFound`] for one that is not the caller's, not complete, expired or claimed before.
pub async fn claim(connection: &mut PgConnection, owner: [u8; 32], id: BlobId) -> Result<u64, UploadError> {
    let claimed = sqlx::query!(
        "
        UPDATE protected.upload SET state = 'claimed'
        WHERE id = $1 AND owner = $2 AND state = 'open' AND received = size AND expires_at > now()
        RETURNING size
        ",
        &id.0,
        &owner
    )
    .fetch_optional(connection)
    .await?;
    claimed.map(|row| row.size.unsigned_abs()).ok_or(UploadError::NotFound)
}

/// For a column that cannot hold more; the limits of the configuration are below it.
pub(super) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
