use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;

use super::list::PatientsQuery;
use crate::api::{
    access::served::Served,
    disclosure::Requested,
    error::ApiError,
    extract::Params,
    model::Page,
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store::{self, hold::Hold},
};

/// Legal holds on what is the patient's, in force and lifted, in no order of time. For the vault's owner.
#[utoipa::path(
    get,
    path = "/v1/holds",
    tag = "records",
    params(PatientsQuery),
    responses((status = 200, body = Page<Hold>)),
    security(("session" = []))
)]
pub async fn list_holds(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<PatientsQuery>,
) -> Result<Reply<Page<Hold>>, ApiError> {
    let walk = query.walk(&state, &bearer, "holds")?;
    let vault = Key(query.patient.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListHolds).await?;
    served.serve(vault, None).await?;
    let rows = store::hold::list(served.conn(), vault, &walk.after, walk.rows()).await?;
    Ok(walk.page(served.close().await?, rows, |row| row.hold.0.to_vec()))
}
