use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{At, Commitment, Id, Limit, Params, StateQuery},
    model::{Answer, BreakGlass, Page},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BreakGlassQuery {
    /// Only openings that were reviewed, or only those that were not.
    reviewed: Option<bool>,
    /// `finalized` unless given. An emergency opening counts as soon as it is confirmed.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
    /// Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
    /// Without it, each page shows the state of its own time.
    as_of_slot: Option<u64>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before, for the same parameters (`limit` apart).
    cursor: Option<String>,
}

/// The emergency openings of a vault, expired and reviewed ones included, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/vaults/{vault}/break-glass",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), BreakGlassQuery),
    responses((status = 200, body = Page<BreakGlass>))
)]
pub async fn list_break_glass(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<BreakGlassQuery>,
) -> Result<Reply<Page<BreakGlass>>, ApiError> {
    let at = At { commitment: query.commitment, as_of_slot: query.as_of_slot };
    let which = query.reviewed.map(|reviewed| [u8::from(reviewed)]);
    let filter = [&vault.0[..], which.as_ref().map_or(&[], |which| &which[..]), &at.to_bytes()];
    let list = List { route: "break-glass", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    let mut rows =
        store::break_glass::list(snapshot.conn(), slot, vault, query.reviewed, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.break_glass.0.to_vec());
    let data = rows.into_iter().map(|row| BreakGlass::new(row, meta.evaluated_at)).collect();
    Ok(Reply(Page { meta, data, next }))
}

/// An emergency opening.
#[utoipa::path(
    get,
    path = "/v1/chain/break-glass/{break_glass}",
    tag = "chain",
    params(("break_glass" = Address, Path, description = "Address of the opening, base58"), StateQuery),
    responses((status = 200, body = Answer<BreakGlass>))
)]
pub async fn get_break_glass(
    State(state): State<ApiState>,
    Id(break_glass): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<BreakGlass>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let row = store::break_glass::find(snapshot.conn(), slot, break_glass)
        .await?
        .ok_or(ApiError::NotFound("emergency opening"))?;
    let meta = snapshot.close().await?;
    let data = BreakGlass::new(row, meta.evaluated_at);
    Ok(Reply(Answer { meta, data }))
}
