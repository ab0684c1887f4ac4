use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Extension, Router,
    http::{Method, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    routing::get,
    serve::ListenerExt,
};
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use super::{
    ApiConfig, access,
    app::{self, App},
    disclosure::{Anchor, RECEIPT, keep_anchoring, keep_checkpoints},
    document::describe,
    error::{ApiError, UPLOAD_OFFSET},
    layers::{self, RateLimit},
    notify::Notifier,
    relay::settle_until,
    routes,
    state::{ApiState, Shared},
};
use crate::{
    blob::{Blobs, Sweeper},
    erasure::{Eraser, ErasureKeys, seal_stored},
    retention::Keeper,
};

/// Bytes from which on answers are compressed.
const COMPRESSED_FROM: u16 = 4_096;

/// Where the server keeps what is not in the database.
#[derive(Clone)]
pub struct Stores {
    pub blobs: Blobs,
    pub keys: ErasureKeys,
}

/// Serves the API until `shutdown`, then lets requests under way finish.
///
/// # Errors
/// A wrong configuration, or an address that cannot be listened on.
pub async fn serve(
    pool: PgPool,
    config: ApiConfig,
    stores: Stores,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    config.validate().map_err(anyhow::Error::msg)?;
    let Stores { blobs, keys } = stores;
    let sweeper = Sweeper::new(blobs, pool.clone());
    sweeper.bind().await?;
    keys.bind(&pool).await?;
    let sealed = seal_stored(&pool, &keys).await?;
    if sealed > 0 {
        tracing::info!(sealed, "sealed what an earlier release had stored in clear");
    }
    let keeper = Keeper::new(keys.clone(), pool.clone(), sweeper.clone(), &config.retention)?;
    let mut eraser = Eraser::new(keys.clone(), pool.clone(), sweeper.clone());
    eraser.catch_up(&shutdown).await?;
    tokio::spawn(eraser.run(shutdown.clone()));
    tokio::spawn(keeper.run(shutdown.clone()));
    tokio::spawn(access::withdrawn::run(pool.clone(), shutdown.clone()));
    let shared = Shared::new(pool, &config, sweeper.clone(), keys, metrics, shutdown.clone());
    let state = ApiState::from(shared.map_err(anyhow::Error::msg)?);
    let checkpoints = state.checkpoints.clone();
    let app = assemble(state.clone(), &config).map_err(anyhow::Error::msg)?;
    let notifier = Notifier::new(state.clone(), config.notify.clone(), &config.sign_in.uri);
    tokio::spawn(notifier.map_err(|reason| anyhow::anyhow!("notify.{reason}"))?.run(shutdown.clone()));
    tokio::spawn(settle_until(state, shutdown.clone()));
    tokio::spawn(sweeper.run(shutdown.clone()));
    let every = Duration::from_secs(u64::from(config.log.checkpoint_seconds));
    tokio::spawn(keep_checkpoints(checkpoints.clone(), every, shutdown.clone()));
    if let Some(anchor) = Anchor::new(&config.log, checkpoints).map_err(|reason| anyhow::anyhow!("api.log.{reason}"))? {
        let every = Duration::from_secs(u64::from(config.log.anchor_seconds));
        tokio::spawn(keep_anchoring(anchor, every, shutdown.clone()));
    }
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listen on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving HTTP");
    // Streams write little at a time, and none of it shall wait for an acknowledgement of what went before.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));

    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    // No request takes longer, and streams end by themselves; a connection that is merely open, or not
    // read, does not hold the process up.
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(config.request_timeout()).await;
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
pub fn router(pool: PgPool, config: &ApiConfig, stores: Stores, metrics: PrometheusHandle) -> Result<Router, String> {
    router_with(|_| (), pool, config, stores, metrics)
}

/// The same with another engine in the one place that decides: a test takes the engine away and must
/// find that contents leak.
#[doc(hidden)]
pub fn router_deciding_by(
    engine: access::Engine,
    pool: PgPool,
    config: &ApiConfig,
    stores: Stores,
    metrics: PrometheusHandle,
) -> Result<Router, String> {
    router_with(|shared| shared.gate = access::Gate::new(engine), pool, config, stores, metrics)
}

/// The same without the disclosure log: a benchmark measures what the log costs.
#[doc(hidden)]
pub fn router_unlogged(
    pool: PgPool,
    config: &ApiConfig,
    stores: Stores,
    metrics: PrometheusHandle,
) -> Result<Router, String> {
    router_with(|shared| shared.disclosures.turn_off(), pool, config, stores, metrics)
}

fn router_with(
    change: impl FnOnce(&mut Shared),
    pool: PgPool,
    config: &ApiConfig,
    stores: Stores,
    metrics: PrometheusHandle,
) -> Result<Router, String> {
    config.validate()?;
    let sweeper = Sweeper::new(stores.blobs, pool.clone());
    let mut shared = Shared::new(pool, config, sweeper, stores.keys, metrics, CancellationToken::new())?;
    change(&mut shared);
    assemble(shared.into(), config)
}

fn assemble(state: ApiState, config: &ApiConfig) -> Result<Router, String> {
    let (chunk_bytes, chunk_timeout) = (state.blobs.config.max_chunk_bytes, state.blobs.config.chunk_timeout());
    let Parts { public, uploads, operations, document } = parts();
    let document = to_json(&document);
    let rate = from_fn_with_state(RateLimit::new(config)?, layers::limit_rate);
    let public = public
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], document)))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
        .layer(rate.clone());
    let nowhere = Router::new()
        .fallback(async || ApiError::NoSuchRoute)
        .layer(rate.clone())
        .layer(from_fn_with_state(Arc::new(App::new(&config.app).map_err(of_app)?), app::serve));
    let general = limit(public.merge(operations), config.max_body_bytes, config.request_timeout());
    let uploads = limit(uploads.layer(rate), usize::try_from(chunk_bytes).unwrap_or(usize::MAX), chunk_timeout);

    let disclosures = Extension(state.disclosures.clone());
    let routes = general.merge(uploads).layer(disclosures).fallback_service(nowhere);
    Ok(surround(routes, config)?.with_state(state))
}

fn of_app(reason: String) -> String {
    format!("app.{reason}")
}

/// Bounds requests in bytes and time.
fn limit<S: Clone + Send + Sync + 'static>(router: Router<S>, body_bytes: usize, timeout: Duration) -> Router<S> {
    let layers = ServiceBuilder::new()
        .layer(RequestBodyLimitLayer::new(body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, timeout));
    router.layer(layers)
}

/// What holds for every request. The first layer is outermost: what refuses stands inside what writes
/// refusals.
fn surround<S: Clone + Send + Sync + 'static>(router: Router<S>, config: &ApiConfig) -> Result<Router<S>, String> {
    // Ciphertext does not get smaller, and its length is what tells a download that was ended.
    // What fits into a few packets comes no sooner for being smaller, and costs more than to read it did.
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(SizeAbove::new(COMPRESSED_FROM));
    let layers = ServiceBuilder::new()
        .layer(from_fn(layers::identify))
        .layer(from_fn(layers::secure))
        .layer(from_fn(layers::observe))
        .layer(cors(config)?)
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(from_fn(layers::write_problems))
        .layer(CatchPanicLayer::custom(layers::catch_panic))
        .layer(from_fn(layers::bound));
    Ok(router.layer(layers))
}

/// The OpenAPI document of the API, as indented JSON.
pub fn openapi() -> String {
    to_json(&parts().document)
}

struct Parts {
    public: Router<ApiState>,
    uploads: Router<ApiState>,
    operations: Router<ApiState>,
    document: OpenApi,
}

fn parts() -> Parts {
    let (public, mut document) =
        routes::public().merge(routes::signed_in()).merge(routes::protected()).split_for_parts();
    let (uploads, uploads_document) = routes::uploads().split_for_parts();
    let (operations, operations_document) = routes::operations().split_for_parts();
    document.merge(uploads_document);
    document.merge(operations_document);
    Parts { public, uploads, operations, document: describe(document) }
}

fn to_json(document: &OpenApi) -> String {
    // The library writes this one field of links in snake case.
    document.to_pretty_json().unwrap_or_default().replace(r#""operation_id":"#, r#""operationId":"#)
}

fn cors(config: &ApiConfig) -> Result<CorsLayer, String> {
    use routes::reply::{FINALIZED_SLOT, LAG_SECONDS, LAG_SLOTS, SLOT};
    let ours = [layers::REQUEST_ID, routes::LAST_EVENT_ID, routes::PURPOSE, UPLOAD_OFFSET, header::RANGE];
    let exposed = [
        SLOT,
        FINALIZED_SLOT,
        LAG_SLOTS,
        LAG_SECONDS,
        layers::REQUEST_ID,
        header::RETRY_AFTER,
        header::LOCATION,
        header::CONTENT_RANGE,
        RECEIPT,
    ];
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(config.origins()?))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(ours.into_iter().chain([header::AUTHORIZATION, header::CONTENT_TYPE]).collect::<Vec<_>>())
        .expose_headers(exposed.into_iter().chain(routes::UPLOAD_HEADERS).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::api::{Code, Problem};

    async fn ask(router: Router, config: &ApiConfig) -> (StatusCode, Problem) {
        let router = surround(limit(router, config.max_body_bytes, config.request_timeout()), config).unwrap();
        let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_handler_that_panics_answers_a_problem_without_its_message() {
        let panics = async || -> &'static str { panic!("secret") };
        let (status, problem) = ask(Router::new().route("/", get(panics)), &ApiConfig::default()).await;
        assert_eq!((status, problem.code), (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal));
        assert!(!problem.detail.contains("secret"));
    }

    #[tokio::test]
    async fn a_handler_that_takes_too_long_is_stopped() {
        let sleeps = async || tokio::time::sleep(Duration::from_secs(30)).await;
        let config = ApiConfig { request_timeout: 1, ..Default::default() };
        let (status, problem) = ask(Router::new().route("/", get(sleeps)), &config).await;
        assert_eq!((status, problem.code), (StatusCode::GATEWAY_TIMEOUT, Code::Timeout));
    }

    #[tokio::test]
    async fn a_failure_of_a_library_answers_a_problem_of_its_status() {
        let fails = async || (StatusCode::BAD_GATEWAY, "internals");
        let (status, problem) = ask(Router::new().route("/", get(fails)), &ApiConfig::default()).await;
        assert_eq!((status, problem.status, problem.code), (StatusCode::BAD_GATEWAY, 502, Code::Internal));
        assert!(!problem.detail.contains("internals"));
    }
}
