use sqlx::PgConnection;

use super::KeyId;

/// Why a content is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its owner erased the record.
    Erased,
    /// Its storage ended by the retention schedule.
    Retention,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Retention => "retention",
        }
    }
}

/// Takes contents away, each named by its record and its key, with everything that was kept of them; those that
/// a hold is about stay. Gives how many went.
///
/// Once the transaction is committed their keys are left to the [`super::Eraser`]. Nobody can place a hold
/// meanwhile, so a content is held or gone and nothing between.
///
/// # Errors
/// The database's. The transaction must then not be committed.
pub async fn destroy(
    transaction: &mut PgConnection,
    contents: &[([u8; 32], KeyId)],
    cause: Cause,
) -> sqlx::Result<u64> {
    sqlx::query!("LOCK TABLE protected.hold IN SHARE MODE").execute(&mut *transaction).await?;
    let (records, names): (Vec<_>, Vec<_>) =
        contents.iter().map(|(record, key)| (record.to_vec(), key.0.to_vec())).unzip();
    let gone = sqlx::query_scalar!(
        r#"
        WITH gone AS (
            DELETE FROM protected.content c
            USING unnest($1::bytea[], $2::bytea[]) AS asked (record, erasure_key)
            WHERE c.record = asked.record AND c.erasure_key = asked.erasure_key
                AND NOT protected.is_held(c.vault, c.record)
            RETURNING c.record, c.vault, c.erasure_key, c.blob, c.size
        ), noted AS (
            INSERT INTO protected.erasure (record, vault, erasure_key, wraps, shares, blob, bytes, cause)
            SELECT record, vault, erasure_key,
                   (SELECT count(*) FROM protected.wrap w WHERE w.record = gone.record),
                   (SELECT count(*) FROM protected.custodian_share s WHERE s.record = gone.record)
                   + (SELECT count(*) FROM protected.released_share s WHERE s.record = gone.record),
                   blob, size, $3
            FROM gone
            ON CONFLICT (record) DO UPDATE
            SET erasure_key = excluded.erasure_key, wraps = excluded.wraps, shares = excluded.shares,
                blob = excluded.blob, bytes = excluded.bytes, cause = excluded.cause, destroyed_at = NULL,
                blob_gone_at = NULL
        ), ended AS (
            INSERT INTO protected.ended_key (erasure_key) SELECT erasure_key FROM gone
        )
        SELECT count(protected.release_blob(blob)) AS "gone!" FROM gone
        "#,
        &records,
        &names,
        cause.as_str()
    )
    .fetch_one(transaction)
    .await?;
    Ok(gone.unsigned_abs())
}
