use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    http::{Method, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use super::{
    ApiConfig,
    document::describe,
    error::ApiError,
    layers::{self, RateLimit},
    routes,
    state::ApiState,
};

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
    let app = router(pool, &config, metrics).map_err(anyhow::Error::msg)?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listen on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving HTTP");

    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    // No request takes longer; a connection that is merely open does not hold the process up.
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(timeout(&config)).await;
    };
    tokio::select! {
        result = async { server.await } => result.context("serve HTTP"),
        () = drained => Ok(()),
    }
}

/// The routes with every layer around them.
///
/// # Errors
/// The first wrong key of the configuration.
pub fn router(pool: PgPool, config: &ApiConfig, metrics: PrometheusHandle) -> Result<Router, String> {
    config.validate()?;
    let state = ApiState::new(pool, config, metrics)?;
    let (public, operations, document) = parts();
    let document = to_json(&document);
    let public = public
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], document)))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
        .fallback(async || ApiError::NoSuchRoute)
        .layer(from_fn_with_state(RateLimit::new(config)?, layers::limit_rate));

    // The first is outermost: what refuses stands inside what describes refusals.
    let layers = ServiceBuilder::new()
        .layer(from_fn(layers::identify))
        .layer(from_fn(layers::secure))
        .layer(from_fn(layers::observe))
        .layer(cors(config)?)
        .layer(CompressionLayer::new())
        .layer(from_fn(layers::write_problems))
        .layer(CatchPanicLayer::custom(layers::catch_panic))
        .layer(from_fn(layers::bound))
        .layer(RequestBodyLimitLayer::new(config.max_body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, timeout(config)));
    Ok(public.merge(operations).layer(layers).with_state(state))
}

/// The OpenAPI document of the API, as indented JSON.
pub fn openapi() -> String {
    to_json(&parts().2)
}

fn parts() -> (Router<ApiState>, Router<ApiState>, OpenApi) {
    let (public, mut document) = routes::public().split_for_parts();
    let (operations, operations_document) = routes::operations().split_for_parts();
    document.merge(operations_document);
    (public, operations, describe(document))
}

fn to_json(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default()
}

fn cors(config: &ApiConfig) -> Result<CorsLayer, String> {
    use routes::reply::{FINALIZED_SLOT, LAG_SECONDS, LAG_SLOTS, SLOT};
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(config.origins()?))
        .allow_methods([Method::GET])
        .allow_headers([layers::REQUEST_ID])
        .expose_headers([SLOT, FINALIZED_SLOT, LAG_SLOTS, LAG_SECONDS, layers::REQUEST_ID, header::RETRY_AFTER]))
}

fn timeout(config: &ApiConfig) -> Duration {
    Duration::from_secs(u64::from(config.request_timeout))
}
