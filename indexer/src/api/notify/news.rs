//! Wakes the streams of a process when their patients are told something: one look-out, however many
//! streams there are.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aegle_decision::Key;
use sqlx::PgPool;
use tokio::{sync::broadcast, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::store::notice;

/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// Vaults read at once, and kept for a stream that is slow; beyond that it looks by itself.
const KEPT: usize = 1_000;
/// Stands for every vault.
pub const EVERYBODY: Key = Key([0; 32]);

/// Which vaults were told something, as it comes. Looks from the first subscription on.
#[derive(Clone)]
pub struct News(Arc<Inner>);

struct Inner {
    pool: PgPool,
    vaults: broadcast::Sender<Key>,
    stop: CancellationToken,
    /// Ends the look-out with the last handle.
    _end: DropGuard,
    started: OnceLock<()>,
}

impl News {
    pub fn new(pool: PgPool, shutdown: &CancellationToken) -> Self {
        let stop = shutdown.child_token();
        let vaults = broadcast::Sender::new(KEPT);
        Self(Arc::new(Inner { pool, vaults, _end: stop.clone().drop_guard(), stop, started: OnceLock::new() }))
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Key> {
        let Inner { pool, vaults, stop, started, .. } = &*self.0;
        started.get_or_init(|| {
            tokio::spawn(stop.clone().run_until_cancelled_owned(watch(pool.clone(), vaults.clone())));
        });
        vaults.subscribe()
    }
}

async fn watch(pool: PgPool, vaults: broadcast::Sender<Key>) {
    let mut seen = None;
    loop {
        match look(&pool, &vaults, seen).await {
            Ok(place) => seen = Some(place),
            Err(error) => tracing::warn!(%error, "streams of notices wait for the database"),
        }
        sleep(POLL).await;
    }
}

/// Tells of what came after a place, and gives how far that is. The first look learns where to start, and
/// has every stream look by itself, as it may have read before.
async fn look(pool: &PgPool, vaults: &broadcast::Sender<Key>, seen: Option<i64>) -> sqlx::Result<i64> {
    let mut conn = pool.acquire().await?;
    let Some(mut seen) = seen else {
        let place = notice::count(&mut conn).await?;
        let _ = vaults.send(EVERYBODY);
        return Ok(place);
    };
    loop {
        let told = notice::told(&mut conn, seen, KEPT as i64).await?;
        let Some((last, _)) = told.last() else { return Ok(seen) };
        seen = *last;
        for (_, vault) in told {
            // Without a stream there is nobody to tell.
            let _ = vaults.send(vault);
        }
    }
}
