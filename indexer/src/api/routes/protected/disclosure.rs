//! Who looked: the patient's own log, and what opens a receipt.

use aegle_client::state::Right;
use aegle_decision::{Key, Purpose};
use aegle_disclosure::{Digest, HeadProof, Inclusion, Operation};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape::{PurposeCode, Stated};
use crate::api::{
    access::{Serving, served::Served},
    bytes::Address,
    cursor::List,
    disclosure::{Asked, Ends, Requested},
    error::ApiError,
    extract::{Limit, Params},
    model::Page,
    routes::{reply::Reply, walk::Walk},
    session::Bearer,
    state::ApiState,
    store::disclosure,
};

/// Query of a patient's log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisclosureQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// One entry with everything that opens its commitment.
#[derive(Serialize, ToSchema)]
pub struct Disclosure {
    /// Place in the log.
    index: i64,
    /// Place among the patient's own, from 0 without a gap.
    number: i64,
    /// The very text that is committed to, JSON.
    entry: String,
    #[schema(value_type = String)]
    salt: Digest,
    #[schema(value_type = String)]
    link_salt: Digest,
}

/// Everything that was decided about the patient's records, refusals included, in its order. Reading it
/// joins it.
#[utoipa::path(
    get,
    path = "/v1/disclosures",
    tag = "log",
    params(DisclosureQuery,
           ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")),
    responses((status = 200, body = Page<Disclosure>)),
    security(("session" = []))
)]
pub async fn list_disclosures(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Params(query): Params<DisclosureQuery>,
) -> Result<Reply<Page<Disclosure>>, ApiError> {
    let filter = [&bearer.caller.key.0[..], &query.patient.0];
    let list = List { route: "disclosures", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;
    let after = <[u8; 8]>::try_from(&walk.after[..]).map(i64::from_be_bytes);
    let (mut served, _) = own(&state, &bearer, &requested, purpose, query.patient).await?;
    let from = after.map_or(0, |after| after + 1);
    let rows = disclosure::list(served.conn(), Key(query.patient.0), from, walk.rows()).await?;
    let meta = served.close().await?;
    let mut data: Vec<_> = rows
        .into_iter()
        .map(|row| Disclosure {
            index: row.index,
            number: row.number,
            entry: row.entry,
            salt: row.salt,
            link_salt: row.link_salt,
        })
        .collect();
    let next = walk.cut(&mut data, |row| row.number.to_be_bytes().to_vec());
    Ok(Reply(Page { meta, data, next }))
}

/// A transaction for whoever may see everything of the patient's.
pub(super) async fn own<'a>(
    state: &'a ApiState,
    bearer: &'a Bearer,
    requested: &'a Requested,
    purpose: Purpose,
    patient: Address,
) -> Result<(Served<'a>, Serving), ApiError> {
    let asked = Asked { operation: Operation::ListDisclosures, purpose: Some(purpose), record: None };
    let mut served = Served::logged(state, bearer, requested, asked).await?;
    let serving = served.serve(Key(patient.0), Some(Right::Read)).await?;
    Ok((served, serving))
}

/// Query of the end of a patient's log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeadQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// Entries of the checkpoint that it is proved for, of those that were made; a new one unless given.
    size: Option<u64>,
}

/// Shows where a patient's log ends.
#[derive(Serialize, ToSchema)]
pub struct DisclosureHead {
    /// A checkpoint, whose line `heads` the proof leads to.
    checkpoint: String,
    /// How many entries the patient's log has at it, the last one's commitment, and the way to `heads`.
    #[schema(value_type = Object)]
    proof: HeadProof,
}

/// Shows that nothing of a patient's log is missing: where it ends, under a signed checkpoint.
#[utoipa::path(
    get,
    path = "/v1/disclosures/head",
    tag = "log",
    params(HeadQuery, ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")),
    responses((status = 200, body = DisclosureHead)),
    security(("session" = []))
)]
pub async fn get_head(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Params(query): Params<HeadQuery>,
) -> Result<Json<DisclosureHead>, ApiError> {
    let (served, _) = own(&state, &bearer, &requested, purpose, query.patient).await?;
    served.close().await?;
    let (checkpoint, ends) = match query.size {
        None => state.checkpoints.make_with_ends().await?,
        Some(size) => {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            let mut conn = state.pool.acquire().await?;
            let found = disclosure::checkpoint(&mut conn, size).await?;
            (found.filter(|found| found.size == size).ok_or(ApiError::NotFound("checkpoint"))?, None)
        }
    };
    let ends = match ends {
        Some(ends) => ends,
        None => Ends::at(&mut *state.pool.acquire().await?, checkpoint.size).await?,
    };
    Ok(Json(DisclosureHead { checkpoint: checkpoint.note, proof: ends.prove(&Key(query.patient.0)) }))
}

/// What opens a receipt to who asked.
#[derive(Serialize, ToSchema)]
pub struct OpenedReceipt {
    /// The very text that is committed to, JSON.
    entry: String,
    #[schema(value_type = String)]
    salt: Digest,
    /// Commitment to where the entry stands in the patient's log, which is the patient's to know.
    #[schema(value_type = String)]
    link: Digest,
    /// Shows the entry in the newest checkpoint; none before it is in one.
    #[schema(value_type = Option<Object>)]
    inclusion: Option<Inclusion>,
}

/// What the own request came to, where it was permitted: the entry behind a receipt.
#[utoipa::path(
    get,
    path = "/v1/receipts/{index}",
    tag = "log",
    params(("index" = u64, Path, description = "Place in the log, as the receipt has it")),
    responses((status = 200, body = OpenedReceipt)),
    security(("session" = []))
)]
pub async fn get_receipt(
    State(state): State<ApiState>,
    bearer: Bearer,
    Path(index): Path<u64>,
) -> Result<Json<OpenedReceipt>, ApiError> {
    let mut served = Served::begin(&state, &bearer).await?;
    let found = disclosure::find(served.conn(), i64::try_from(index).unwrap_or(i64::MAX)).await?;
    served.close().await?;
    let found = found.ok_or(ApiError::NOT_THERE)?;
    let mut conn = state.pool.acquire().await?;
    let size = disclosure::checkpoint(&mut conn, i64::MAX).await?.map_or(0, |newest| newest.size.unsigned_abs());
    let inclusion = disclosure::inclusion(&mut conn, index, size).await?;
    Ok(Json(OpenedReceipt { entry: found.entry, salt: found.salt, link: found.link, inclusion }))
}
