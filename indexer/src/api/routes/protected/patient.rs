use std::collections::BTreeMap;

use aegle_decision::{Action, Basis, Key};
use aegle_disclosure::{Operation, Outcome};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape::{PurposeCode, Stated};
use crate::api::{
    access::served::Served,
    bytes::Address,
    cursor::List,
    disclosure::{Asked, Requested},
    error::ApiError,
    extract::{Limit, Params},
    model::Page,
    routes::{reply::Reply, walk::Walk},
    session::Bearer,
    state::ApiState,
    store,
};

/// Query of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlainQuery {
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<Limit>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A patient who lets the caller read something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Patient {
    /// Address of the vault.
    pub patient: Address,
    /// The consents that say so.
    pub consents: Vec<Address>,
}

/// The patients who let the caller read something, for the purpose stated.
#[utoipa::path(
    get,
    path = "/v1/patients",
    tag = "records",
    params(PlainQuery, ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")),
    responses((status = 200, body = Page<Patient>)),
    security(("session" = []))
)]
pub async fn list_patients(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Stated(purpose): Stated,
    Params(query): Params<PlainQuery>,
) -> Result<Reply<Page<Patient>>, ApiError> {
    let caller = format!("{:?}|{purpose:?}", bearer.caller).into_bytes();
    let list = List { route: "patients", filter: &[&caller] };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let asked = Asked { operation: Operation::ListPatients, purpose: Some(purpose), record: None };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    let (mut data, mut outcomes): (Vec<Patient>, BTreeMap<Address, Outcome>) = Default::default();
    let mut after = walk.after.clone();
    // Patients who withdrew are passed over, so that a page is full whoever they are.
    while data.len() < walk.rows() as usize {
        let vaults = store::opening::vaults(served.conn(), bearer.caller.key, &after, walk.rows()).await?;
        let Some(last) = vaults.last() else { break };
        after = last.0.to_vec();
        for patient in vaults {
            match served.open(Key(patient.0), purpose, Action::Read).await {
                Ok(opened) => {
                    outcomes.insert(patient, opened.outcome(Vec::new()));
                    let Basis::Consents(consents) = opened.permit.basis else { continue };
                    let consents = consents.into_iter().map(|consent| Address(consent.0)).collect();
                    data.push(Patient { patient, consents });
                }
                Err(ApiError::Denied { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    served.concerns_nobody_yet();
    let meta = served.close().await?;
    let next = walk.cut(&mut data, |patient| patient.patient.0.to_vec());
    let shown = data.iter().filter_map(|patient| Some((Key(patient.patient.0), outcomes.remove(&patient.patient)?)));
    requested.spread(shown.collect());
    Ok(Reply(Page { meta, data, next }))
}
