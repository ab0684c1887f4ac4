use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params, StateQuery},
    model::{Answer, Page, Registrar},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The registrars, removed ones included, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/registrars",
    tag = "chain",
    params(ListQuery),
    responses((status = 200, body = Page<Registrar>))
)]
pub async fn list_registrars(
    State(state): State<ApiState>,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<Registrar>>, ApiError> {
    let at = query.at();
    let filter = [&at.to_bytes()[..]];
    let list = List { route: "registrars", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let mut rows = store::registrar::list(snapshot.conn(), slot, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.registrar.0.to_vec());
    Ok(Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next }))
}

/// A registrar.
#[utoipa::path(
    get,
    path = "/v1/chain/registrars/{registrar}",
    tag = "chain",
    params(("registrar" = Address, Path, description = "Address of the registrar, base58"), StateQuery),
    responses((status = 200, body = Answer<Registrar>))
)]
pub async fn get_registrar(
    State(state): State<ApiState>,
    Id(registrar): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<Registrar>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let row = store::registrar::find(snapshot.conn(), slot, registrar).await?.ok_or(ApiError::NotFound("registrar"))?;
    Ok(Reply(Answer { meta: snapshot.close().await?, data: row.into() }))
}
