use aegle_client::{pda, state::Right};
use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::{extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    identity::identity,
    list::OwnQuery,
    shape::{Base64, LabelsOpening, WrappedKey},
};
use crate::{
    api::{
        access::{content, served::Served},
        bytes::{Address, Digest},
        disclosure::{Asked, Requested},
        download::{self, Watch},
        error::ApiError,
        extract::{Body, Params, PathOf},
        model::{Answer, Page},
        routes::reply::Reply,
        session::Bearer,
        state::ApiState,
        store::{self, mailbox::Item},
        time::Time,
    },
    blob::{self, BlobId},
    erasure::{ErasureError, ErasureKey, Part},
};

/// A result for a patient, encrypted to the vault's key and uploaded before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    vault: Address,
    /// A finished upload of the caller's.
    upload: Digest,
    opening: LabelsOpening,
    /// X25519 key of the vault.
    recipient: Digest,
    wrapped_key: WrappedKey,
}

/// A result that waits to become a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxItem {
    pub item: Digest,
    pub vault: Address,
    pub sender: Address,
    /// Who acted for the sender, an organization.
    pub practitioner: Option<Address>,
    /// Bytes of ciphertext.
    pub size: i64,
    pub opening: LabelsOpening,
    pub recipient: Digest,
    pub wrapped_key: WrappedKey,
    pub posted_at: Time,
}

impl MailboxItem {
    /// What an item's erasure key opens of it.
    fn new(item: Item, key: &ErasureKey) -> Result<Self, ErasureError> {
        Ok(Self {
            item: item.item,
            vault: item.vault,
            sender: item.sender,
            practitioner: item.practitioner,
            size: item.size,
            opening: LabelsOpening::open(key, &item.opening, item.labels)?,
            recipient: item.recipient,
            wrapped_key: Base64(key.open(Part::Wrap(&item.recipient.0), &item.wrapped_key)?),
            posted_at: item.posted_at,
        })
    }
}

/// Posts a result to a patient. The sender needs a credential in effect.
///
/// The same request again has the same answer for as long as the item waits.
#[utoipa::path(
    post,
    path = "/v1/mailbox",
    tag = "mailbox",
    request_body = NewItem,
    responses((status = 200, body = Answer<MailboxItem>)),
    security(("session" = []))
)]
pub async fn post_item(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewItem>,
) -> Result<Reply<Answer<MailboxItem>>, ApiError> {
    new.opening.check()?;
    let vault = Key(new.vault.0);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::PostMail).await?;
    served.about(vault).await?;
    let id = identity(&bearer, "mailbox", &new)?;
    if let Some(posted) = store::mailbox::find(served.conn(), id).await? {
        served.concerns(vault).await?;
        let meta = served.close().await?;
        let key = state.erasure.get(posted.key()).await?;
        return Ok(Reply(Answer { meta, data: MailboxItem::new(posted, &key)? }));
    }
    let slot = served.frontier().confirmed_slot;
    let found = store::vault::find(served.conn(), slot, new.vault).await?.ok_or(ApiError::NotFound("vault"))?;
    if found.encryption_key != new.recipient {
        return Err(ApiError::KeyChanged);
    }
    served.require_attested(vault).await?;
    let size = blob::claim(served.conn(), bearer.caller.key.0, BlobId(new.upload.0)).await?;
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let (erasure_key, key) = state.erasure.create().await?;
    let item = Item {
        item: id,
        vault: new.vault,
        sender: bearer.wallet(),
        practitioner: bearer.practitioner(),
        blob: new.upload,
        size,
        opening: new.opening.seal(&key)?,
        labels: new.opening.labels,
        erasure_key: Digest(erasure_key.0),
        recipient: new.recipient,
        wrapped_key: key.seal(Part::Wrap(&new.recipient.0), &new.wrapped_key.0)?,
        posted_at: Time(served.now()),
    };
    store::mailbox::insert(served.conn(), &item).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: MailboxItem::new(item, &key)? }))
}

/// What waits in a mailbox, or what the caller posted and nobody took.
#[utoipa::path(
    get,
    path = "/v1/mailbox",
    tag = "mailbox",
    params(OwnQuery),
    responses((status = 200, body = Page<MailboxItem>)),
    security(("session" = []))
)]
pub async fn list_items(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<OwnQuery>,
) -> Result<Reply<Page<MailboxItem>>, ApiError> {
    let walk = query.walk(&state, &bearer, "mailbox")?;
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListMail).await?;
    let mut items = match query.patient {
        Some(patient) => {
            let vault = Key(patient.0);
            served.serve(vault, Some(Right::Mint)).await?;
            store::mailbox::of_vault(served.conn(), vault, &walk.after, walk.rows()).await?
        }
        None => store::mailbox::of_sender(served.conn(), bearer.caller.key, &walk.after, walk.rows()).await?,
    };
    let meta = served.close().await?;
    let next = walk.cut(&mut items, |item| item.item.0.to_vec());
    let keys = state.erasure.get_all(items.iter().map(Item::key)).await?;
    let opened = items.into_iter().map(|item| {
        let key = keys.get(&item.key()).ok_or(ErasureError::Missing)?;
        MailboxItem::new(item, key)
    });
    Ok(Reply(Page { meta, data: opened.collect::<Result<_, _>>()?, next }))
}

/// The item, where the caller posted it or may take it.
async fn find(served: &mut Served<'_>, item: Digest, vault: Address, caller: Key) -> Result<Item, ApiError> {
    let vault = Key(vault.0);
    let serves = served.serves(vault, Right::Mint).await?;
    let found = store::mailbox::find(served.conn(), item).await?;
    let may = |item: &Item| item.vault.0 == vault.0 && (serves || item.sender.0 == caller.0);
    found.filter(may).ok_or(ApiError::NOT_THERE)
}

/// Path of an item.
#[derive(Debug, Deserialize)]
pub struct ItemPath {
    vault: Address,
    item: Digest,
}

/// The ciphertext of an item.
#[utoipa::path(
    get,
    path = "/v1/mailbox/{vault}/{item}/content",
    tag = "mailbox",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("item" = Digest, Path, description = "Id of the item, hex")
    ),
    responses((status = 200, content_type = "application/octet-stream")),
    security(("session" = []))
)]
pub async fn get_item_content(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    PathOf(ItemPath { vault, item }): PathOf<ItemPath>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ReadMail).await?;
    let found = find(&mut served, item, vault, bearer.caller.key).await?;
    let asked = download::locate(served.conn(), found.blob.0, found.size.unsigned_abs(), &headers).await?;
    served.close().await?;
    download::answer(state, bearer, Watch::Mail { vault: Key(vault.0), item }, asked)
}

/// Takes an item out of the mailbox: a record was made of it, or it is not wanted.
#[utoipa::path(
    delete,
    path = "/v1/mailbox/{vault}/{item}",
    tag = "mailbox",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("item" = Digest, Path, description = "Id of the item, hex")
    ),
    responses((status = 200, body = Answer<MailboxItem>)),
    security(("session" = []))
)]
pub async fn delete_item(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    PathOf(ItemPath { vault, item }): PathOf<ItemPath>,
) -> Result<Reply<Answer<MailboxItem>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::DiscardMail).await?;
    let found = find(&mut served, item, vault, bearer.caller.key).await?;
    if !store::mailbox::discard(served.conn(), item).await? {
        return Err(ApiError::NOT_THERE);
    }
    let key = state.erasure.get(found.key()).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: MailboxItem::new(found, &key)? }))
}

/// Makes a record of an item: its content, labels and key become the record's, and the item is gone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Of the record that is or will be minted with the item's commitment.
    record_id: Digest,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AcceptedItem {
    pub record: Address,
    /// The commitment that the record on chain has to have.
    pub commitment: Digest,
}

/// Makes a record's content of an item. The patient does, or a delegate with the right to mint, which
/// need not be able to read it. The same request again has the same answer.
#[utoipa::path(
    post,
    path = "/v1/mailbox/{vault}/{item}/accept",
    tag = "mailbox",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("item" = Digest, Path, description = "Id of the item, hex")
    ),
    request_body = Acceptance,
    responses((status = 200, body = Answer<AcceptedItem>)),
    security(("session" = []))
)]
pub async fn accept_item(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    PathOf(ItemPath { vault, item }): PathOf<ItemPath>,
    Body(new): Body<Acceptance>,
) -> Result<Reply<Answer<AcceptedItem>>, ApiError> {
    let record = Address(pda::find_record(&vault.0.into(), &new.record_id.0).0.to_bytes());
    let asked = Asked { operation: Operation::AcceptMail, purpose: None, record: Some(record) };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    served.serve(Key(vault.0), Some(Right::Mint)).await?;
    let request = identity(&bearer, "accept", &(item, record))?;
    let kept = content::kept(served.conn(), Key(vault.0), record).await?;
    let data = match kept.filter(|kept| kept.request == Some(request)) {
        Some(kept) => AcceptedItem { record, commitment: kept.commitment },
        None => {
            let found = find(&mut served, item, vault, bearer.caller.key).await?;
            let key = state.erasure.get(found.key()).await?;
            let data = super::record::keep_item(&mut served, &found, &key, record, request, bearer.caller.key).await?;
            store::mailbox::delete(served.conn(), item).await?;
            data
        }
    };
    let meta = served.close().await?;
    state.gate.store();
    Ok(Reply(Answer { meta, data }))
}
