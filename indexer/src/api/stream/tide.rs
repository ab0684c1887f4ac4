//! One look-out for finality in the process, whatever the number of streams.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    time::Duration,
};

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, warn};

use crate::api::{
    error::{ApiError, Code},
    snapshot::{self, MaxLag},
    store,
};

/// Channel on which Postgres says that finality moved.
const CHANNEL: &str = "aegle_finalized";
/// Longest time between two looks where no hint comes.
const POLL: Duration = Duration::from_secs(1);
/// Shortest time between two looks, however many hints come.
const PACE: Duration = Duration::from_millis(20);

/// What became final, or why nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tide {
    pub finalized_slot: i64,
    /// Slot of the newest final event.
    pub newest_event: i64,
    pub refusal: Option<Refusal>,
}

/// Why nothing is given for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub detail: String,
}

impl From<&ApiError> for Refusal {
    fn from(error: &ApiError) -> Self {
        Self { code: error.code(), detail: error.to_string() }
    }
}

/// Tells every stream of the process what became final. Looks from the first subscription on.
#[derive(Clone)]
pub struct Tides(Arc<Inner>);

struct Inner {
    lookout: Lookout,
    tide: watch::Sender<Tide>,
    /// Streams that may read at once: the database connections are for other requests, too.
    readers: Semaphore,
    stop: CancellationToken,
    /// Ends the look-out with the last handle.
    _end: DropGuard,
    started: OnceLock<()>,
}

#[derive(Clone)]
struct Lookout {
    pool: PgPool,
    statement_timeout: Duration,
    max_lag: MaxLag,
}

impl Tides {
    pub fn new(pool: PgPool, statement_timeout: Duration, max_lag: MaxLag, shutdown: CancellationToken) -> Self {
        let stop = shutdown.child_token();
        let readers = Semaphore::new((pool.options().get_max_connections() as usize / 4).max(1));
        Self(Arc::new(Inner {
            lookout: Lookout { pool, statement_timeout, max_lag },
            tide: watch::Sender::default(),
            readers,
            _end: stop.clone().drop_guard(),
            stop,
            started: OnceLock::new(),
        }))
    }

    pub fn subscribe(&self) -> watch::Receiver<Tide> {
        let Inner { lookout, tide, stop, started, .. } = &*self.0;
        started.get_or_init(|| {
            let hint = Arc::new(Notify::new());
            let listening = listen(lookout.pool.clone(), hint.clone());
            let (lookout, tide, stop) = (lookout.clone(), tide.clone(), stop.clone());
            tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
            tokio::spawn(stop.run_until_cancelled_owned(lookout.run(tide, hint)));
        });
        tide.subscribe()
    }

    pub fn readers(&self) -> &Semaphore {
        &self.0.readers
    }
}

impl Lookout {
    async fn run(self, tide: watch::Sender<Tide>, hint: Arc<Notify>) {
        loop {
            let refused = match self.look().await {
                Ok((finalized_slot, newest_event)) => {
                    let seen = Tide { finalized_slot, newest_event, refusal: None };
                    tide.send_if_modified(|tide| std::mem::replace(tide, seen.clone()) != seen);
                    None
                }
                Err(error) => Some(error),
            };
            if let Some(error) = refused {
                error.log();
                let refusal = Refusal::from(&error);
                // The detail changes with every look; streams are told once.
                tide.send_if_modified(|tide| {
                    let before = tide.refusal.replace(refusal.clone());
                    before.is_none_or(|before| before.code != refusal.code)
                });
            }
            sleep(PACE).await;
            let _ = tokio::time::timeout(POLL, hint.notified()).await;
        }
    }

    /// The finalized slot and the slot of its newest event.
    async fn look(&self) -> Result<(i64, i64), ApiError> {
        let (mut transaction, frontier) = snapshot::begin(&self.pool, self.statement_timeout).await?;
        self.max_lag.require(&frontier)?;
        let newest = store::event::newest_slot(&mut transaction, frontier.finalized_slot).await?;
        transaction.commit().await?;
        Ok((frontier.finalized_slot, newest.unwrap_or(-1)))
    }
}

/// Passes Postgres' hints on, by a connection of its own. Without one there is still [`POLL`].
async fn listen(pool: PgPool, hint: Arc<Notify>) {
    let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let own = options.connect_lazy_with((*pool.connect_options()).clone());
    let mut lost = false;
    loop {
        let Err(failure) = hear(&own, &hint, &mut lost).await;
        if lost {
            debug!(error = %failure, "still no connection for hints of finality");
        } else {
            warn!(error = %failure, "no connection for hints of finality; looking every second");
        }
        lost = true;
        sleep(POLL).await;
    }
}

async fn hear(pool: &PgPool, hint: &Notify, lost: &mut bool) -> sqlx::Result<Infallible> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    *lost = false;
    loop {
        // A connection that was lost may have missed something.
        listener.try_recv().await?;
        hint.notify_one();
    }
}
