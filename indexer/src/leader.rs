//! One ingester per database: the holder of an advisory lock. The lock lives as long as the
//! connection that took it, and that connection is the one that writes, so who lost it cannot write.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// "aegle-in" in ASCII.
const KEY: i64 = 0x6165_676c_652d_696e;
const STANDBY: Duration = Duration::from_secs(1);

/// Becomes the ingester now, or not at all where another process is.
pub async fn claim(options: &PgConnectOptions) -> sqlx::Result<Option<PgConnection>> {
    let mut connection = options.connect().await?;
    Ok(try_lock(&mut connection).await?.then_some(connection))
}

async fn try_lock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let row = sqlx::query!(r#"SELECT pg_try_advisory_lock($1) AS "locked!""#, KEY).fetch_one(connection).await?;
    Ok(row.locked)
}

/// Waits until this process is the ingester. `None` when `stop` came first.
pub async fn elect(options: &PgConnectOptions, stop: &CancellationToken) -> sqlx::Result<Option<PgConnection>> {
    let mut connection = options.connect().await?;
    let mut waiting = false;
    loop {
        if try_lock(&mut connection).await? {
            info!("this process ingests");
            return Ok(Some(connection));
        }
        if !waiting {
            info!("another process ingests; standing by");
            waiting = true;
        }
        if stop.run_until_cancelled(tokio::time::sleep(STANDBY)).await.is_none() {
            return Ok(None);
        }
    }
}
