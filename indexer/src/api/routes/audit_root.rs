use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params, StateQuery},
    model::{Answer, AuditRoot, Page},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The anchored roots of an operator's disclosure log, newest first. An operator that anchored none has an
/// empty list.
#[utoipa::path(
    get,
    path = "/v1/chain/operators/{operator}/audit-roots",
    tag = "chain",
    params(("operator" = Address, Path, description = "Key of the operator, base58"), ListQuery),
    responses((status = 200, body = Page<AuditRoot>))
)]
pub async fn list_audit_roots(
    State(state): State<ApiState>,
    Id(operator): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<AuditRoot>>, ApiError> {
    let at = query.at();
    let filter = [&operator.0[..], &at.to_bytes()];
    let list = List { route: "audit-roots", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let before = match &walk.after[..] {
        [] => i64::MAX,
        index => i64::from_be_bytes(index.try_into().map_err(|_| ApiError::InvalidCursor)?),
    };

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let mut data = store::audit_root::list(snapshot.conn(), slot, operator, before, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut data, |root| root.index.to_be_bytes().to_vec());
    Ok(Reply(Page { meta, data, next }))
}

/// An anchored root.
#[utoipa::path(
    get,
    path = "/v1/chain/audit-roots/{audit_root}",
    tag = "chain",
    params(("audit_root" = Address, Path, description = "Address of the root's account, base58"), StateQuery),
    responses((status = 200, body = Answer<AuditRoot>))
)]
pub async fn get_audit_root(
    State(state): State<ApiState>,
    Id(audit_root): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<AuditRoot>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let data =
        store::audit_root::find(snapshot.conn(), slot, audit_root).await?.ok_or(ApiError::NotFound("audit root"))?;
    Ok(Reply(Answer { meta: snapshot.close().await?, data }))
}
