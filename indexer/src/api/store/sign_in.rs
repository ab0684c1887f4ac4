use sqlx::PgConnection;

use crate::api::{bytes::Nonce, time::Time};

/// Seconds that an answered challenge is remembered after its end: more than clocks differ.
const REMEMBERED: i64 = 60 * 60;

/// Uses a challenge up, and forgets those that are long over. Of any number of parallel attempts one is
/// told true.
#[tracing::instrument(name = "db.used_challenge.insert", skip_all)]
pub async fn use_up(conn: &mut PgConnection, nonce: Nonce, expires_at: Time, now: i64) -> sqlx::Result<bool> {
    sqlx::query!("DELETE FROM protected.used_challenge WHERE expires_at <= $1", now - REMEMBERED)
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query!(
        "INSERT INTO protected.used_challenge (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING",
        nonce as _,
        expires_at.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
