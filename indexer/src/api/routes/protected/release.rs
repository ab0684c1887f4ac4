//! What custodians do: see what was opened, get the own shares of it, and give them to the clinician.

use std::collections::BTreeMap;

use aegle_decision::{Emergency, Key, Purpose, RuleId};
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    emergency::OpenedEmergency,
    shape::{Base64, PurposeCode, Stated},
    wrap::Stored,
};
use crate::{
    api::{
        access::served::Served,
        bytes::{Address, Digest},
        disclosure::{Asked, Requested},
        error::ApiError,
        extract::{Body, Id},
        model::{Answer, Page},
        routes::reply::Reply,
        session::Bearer,
        state::ApiState,
        store,
    },
    erasure::{ErasureError, KeyId, Part},
};

/// Most shares in one request.
const MOST: usize = 256;

/// Openings in effect of records of which the caller, a custodian, keeps shares that it has not released.
#[utoipa::path(
    get,
    path = "/v1/releases",
    tag = "emergencies",
    responses((status = 200, body = Page<OpenedEmergency>)),
    security(("session" = []))
)]
pub async fn list_releases(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
) -> Result<Reply<Page<OpenedEmergency>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListReleases).await?;
    served.concerns_nobody_yet();
    let (slot, now) = (served.frontier().confirmed_slot, served.now());
    let rows = store::emergency::to_release(served.conn(), slot, bearer.caller.key, now).await?;
    requested.spread_over(rows.iter().map(|row| Key(row.vault.0)));
    let meta = served.close().await?;
    Ok(Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next: None }))
}

/// The caller's share of a record's key, encrypted to the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeptShare {
    pub record: Address,
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    pub share: Base64<81, 81>,
}

/// The caller's shares of the records that an opening in effect names.
#[utoipa::path(
    get,
    path = "/v1/releases/{break_glass}",
    tag = "emergencies",
    params(
        ("break_glass" = Address, Path, description = "Account of the opening, base58"),
        ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use: ETREAT")
    ),
    responses((status = 200, body = Page<KeptShare>)),
    security(("session" = [], "signature" = []))
)]
pub async fn fetch_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Id(break_glass): Id,
) -> Result<Reply<Page<KeptShare>>, ApiError> {
    let asked = Asked { operation: Operation::FetchShares, purpose: Some(purpose), record: None };
    let (mut served, credentials) = permitted(&state, &bearer, &requested, asked, purpose, break_glass).await?;
    let rows = store::custodian::kept(served.conn(), break_glass, bearer.caller.key).await?;
    let keys = state.erasure.get_all(rows.iter().map(|row| KeyId(row.erasure_key.0))).await?;
    requested.release_in_emergency(Key(break_glass.0), credentials, rows.iter().map(|row| Key(row.record.0)));
    let meta = served.close().await?;
    let opened = rows.into_iter().map(|row| {
        let key = keys.get(&KeyId(row.erasure_key.0)).ok_or(ErasureError::Missing)?;
        let share = Base64(key.open(Part::Share(&row.recipient.0), &row.share)?);
        Ok(KeptShare { record: row.record, recipient: row.recipient, share })
    });
    Ok(Reply(Page { meta, data: opened.collect::<Result<_, ErasureError>>()?, next: None }))
}

/// A transaction for a custodian who may release for this opening, and the credentials that count.
async fn permitted<'a>(
    state: &'a ApiState,
    bearer: &'a Bearer,
    requested: &'a Requested,
    asked: Asked,
    purpose: Purpose,
    break_glass: Address,
) -> Result<(Served<'a>, Vec<Key>), ApiError> {
    let mut served = Served::logged(state, bearer, requested, asked).await?;
    let slot = served.frontier().confirmed_slot;
    let found = store::emergency::find(served.conn(), slot, break_glass).await?;
    let emergency: Option<Emergency> = found.and_then(|row| row.emergency());
    served.concerns_nobody_yet();
    let emergency = emergency.ok_or(ApiError::Denied { rule: RuleId::EmergencyNotOpened, consent: None })?;
    let credentials = served.release(&emergency, purpose).await?;
    Ok((served, credentials))
}

/// Shares for the clinician of an opening.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReleases {
    #[schema(max_items = 256)]
    shares: Vec<NewRelease>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelease {
    record: Address,
    /// Encrypted to the clinician's key of the statement.
    share: Base64<81, 81>,
}

/// Gives the caller's shares, encrypted to the clinician, for an opening in effect.
#[utoipa::path(
    post,
    path = "/v1/releases/{break_glass}",
    tag = "emergencies",
    params(
        ("break_glass" = Address, Path, description = "Account of the opening, base58"),
        ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use: ETREAT")
    ),
    request_body = NewReleases,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn release_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Id(break_glass): Id,
    Body(new): Body<NewReleases>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    if new.shares.len() > MOST {
        return Err(ApiError::InvalidBody(format!("shares: at most {MOST}")));
    }
    let asked = Asked { operation: Operation::ReleaseShares, purpose: Some(purpose), record: None };
    let (mut served, credentials) = permitted(&state, &bearer, &requested, asked, purpose, break_glass).await?;
    let kept = store::custodian::kept(served.conn(), break_glass, bearer.caller.key).await?;
    let ids: BTreeMap<_, _> = kept.into_iter().map(|kept| (kept.record, KeyId(kept.erasure_key.0))).collect();
    let keys = state.erasure.get_all(ids.values().copied()).await?;
    let mut released = Vec::new();
    for NewRelease { record, share } in &new.shares {
        let Some(key) = ids.get(record).and_then(|id| keys.get(id)) else { continue };
        let sealed = key.seal(Part::Release(&break_glass.0), &share.0)?;
        if store::custodian::release(served.conn(), break_glass, *record, bearer.caller.key, &sealed).await? {
            released.push(Key(record.0));
        }
    }
    let stored = released.len();
    requested.release_in_emergency(Key(break_glass.0), credentials, released);
    // Nobody sees the shares before the transaction ends, which is after the entry is durable.
    requested.log(&state.disclosures).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored } }))
}
