//! What the node last said, for processes that do not ask it.

use sqlx::PgExecutor;

/// Stores the node's confirmed `slot` and, where known, that block's time in seconds since the Unix
/// epoch.
pub async fn store(slot: i64, block_time: Option<i64>, executor: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO node_tip (slot, block_time) VALUES ($1, $2)
         ON CONFLICT (singleton) DO UPDATE
         SET slot = excluded.slot, block_time = excluded.block_time, observed_at = excluded.observed_at",
        slot,
        block_time
    )
    .execute(executor)
    .await?;
    Ok(())
}
