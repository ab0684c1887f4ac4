//! What the node last said, for processes that do not ask it.

use std::time::Duration;

use sqlx::PgConnection;

/// Stores the node's confirmed `slot` and, where known, that block's time in seconds since the Unix
/// epoch. `age` is how long ago the node said so.
pub async fn store(
    slot: i64,
    block_time: Option<i64>,
    age: Duration,
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO node_tip (slot, block_time, observed_at)
         VALUES ($1, $2, now() - make_interval(secs => $3::double precision))
         ON CONFLICT (singleton) DO UPDATE
         SET slot = excluded.slot, block_time = excluded.block_time, observed_at = excluded.observed_at",
        slot,
        block_time,
        age.as_secs_f64()
    )
    .execute(connection)
    .await?;
    Ok(())
}
