//! Final events as they come: one look-out for finality in the process (`tide`), and what one of
//! a bounded number of streams is sent (`follower`).

mod follower;
mod tide;

use std::{net::IpAddr, time::Duration};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub use follower::{Follower, Start, come_back};
pub use tide::Tides;

use super::{ApiConfig, places::Places, snapshot::MaxLag};

/// What the streams of a process share.
#[derive(Clone)]
pub struct Streams {
    pub places: Places<IpAddr>,
    pub tides: Tides,
    pub heartbeat: Duration,
    /// Ends every stream.
    pub shutdown: CancellationToken,
}

impl Streams {
    pub fn new(pool: PgPool, config: &ApiConfig, max_lag: MaxLag, shutdown: CancellationToken) -> Self {
        Self {
            places: Places::new("aegle_streams", config.max_streams, config.max_streams_per_client),
            tides: Tides::new(pool, config.request_timeout(), max_lag, shutdown.clone()),
            heartbeat: Duration::from_secs(u64::from(config.stream_heartbeat)),
            shutdown,
        }
    }
}
