use aegle_client::state::{ALL_ACTIONS, ALL_PURPOSES, Right};
use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{identity::identity, list::OwnQuery, shape::Base64};
use crate::api::{
    access::served::Served,
    bytes::{Address, Digest},
    disclosure::Requested,
    error::ApiError,
    extract::{Body, Params, PathOf},
    model::{Answer, Page},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store,
    time::Time,
};

/// Open requests of one requester at most.
const MOST: i64 = 1_000;

/// What a patient is asked to allow.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessRequest {
    vault: Address,
    /// Bits of the purposes and actions.
    purposes: u16,
    actions: u8,
    /// Encrypted to the vault's key, at most 4 KiB.
    #[serde(default)]
    message: Option<Base64<4096>>,
}

/// A request that waits for the patient.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccessRequest {
    pub request: Digest,
    pub vault: Address,
    pub requester: Address,
    /// Who acted for the requester, an organization.
    pub practitioner: Option<Address>,
    pub purposes: i32,
    pub actions: i16,
    pub message: Option<Base64<4096>>,
    pub requested_at: Time,
}

impl From<store::access_request::AccessRequest> for AccessRequest {
    fn from(row: store::access_request::AccessRequest) -> Self {
        Self {
            request: row.request,
            vault: row.vault,
            requester: row.requester,
            practitioner: row.practitioner,
            purposes: row.purposes,
            actions: row.actions,
            message: row.message.map(Base64),
            requested_at: row.requested_at,
        }
    }
}

/// Asks a patient to allow something. Whether there is such a patient is not said.
///
/// The same request again is the same one for as long as it is open.
#[utoipa::path(
    post,
    path = "/v1/access-requests",
    tag = "consents",
    request_body = NewAccessRequest,
    responses((status = 200, body = Answer<AccessRequest>)),
    security(("session" = []))
)]
pub async fn create_access_request(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewAccessRequest>,
) -> Result<Reply<Answer<AccessRequest>>, ApiError> {
    if new.purposes == 0 || new.purposes & !ALL_PURPOSES != 0 || new.actions == 0 || new.actions & !ALL_ACTIONS != 0 {
        return Err(ApiError::InvalidBody("purposes and actions must name known ones".into()));
    }
    let mut served = Served::logged(&state, &bearer, &requested, Operation::RequestAccess).await?;
    served.concerns(Key(new.vault.0)).await?;
    let id = identity(&bearer, "access-requests", &new)?;
    if let Some(open) = store::access_request::find(served.conn(), id).await? {
        let meta = served.close().await?;
        return Ok(Reply(Answer { meta, data: open.into() }));
    }
    let request = store::access_request::AccessRequest {
        request: id,
        vault: new.vault,
        requester: bearer.wallet(),
        practitioner: bearer.practitioner(),
        purposes: i32::from(new.purposes),
        actions: i16::from(new.actions),
        message: new.message.map(|message| message.0),
        requested_at: Time(served.now()),
    };
    if !store::access_request::insert(served.conn(), &request, MOST).await? {
        return Err(ApiError::TooManyAccessRequests { most: MOST });
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: request.into() }))
}

/// What a patient is asked, or what the caller asks.
#[utoipa::path(
    get,
    path = "/v1/access-requests",
    tag = "consents",
    params(OwnQuery),
    responses((status = 200, body = Page<AccessRequest>)),
    security(("session" = []))
)]
pub async fn list_access_requests(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<OwnQuery>,
) -> Result<Reply<Page<AccessRequest>>, ApiError> {
    let walk = query.walk(&state, &bearer, "access-requests")?;
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListAccessRequests).await?;
    let rows = match query.patient {
        Some(patient) => {
            let vault = Key(patient.0);
            served.serve(vault, Some(Right::Grant)).await?;
            store::access_request::of_vault(served.conn(), vault, &walk.after, walk.rows()).await?
        }
        None => store::access_request::of_requester(served.conn(), bearer.caller.key, &walk.after, walk.rows()).await?,
    };
    Ok(walk.page(served.close().await?, rows, |row| row.request.0.to_vec()))
}

/// Path of a request.
#[derive(Debug, Deserialize)]
pub struct RequestPath {
    vault: Address,
    request: Digest,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Withdrawn {
    pub request: Digest,
}

/// Withdraws a request, or lays it aside: the requester does, or the patient.
#[utoipa::path(
    delete,
    path = "/v1/access-requests/{vault}/{request}",
    tag = "consents",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("request" = Digest, Path, description = "Id of the request, hex")
    ),
    responses((status = 200, body = Answer<Withdrawn>)),
    security(("session" = []))
)]
pub async fn delete_access_request(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    PathOf(RequestPath { vault, request }): PathOf<RequestPath>,
) -> Result<Reply<Answer<Withdrawn>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::EndAccessRequest).await?;
    let serves = served.serves(Key(vault.0), Right::Grant).await?;
    let requester = (!serves).then(|| bearer.wallet());
    if !store::access_request::delete(served.conn(), Key(vault.0), request, requester).await? {
        return Err(ApiError::NOT_THERE);
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Withdrawn { request } }))
}
