use aegle_client::PROGRAM_ID;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    bytes::Address,
    error::ApiError,
    extract::{Nothing, Params},
    protected,
    state::ApiState,
    store,
};

/// What a page needs to know of this server before anybody signs in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppSettings {
    /// The chain that wallets sign for, such as `solana:mainnet`.
    network: String,
    /// JSON-RPC of a node that browsers may ask; null where the operator names none.
    rpc_url: Option<String>,
    program: Address,
    /// The origin that people sign in on: on any other, wallets warn.
    origin: String,
    /// Whether this server pays for transactions.
    relay: bool,
    /// Whether the relay pays for a first vault only with an invitation.
    invitations: bool,
    /// Whether a wallet with its key in the page, and a provider who is played, may be used.
    development: bool,
    /// A provider who is played and opens what it may, for trying out; null on a server for real data.
    practice: Option<Address>,
}

/// What the web app needs to know of this server.
#[utoipa::path(get, path = "/v1/app", tag = "app", responses((status = 200, body = AppSettings)))]
pub async fn get_app(
    State(state): State<ApiState>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Json<AppSettings>, ApiError> {
    let mut transaction = protected::begin_unnamed(&state).await?;
    let genesis = store::frontier::genesis(&mut transaction).await?.ok_or(ApiError::NotReady)?;
    transaction.commit().await?;
    Ok(Json(AppSettings {
        network: state.sign_in.chain(genesis).to_owned(),
        rpc_url: state.app.rpc_url.clone(),
        program: Address(PROGRAM_ID.to_bytes()),
        origin: state.sign_in.config.uri.clone(),
        relay: state.relay.is_some(),
        invitations: state.relay.as_ref().is_some_and(|relay| !relay.config.open),
        development: state.app.development,
        practice: state.app.practice.filter(|_| state.app.development),
    }))
}
