use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{At, Commitment, Id, Limit, Params, StateQuery},
    model::{Answer, Page, Vault},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VaultsQuery {
    /// The wallet that owns them.
    owner: Address,
    /// `finalized` unless given.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before, for the same parameters (`limit` apart).
    cursor: Option<String>,
}

/// The vaults of a wallet, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/vaults",
    tag = "chain",
    params(VaultsQuery),
    responses((status = 200, body = Page<Vault>))
)]
pub async fn list_vaults(
    State(state): State<ApiState>,
    Params(query): Params<VaultsQuery>,
) -> Result<Reply<Page<Vault>>, ApiError> {
    let at = At { commitment: query.commitment, as_of_slot: None };
    let list = List { route: "vaults", filter: &[&query.owner.0, &at.to_bytes()] };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let mut vaults = store::vault::list(snapshot.conn(), slot, query.owner, &walk.after, walk.rows()).await?;
    let next = walk.cut(&mut vaults, |vault| vault.0.to_vec());
    let mut data = Vec::with_capacity(vaults.len());
    for vault in vaults {
        data.extend(store::vault::find(snapshot.conn(), slot, vault).await?);
    }
    Ok(Reply(Page { meta: snapshot.close().await?, data, next }))
}

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
