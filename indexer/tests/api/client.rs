//! The router with all its layers, asked as a peer would.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{LazyLock, Mutex},
};

use aegle_indexer::{
    api::{ApiConfig, Engine, Stores, router, router_deciding_by, router_unlogged},
    blob::{BlobConfig, Blobs, Sweeper},
    erasure::ErasureKeys,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tower::ServiceExt;

pub struct Client {
    router: Router,
    /// Where its blobs lie.
    pub folder: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// Checks that it is problem details, and gives status and code.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{} {}", self.status, self.text);
        let problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.headers["x-request-id"].to_str().unwrap());
        for text in ["title", "detail"] {
            assert!(!problem[text].as_str().unwrap().is_empty(), "{problem}");
        }
        (self.status.as_u16(), code)
    }

    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap().to_owned()
    }
}

/// A configuration that limits no test.
pub fn config() -> ApiConfig {
    ApiConfig { rate_per_second: 1_000_000, burst: 1_000_000, cursor_key: Some("07".repeat(32)), ..Default::default() }
}

/// A blob store in a folder that goes when it is dropped.
pub fn open_blobs(mut config: BlobConfig) -> (TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    config.url = Some(format!("file://{}", folder.path().display()));
    config.validate().unwrap();
    (folder, Blobs::open(&config).unwrap())
}

/// The erasure keys of a test's database, the same for each of its servers.
pub fn keys(pool: &PgPool) -> ErasureKeys {
    static KEYS: LazyLock<Mutex<HashMap<String, ErasureKeys>>> = LazyLock::new(Mutex::default);
    let database = pool.connect_options().get_database().unwrap_or_default().to_owned();
    KEYS.lock().unwrap().entry(database).or_insert_with(ErasureKeys::in_memory).clone()
}

pub fn peer(address: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(address.parse().unwrap())
}

impl Client {
    pub fn new(pool: &PgPool) -> Self {
        Self::with(pool, &config())
    }

    pub fn with(pool: &PgPool, config: &ApiConfig) -> Self {
        Self::with_blobs(pool, config, BlobConfig::default())
    }

    pub fn with_blobs(pool: &PgPool, config: &ApiConfig, blobs: BlobConfig) -> Self {
        let (folder, blobs) = open_blobs(blobs);
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let stores = Stores { blobs, keys: keys(pool) };
        Self { router: router(pool.clone(), config, stores, metrics).unwrap(), folder }
    }

    /// A server in which something else decides.
    pub fn deciding_by(pool: &PgPool, engine: Engine) -> Self {
        let (folder, blobs) = open_blobs(BlobConfig::default());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let stores = Stores { blobs, keys: keys(pool) };
        Self { router: router_deciding_by(engine, pool.clone(), &config(), stores, metrics).unwrap(), folder }
    }

    /// A server of the same blobs that logs nothing.
    #[allow(dead_code, reason = "the benchmark has one")]
    pub fn unlogged(&self, pool: &PgPool, config: &ApiConfig) -> Router {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let stores = Stores { blobs: self.blobs(), keys: keys(pool) };
        router_unlogged(pool.clone(), config, stores, metrics).unwrap()
    }

    /// Another client of a server.
    #[allow(dead_code, reason = "the benchmark has one")]
    pub fn of(router: Router) -> Self {
        Self { router, folder: tempfile::tempdir().unwrap() }
    }

    /// Ties its stores to the database, as a server does that starts.
    pub async fn bind(&self, pool: &PgPool) {
        Sweeper::new(self.blobs(), pool.clone()).bind().await.unwrap();
        keys(pool).bind(pool).await.unwrap();
    }

    fn blobs(&self) -> Blobs {
        let url = Some(format!("file://{}", self.folder.path().display()));
        Blobs::open(&BlobConfig { url, ..BlobConfig::default() }).unwrap()
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub async fn get(&self, uri: impl AsRef<str>) -> Answer {
        self.send(Request::get(uri.as_ref()).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(peer("192.0.2.1:1000"));
        }
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}
