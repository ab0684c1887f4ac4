//! What a patient is told, to be read when there is time.

use aegle_client::state::Right;
use aegle_decision::Key;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::served::Served,
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{Body, Limit, Params},
    model::{Answer, Page},
    routes::{reply::Reply, walk::Walk},
    session::Bearer,
    state::ApiState,
    store::notice::{self, Kind},
    time::Time,
};

/// Query of an inbox.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// Only what the caller has not read.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    unread: bool,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Something that happened: no names, labels or records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notice {
    /// Place among the patient's, from 1 without a gap.
    number: i64,
    kind: Kind,
    at: Time,
    /// Whether the caller has read it.
    read: bool,
}

/// What the patient is told, newest first.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    tag = "notices",
    params(InboxQuery),
    responses((status = 200, body = Page<Notice>)),
    security(("session" = []))
)]
pub async fn list_notices(
    State(state): State<ApiState>,
    bearer: Bearer,
    Params(query): Params<InboxQuery>,
) -> Result<Reply<Page<Notice>>, ApiError> {
    let unread = [u8::from(query.unread)];
    let filter = [&bearer.caller.key.0[..], &query.patient.0, &unread];
    let list = List { route: "inbox", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let before = <[u8; 8]>::try_from(&walk.after[..]).map_or(i64::MAX, i64::from_be_bytes);
    let vault = Key(query.patient.0);
    let mut served = Served::begin(&state, &bearer).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let read = notice::read_until(served.conn(), vault).await?;
    let after = if query.unread { read } else { 0 };
    let rows = notice::before(served.conn(), vault, before, after, walk.rows()).await?;
    let meta = served.close().await?;
    let tell =
        |row: notice::Notice| Notice { number: row.number, kind: row.kind, at: row.at, read: row.number <= read };
    let mut data: Vec<_> = rows.into_iter().map(tell).collect();
    let next = walk.cut(&mut data, |row| row.number.to_be_bytes().to_vec());
    Ok(Reply(Page { meta, data, next }))
}

/// Up to where the caller has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    vault: Address,
    /// Number of the newest notice that was read.
    #[schema(minimum = 0)]
    until: u32,
}

/// Up to where the caller has read by now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadUntil {
    vault: Address,
    until: i64,
}

/// Marks notices as read, for the caller alone: what a delegate has read is new to the patient still.
#[utoipa::path(
    post,
    path = "/v1/inbox/read",
    tag = "notices",
    request_body = Read,
    responses((status = 200, body = Answer<ReadUntil>)),
    security(("session" = []))
)]
pub async fn mark_read(
    State(state): State<ApiState>,
    bearer: Bearer,
    Body(read): Body<Read>,
) -> Result<Reply<Answer<ReadUntil>>, ApiError> {
    let vault = Key(read.vault.0);
    let mut served = Served::begin(&state, &bearer).await?;
    served.serve(vault, Some(Right::Read)).await?;
    // What did not happen yet cannot have been read.
    let newest = notice::newest(served.conn(), vault).await?;
    let until = i64::from(read.until).min(newest);
    let until = notice::mark_read(served.conn(), vault, bearer.caller.key, until).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: ReadUntil { vault: read.vault, until } }))
}
