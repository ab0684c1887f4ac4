//! What anybody may know of the disclosure log: how long it is, its leaves, and proofs about them.

use aegle_disclosure::{Consistency, Digest};
use axum::{
    Json,
    extract::{Path, State},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    bytes,
    error::ApiError,
    extract::Params,
    state::ApiState,
    store::{self, disclosure},
};

/// Leaves of one answer at most.
const LEAVES: i64 = 10_000;

/// A log, and what it last said of itself.
#[derive(Serialize, ToSchema)]
pub struct LogStatus {
    /// Name and key of the log, as C2SP signed-note writes a verifier key.
    verifier: String,
    /// The newest checkpoint, a signed note (C2SP tlog-checkpoint); none before the first.
    checkpoint: Option<String>,
}

/// Query of a checkpoint.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// The newest checkpoint of at most so many entries; the newest of all unless given.
    #[param(value_type = Option<u64>)]
    size: Option<u64>,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The log of disclosures: its key and its newest checkpoint.
#[utoipa::path(get, path = "/v1/log", tag = "log", params(LogQuery), responses((status = 200, body = LogStatus)))]
pub async fn get_log(
    State(state): State<ApiState>,
    Params(query): Params<LogQuery>,
) -> Result<Json<LogStatus>, ApiError> {
    let mut conn = state.pool.acquire().await?;
    let checkpoint = disclosure::checkpoint(&mut conn, query.size.map_or(i64::MAX, number)).await?;
    let verifier = state.disclosures.log.verifier();
    Ok(Json(LogStatus { verifier, checkpoint: checkpoint.map(|checkpoint| checkpoint.note) }))
}

/// Query of leaves.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeavesQuery {
    /// Place of the first.
    #[serde(default)]
    #[param(value_type = Option<u64>, default = 0)]
    from: u64,
}

/// Commitments of entries.
#[derive(Serialize, ToSchema)]
pub struct Leaves {
    /// In the order of the log, up to 10,000 of them and up to the newest checkpoint; none at its end.
    #[schema(value_type = Vec<String>)]
    leaves: Vec<Digest>,
}

/// The leaves of the log, for whoever computes its root anew.
#[utoipa::path(get, path = "/v1/log/leaves", tag = "log", params(LeavesQuery),
               responses((status = 200, body = Leaves)))]
pub async fn list_leaves(
    State(state): State<ApiState>,
    Params(query): Params<LeavesQuery>,
) -> Result<Json<Leaves>, ApiError> {
    let mut conn = state.pool.acquire().await?;
    let end = disclosure::checkpoint(&mut conn, i64::MAX).await?.map_or(0, |checkpoint| checkpoint.size);
    let leaves = disclosure::leaves(&mut conn, number(query.from), end, LEAVES).await?;
    Ok(Json(Leaves { leaves }))
}

/// Query of a proof that an entry is in the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    /// Place of the entry.
    index: u64,
    /// Entries of the log that it is proved for; not more than the newest checkpoint has.
    size: u64,
}

/// A proof by hashes.
#[derive(Serialize, ToSchema)]
pub struct Proof {
    /// Nodes in hex, RFC 9162 section 2.1.
    #[schema(value_type = Vec<String>)]
    path: Vec<Digest>,
}

/// Shows that the log has an entry (RFC 9162, section 2.1.3).
#[utoipa::path(get, path = "/v1/log/inclusion", tag = "log", params(InclusionQuery),
               responses((status = 200, body = Proof)))]
pub async fn get_inclusion(
    State(state): State<ApiState>,
    Params(InclusionQuery { index, size }): Params<InclusionQuery>,
) -> Result<Json<Proof>, ApiError> {
    let outside =
        || ApiError::InvalidParameter("index must be below size, and size within the newest checkpoint".into());
    let mut conn = state.pool.acquire().await?;
    let proof = disclosure::inclusion(&mut conn, index, size).await?.ok_or_else(outside)?;
    Ok(Json(Proof { path: proof.path }))
}

/// Query of a proof that the log only grew.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// Entries that the log had, at least one.
    from: u64,
    /// Entries that it has; not more than the newest checkpoint.
    to: u64,
}

/// Shows that a log of some size begins with what it was before (RFC 9162, section 2.1.4).
#[utoipa::path(get, path = "/v1/log/consistency", tag = "log", params(ConsistencyQuery),
               responses((status = 200, body = Proof)))]
pub async fn get_consistency(
    State(state): State<ApiState>,
    Params(ConsistencyQuery { from, to }): Params<ConsistencyQuery>,
) -> Result<Json<Proof>, ApiError> {
    let outside = || ApiError::InvalidParameter("from must be 1 to `to`, and `to` within the newest checkpoint".into());
    let needs = Consistency::needs(from, to).ok_or_else(outside)?;
    let mut conn = state.pool.acquire().await?;
    let nodes = disclosure::nodes(&mut conn, &needs).await?;
    let proof = Consistency::new(from, to, &nodes).ok_or_else(outside)?;
    Ok(Json(Proof { path: proof.path }))
}

/// A text that was signed to sign in.
#[derive(Serialize, ToSchema)]
pub struct SignedText {
    message: String,
    /// The wallet's over the text, Ed25519, base64.
    signature: String,
    /// That of the practitioner who acts for the wallet, where it is an organization's.
    #[serde(skip_serializing_if = "Option::is_none")]
    practitioner_signature: Option<String>,
}

/// What entries of the log name by its digest: the text that a wallet signed to sign in, which names the
/// key of the requests.
#[utoipa::path(get, path = "/v1/log/sign-ins/{digest}", tag = "log",
               params(("digest" = bytes::Digest, Path, description = "Digest, hex, as an entry has it")),
               responses((status = 200, body = SignedText)))]
pub async fn get_sign_in(
    State(state): State<ApiState>,
    Path(digest): Path<String>,
) -> Result<Json<SignedText>, ApiError> {
    let digest = digest.parse().map_err(|error: &str| ApiError::InvalidAddress(error.to_owned()))?;
    let mut conn = state.pool.acquire().await?;
    let found = store::sign_in::find(&mut conn, digest).await?.ok_or(ApiError::NotFound("sign-in"))?;
    let text = |signature: &[u8; 64]| BASE64_STANDARD.encode(signature);
    Ok(Json(SignedText {
        message: found.message,
        signature: text(&found.signature),
        practitioner_signature: found.practitioner_signature.as_ref().map(text),
    }))
}
