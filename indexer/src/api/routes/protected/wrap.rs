use std::collections::{BTreeMap, BTreeSet};

use aegle_client::state::Right;
use aegle_decision::{Action, Caller, Document, Key, Request, RuleId, Verdict, explain};
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{consent::ConsentQuery, record::NewWrap};
use crate::api::{
    access::{self, content, served::Served},
    bytes::{Address, Digest},
    disclosure::Requested,
    error::ApiError,
    extract::{Body, Params},
    model::{Answer, Page},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store,
};

/// Most wrapped keys in one request.
const MOST: usize = 200;

/// A content key that is permitted and missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PendingWrap {
    pub record: Address,
    /// Whose it is to be: the vault, or a grantee's wallet.
    pub holder: Address,
    /// X25519 key to encrypt it to.
    pub recipient: Digest,
}

/// The content keys that are to be encrypted: to the vault's key where it changed, and to grantees to
/// whom something is open that they cannot decrypt yet.
#[utoipa::path(
    get,
    path = "/v1/wraps/pending",
    tag = "keys",
    params(ConsentQuery),
    responses((status = 200, body = Page<PendingWrap>)),
    security(("session" = []))
)]
pub async fn list_pending_wraps(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Page<PendingWrap>>, ApiError> {
    let vault = query.vault();
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListPendingWraps).await?;
    let serving = served.serve(vault, Some(Right::Read)).await?;
    let records = content::labelled(served.conn(), &serving).await?;
    let held: BTreeSet<_> = store::wrap::list(served.conn(), vault)
        .await?
        .into_iter()
        .filter(|wrap| !wrap.mail)
        .map(|wrap| (wrap.record, wrap.recipient))
        .collect();
    let slot = served.frontier().confirmed_slot;
    let own = store::vault::find(served.conn(), slot, Address(vault.0)).await?.map(|vault| vault.encryption_key);

    let mut wanted: BTreeMap<(Address, Digest), Address> = BTreeMap::new();
    for record in records.iter().filter_map(|record| record.views.confirmed) {
        wanted.extend(own.map(|own| ((Address(record.record.0), own), Address(vault.0))));
    }
    let asked: Vec<_> =
        records.iter().map(|record| (record.views, record.labels.as_ref().map(Document::value))).collect();
    let now = served.now();
    for (grantee, recipient) in grantees(&mut served, vault).await? {
        let caller = Caller { key: Key(grantee.0), practitioner: None };
        let (views, openings) = access::load(served.conn(), serving.slots, vault, &caller).await?;
        // An organization's practitioners come and go: what is open to any of them is encrypted to it.
        for (_, purpose) in super::shape::PURPOSES {
            let request = Request { caller, purpose, action: Action::Read, now };
            let explanation = explain(&views, &openings, &request, &asked);
            // What an emergency opens ends with it: custodians give that key, and nobody keeps it here.
            let by_emergency = |verdict: &Verdict| matches!(verdict.rule(), RuleId::BreakGlass { .. });
            let lasting = |verdict: &Verdict| verdict.permits() && !by_emergency(verdict);
            let open = explanation.records.into_iter().filter(|record| lasting(&record.verdict));
            wanted.extend(open.filter_map(|open| Some(((Address(open.record?.0), recipient), grantee))));
        }
    }
    let meta = served.close().await?;
    let pending = wanted.into_iter().filter(|(key, _)| !held.contains(key)).take(1_000);
    let data = pending.map(|((record, recipient), holder)| PendingWrap { record, holder, recipient }).collect();
    Ok(Reply(Page { meta, data, next: None }))
}

/// Every grantee of the vault with the key to encrypt to.
async fn grantees(served: &mut Served<'_>, vault: Key) -> Result<BTreeSet<(Address, Digest)>, ApiError> {
    let openings = store::opening::of_vault(served.conn(), vault).await?;
    Ok(openings.into_iter().map(|opening| (opening.grantee, opening.encryption_key)).collect())
}

/// Who has the key of a record, and what went out to them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldWrap {
    pub record: Address,
    /// The vault, or a wallet.
    pub holder: Address,
    /// X25519 key it is encrypted to; null for a key that the holder had and lost.
    pub recipient: Option<Digest>,
    /// Whether the holder got the key, and any of the content with it: that cannot be taken back.
    pub key_given: bool,
    pub content_given: bool,
    /// The holder's key opens nothing any more: the content was encrypted anew since.
    pub replaced: bool,
}

/// Who has or had which content key of the patient's records, and what they already got. A key that was
/// given to somebody who lost it, without the content, is worth encrypting the content anew.
#[utoipa::path(
    get,
    path = "/v1/wraps",
    tag = "keys",
    params(ConsentQuery),
    responses((status = 200, body = Page<HeldWrap>)),
    security(("session" = []))
)]
pub async fn list_wraps(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Page<HeldWrap>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListWraps).await?;
    served.serve(query.vault(), Some(Right::Read)).await?;
    let rows = store::wrap::list(served.conn(), query.vault()).await?;
    let past = store::wrap::past(served.conn(), query.vault()).await?;
    let meta = served.close().await?;
    let held = rows.into_iter().map(|wrap| HeldWrap {
        record: wrap.record,
        holder: wrap.holder,
        recipient: Some(wrap.recipient),
        key_given: wrap.key_given,
        content_given: wrap.content_given,
        replaced: false,
    });
    let past = past.into_iter().map(|wrap| HeldWrap {
        record: wrap.record,
        holder: wrap.holder,
        recipient: None,
        key_given: true,
        content_given: wrap.content_given,
        replaced: wrap.replaced,
    });
    Ok(Reply(Page { meta, data: held.chain(past).collect(), next: None }))
}

/// Content keys for who may have them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWraps {
    vault: Address,
    #[schema(max_items = 200)]
    wraps: Vec<RecordWrap>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordWrap {
    record: Address,
    wrap: NewWrap,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stored {
    /// How many were stored; others name a record without content here.
    pub stored: usize,
}

/// Stores content keys, each in the place of an earlier one for the same recipient.
#[utoipa::path(
    post,
    path = "/v1/wraps",
    tag = "keys",
    request_body = NewWraps,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn create_wraps(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewWraps>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    if new.wraps.len() > MOST {
        return Err(ApiError::InvalidBody(format!("wraps: at most {MOST}")));
    }
    let vault = Key(new.vault.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::StoreWraps).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let records: Vec<_> = new.wraps.iter().map(|wrap| wrap.record).collect();
    let keys = served.erasure_keys(vault, &records).await?;
    let mut stored = 0;
    for RecordWrap { record, wrap } in &new.wraps {
        let Some((id, key)) = keys.get(record) else { continue };
        let wrap = wrap.seal(key)?;
        stored += usize::from(store::wrap::put(served.conn(), vault, *record, *id, &wrap).await?);
    }
    let meta = served.close().await?;
    state.gate.store();
    Ok(Reply(Answer { meta, data: Stored { stored } }))
}
