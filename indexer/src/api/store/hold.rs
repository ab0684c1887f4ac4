use aegle_decision::Key;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::api::{
    bytes::{Address, HoldId},
    time::Time,
};

/// A legal hold. What it is about is refused to whom it was refused before, and stays ciphertext; an erasure
/// destroys it once the hold is lifted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hold {
    pub hold: HoldId,
    /// Records it is about; null for everything of the vault.
    pub records: Option<Vec<Address>>,
    /// Who ordered it, and under which reference, in the operator's words.
    pub authority: String,
    pub reference: String,
    pub placed_at: Time,
    /// Null while it is in force.
    pub lifted_at: Option<Time>,
    /// Why it was lifted.
    pub reason: Option<String>,
}

/// A vault's holds by id after `after`, at most `limit`, for its owner.
#[tracing::instrument(name = "db.hold.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key, after: &[u8], limit: i64) -> sqlx::Result<Vec<Hold>> {
    sqlx::query_as!(
        Hold,
        r#"SELECT hold AS "hold: HoldId", records AS "records: Vec<Address>", authority, reference,
                  extract(epoch FROM placed_at)::bigint AS "placed_at!: Time",
                  extract(epoch FROM lifted_at)::bigint AS "lifted_at: Time", reason
           FROM protected.hold WHERE vault = $1 AND hold > $2 ORDER BY hold LIMIT $3"#,
        &vault.0[..] as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Whether a hold in force is about the record; whoever asks.
#[tracing::instrument(name = "db.hold.is_held", skip_all)]
pub async fn is_held(conn: &mut PgConnection, vault: Key, record: Address) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT protected.is_held($1, $2) AS "held!""#, &vault.0[..], &record.0[..])
        .fetch_one(conn)
        .await
}
