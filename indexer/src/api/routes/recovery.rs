use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params, StateQuery},
    model::{Answer, Page, Recovery},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The recoveries of a vault, vetoed, executed and lapsed ones included, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/vaults/{vault}/recoveries",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), ListQuery),
    responses((status = 200, body = Page<Recovery>))
)]
pub async fn list_recoveries(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<Recovery>>, ApiError> {
    let at = query.at();
    let filter = [&vault.0[..], &at.to_bytes()];
    let list = List { route: "recoveries", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let owner = store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    let mut rows = store::recovery::list(snapshot.conn(), slot, vault, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.recovery.0.to_vec());
    let data = rows.into_iter().map(|row| Recovery::new(row, Some(&owner), meta.evaluated_at)).collect();
    Ok(Reply(Page { meta, data, next }))
}

/// A recovery.
#[utoipa::path(
    get,
    path = "/v1/chain/recoveries/{recovery}",
    tag = "chain",
    params(("recovery" = Address, Path, description = "Address of the recovery, base58"), StateQuery),
    responses((status = 200, body = Answer<Recovery>))
)]
pub async fn get_recovery(
    State(state): State<ApiState>,
    Id(recovery): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<Recovery>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let row = store::recovery::find(snapshot.conn(), slot, recovery).await?.ok_or(ApiError::NotFound("recovery"))?;
    let owner = store::vault::find(snapshot.conn(), slot, row.vault).await?;
    let meta = snapshot.close().await?;

    let data = Recovery::new(row, owner.as_ref(), meta.evaluated_at);
    Ok(Reply(Answer { meta, data }))
}
