use axum::{Json, extract::State, http::StatusCode};

use crate::api::{
    bytes::SessionId,
    error::ApiError,
    extract::SessionPath,
    model::{Renewed, Session, Sessions},
    protected,
    session::Bearer,
    state::ApiState,
    store,
};

/// The sessions of the caller.
///
/// A practitioner who acts for an organization sees the own ones; the organization, signed in alone, all
/// of its wallet.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "sign-in",
    security(("session" = [])),
    responses((status = 200, body = Sessions))
)]
pub async fn list_sessions(State(state): State<ApiState>, bearer: Bearer) -> Result<Json<Sessions>, ApiError> {
    let mut transaction = protected::begin(&state, &bearer).await?;
    let rows = store::session::list(&mut transaction, bearer.wallet(), bearer.practitioner(), (state.now)()).await?;
    transaction.commit().await?;
    Ok(Json(Sessions { data: rows.into_iter().map(|row| Session::new(row, bearer.session)).collect() }))
}

/// Puts the end of the session that asks off.
#[utoipa::path(
    post,
    path = "/v1/sessions/renew",
    tag = "sign-in",
    security(("session" = [])),
    responses((status = 200, body = Renewed))
)]
pub async fn renew_session(State(state): State<ApiState>, bearer: Bearer) -> Result<Json<Renewed>, ApiError> {
    let now = (state.now)();
    let until = now + i64::from(state.sign_in.config.session_seconds);
    let mut transaction = protected::begin(&state, &bearer).await?;
    let renewed = store::session::renew(&mut transaction, bearer.session, now, until).await?;
    transaction.commit().await?;
    let expires_at = renewed.ok_or(ApiError::SessionEnded)?;
    Ok(Json(Renewed { expires_at }))
}

/// Ends a session of the caller, at once.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{session}",
    tag = "sign-in",
    security(("session" = [])),
    params(("session" = SessionId, Path, description = "Id of the session, hex")),
    responses((status = 204, description = "It has ended."))
)]
pub async fn end_session(
    State(state): State<ApiState>,
    bearer: Bearer,
    SessionPath(id): SessionPath,
) -> Result<StatusCode, ApiError> {
    let ended = end(&state, &bearer, Some(id)).await?;
    if ended == 1 { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("session")) }
}

/// Ends every session of the caller, at once, this one too.
#[utoipa::path(
    delete,
    path = "/v1/sessions",
    tag = "sign-in",
    security(("session" = [])),
    responses((status = 204, description = "They have ended."))
)]
pub async fn end_sessions(State(state): State<ApiState>, bearer: Bearer) -> Result<StatusCode, ApiError> {
    end(&state, &bearer, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end(state: &ApiState, bearer: &Bearer, id: Option<SessionId>) -> Result<u64, ApiError> {
    let mut transaction = protected::begin(state, bearer).await?;
    let (wallet, practitioner) = (bearer.wallet(), bearer.practitioner());
    let ended = store::session::end(&mut transaction, wallet, practitioner, id, (state.now)()).await?;
    transaction.commit().await?;
    Ok(ended)
}
