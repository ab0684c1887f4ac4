use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    access::{content, served::Served},
    bytes::Address,
    disclosure::{Asked, Requested},
    error::ApiError,
    extract::Id,
    model::Answer,
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store,
    time::Time,
};

/// How far the erasure of a record is on this server.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordErasure {
    pub record: Address,
    pub state: ErasureState,
    /// Slot of the erasure on chain; null where it is not erased.
    pub slot: Option<i64>,
    /// What was destroyed here; null where nothing was, yet or ever.
    pub destroyed: Option<DestroyedContent>,
}

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// The record is not erased on chain.
    NotErased,
    /// It is refused to everybody; what is kept of it goes once the erasure is final.
    Confirmed,
    /// Its key is being destroyed, and with it whatever any backup holds; and everything else.
    Destroying,
    /// A legal hold keeps what is stored, unreadable to everybody; it is destroyed once that is lifted.
    Held,
    /// Nothing is left here that could open it.
    Destroyed,
    /// This server had no content of it.
    NothingKept,
    /// The record stands, and the operator does not store its content any more: the retention schedule ended
    /// that, of which the patient was told.
    StorageEnded,
}

/// What was destroyed of a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DestroyedContent {
    /// When its erasure key, salts, labels and wrapped keys were gone.
    pub at: Time,
    /// How many wrapped keys there were, the patient's among them.
    pub wraps: i64,
    /// How many shares of the record's key, kept by custodians or released by them.
    pub shares: i64,
    /// Bytes of ciphertext.
    pub bytes: i64,
    /// When the ciphertext was gone; null while it is being deleted.
    pub blob_gone_at: Option<Time>,
}

/// How far the erasure of a record is: what was destroyed here, and when. For the vault's owner.
#[utoipa::path(
    get,
    path = "/v1/records/{record}/erasure",
    tag = "records",
    params(("record" = Address, Path, description = "Address of the record, base58")),
    responses((status = 200, body = Answer<RecordErasure>)),
    security(("session" = []))
)]
pub async fn get_erasure(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Id(record): Id,
) -> Result<Reply<Answer<RecordErasure>>, ApiError> {
    let asked = Asked { operation: Operation::GetErasure, purpose: None, record: Some(record) };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    let vault: Key = content::vault_of(served.conn(), record).await?.unwrap_or_default();
    served.serve(vault, None).await?;
    let found = store::erasure::find(served.conn(), record).await?;
    let meta = served.close().await?;
    let slot = found.slot;
    let is_over = !found.is_kept && found.is_ended;
    let state = match slot {
        None if is_over => ErasureState::StorageEnded,
        None => ErasureState::NotErased,
        Some(_) if !found.is_final => ErasureState::Confirmed,
        Some(_) if found.is_held => ErasureState::Held,
        Some(_) if found.is_kept || (is_over && found.destroyed.is_none()) => ErasureState::Destroying,
        Some(_) if is_over => ErasureState::Destroyed,
        Some(_) => ErasureState::NothingKept,
    };
    // Of a content that was stored again nothing is destroyed.
    let destroyed = found.destroyed.filter(|_| is_over).map(|destroyed| DestroyedContent {
        at: destroyed.at,
        wraps: destroyed.wraps,
        shares: destroyed.shares,
        bytes: destroyed.bytes,
        blob_gone_at: destroyed.blob_gone_at,
    });
    Ok(Reply(Answer { meta, data: RecordErasure { record, state, slot, destroyed } }))
}
