use sqlx::PgConnection;

use crate::api::{bytes::Address, time::Time};

/// What a record's traces here come to.
pub struct Traces {
    /// Slot of the erasure on chain; none where it is not erased.
    pub slot: Option<i64>,
    pub is_final: bool,
    /// Whether there is content of it, and whether a legal hold keeps that.
    pub is_kept: bool,
    pub is_held: bool,
    /// Whether content of it was taken away here.
    pub is_ended: bool,
    /// None until the key is destroyed, too.
    pub destroyed: Option<Destroyed>,
}

/// What was destroyed of a record.
pub struct Destroyed {
    pub at: Time,
    pub wraps: i64,
    pub shares: i64,
    pub bytes: i64,
    pub blob_gone_at: Option<Time>,
}

/// How far an erasure is, for the vault's owner.
#[tracing::instrument(name = "db.erasure.find", skip_all)]
pub async fn find(conn: &mut PgConnection, record: Address) -> sqlx::Result<Traces> {
    let row = sqlx::query!(
        r#"
        SELECT x.slot AS "slot?", coalesce(x.slot <= k.finalized_slot, false) AS "is_final!",
               c.record IS NOT NULL AS "is_kept!",
               coalesce(protected.is_held(c.vault, c.record), false) AS "is_held!",
               e.record IS NOT NULL AS "is_ended!", extract(epoch FROM e.destroyed_at)::bigint AS "at?: Time",
               e.wraps AS "wraps?", e.shares AS "shares?", e.bytes AS "bytes?",
               extract(epoch FROM e.blob_gone_at)::bigint AS "blob_gone_at?: Time"
        FROM checkpoint k
        LEFT JOIN record_change x ON x.record = $1 AND x.status = 'erased'
        LEFT JOIN protected.content c ON c.record = $1
        LEFT JOIN protected.erasure e ON e.record = $1
        "#,
        record as _
    )
    .fetch_one(conn)
    .await?;
    Ok(Traces {
        slot: row.slot,
        is_final: row.is_final,
        is_kept: row.is_kept,
        is_held: row.is_held,
        is_ended: row.is_ended,
        destroyed: row.at.zip(row.wraps).zip(row.shares).zip(row.bytes).map(|(((at, wraps), shares), bytes)| {
            Destroyed { at, wraps, shares, bytes, blob_gone_at: row.blob_gone_at }
        }),
    })
}
