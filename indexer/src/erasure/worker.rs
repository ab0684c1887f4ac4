//! What follows an erasure on chain.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Cause, ErasureError, ErasureKeys, KeyId, destroy};
use crate::blob::Sweeper;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(2);
/// So many looks later every erasure is looked at again: a backfill adds some to slots that had passed.
const WHOLE_EVERY: u32 = 150;
/// Keys destroyed in one transaction.
const BATCH: i64 = 256;
/// Seconds that such a transaction of another process takes at most.
const SLOWEST: i64 = 3_600;

/// What a look destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Erased records with everything that was kept of them.
    pub records: u64,
    /// Keys: of these, and of what else ended.
    pub keys: u64,
}

/// Destroys what erased records leave. Any number of processes may do so at once, and whoever is killed
/// meanwhile leaves the rest to the next look.
pub struct Eraser {
    keys: ErasureKeys,
    /// Connections that see every row.
    pool: PgPool,
    sweeper: Sweeper,
    /// Up to which slot this process looked at erasures.
    applied: i64,
    /// Holds that were lifted when it looked last: what one of them kept is looked at again.
    lifted: i64,
    /// When this process last took keys out of its memory that another one destroyed, in seconds since the
    /// Unix epoch.
    forgotten: Option<i64>,
}

impl Eraser {
    pub fn new(keys: ErasureKeys, pool: PgPool, sweeper: Sweeper) -> Self {
        Self { keys, pool, sweeper, applied: -1, lifted: 0, forgotten: None }
    }

    /// Looks again and again until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut looks: u32 = 0;
        while stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_some() {
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(WHOLE_EVERY) {
                self.applied = -1;
            }
            match self.sweep().await {
                Ok(Swept { records: 0, keys: 0 }) => {}
                Ok(swept) => tracing::info!(?swept, "destroyed what was erased"),
                Err(error) => tracing::error!(%error, "what was erased could not be destroyed; trying again"),
            }
        }
    }

    /// After a restore: waits until the mirror has every erasure that was final then, and everything that
    /// they erased is destroyed again. At once where nothing was restored, or `stop`.
    ///
    /// # Errors
    /// What database or stores say.
    pub async fn catch_up(&mut self, stop: &CancellationToken) -> Result<(), ErasureError> {
        let restored = sqlx::query_scalar!("SELECT slot FROM protected.restored");
        let Some(slot) = restored.fetch_optional(&self.pool).await? else { return Ok(()) };
        tracing::info!(slot, "restored from a backup: serving once the mirror has every erasure up to this slot");
        loop {
            // Read before the sweep, so that it had everything up to there.
            let reached =
                sqlx::query_scalar!("SELECT finalized_slot FROM checkpoint").fetch_optional(&self.pool).await?;
            let swept = self.sweep().await?;
            if reached.is_some_and(|reached| reached >= slot) {
                tracing::info!(?swept, "every erasure since the backup is applied");
                sqlx::query!("DELETE FROM protected.restored").execute(&self.pool).await?;
                return Ok(());
            }
            if stop.run_until_cancelled(tokio::time::sleep(PERIOD / 4)).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes away what is left of records whose erasure is final, then destroys every key that ended.
    ///
    /// # Errors
    /// What database or stores say, after everything else was done.
    pub async fn sweep(&mut self) -> Result<Swept, ErasureError> {
        let records = self.sweep_records().await;
        let keys = self.sweep_keys().await;
        self.forget().await?;
        sqlx::query!(
            "UPDATE protected.erasure e SET blob_gone_at = now()
             WHERE blob_gone_at IS NULL AND NOT EXISTS (SELECT FROM protected.upload u WHERE u.id = e.blob)"
        )
        .execute(&self.pool)
        .await?;
        let left = sqlx::query_scalar!(
            r#"SELECT count(*) AS "left!" FROM protected.erasure WHERE blob_gone_at IS NULL OR destroyed_at IS NULL"#
        );
        metrics::gauge!("aegle_erasures_unfinished").set(left.fetch_one(&self.pool).await? as f64);
        Ok(Swept { records: records?, keys: keys? })
    }

    /// Looks at what was erased since the last look; at everything where a hold was lifted meanwhile.
    async fn sweep_records(&mut self) -> Result<u64, ErasureError> {
        let reached = sqlx::query_scalar!("SELECT finalized_slot FROM checkpoint").fetch_optional(&self.pool).await?;
        let Some(reached) = reached else { return Ok(0) };
        let lifted =
            sqlx::query_scalar!(r#"SELECT count(*) AS "lifted!" FROM protected.hold WHERE lifted_at IS NOT NULL"#);
        let lifted = lifted.fetch_one(&self.pool).await?;
        if self.lifted != lifted {
            (self.lifted, self.applied) = (lifted, -1);
        }
        let erased = sqlx::query!(
            r#"
            SELECT x.record AS "record: [u8; 32]", c.erasure_key AS "key!: [u8; 32]"
            FROM record_change x JOIN protected.content c ON c.record = x.record
            WHERE x.status = 'erased' AND x.slot > $1 AND x.slot <= $2 AND c.erasure_key IS NOT NULL
            ORDER BY x.slot
            "#,
            self.applied,
            reached
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut done, mut failed) = (0, None);
        for row in erased {
            match self.destroy(row.record, KeyId(row.key)).await {
                Ok(destroyed) => done += u64::from(destroyed),
                Err(error) => failed = Some(error),
            }
        }
        metrics::counter!("aegle_erased_records_total").increment(done);
        match failed {
            Some(error) => Err(error.into()),
            None => {
                self.applied = reached;
                Ok(done)
            }
        }
    }

    /// False where a hold keeps it, or another process was faster.
    async fn destroy(&self, record: [u8; 32], key: KeyId) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin().await?;
        let destroyed = destroy(&mut transaction, &[(record, key)], Cause::Erased).await? > 0;
        transaction.commit().await?;
        // What is held is refused to everybody, so nobody needs it in memory either.
        self.keys.forget(key);
        self.sweeper.wake();
        Ok(destroyed)
    }

    /// Destroys the keys that ended. A row locked by another process is left to it, and a key that cannot be
    /// destroyed now keeps no other one.
    async fn sweep_keys(&self) -> Result<u64, ErasureError> {
        let (mut swept, mut failed, mut after) = (0, None, Vec::new());
        loop {
            let mut transaction = self.pool.begin().await?;
            let ended = sqlx::query_scalar!(
                r#"SELECT erasure_key AS "key: [u8; 32]" FROM protected.ended_key
                   WHERE destroyed_at IS NULL AND erasure_key > $1
                   ORDER BY erasure_key LIMIT $2 FOR UPDATE SKIP LOCKED"#,
                after,
                BATCH
            )
            .fetch_all(&mut *transaction)
            .await?;
            let Some(last) = ended.last() else { break };
            after = last.to_vec();
            let mut destroyed = Vec::new();
            for key in ended {
                match self.keys.destroy(KeyId(key)).await {
                    Ok(()) => destroyed.push(key.to_vec()),
                    Err(error) => failed = Some(error),
                }
            }
            sqlx::query!(
                "WITH ended AS (
                    UPDATE protected.ended_key SET destroyed_at = clock_timestamp()
                    WHERE erasure_key = ANY ($1::bytea[])
                 )
                 UPDATE protected.erasure SET destroyed_at = clock_timestamp()
                 WHERE destroyed_at IS NULL AND erasure_key = ANY ($1::bytea[])",
                &destroyed
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            swept += destroyed.len() as u64;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(swept),
        }
    }

    /// Takes keys out of memory that another process destroyed.
    async fn forget(&mut self) -> sqlx::Result<()> {
        let now = sqlx::query_scalar!(r#"SELECT extract(epoch FROM now())::bigint AS "now!""#);
        let now = now.fetch_one(&self.pool).await?;
        // When the process started it had none.
        if let Some(forgotten) = self.forgotten {
            let destroyed = sqlx::query_scalar!(
                r#"SELECT erasure_key AS "key: [u8; 32]" FROM protected.ended_key
                   WHERE destroyed_at >= to_timestamp($1::bigint)"#,
                forgotten - SLOWEST
            );
            for key in destroyed.fetch_all(&self.pool).await? {
                self.keys.forget(KeyId(key));
            }
        }
        self.forgotten = Some(now);
        sqlx::query!("DELETE FROM protected.ended_key WHERE destroyed_at < now() - interval '1 day'")
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
