use aegle_decision::Key;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::api::{bytes::Address, time::Time};

/// A content whose storage ends by the operator's retention schedule. The record stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ending {
    pub record: Address,
    /// Since when the patient is told.
    pub announced_at: Time,
    /// It does not end before.
    pub ends_at: Time,
    /// Whether a legal hold puts the end off.
    pub is_held: bool,
}

/// Contents of a vault whose storage ends, by record after `after`, at most `limit`, for its owner.
#[tracing::instrument(name = "db.ending.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key, after: &[u8], limit: i64) -> sqlx::Result<Vec<Ending>> {
    sqlx::query_as!(
        Ending,
        r#"SELECT record AS "record!: Address", extract(epoch FROM announced_at)::bigint AS "announced_at!: Time",
                  extract(epoch FROM ends_at)::bigint AS "ends_at!: Time",
                  protected.is_held(vault, record) AS "is_held!"
           FROM protected.content_end WHERE vault = $1 AND record > $2 ORDER BY record LIMIT $3"#,
        &vault.0[..] as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}
