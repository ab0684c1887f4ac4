use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::served::Served,
    bytes::{Address, HoldId},
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

/// Query of holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HoldQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A legal hold. What it is about is refused to whom it was refused before, and stays ciphertext; an erasure
/// destroys it once the hold is lifted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hold {
    pub hold: HoldId,
    /// Records it is about; null for everything of the vault.
    pub records: Option<Vec<Address>>,
    /// Who ordered it, and under which reference, in the operator's words.
    pub authority: String,
    pub reference: String,
    pub placed_at: Time,
    /// Null while it is in force.
    pub lifted_at: Option<Time>,
    /// Why it was lifted.
    pub reason: Option<String>,
}

impl From<store::hold::Hold> for Hold {
    fn from(row: store::hold::Hold) -> Self {
        Self {
            hold: row.hold,
            records: row.records,
            authority: row.authority,
            reference: row.reference,
            placed_at: row.placed_at,
            lifted_at: row.lifted_at,
            reason: row.reason,
        }
    }
}

/// Legal holds on what is the patient's, in force and lifted, in no order of time. For the vault's owner.
#[utoipa::path(
    get,
    path = "/v1/holds",
    tag = "records",
    params(HoldQuery),
    responses((status = 200, body = Page<Hold>)),
    security(("session" = []))
)]
pub async fn list_holds(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<HoldQuery>,
) -> Result<Reply<Page<Hold>>, ApiError> {
    let filter = format!("{:?}|{:?}", bearer.caller, query.patient).into_bytes();
    let list = List { route: "holds", filter: &[&filter] };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let vault = Key(query.patient.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListHolds).await?;
    served.serve(vault, None).await?;
    let mut rows = store::hold::list(served.conn(), vault, &walk.after, walk.rows()).await?;
    let meta = served.close().await?;
    let next = walk.cut(&mut rows, |row| row.hold.0.to_vec());
    Ok(Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next }))
}
