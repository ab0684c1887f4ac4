//! Final events as they come: one look-out for finality in the process (`tide`), places for a bounded
//! number of streams (`places`), and what one of them is sent (`follower`).

mod follower;
mod places;
mod tide;

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub use follower::{Follower, Start};
pub use places::{Place, Places};
pub use tide::Tides;

use super::{ApiConfig, snapshot::MaxLag};

/// What the streams of a process share.
#[derive(Clone)]
pub struct Streams {
    pub places: Places,
    pub tides: Tides,
    pub heartbeat: Duration,
    /// Ends every stream.
    pub shutdown: CancellationToken,
}

impl Streams {
    pub fn new(pool: PgPool, config: &ApiConfig, max_lag: MaxLag, shutdown: CancellationToken) -> Self {
        Self {
            places: Places::new(config.max_streams, config.max_streams_per_client),
            tides: Tides::new(pool, config.request_timeout(), max_lag, shutdown.clone()),
            heartbeat: Duration::from_secs(u64::from(config.stream_heartbeat)),
            shutdown,
        }
    }
}
