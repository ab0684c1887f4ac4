use sqlx::PgConnection;

use crate::api::{bytes::Address, time::Time};

/// What an erased record's traces here come to.
pub struct Erased {
    /// Slot of the erasure on chain.
    pub slot: i64,
    pub is_final: bool,
    /// Whether there is content of it.
    pub kept: bool,
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

/// How far an erasure is, for the vault's owner. None for a record that is not erased.
#[tracing::instrument(name = "db.erasure.find", skip_all)]
pub async fn find(conn: &mut PgConnection, record: Address) -> sqlx::Result<Option<Erased>> {
    let row = sqlx::query!(
        r#"
        SELECT x.slot, x.slot <= k.finalized_slot AS "is_final!",
               EXISTS (SELECT FROM protected.content c WHERE c.record = $1) AS "kept!",
               extract(epoch FROM e.destroyed_at)::bigint AS "at?: Time", e.wraps AS "wraps?", e.shares AS "shares?", e.bytes AS "bytes?",
               extract(epoch FROM e.blob_gone_at)::bigint AS "blob_gone_at?: Time"
        FROM record_change x
        CROSS JOIN checkpoint k
        LEFT JOIN protected.erasure e ON e.record = x.record
        WHERE x.record = $1 AND x.status = 'erased'
        "#,
        record as _
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Erased {
        slot: row.slot,
        is_final: row.is_final,
        kept: row.kept,
        destroyed: row.at.zip(row.wraps).zip(row.shares).zip(row.bytes).map(|(((at, wraps), shares), bytes)| {
            Destroyed { at, wraps, shares, bytes, blob_gone_at: row.blob_gone_at }
        }),
    }))
}
