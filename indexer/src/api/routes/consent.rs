use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params, StateQuery},
    model::{Answer, Consent, Judge, Page},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The consents of a vault, revoked and expired ones included, by address.
#[utoipa::path(
    get,
    operation_id = "list_chain_consents",
    path = "/v1/chain/vaults/{vault}/consents",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), ListQuery),
    responses((status = 200, body = Page<Consent>))
)]
pub async fn list_consents(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<Consent>>, ApiError> {
    let at = query.at();
    let filter = [&vault.0[..], &at.to_bytes()];
    let list = List { route: "consents", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let owner = store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    let mut rows = store::consent::list(snapshot.conn(), slot, vault, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.consent.0.to_vec());
    let judge = Judge { epoch: Some(owner.consent_epoch), now: meta.evaluated_at };
    let data = rows.into_iter().map(|row| Consent::new(row, judge)).collect();
    Ok(Reply(Page { meta, data, next }))
}

/// A consent.
#[utoipa::path(
    get,
    path = "/v1/chain/consents/{consent}",
    tag = "chain",
    params(("consent" = Address, Path, description = "Address of the consent, base58"), StateQuery),
    responses((status = 200, body = Answer<Consent>))
)]
pub async fn get_consent(
    State(state): State<ApiState>,
    Id(consent): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<Consent>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let row = store::consent::find(snapshot.conn(), slot, consent).await?.ok_or(ApiError::NotFound("consent"))?;
    let owner = store::vault::find(snapshot.conn(), slot, row.vault).await?;
    let meta = snapshot.close().await?;

    let judge = Judge { epoch: owner.map(|vault| vault.consent_epoch), now: meta.evaluated_at };
    Ok(Reply(Answer { meta, data: Consent::new(row, judge) }))
}
