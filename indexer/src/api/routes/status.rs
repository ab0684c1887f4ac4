use axum::extract::State;

use super::reply::Reply;
use crate::api::{
    error::ApiError,
    extract::{Nothing, Params},
    model::Status,
    snapshot::{self, Lag},
    state::ApiState,
};

/// How far the mirror has come. Answers however far it is behind.
#[utoipa::path(get, path = "/v1/chain/status", tag = "chain", responses((status = 200, body = Status)))]
pub async fn get_status(
    State(state): State<ApiState>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Reply<Status>, ApiError> {
    let (transaction, frontier) = snapshot::begin(&state.pool, state.request_timeout).await?;
    transaction.commit().await?;
    let lag = Lag::of(&frontier);
    Ok(Reply(Status {
        ready: lag.is_some_and(|lag| state.max_lag.admits(lag)),
        program: frontier.program,
        genesis_hash: frontier.genesis_hash,
        first_slot: frontier.first_slot,
        finalized_slot: frontier.finalized_slot,
        finalized_hash: frontier.finalized_hash,
        confirmed_slot: frontier.confirmed_slot,
        confirmed_hash: frontier.confirmed_hash,
        updated_at: frontier.updated_at,
        node_slot: frontier.node.map(|node| node.slot),
        lag_slots: lag.map(|lag| lag.slots),
        lag_seconds: lag.map(|lag| lag.seconds),
    }))
}
