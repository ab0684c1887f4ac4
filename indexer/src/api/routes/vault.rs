use axum::extract::State;

use super::reply::Reply;
use crate::api::{
    bytes::Address,
    error::ApiError,
    extract::{Id, Params, StateQuery},
    model::{Answer, Vault},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// A vault.
#[utoipa::path(
    get,
    path = "/v1/chain/vaults/{vault}",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), StateQuery),
    responses((status = 200, body = Answer<Vault>))
)]
pub async fn get_vault(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<Vault>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let data = store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    Ok(Reply(Answer { meta: snapshot.close().await?, data }))
}
