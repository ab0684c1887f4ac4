use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::TryStreamExt;
use sqlx::PgPool;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{BlobId, Blobs, StoreError};

/// Objects deleted in one transaction.
const BATCH: i64 = 256;
/// Objects looked up at once in a search of the store.
const LOOKUP: usize = 1_000;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub uploads: u64,
    pub parts: u64,
    /// Bytes of finished parts.
    pub bytes: u64,
}

/// Removes what nothing refers to. Any number of processes may sweep at once.
#[derive(Clone)]
pub struct Sweeper {
    pub blobs: Blobs,
    /// Connections that see every row.
    pool: PgPool,
    woken: Arc<Notify>,
}

impl Sweeper {
    pub fn new(blobs: Blobs, pool: PgPool) -> Self {
        Self { blobs, pool, woken: Arc::default() }
    }

    /// Makes the next sweep start now.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Ties the store to the database, so that neither takes another's for its own: a search for
    /// garbage would delete everything there.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] with what to do, or a store or database that cannot be used.
    pub async fn bind(&self) -> Result<(), StoreError> {
        let marker = self.blobs.store.marker().await?;
        let known = sqlx::query_scalar!(r#"SELECT id AS "id: [u8; 32]" FROM protected.blob_store"#);
        match (marker, known.fetch_optional(&self.pool).await?.map(BlobId)) {
            (Some(marker), Some(known)) if marker == known => Ok(()),
            (Some(_), _) => Err(StoreError::Foreign(
                "the blob store belongs to another database; set blob.url to this one's, or to an empty place",
            )),
            (None, Some(known)) => {
                let used = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM protected.upload_part) AS "used!""#);
                if used.fetch_one(&self.pool).await? {
                    return Err(StoreError::Foreign(
                        "the database's blobs are not in the blob store; set blob.url to where they are, or restore them",
                    ));
                }
                self.blobs.store.mark(known).await
            }
            (None, None) => {
                // Where two processes start at once, both take the id that came first.
                sqlx::query!(
                    "INSERT INTO protected.blob_store (id) VALUES ($1) ON CONFLICT DO NOTHING",
                    &BlobId::random().0
                )
                .execute(&self.pool)
                .await?;
                let id = sqlx::query_scalar!(r#"SELECT id AS "id: [u8; 32]" FROM protected.blob_store"#);
                self.blobs.store.mark(BlobId(id.fetch_one(&self.pool).await?)).await
            }
        }
    }

    /// Sweeps until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let config = &self.blobs.config;
        let interval = Duration::from_secs(config.sweep_interval.into());
        let search_interval = Duration::from_secs(u64::from(config.orphan_interval) * 3_600);
        let grace = Duration::from_secs(u64::from(config.orphan_days) * 86_400);
        let mut searched: Option<Instant> = None;
        loop {
            match stop.run_until_cancelled(self.sweep()).await {
                None => return,
                Some(Ok(Swept { uploads: 0, parts: 0, .. })) => {}
                Some(Ok(swept)) => info!(?swept, "swept uploads that nothing claimed"),
                Some(Err(error)) => warn!(%error, "the sweep of uploads failed; it is tried again"),
            }
            if searched.is_none_or(|at| at.elapsed() >= search_interval) {
                searched = Some(Instant::now());
                match stop.run_until_cancelled(self.search(grace)).await {
                    None => return,
                    Some(Ok(0)) => {}
                    Some(Ok(orphans)) => info!(orphans, "deleted objects that the database does not know"),
                    Some(Err(error)) => warn!(%error, "the search of the blob store failed"),
                }
            }
            if stop.run_until_cancelled(timeout(interval, self.woken.notified())).await.is_none() {
                return;
            }
        }
    }

    /// Ends uploads and parts whose time is over, then deletes what was ended, by whomever.
    ///
    /// # Errors
    /// Whatever database or store say; what is left is for the next sweep.
    pub async fn sweep(&self) -> Result<Swept, StoreError> {
        sqlx::query!("UPDATE protected.upload SET state = 'released' WHERE state = 'open' AND expires_at <= now()")
            .execute(&self.pool)
            .await?;
        sqlx::query!(
            "
            UPDATE protected.upload_part SET doomed = true
            WHERE length IS NULL AND NOT doomed AND leased_until <= now()
            "
        )
        .execute(&self.pool)
        .await?;
        let mut swept = Swept::default();
        while let (parts, bytes) = self.delete_batch().await?
            && parts > 0
        {
            swept.parts += parts;
            swept.bytes += bytes;
        }
        let emptied = sqlx::query!(
            "
            DELETE FROM protected.upload WHERE state = 'released'
                AND NOT EXISTS (SELECT FROM protected.upload_part AS part WHERE part.upload = upload.id)
            "
        )
        .execute(&self.pool)
        .await?;
        swept.uploads = emptied.rows_affected();
        metrics::counter!("aegle_blob_swept_bytes_total").increment(swept.bytes);
        metrics::counter!("aegle_blob_swept_total", "what" => "upload").increment(swept.uploads);
        metrics::counter!("aegle_blob_swept_total", "what" => "part").increment(swept.parts);
        self.measure().await?;
        Ok(swept)
    }

    /// Deletes objects, then their rows. A row locked by another process is left to it. Gives how many
    /// there were, and their bytes.
    async fn delete_batch(&self) -> Result<(u64, u64), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let rows = sqlx::query!(
            r#"
            SELECT part.object AS "object: [u8; 32]", coalesce(part.length, 0) AS "length!"
            FROM protected.upload_part AS part
            WHERE part.doomed OR part.length IS NOT NULL
                AND part.upload IN (SELECT id FROM protected.upload WHERE state = 'released')
            LIMIT $1 FOR UPDATE OF part SKIP LOCKED
            "#,
            BATCH
        )
        .fetch_all(&mut *transaction)
        .await?;
        let objects: Vec<_> = rows.iter().map(|row| BlobId(row.object)).collect();
        self.blobs.store.delete(&objects).await?;
        let names: Vec<_> = objects.iter().map(|object| object.0.to_vec()).collect();
        sqlx::query!("DELETE FROM protected.upload_part WHERE object = ANY ($1)", &names)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok((rows.len() as u64, rows.iter().map(|row| row.length.unsigned_abs()).sum()))
    }

    /// Deletes objects that have no row and are older than `grace`. No object is written before its row,
    /// so nothing in use is ever among them; the grace is for a database that is restored to an earlier
    /// time by mistake. Gives how many there were.
    ///
    /// # Errors
    /// As for [`Self::sweep`].
    pub async fn search(&self, grace: Duration) -> Result<u64, StoreError> {
        let before = now().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
        let store = &self.blobs.store;
        let mut old =
            store.list().try_filter(|(_, _, written)| std::future::ready(*written <= before)).try_chunks(LOOKUP);
        let mut deleted = 0;
        while let Some(listed) = old.try_next().await.map_err(|error| error.1)? {
            let names: Vec<_> = listed.iter().map(|(object, ..)| object.0.to_vec()).collect();
            let orphans = sqlx::query_scalar!(
                r#"
                SELECT listed.object AS "object!: [u8; 32]" FROM unnest($1::bytea[]) AS listed (object)
                WHERE NOT EXISTS (SELECT FROM protected.upload_part AS part WHERE part.object = listed.object)
                "#,
                &names
            )
            .fetch_all(&self.pool)
            .await?;
            store.delete(&orphans.iter().map(|object| BlobId(*object)).collect::<Vec<_>>()).await?;
            deleted += orphans.len() as u64;
        }
        metrics::counter!("aegle_blob_swept_total", "what" => "orphan").increment(deleted);
        Ok(deleted)
    }

    async fn measure(&self) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            r#"
            SELECT states.state AS "state!", count(upload.id) AS "blobs!", coalesce(sum(received), 0)::bigint AS "bytes!"
            FROM unnest(ARRAY['open', 'claimed', 'released']) AS states (state)
                LEFT JOIN protected.upload USING (state)
            GROUP BY states.state
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            metrics::gauge!("aegle_blobs", "state" => row.state.clone()).set(row.blobs as f64);
            metrics::gauge!("aegle_blob_bytes", "state" => row.state).set(row.bytes as f64);
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with what the file system's clock says of an object")]
fn now() -> SystemTime {
    SystemTime::now()
}
