use std::str::FromStr;

use aegle_client::{pda, state::Right};
use aegle_decision::{Action, Category, Key, Labels, Purpose};
use aegle_disclosure::Operation;
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};
use utoipa::{IntoParams, ToSchema};

use super::{
    custodian::{NewKeyShare, deal},
    identity::identity,
    mailbox::AcceptedItem,
    shape::{HeldRecord, LabelsOpening, PurposeCode, Stated, WrappedKey},
};
use crate::{
    api::{
        access::{
            self, Ask, At,
            content::{self, Content, NewContent},
            served::Served,
        },
        bytes::{Address, Digest},
        cursor::List,
        disclosure::{Asked, Requested},
        download::{self, Watch},
        error::ApiError,
        extract::{Body as JsonBody, Id, Limit, Params},
        layers::OneRecord,
        model::{Answer, Page},
        protected,
        routes::{reply::Reply, walk::Walk},
        session::{Bearer, Shown},
        snapshot::Lag,
        state::ApiState,
        store::{self, mailbox::Item, wrap::Wrap},
    },
    blob::{self, BlobId},
    erasure::{ErasureError, ErasureKey, KeyId, Part},
};

/// Query of the records of a patient.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// Only records of this category.
    #[param(value_type = Option<String>)]
    category: Option<String>,
    /// Only records whose care reaches into the days from this one on, and up to this one.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Only records of this imaging study.
    study: Option<Address>,
    /// `-date`, the newest care first, unless given. Records without a date come last.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before, for the same parameters (`limit` apart).
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum Sort {
    #[default]
    #[serde(rename = "-date")]
    NewestCare,
    #[serde(rename = "date")]
    OldestCare,
    #[serde(rename = "-minted")]
    NewestMinted,
    #[serde(rename = "minted")]
    OldestMinted,
}

impl Sort {
    /// Place in the order: smaller comes first.
    fn place(self, content: &Content) -> [u8; 40] {
        let day = |date: Option<Date>| date.map(|date| i64::from(date.year()) * 512 + i64::from(date.day_of_year()));
        let last = i64::MAX;
        let rank = match self {
            Self::NewestCare => day(content.labels.value().until).map_or(last, |day| -day),
            Self::OldestCare => day(content.labels.value().from).unwrap_or(last),
            Self::NewestMinted => -content.minted_slot,
            Self::OldestMinted => content.minted_slot,
        };
        let mut place = [0; 40];
        // Flipping the sign makes bytes compare as numbers do.
        place[..8].copy_from_slice(&(rank as u64 ^ 1 << 63).to_be_bytes());
        place[8..].copy_from_slice(&content.record.0);
        place
    }
}

impl RecordQuery {
    fn category(&self) -> Result<Option<Category>, ApiError> {
        let category = self.category.as_deref().map(Category::from_str).transpose();
        category.map_err(|error| ApiError::InvalidParameter(format!("category: {error}")))
    }

    /// Everything that a cursor holds for.
    fn filter(&self, caller: &Bearer) -> Vec<u8> {
        format!(
            "{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
            caller.caller, self.patient, self.category, self.from, self.until, self.study, self.sort
        )
        .into_bytes()
    }
}

fn matches(query: &RecordQuery, category: Option<&Category>, labels: &Labels) -> bool {
    category.is_none_or(|category| labels.categories.contains(category))
        && query.study.is_none_or(|study| labels.study == Some(Key(study.0)))
        && query.from.is_none_or(|from| labels.until.is_some_and(|until| until >= from))
        && query.until.is_none_or(|until| labels.from.is_some_and(|from| from <= until))
}

/// The records of a patient that are open to the caller.
#[utoipa::path(
    get,
    path = "/v1/records",
    tag = "records",
    params(RecordQuery, ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")),
    responses((status = 200, body = Page<HeldRecord>)),
    security(("session" = [], "signature" = []))
)]
pub async fn list_records(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Params(query): Params<RecordQuery>,
) -> Result<Reply<Page<HeldRecord>>, ApiError> {
    let category = query.category()?;
    let filter = query.filter(&bearer);
    let list = List { route: "held-records", filter: &[&filter, &[purpose as u16 as u8, (purpose as u16 >> 8) as u8]] };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let asked = Asked { operation: Operation::ListRecords, purpose: Some(purpose), record: None };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    let vault = Key(query.patient.0);
    let opened = served.open(vault, purpose, Action::Read).await?;
    let mut data = content::list(served.conn(), &opened).await?;
    let meta = served.close().await?;

    data.retain(|content| matches(&query, category.as_ref(), content.labels.value()));
    let mut placed: Vec<_> = data.into_iter().map(|content| (query.sort.place(&content), content)).collect();
    placed.retain(|(place, _)| place[..] > walk.after[..]);
    placed.sort_unstable_by_key(|(place, _)| *place);
    let next = walk.cut(&mut placed, |(place, _)| place.to_vec());
    let keys = state.erasure.get_all(placed.iter().map(|(_, content)| content.erasure_key)).await?;
    requested.release(&opened, placed.iter().map(|(_, content)| (content.record, content.verdict)));
    let held = placed.into_iter().map(|(_, content)| {
        let key = keys.get(&content.erasure_key).ok_or(ErasureError::Missing)?;
        HeldRecord::new(vault, content, key)
    });
    Ok(Reply(Page { meta, data: held.collect::<Result<_, _>>()?, next }))
}

/// One record that is open to the caller.
#[utoipa::path(
    get,
    path = "/v1/records/{record}",
    tag = "records",
    params(
        ("record" = Address, Path, description = "Address of the record, base58"),
        ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")
    ),
    responses((status = 200, body = Answer<HeldRecord>)),
    security(("session" = [], "signature" = []))
)]
pub async fn get_record(
    State(state): State<ApiState>,
    Shown(token): Shown,
    Stated(purpose): Stated,
    requested: Requested,
    Id(record): Id,
) -> Result<(Extension<OneRecord>, Reply<Answer<HeldRecord>>), ApiError> {
    let standing = state.standings.of(token).await?.ok_or(ApiError::NotSignedIn)?;
    let (bearer, at, now) = (standing.bearer, standing.at, (state.now)());
    if standing.ended_at.is_some() || bearer.expires_at <= now {
        return Err(ApiError::SessionEnded);
    }
    let lag = state.max_lag.check(standing.lag)?;
    let answer = read(&state, &bearer, (at, lag, now), purpose, record, &requested).await?;
    Ok((Extension(OneRecord), Reply(answer)))
}

async fn read(
    state: &ApiState,
    bearer: &Bearer,
    (at, lag, now): (At, Lag, i64),
    purpose: Purpose,
    record: Address,
    requested: &Requested,
) -> Result<Answer<HeldRecord>, ApiError> {
    let ask = Ask { purpose, action: Action::Read, now };
    let asked = Asked { operation: Operation::ReadRecord, purpose: Some(purpose), record: Some(record) };
    requested.ask(state, bearer, asked)?;
    if let Some(shelved) = state.gate.shelved(at, bearer.caller, record)
        && let Some(opened) = state.gate.reopen(at, bearer.caller, shelved.vault, ask)
    {
        requested.decide(at, now, shelved.vault);
        requested.seal_to(state.gate.encryption_key(at, bearer.caller, shelved.vault));
        let opened = opened?;
        let content = shelved.admitted(&opened)?;
        requested.release(&opened, [(record, content.verdict)]);
        let key = state.erasure.get(content.erasure_key).await?;
        let data = HeldRecord::new(shelved.vault, content, &key)?;
        return Ok(Answer { meta: at.meta(lag, now), data });
    }

    // The mirror moved on, something was stored, or the caller is new to the record.
    let stored = state.gate.stored();
    let mut served = Served::logged(state, bearer, requested, asked).await?;
    let vault = content::vault_of(served.conn(), record).await?.unwrap_or_default();
    let at = At::of(served.frontier());
    let opened = served.open(vault, purpose, Action::Read).await?;
    let (row, content) = content::shelve(served.conn(), &opened, record).await?;
    requested.release(&opened, [(record, content.verdict)]);
    let meta = served.close().await?;
    let erasure_key = state.erasure.get(content.erasure_key).await?;
    if let Some(key) = content.key.as_ref().filter(|key| !key.given) {
        let mut noting = note(state, bearer, vault).await?;
        store::wrap::note_key_given(&mut noting, record, key.recipient).await?;
        noting.commit().await?;
    }
    state.gate.shelve(at, stored, bearer.caller, record, row.given());
    Ok(Answer { meta, data: HeldRecord::new(vault, content, &erasure_key)? })
}

/// The record, if it is open; absent and denied ones take the same way to the same answer.
async fn find(
    served: &mut Served<'_>,
    purpose: Purpose,
    record: Address,
    requested: &Requested,
) -> Result<(Key, Content), ApiError> {
    // A record that is in no vault is looked for in one that nobody has.
    let vault = content::vault_of(served.conn(), record).await?.unwrap_or_default();
    let opened = served.open(vault, purpose, Action::Read).await?;
    let content = content::find(served.conn(), &opened, record).await?;
    if content.opens() {
        requested.release(&opened, [(record, content.verdict)]);
    }
    Ok((vault, content))
}

/// A transaction to note in what goes out. It is not the one that reads: two who note the same at once
/// must not fail each other.
async fn note(state: &ApiState, bearer: &Bearer, vault: Key) -> Result<Transaction<'static, Postgres>, ApiError> {
    let mut transaction = protected::begin(state, bearer).await?;
    access::name_vault(&mut transaction, vault).await?;
    Ok(transaction)
}

/// The ciphertext of a record, or a range of it.
///
/// The decision is made again while it is sent: a confirmed revocation ends the download.
#[utoipa::path(
    get,
    path = "/v1/records/{record}/content",
    tag = "records",
    params(
        ("record" = Address, Path, description = "Address of the record, base58"),
        ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code"),
        ("range" = Option<String>, Header, description = "One range of bytes, RFC 9110 section 14")
    ),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = 409, description = "Permitted, but the key is not encrypted to the caller yet: `key_pending`.")
    ),
    security(("session" = [], "signature" = []))
)]
pub async fn get_content(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Id(record): Id,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asked = Asked { operation: Operation::ReadContent, purpose: Some(purpose), record: Some(record) };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    let (vault, content) = find(&mut served, purpose, record, &requested).await?;
    if !content.opens() {
        return Err(ApiError::KeyPending);
    }
    let wanted = download::locate(served.conn(), content.blob, content.size.unsigned_abs(), &headers).await?;
    served.close().await?;
    if let Some(key) = content.key {
        let mut noting = note(&state, &bearer, vault).await?;
        store::wrap::note_content_given(&mut noting, record, key.recipient).await?;
        noting.commit().await?;
    }
    download::answer(state, bearer, Watch::Record { purpose, vault, record }, wanted)
}

/// A record's content, uploaded before, and what the server may know of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    pub vault: Address,
    /// Of the record that is or will be minted, an original or an amendment.
    pub record_id: Digest,
    /// A finished upload of the caller's.
    pub upload: Digest,
    pub opening: LabelsOpening,
    /// The content key, encrypted to the vault's key and to whom else it is open.
    #[serde(default)]
    pub wraps: Vec<NewWrap>,
    /// Shares of the content key, each encrypted to a custodian, where the vault allows emergencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub shares: Vec<NewKeyShare>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWrap {
    /// Whose the recipient's key is: the vault, or a wallet.
    pub holder: Address,
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    pub wrapped_key: WrappedKey,
}

impl NewWrap {
    /// As it is stored, under the erasure key of its record.
    pub fn seal(&self, key: &ErasureKey) -> Result<Wrap, ErasureError> {
        let Self { holder, recipient, wrapped_key } = self;
        let wrapped_key = key.seal(Part::Wrap(&recipient.0), &wrapped_key.0)?;
        Ok(Wrap { holder: *holder, recipient: *recipient, wrapped_key, mail: false })
    }
}

/// The content that was stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StoredRecord {
    pub record: Address,
    /// The commitment that the record on chain has to have.
    pub commitment: Digest,
    /// Whether it is on chain, confirmed.
    pub minted: bool,
}

/// Stores a record's content. It is served once the record is on chain with the commitment that the
/// labels open; unclaimed by a record it is removed.
///
/// The same request again has the same answer. Another content for the record is refused.
#[utoipa::path(
    post,
    path = "/v1/records",
    tag = "records",
    request_body = NewRecord,
    responses((status = 200, body = Answer<StoredRecord>)),
    security(("session" = []))
)]
pub async fn create_record(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    JsonBody(new): JsonBody<NewRecord>,
) -> Result<Reply<Answer<StoredRecord>>, ApiError> {
    let vault = Key(new.vault.0);
    let record = Address(pda::find_record(&vault.0.into(), &new.record_id.0).0.to_bytes());
    new.opening.check()?;
    let commitment = commitment(&new.opening);

    let asked = Asked { operation: Operation::StoreRecord, purpose: None, record: Some(record) };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    served.serve(vault, Some(Right::Mint)).await?;
    let minted = admit(&mut served, record, commitment).await?;
    let request = identity(&bearer, "records", &new)?;
    let data = StoredRecord { record, commitment: Digest(commitment), minted };
    match content::kept(served.conn(), vault, record).await? {
        Some(kept) if kept.request == Some(request) => {}
        Some(_) => return Err(ApiError::RecordStored),
        None => {
            let size = blob::claim(served.conn(), bearer.caller.key.0, BlobId(new.upload.0)).await?;
            let (erasure_key, key) = state.erasure.create().await?;
            let content = NewContent {
                record,
                vault,
                blob: new.upload.0,
                size: i64::try_from(size).unwrap_or(i64::MAX),
                commitment,
                labels: &new.opening.labels,
                erasure_key,
                opening: &new.opening.seal(&key)?,
                stored_by: bearer.caller.key,
                request,
            };
            keep(&mut served, &content).await?;
            for wrap in &new.wraps {
                store::wrap::put(served.conn(), vault, record, erasure_key, &wrap.seal(&key)?).await?;
            }
            deal(served.conn(), vault, record, (erasure_key, &key), &new.shares).await?;
        }
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data }))
}

/// Whether the record is on chain.
///
/// # Errors
/// It is there with another commitment than this one, or was erased.
async fn admit(served: &mut Served<'_>, record: Address, commitment: [u8; 32]) -> Result<bool, ApiError> {
    let on_chain = store::record::commitment(served.conn(), record).await?;
    if on_chain.is_some_and(|on_chain| on_chain.0 != commitment) {
        return Err(ApiError::CommitmentMismatch);
    }
    if on_chain.is_some() && store::record::is_erased(served.conn(), record).await? {
        return Err(ApiError::RecordErased);
    }
    Ok(on_chain.is_some())
}

async fn keep(served: &mut Served<'_>, new: &NewContent<'_>) -> Result<(), ApiError> {
    if content::insert(served.conn(), new).await? { Ok(()) } else { Err(ApiError::RecordStored) }
}

/// Makes the content of a mailbox item a record's, by the `request` of `by`. `key` is the item's erasure
/// key, which becomes the record's.
///
/// # Errors
/// The record has another commitment on chain, or a content already, or was erased.
pub async fn keep_item(
    served: &mut Served<'_>,
    item: &Item,
    key: &ErasureKey,
    record: Address,
    request: Digest,
    by: Key,
) -> Result<AcceptedItem, ApiError> {
    let commitment = commitment(&LabelsOpening::open(key, &item.opening, item.labels.clone())?);
    admit(served, record, commitment).await?;
    let (vault, erasure_key) = (Key(item.vault.0), KeyId(item.erasure_key.0));
    let content = NewContent {
        record,
        vault,
        blob: item.blob.0,
        size: item.size,
        commitment,
        labels: &item.labels,
        erasure_key,
        opening: &item.opening,
        stored_by: by,
        request,
    };
    keep(served, &content).await?;
    let wrapped_key = item.wrapped_key.clone();
    let wrap = Wrap { holder: item.vault, recipient: item.recipient, wrapped_key, mail: true };
    store::wrap::put(served.conn(), vault, record, erasure_key, &wrap).await?;
    Ok(AcceptedItem { record, commitment: Digest(commitment) })
}

/// A record's content, encrypted anew and uploaded before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContentKey {
    vault: Address,
    /// A finished upload of the caller's.
    upload: Digest,
    /// The new content key, encrypted to the vault's key and to whom else it is open.
    wraps: Vec<NewWrap>,
    /// Shares of the new key, each encrypted to a custodian.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    shares: Vec<NewKeyShare>,
}

/// Puts a record's content, encrypted anew, in the place of the old ciphertext, unless a legal hold keeps that.
/// Every key of the old one ends with it. The manifest, and so the commitment, stay as they are. The same request again has the
/// same answer.
#[utoipa::path(
    put,
    path = "/v1/records/{record}/content",
    tag = "records",
    params(("record" = Address, Path, description = "Address of the record, base58")),
    request_body = NewContentKey,
    responses((status = 200, body = Answer<StoredRecord>)),
    security(("session" = []))
)]
pub async fn replace_content(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Id(record): Id,
    JsonBody(new): JsonBody<NewContentKey>,
) -> Result<Reply<Answer<StoredRecord>>, ApiError> {
    let vault = Key(new.vault.0);
    if !new.wraps.iter().any(|wrap| wrap.holder == new.vault) {
        return Err(ApiError::InvalidBody("wraps: the patient's own is missing".into()));
    }
    let asked = Asked { operation: Operation::ReplaceContent, purpose: None, record: Some(record) };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let request = identity(&bearer, "content", &(record, &new))?;
    let old = content::kept(served.conn(), vault, record).await?.ok_or(ApiError::NOT_THERE)?;
    if old.request != Some(request) {
        // Whether the new ciphertext holds the same nobody here can see.
        if store::hold::is_held(served.conn(), vault, record).await? {
            return Err(ApiError::RecordHeld);
        }
        let size = blob::claim(served.conn(), bearer.caller.key.0, BlobId(new.upload.0)).await?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let erasure_key = KeyId(old.erasure_key.0);
        let key = state.erasure.get(erasure_key).await?;
        store::wrap::replace(served.conn(), record, new.upload, size, request).await?;
        for wrap in &new.wraps {
            store::wrap::put(served.conn(), vault, record, erasure_key, &wrap.seal(&key)?).await?;
        }
        deal(served.conn(), vault, record, (erasure_key, &key), &new.shares).await?;
        blob::release(served.conn(), BlobId(old.blob.0)).await?;
    }
    let minted = store::record::commitment(served.conn(), record).await?.is_some();
    let meta = served.close().await?;
    state.gate.store();
    state.sweeper.wake();
    Ok(Reply(Answer { meta, data: StoredRecord { record, commitment: old.commitment, minted } }))
}

/// SHA-256 over the salt, the commitment to the labels and that to the details.
pub fn commitment(opening: &LabelsOpening) -> [u8; 32] {
    let labels = aegle_client::commitment::commit(&opening.labels_salt.0, opening.labels.as_bytes());
    aegle_client::commitment::commit(&opening.salt.0, &[labels, opening.details_commitment.0].concat())
}
