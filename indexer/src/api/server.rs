use std::net::SocketAddr;

use anyhow::Context;
use axum::{Router, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::ApiConfig;

/// Serves the API until `shutdown`, then lets requests under way finish.
///
/// # Errors
/// A wrong configuration, or an address that cannot be listened on.
pub async fn serve(
    pool: PgPool,
    config: ApiConfig,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listen on {}", config.listen))?;
    let app = router(pool, &config, metrics).map_err(anyhow::Error::msg)?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
        .context("serve HTTP")
}

/// The routes with every layer around them.
///
/// # Errors
/// The first wrong key of the configuration.
pub fn router(_pool: PgPool, config: &ApiConfig, _metrics: PrometheusHandle) -> Result<Router, String> {
    config.validate()?;
    Ok(Router::new().route("/healthz", get(|| async { "alive" })))
}

/// The OpenAPI document of the API, as indented JSON.
pub fn openapi() -> String {
    String::new()
}
