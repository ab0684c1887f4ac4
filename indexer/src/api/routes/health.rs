use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{error::ApiError, snapshot, state::ApiState};

#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health)))]
pub async fn get_health() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Whether it answers: 503 while the database cannot be reached or the mirror is behind.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = Health)))]
pub async fn get_readiness(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    let _turn = state.readiness.acquire().await.map_err(|error| ApiError::Internal(error.to_string()))?;
    let (transaction, frontier) = snapshot::begin(&state.pool, state.request_timeout).await?;
    transaction.commit().await?;
    state.max_lag.require(&frontier)?;
    Ok(Json(Health { status: "ready" }))
}

/// Metrics of the process in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4"))
)]
pub async fn get_metrics(State(state): State<ApiState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render())
}
