use aegle_decision::{Action, Caller, Document, Explanation, Key, Request, explain, purpose_of};
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::shape::PurposeCode;
use crate::api::{
    access::{self, content, served::Served},
    bytes::Address,
    disclosure::Requested,
    error::ApiError,
    extract::Params,
    model::Answer,
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
};

/// Query of an explanation.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// Address of the caller's own vault.
    patient: Address,
    /// The wallet whose view is explained.
    grantee: Address,
    /// Purpose of use, an HL7 code.
    #[param(schema_with = PurposeCode::schema)]
    purpose: String,
}

/// What a grantee would see now, record by record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explained {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    explanation: Explanation,
}

/// What a grantee would see, and which consent, rule and exception says so. For the patient alone.
#[utoipa::path(
    get,
    path = "/v1/explain",
    tag = "consents",
    params(ExplainQuery),
    responses((status = 200, body = Answer<Explained>)),
    security(("session" = []))
)]
pub async fn get_explanation(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ExplainQuery>,
) -> Result<Reply<Answer<Explained>>, ApiError> {
    let purpose = purpose_of(&query.purpose).ok_or(ApiError::NoPurpose)?;
    let vault = Key(query.patient.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::Explain).await?;
    let serving = served.serve(vault, None).await?;
    let grantee = Caller { key: Key(query.grantee.0), practitioner: None };
    let (views, openings) = access::load(served.conn(), serving.slots, vault, &grantee).await?;
    let records = content::labelled(served.conn(), &serving).await?;
    let request = Request { caller: grantee, purpose, action: Action::Read, now: served.now() };
    let meta = served.close().await?;
    let records: Vec<_> =
        records.iter().map(|record| (record.views, record.labels.as_ref().map(Document::value))).collect();
    let data = Explained { explanation: explain(&views, &openings, &request, &records) };
    Ok(Reply(Answer { meta, data }))
}
