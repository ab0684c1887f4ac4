use std::{
    ops::Deref,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    ApiConfig,
    access::{Gate, Standings},
    app::AppConfig,
    bytes::Address,
    cursor::CursorKey,
    disclosure::{Checkpoints, Disclosures, RequestKeys},
    notify::{News, NotifyConfig},
    places::Places,
    protected,
    relay::Relay,
    sign_in::SignIn,
    snapshot::MaxLag,
    stream::Streams,
};
use crate::{
    agent::AgentKeys,
    blob::{Blobs, Sweeper},
    erasure::ErasureKeys,
};

/// What handlers share. Every layer and every handler holds it anew for each request.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for ApiState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

pub struct Shared {
    pub pool: PgPool,
    /// Connections for what is not on the chain, as the role `aegle_api`.
    pub protected: PgPool,
    pub standings: Standings,
    pub disclosures: Disclosures,
    pub checkpoints: Checkpoints,
    pub request_keys: RequestKeys,
    pub sign_in: Arc<SignIn>,
    pub blobs: Blobs,
    /// Keys under which what opens records is stored.
    pub erasure: ErasureKeys,
    /// Decides what a caller may see.
    pub gate: Gate,
    /// None where the server pays for nobody.
    pub relay: Option<Arc<Relay>>,
    pub app: AppConfig,
    /// None where the server has no agent.
    pub agent: Option<Arc<AgentKeys>>,
    pub cursors: CursorKey,
    pub max_lag: MaxLag,
    pub metrics: PrometheusHandle,
    pub request_timeout: Duration,
    /// Readiness may be asked without limit, so it takes one database connection at most.
    pub readiness: Arc<Semaphore>,
    pub streams: Streams,
    pub news: News,
    pub notify: NotifyConfig,
    pub sweeper: Sweeper,
    /// Chunks of uploads on their way in, by wallet.
    pub chunks: Places<Address>,
    /// Seconds since the Unix epoch.
    pub now: fn() -> i64,
}

impl Shared {
    /// `shutdown` ends what would not end by itself.
    pub fn new(
        pool: PgPool,
        config: &ApiConfig,
        sweeper: Sweeper,
        erasure: ErasureKeys,
        metrics: PrometheusHandle,
        shutdown: CancellationToken,
    ) -> Result<Self, String> {
        let cursors = match config.cursor_key()? {
            Some(key) => CursorKey::new(key),
            None => {
                tracing::warn!(
                    "cursor_key is not set: cursors and challenges end with this process and hold in no other"
                );
                CursorKey::random()
            }
        };
        let max_lag = MaxLag { slots: i64::from(config.max_lag_slots), seconds: i64::from(config.max_lag_seconds) };
        let log_key = config.log.log_key(&config.sign_in.domain()?).map_err(|reason| format!("log.{reason}"))?;
        let log_key = Arc::new(log_key);
        let protected = protected::connect(&pool, config.protected_connections);
        Ok(Self {
            standings: Standings::new(protected.clone()),
            disclosures: Disclosures::new(pool.clone(), log_key.clone()),
            checkpoints: Checkpoints::new(pool.clone(), log_key),
            request_keys: RequestKeys::default(),
            protected,
            sign_in: Arc::new(SignIn::new(&config.sign_in)?),
            relay: Relay::new(&config.relay)?.map(Arc::new),
            agent: config.agent.as_deref().map(AgentKeys::read).transpose().map_err(of_agent)?.map(Arc::new),
            app: config.app.clone(),
            news: News::new(pool.clone(), &shutdown),
            notify: config.notify.clone(),
            streams: Streams::new(pool.clone(), config, max_lag, shutdown),
            gate: Gate::new(aegle_decision::decide),
            blobs: sweeper.blobs.clone(),
            erasure,
            chunks: Places::new(
                "aegle_upload_chunks",
                sweeper.blobs.config.max_chunks,
                sweeper.blobs.config.max_chunks_per_wallet,
            ),
            sweeper,
            pool,
            cursors,
            max_lag,
            metrics,
            request_timeout: config.request_timeout(),
            readiness: Arc::new(Semaphore::new(1)),
            now: wall_clock,
        })
    }
}

fn of_agent(reason: String) -> String {
    format!("agent.{reason}")
}

#[expect(clippy::disallowed_methods, reason = "the clock that is injected")]
pub fn wall_clock() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
