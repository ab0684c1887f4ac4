use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::served::Served,
    bytes::Address,
    cursor::List,
    disclosure::Requested,
    error::ApiError,
    extract::{Limit, Params},
    model::Page,
    routes::{reply::Reply, walk::Walk},
    session::Bearer,
    state::ApiState,
    store,
    time::Time,
};

/// Query of contents whose storage ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndingQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A content whose storage ends by the operator's retention schedule. The record stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ending {
    pub record: Address,
    /// Since when the patient is told.
    pub announced_at: Time,
    /// It does not end before.
    pub ends_at: Time,
    /// Whether a legal hold puts the end off.
    pub is_held: bool,
}

impl From<store::ending::Ending> for Ending {
    fn from(row: store::ending::Ending) -> Self {
        Self { record: row.record, announced_at: row.announced_at, ends_at: row.ends_at, is_held: row.is_held }
    }
}

/// Contents that the operator will store no longer, each with the time until which the patient can fetch it.
/// For the vault's owner.
#[utoipa::path(
    get,
    path = "/v1/endings",
    tag = "records",
    params(EndingQuery),
    responses((status = 200, body = Page<Ending>)),
    security(("session" = []))
)]
pub async fn list_endings(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<EndingQuery>,
) -> Result<Reply<Page<Ending>>, ApiError> {
    let filter = format!("{:?}|{:?}", bearer.caller, query.patient).into_bytes();
    let list = List { route: "endings", filter: &[&filter] };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let vault = Key(query.patient.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListEndings).await?;
    served.serve(vault, None).await?;
    let mut rows = store::ending::list(served.conn(), vault, &walk.after, walk.rows()).await?;
    let meta = served.close().await?;
    let next = walk.cut(&mut rows, |row| row.record.0.to_vec());
    Ok(Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next }))
}
