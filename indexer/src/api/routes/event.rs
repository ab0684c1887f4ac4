use axum::extract::State;
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::IntoParams;

use super::reply::Reply;
use crate::api::{
    bytes::Address,
    error::ApiError,
    event_cursor::EventCursor,
    extract::{At, Commitment, Limit, Params},
    model::{EventPage, Position},
    snapshot::Snapshot,
    state::ApiState,
    store::{self, event::EventFilter},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only events of this vault.
    vault: Option<Address>,
    /// Only events that created or changed this account.
    account: Option<Address>,
    /// Only events of this name, as in the program's IDL.
    #[param(value_type = Option<String>)]
    name: Option<EventName>,
    /// `finalized` unless given: then nothing that was answered is ever taken back, and a cursor never
    /// misses anything. A confirmed event may be undone with its block, and what replaces it may stand
    /// before the cursor.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// Only events up to this slot.
    as_of_slot: Option<u64>,
    /// `next` of an earlier answer to the same filter, or an id of its stream.
    after: Option<String>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

#[derive(Debug, Clone, Copy)]
pub struct EventName(pub &'static str);

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let names = aegle_client::Event::NAMES;
        let known = names.iter().find(|known| **known == name);
        known.map(|name| Self(name)).ok_or_else(|| D::Error::custom(format!("must be one of {}", names.join(", "))))
    }
}

/// Events in ledger order, from the first or after a cursor. The cursor is durable: kept by the
/// caller, it continues where it was, whenever.
#[utoipa::path(
    get,
    path = "/v1/chain/events",
    tag = "chain",
    params(EventsQuery),
    responses((status = 200, body = EventPage))
)]
pub async fn list_events(
    State(state): State<ApiState>,
    Params(query): Params<EventsQuery>,
) -> Result<Reply<EventPage>, ApiError> {
    let at = At { commitment: query.commitment, as_of_slot: query.as_of_slot };
    let filter = EventFilter { vault: query.vault, account: query.account, name: query.name.map(|name| name.0) };
    let cursor = EventCursor::new(state.cursors.clone(), filter, at);
    let limit = query.limit.unwrap_or_default().rows();
    let after = query.after.map_or(Ok(Position::START), |after| cursor.open(&after))?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    // One more than is answered shows whether there are more.
    let mut data = store::event::list(snapshot.conn(), filter, after, slot, limit as i64 + 1).await?;
    let meta = snapshot.close().await?;

    let more = data.len() > limit;
    data.truncate(limit);
    let last = data.last().map_or(after, |event| event.position);
    Ok(Reply(EventPage { meta, next: cursor.seal(last), more, data }))
}
