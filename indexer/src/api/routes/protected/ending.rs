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
    store::{self, ending::Ending},
};

/// Contents that the operator will store no longer, each with the time until which the patient can fetch it.
/// For the vault's owner.
#[utoipa::path(
    get,
    path = "/v1/endings",
    tag = "records",
    params(PatientsQuery),
    responses((status = 200, body = Page<Ending>)),
    security(("session" = []))
)]
pub async fn list_endings(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<PatientsQuery>,
) -> Result<Reply<Page<Ending>>, ApiError> {
    let walk = query.walk(&state, &bearer, "endings")?;
    let vault = Key(query.patient.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListEndings).await?;
    served.serve(vault, None).await?;
    let rows = store::ending::list(served.conn(), vault, &walk.after, walk.rows()).await?;
    Ok(walk.page(served.close().await?, rows, |row| row.record.0.to_vec()))
}
