//! One ingester and one notifier per database: the holders of an advisory lock each. A lock lives as long
//! as the connection that took it, and that connection is the one that writes, so who lost it cannot write.
//!
//! A process that is gone takes its connection along. One that is frozen, or cut off, keeps it and the
//! lock; its holder therefore uses its connection at least every [`PING`], and who stands by ends a
//! connection that holds the lock and waits for its process for too long. Whatever that process does
//! when it wakes up, it does on a connection that no longer exists.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// What one process of all does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    Ingest,
    Notify,
}

impl Office {
    /// "aegle-in" and "aegle-no" in ASCII.
    fn key(self) -> i64 {
        match self {
            Self::Ingest => 0x6165_676c_652d_696e,
            Self::Notify => 0x6165_676c_652d_6e6f,
        }
    }
}

/// Between two attempts of who stands by.
const STANDBY: Duration = Duration::from_secs(1);
/// Longest time that its holder leaves its connection unused.
pub const PING: Duration = Duration::from_secs(1);

/// Takes the office now, or not at all where another process has it.
pub async fn claim(office: Office, options: &PgConnectOptions) -> sqlx::Result<Option<PgConnection>> {
    let mut connection = options.connect().await?;
    Ok(try_lock(office, &mut connection).await?.then_some(connection))
}

async fn try_lock(office: Office, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let row =
        sqlx::query!(r#"SELECT pg_try_advisory_lock($1) AS "locked!""#, office.key()).fetch_one(connection).await?;
    Ok(row.locked)
}

/// Waits until this process has the office. `None` when `stop` came first.
pub async fn elect(
    office: Office,
    options: &PgConnectOptions,
    patience: Duration,
    stop: &CancellationToken,
) -> sqlx::Result<Option<PgConnection>> {
    let mut connection = options.connect().await?;
    let mut waiting = false;
    loop {
        if try_lock(office, &mut connection).await? {
            info!(?office, "this process has the office");
            return Ok(Some(connection));
        }
        if !waiting {
            info!(?office, "another process has the office; standing by");
            waiting = true;
        }
        if depose(office, patience, &mut connection).await? {
            warn!(?office, ?patience, "its holder gave no sign of life; ended its connection");
            continue;
        }
        if stop.run_until_cancelled(tokio::time::sleep(STANDBY)).await.is_none() {
            return Ok(None);
        }
    }
}

/// Says that this process is alive, and learns whether its connection is.
pub async fn ping(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(r#"SELECT 1 AS "one!""#).fetch_one(connection).await?;
    Ok(())
}

/// Ends the connection that holds the lock if it has waited for its process for longer than `patience`,
/// and waits until it is gone. A connection whose statement takes long does not wait for its process.
async fn depose(office: Office, patience: Duration, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"
        SELECT pg_terminate_backend(holder.pid, 1000) AS "ended!"
        FROM pg_locks AS held JOIN pg_stat_activity AS holder ON holder.pid = held.pid
        WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.classid::bigint = $1::bigint >> 32 AND held.objid::bigint = $1 & 4294967295
            AND (holder.state <> 'active' OR holder.wait_event = 'ClientRead')
            AND clock_timestamp() - greatest(holder.state_change, holder.query_start)
                > make_interval(secs => $2::double precision)
        "#,
        office.key(),
        patience.as_secs_f64()
    )
    .fetch_optional(connection)
    .await?;
    Ok(ended.unwrap_or(false))
}
