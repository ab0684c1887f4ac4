use std::ops::Range;

use bytes::Bytes;
use futures::{
    Stream, TryStreamExt,
    stream::{self},
};
use sqlx::PgConnection;

use super::{BlobId, Blobs, StoreError, upload::signed};

/// Which objects hold the bytes asked for.
#[derive(Clone, Debug)]
pub struct Content {
    /// Size of the whole blob, in bytes.
    pub size: u64,
    /// The bytes asked for, without those that the blob does not have.
    pub range: Range<u64>,
    pieces: Vec<(BlobId, Range<u64>)>,
}

/// Finds the bytes `range` of a blob, all of them by `0..u64::MAX`, in the caller's transaction. `None`
/// where there is no such blob, or none of these bytes. Whether the caller may read them is decided
/// before.
///
/// # Errors
/// [`StoreError::Damaged`] where parts are missing, and what the database says.
pub async fn locate(
    connection: &mut PgConnection,
    id: BlobId,
    range: Range<u64>,
) -> Result<Option<Content>, StoreError> {
    if range.is_empty() {
        return Ok(None);
    }
    let rows = sqlx::query!(
        r#"
        SELECT size AS "size!", object AS "object!: [u8; 32]", start AS "start!", length AS "length!"
        FROM protected.blob_parts($1, $2, $3)
        "#,
        &id.0,
        signed(range.start),
        signed(range.end)
    )
    .fetch_all(connection)
    .await?;
    let Some(size) = rows.first().map(|row| row.size.unsigned_abs()) else {
        return Ok(None);
    };
    let range = range.start..range.end.min(size);
    let mut next = range.start;
    let mut pieces = Vec::with_capacity(rows.len());
    for row in &rows {
        let part = row.start.unsigned_abs()..row.start.unsigned_abs() + row.length.unsigned_abs();
        if !part.contains(&next) {
            return Err(StoreError::Damaged);
        }
        let end = part.end.min(range.end);
        pieces.push((BlobId(row.object), next - part.start..end - part.start));
        next = end;
    }
    if next != range.end { Err(StoreError::Damaged) } else { Ok(Some(Content { size, range, pieces })) }
}

/// Ends a blob in the transaction that removes what refers to it; its objects are deleted by the next
/// sweep after the commit ([`super::Sweeper::wake`]). Says whether there was one.
pub async fn release(connection: &mut PgConnection, id: BlobId) -> sqlx::Result<bool> {
    let row = sqlx::query!(r#"SELECT protected.release_blob($1) AS "released!""#, &id.0).fetch_one(connection).await?;
    Ok(row.released)
}

impl Blobs {
    /// The bytes, read from one object after the other as the stream is. Dropping it ends the reading.
    pub fn read(&self, content: Content) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let store = self.store.clone();
        stream::iter(content.pieces.into_iter().map(Ok))
            .and_then(move |(object, range)| {
                let store = store.clone();
                async move {
                    let wanted = range.end - range.start;
                    Ok::<_, StoreError>(whole(store.get(object, range).await?, wanted))
                }
            })
            .try_flatten()
            .inspect_ok(|bytes| metrics::counter!("aegle_blob_read_bytes_total").increment(bytes.len() as u64))
    }
}

/// The same bytes, with an error in place of an end that comes too early.
fn whole(
    bytes: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    wanted: u64,
) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
    stream::try_unfold((Box::pin(bytes), wanted), |(mut bytes, left)| async move {
        match bytes.try_next().await? {
            Some(piece) => {
                let left = left.checked_sub(piece.len() as u64).ok_or(StoreError::Damaged)?;
                Ok(Some((piece, (bytes, left))))
            }
            None if left == 0 => Ok(None),
            None => Err(StoreError::Damaged),
        }
    })
}
