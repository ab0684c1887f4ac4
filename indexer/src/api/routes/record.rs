use std::collections::HashMap;

use axum::extract::State;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Id, ListQuery, Params},
    model::{Answer, Page, Record, RecordChange, RecordHistory, RecordVersion},
    snapshot::Snapshot,
    state::ApiState,
    store,
};

/// The records of a vault, every version and erased ones included, by address.
#[utoipa::path(
    get,
    operation_id = "list_chain_records",
    path = "/v1/chain/vaults/{vault}/records",
    tag = "chain",
    params(("vault" = Address, Path, description = "Address of the vault, base58"), ListQuery),
    responses((status = 200, body = Page<Record>))
)]
pub async fn list_records(
    State(state): State<ApiState>,
    Id(vault): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Page<Record>>, ApiError> {
    let at = query.at();
    let filter = [&vault.0[..], &at.to_bytes()];
    let list = List { route: "records", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    store::vault::find(snapshot.conn(), slot, vault).await?.ok_or(ApiError::NotFound("vault"))?;
    let mut data = store::record::list(snapshot.conn(), slot, vault, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut data, |record| record.record.0.to_vec());
    Ok(Reply(Page { meta, data, next }))
}

/// A record, the versions before and after it, and the transaction of every change.
#[utoipa::path(
    get,
    operation_id = "get_chain_record",
    path = "/v1/chain/records/{record}",
    tag = "chain",
    params(("record" = Address, Path, description = "Address of the record, base58"), ListQuery),
    responses((status = 200, body = Answer<RecordHistory>))
)]
pub async fn get_record(
    State(state): State<ApiState>,
    Id(record): Id,
    Params(query): Params<ListQuery>,
) -> Result<Reply<Answer<RecordHistory>>, ApiError> {
    let at = query.at();
    let filter = [&record.0[..], &at.to_bytes()];
    let list = List { route: "record", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let after = if walk.after.is_empty() { 0 } else { version_of(&walk.after)? };

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let asked = store::record::find(snapshot.conn(), slot, record).await?.ok_or(ApiError::NotFound("record"))?;
    let mut versions = store::record::versions(snapshot.conn(), slot, record, after, walk.rows()).await?;
    let next = walk.cut(&mut versions, |version| version.version.to_be_bytes().to_vec());
    let addresses: Vec<_> = versions.iter().map(|version| version.record).collect();
    let changes = store::record::changes(snapshot.conn(), slot, &addresses).await?;
    let meta = snapshot.close().await?;

    let versions = with_changes(versions, changes);
    Ok(Reply(Answer { meta, data: RecordHistory { record: asked, versions, next } }))
}

fn version_of(position: &[u8]) -> Result<i64, ApiError> {
    position.try_into().map(i64::from_be_bytes).map_err(|_| ApiError::InvalidCursor)
}

fn with_changes(versions: Vec<Record>, changes: Vec<(Address, RecordChange)>) -> Vec<RecordVersion> {
    let mut by_record: HashMap<Address, Vec<RecordChange>> = HashMap::new();
    for (record, change) in changes {
        by_record.entry(record).or_default().push(change);
    }
    versions
        .into_iter()
        .map(|record| RecordVersion { changes: by_record.remove(&record.record).unwrap_or_default(), record })
        .collect()
}
