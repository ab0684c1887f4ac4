use std::sync::Arc;

use aegle_client::PROGRAM_ID;
use axum::{Json, extract::State, http::request::Parts};
use base64::{Engine, prelude::BASE64_STANDARD};
use solana_sdk_ids::compute_budget;

use crate::api::{
    bytes::{Address, Signature},
    error::ApiError,
    extract::{Body, SignaturePath},
    layers::client,
    model::{RelayRequest, RelayTerms, Relayed},
    relay::{self, LIGHTHOUSE, MAX_BYTES, Order, Relay},
    session::Bearer,
    state::ApiState,
};

fn relay_of(state: &ApiState) -> Result<Arc<Relay>, ApiError> {
    state.relay.clone().ok_or(ApiError::RelayOff)
}

/// What the relay signs and up to where it pays.
#[utoipa::path(get, path = "/v1/relay", tag = "relay", responses((status = 200, body = RelayTerms)))]
pub async fn get_relay(State(state): State<ApiState>) -> Result<Json<RelayTerms>, ApiError> {
    let relay = relay_of(&state)?;
    let config = &relay.config;
    Ok(Json(RelayTerms {
        payer: Address(relay.payer().to_bytes()),
        programs: [PROGRAM_ID, compute_budget::ID, LIGHTHOUSE].map(|id| Address(id.to_bytes())).to_vec(),
        max_transaction_bytes: MAX_BYTES,
        max_compute_units: config.max_compute_units,
        max_compute_price: config.max_compute_price,
        max_lamports: config.max_lamports,
        wallet_transactions_per_minute: config.wallet_per_minute,
        wallet_transactions_per_day: config.wallet_transactions_per_day,
        wallet_lamports_per_day: config.wallet_lamports_per_day,
    }))
}

/// Pays for a transaction and sends it.
///
/// It is simulated first and refused where it would fail. Sent again, the same transaction answers what
/// became of it.
#[utoipa::path(
    post,
    path = "/v1/relay",
    tag = "relay",
    security(("session" = [])),
    request_body = RelayRequest,
    responses((status = 200, body = Relayed))
)]
pub async fn relay_transaction(
    State(state): State<ApiState>,
    bearer: Bearer,
    parts: Parts,
    Body(request): Body<RelayRequest>,
) -> Result<Json<Relayed>, ApiError> {
    let relay = relay_of(&state)?;
    let transaction = BASE64_STANDARD
        .decode(&request.transaction)
        .map_err(|_| ApiError::InvalidBody("transaction is not base64".into()))?;
    let order =
        Order { transaction, invitation: request.invitation, wait: request.wait, network: client(&parts.extensions) };
    let (signature, status) = relay::submit(&state, &relay, &bearer, order).await?;
    Ok(Json(Relayed { signature: signature.into(), status }))
}

/// What became of a transaction that the relay sent for the caller.
#[utoipa::path(
    get,
    path = "/v1/relay/{signature}",
    tag = "relay",
    security(("session" = [])),
    params(("signature" = Signature, Path, description = "Signature of the transaction, base58")),
    responses((status = 200, body = Relayed))
)]
pub async fn get_relayed(
    State(state): State<ApiState>,
    bearer: Bearer,
    SignaturePath(signature): SignaturePath,
) -> Result<Json<Relayed>, ApiError> {
    relay_of(&state)?;
    let status = relay::find(&state, &bearer, signature.0.into()).await?;
    Ok(Json(Relayed { signature, status: status.ok_or(ApiError::NotFound("relayed transaction"))? }))
}
