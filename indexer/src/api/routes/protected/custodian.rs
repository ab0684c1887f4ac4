use aegle_client::state::Right;
use aegle_decision::{Document, Key};
use aegle_disclosure::Operation;
use aegle_envelope::{
    CustodianPlan,
    emergency::{MAX_CUSTODIANS, verify_signature},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{consent::ConsentQuery, shape::Base64, wrap::Stored};
use crate::{
    api::{
        access::served::Served,
        bytes::{Address, Digest},
        disclosure::Requested,
        error::ApiError,
        extract::{Body, Params},
        model::{Answer, Page},
        routes::reply::Reply,
        session::Bearer,
        state::ApiState,
        store::{
            self,
            custodian::{Plan, Share},
        },
    },
    erasure::{ErasureKey, KeyId, Part},
};

/// Most records in one request.
const MOST: usize = 100;

/// Who keeps shares of the vault's content keys for emergencies, as its owner signed it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedPlan {
    /// The very text that was signed, JSON as `docs/content.md` has it; null where there is none.
    pub plan: Option<String>,
    /// Ed25519, by the owner.
    pub signature: Option<Base64<64, 64>>,
}

/// A plan to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    #[schema(max_length = 8192)]
    plan: String,
    signature: Base64<64, 64>,
}

/// Who keeps shares for emergencies. Whether the vault allows any is on the chain.
#[utoipa::path(
    get,
    path = "/v1/custodians",
    tag = "emergencies",
    params(ConsentQuery),
    responses((status = 200, body = Answer<SignedPlan>)),
    security(("session" = []))
)]
pub async fn get_plan(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Answer<SignedPlan>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListCustodians).await?;
    // Whoever mints deals the shares of what they add.
    if !served.serves(query.vault(), Right::Mint).await? {
        served.serve(query.vault(), Some(Right::Read)).await?;
    }
    let found = store::custodian::plan(served.conn(), query.vault()).await?;
    let meta = served.close().await?;
    let (plan, signature) = found.map(|found| (found.plan, Base64(found.signature))).unzip();
    Ok(Reply(Answer { meta, data: SignedPlan { plan, signature } }))
}

/// Keeps who keeps shares, in the place of what was said before: every share dealt by that ends.
#[utoipa::path(
    put,
    path = "/v1/custodians",
    tag = "emergencies",
    request_body = NewPlan,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn put_plan(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewPlan>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    let invalid = |reason: String| ApiError::InvalidBody(format!("plan: {reason}"));
    if new.plan.contains('\0') {
        return Err(invalid("text without NUL is expected".into()));
    }
    let plan: Document<CustodianPlan> =
        Document::read(new.plan.clone().into_bytes()).map_err(|error| invalid(error.to_string()))?;
    plan.value().validate().map_err(|error| invalid(error.to_string()))?;
    let signature = new.signature.0.as_slice().try_into().unwrap_or(&[0; 64]);
    verify_signature(&plan, &bearer.caller.key, signature)
        .map_err(|_| ApiError::SignatureInvalid("The signature is not the caller's over this plan"))?;
    let vault = plan.value().vault;
    let mut served = Served::logged(&state, &bearer, &requested, Operation::StoreCustodians).await?;
    served.serve(vault, None).await?;
    let plan = Plan { plan: new.plan, signature: new.signature.0 };
    store::custodian::put_plan(served.conn(), vault, &plan).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored: 1 } }))
}

/// Ends the plan and every share that was dealt. What custodians released before stays released.
#[utoipa::path(
    delete,
    path = "/v1/custodians",
    tag = "emergencies",
    params(ConsentQuery),
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn delete_plan(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::DropCustodians).await?;
    served.serve(query.vault(), None).await?;
    store::custodian::delete_plan(served.conn(), query.vault()).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored: 0 } }))
}

/// A share of a record's content key, encrypted to a custodian.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyShare {
    pub custodian: Address,
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    /// How many shares together give the key.
    #[schema(minimum = 1, maximum = 10)]
    pub threshold: u8,
    pub share: Base64<81, 81>,
}

/// Stores the shares of one record under its erasure key; how many were stored.
///
/// # Errors
/// Too many of them, or a threshold that they cannot reach.
pub async fn deal(
    conn: &mut PgConnection,
    vault: Key,
    record: Address,
    (id, key): (KeyId, &ErasureKey),
    shares: &[NewKeyShare],
) -> Result<usize, ApiError> {
    if shares.len() > MAX_CUSTODIANS {
        return Err(ApiError::InvalidBody(format!("shares: at most {MAX_CUSTODIANS} of a record")));
    }
    let mut stored = 0;
    for NewKeyShare { custodian, recipient, threshold, share } in shares {
        if *threshold == 0 || usize::from(*threshold) > shares.len() {
            return Err(ApiError::InvalidBody("shares: a threshold is 1 up to the number of shares".into()));
        }
        let threshold = i16::from(*threshold);
        let sealed = key.seal(Part::Share(&recipient.0), &share.0)?;
        let share = Share { record, custodian: *custodian, recipient: *recipient, threshold, share: &sealed };
        stored += usize::from(store::custodian::put_share(conn, vault, id, &share).await?);
    }
    Ok(stored)
}

/// A custodian that keeps a share of a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DealtShare {
    pub record: Address,
    pub custodian: Address,
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    pub threshold: i16,
}

/// Who keeps a share of which record's key.
#[utoipa::path(
    get,
    path = "/v1/custodian-shares",
    tag = "emergencies",
    params(ConsentQuery),
    responses((status = 200, body = Page<DealtShare>)),
    security(("session" = []))
)]
pub async fn list_dealt_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Page<DealtShare>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListCustodianShares).await?;
    served.serve(query.vault(), Some(Right::Read)).await?;
    let rows = store::custodian::dealt(served.conn(), query.vault()).await?;
    let meta = served.close().await?;
    let data = rows.into_iter().map(|row| DealtShare {
        record: row.record,
        custodian: row.custodian,
        recipient: row.recipient,
        threshold: row.threshold,
    });
    Ok(Reply(Page { meta, data: data.collect(), next: None }))
}

/// Shares of several records.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyShares {
    vault: Address,
    #[schema(max_items = 100)]
    records: Vec<RecordShares>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordShares {
    record: Address,
    #[schema(max_items = 10)]
    shares: Vec<NewKeyShare>,
}

/// Stores shares of content keys, those of a record in the place of its earlier ones.
#[utoipa::path(
    post,
    path = "/v1/custodian-shares",
    tag = "emergencies",
    request_body = NewKeyShares,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn deal_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewKeyShares>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    if new.records.len() > MOST {
        return Err(ApiError::InvalidBody(format!("records: at most {MOST}")));
    }
    let vault = Key(new.vault.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::DealShares).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let records: Vec<_> = new.records.iter().map(|shares| shares.record).collect();
    let keys = served.erasure_keys(vault, &records).await?;
    let mut stored = 0;
    for RecordShares { record, shares } in &new.records {
        store::custodian::end_record(served.conn(), *record).await?;
        let Some((id, key)) = keys.get(record) else { continue };
        stored += deal(served.conn(), vault, *record, (*id, key), shares).await?;
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored } }))
}
