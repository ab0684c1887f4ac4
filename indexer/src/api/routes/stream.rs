use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response, Sse},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{event::EventName, reply::Reflects};
use crate::api::{
    bytes::Address,
    error::ApiError,
    event_cursor::EventCursor,
    extract::{At, Params},
    layers,
    model::{Event, Position},
    places::NoPlace,
    snapshot::Snapshot,
    state::ApiState,
    store::event::EventFilter,
    stream::{Follower, Start},
};

/// Where a reader that comes back wants to continue, as the HTML standard names it.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies of the nginx family to pass on what comes, as it comes.
pub const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Only events of this vault.
    vault: Option<Address>,
    /// Only events that created or changed this account.
    account: Option<Address>,
    /// Only events of this name, as in the program's IDL.
    #[param(value_type = Option<String>)]
    name: Option<EventName>,
    /// Where to start without `Last-Event-ID`: `now` (unless given) with what becomes final from now on,
    /// `first` with the mirror's first event, or after an id of this stream or a `next` of
    /// `/v1/chain/events`, each of the same filter.
    from: Option<String>,
}

/// Final events in ledger order as they come, each once, as server-sent events.
///
/// Each message is an event as in `/v1/chain/events`, and its `id` a cursor: sent back as
/// `Last-Event-ID` it continues right after, at any process of the deployment, whenever. Only final
/// events are given, and none is ever taken back. What a backfill adds below the position of a stream
/// does not come on it.
///
/// The first block and every heartbeat hold an id without data: how far the stream is. `paused` (data:
/// `code` and `detail` as in a problem) says that nothing is given for now, since the mirror is behind
/// or its database away; `resumed` that it continues. When the server ends, or cannot go on, it ends the
/// stream and says in `retry` when to come back.
#[utoipa::path(
    get,
    path = "/v1/chain/stream",
    tag = "chain",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The last id received; goes before `from`"),
    ),
    responses((status = 200, body = Event, content_type = "text/event-stream"))
)]
pub async fn stream_events(
    State(state): State<ApiState>,
    Params(query): Params<StreamQuery>,
    parts: Parts,
) -> Result<Response, ApiError> {
    let filter = EventFilter { vault: query.vault, account: query.account, name: query.name.map(|name| name.0) };
    let cursor = EventCursor::new(state.cursors.clone(), filter, At::default());
    let start = match (last_event_id(&parts.headers)?, query.from.as_deref()) {
        (None, None | Some("now")) => None,
        (None, Some("first")) => Some(Start::After(Position::START)),
        (Some(text), _) | (None, Some(text)) => Some(Start::After(cursor.open(text)?)),
    };
    let place = state.streams.places.take(layers::client(&parts.extensions)).map_err(|refused| match refused {
        NoPlace::OfClient { most } => ApiError::TooManyStreams { most },
        NoPlace::AtAll => ApiError::NoFreeStream,
    })?;
    let meta = Snapshot::open(&state, At::default()).await?.close().await?;

    let start = start.unwrap_or(Start::AfterSlot(meta.finalized_slot));
    let follower = Follower::new(state, filter, cursor, start, place);
    let mut response = Sse::new(follower.messages()).into_response();
    let headers = response.headers_mut();
    meta.reflected().write(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// # Errors
/// [`ApiError::InvalidCursor`] for an id that is empty, no text, or given twice.
fn last_event_id(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) if !text.is_empty() => Ok(Some(text)),
        _ => Err(ApiError::InvalidCursor),
    }
}
