use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params},
    model::{Delegate, Judge, Page},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The delegates of a vault, removed ones included, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/vaults/{vault}/delegates",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), ListQuery),
    responses((status = 200, body = Page<Delegate>))
)]
pub async fn list_delegates(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<Delegate>>, ApiError> {
    let at = query.at();
    let filter = [&vault.0[..], &at.to_bytes()];
    let list = List { route: "delegates", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let owner = store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    let mut rows = store::delegate::list(snapshot.conn(), slot, vault, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.delegate.0.to_vec());
    let judge = Judge { epoch: Some(owner.delegate_epoch), now: meta.evaluated_at };
    let data = rows.into_iter().map(|row| Delegate::new(row, judge)).collect();
    Ok(Reply(Page { meta, data, next }))
}
