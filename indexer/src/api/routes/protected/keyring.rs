use aegle_decision::Key;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{consent::ConsentQuery, wrap::Stored};
use crate::api::{
    access::served::Served,
    bytes::Address,
    disclosure::Requested,
    error::ApiError,
    extract::{Body, Params},
    model::{Answer, Page},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store::{self, keyring::Share},
};

/// Longest keyring, in bytes.
const MAX_KEYRING: usize = 48 * 1024;
/// Longest share, in bytes.
const MAX_SHARE: usize = 4 * 1024;
/// Most guardians of a vault.
const MAX_GUARDIANS: usize = 32;

/// Checks what is stored as it came: `most` bytes, and no NUL, which the database's texts cannot hold.
fn check(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.len() > most || text.contains('\0') {
        return Err(ApiError::InvalidBody(format!("{name}: at most {most} bytes of text without NUL")));
    }
    Ok(())
}

/// The wrapped root secret of one key epoch, as `docs/content.md` describes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    pub key_epoch: u32,
    pub keyring: String,
}

/// A keyring to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyring {
    vault: Address,
    key_epoch: u32,
    #[schema(max_length = 49152)]
    keyring: String,
    /// Each guardian's share, encrypted to that guardian.
    #[serde(default)]
    #[schema(max_items = 32)]
    shares: Vec<NewShare>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    guardian: Address,
    #[schema(max_length = 4096)]
    share: String,
}

/// The caller's keyrings of a vault, the newest first.
#[utoipa::path(
    get,
    path = "/v1/keyrings",
    tag = "keys",
    params(ConsentQuery),
    responses((status = 200, body = Page<Keyring>)),
    security(("session" = []))
)]
pub async fn list_keyrings(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Page<Keyring>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListKeyrings).await?;
    served.serve(query.vault(), None).await?;
    let rows = store::keyring::list(served.conn(), query.vault()).await?;
    let meta = served.close().await?;
    let data = rows
        .into_iter()
        .map(|(epoch, keyring)| Keyring { key_epoch: u32::try_from(epoch).unwrap_or(u32::MAX), keyring });
    Ok(Reply(Page { meta, data: data.collect(), next: None }))
}

/// Stores the keyring of a key epoch, in the place of an earlier one.
#[utoipa::path(
    post,
    path = "/v1/keyrings",
    tag = "keys",
    request_body = NewKeyring,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn create_keyring(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewKeyring>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    check("keyring", &new.keyring, MAX_KEYRING)?;
    new.shares.iter().try_for_each(|share| check("share", &share.share, MAX_SHARE))?;
    if new.shares.len() > MAX_GUARDIANS {
        return Err(ApiError::InvalidBody(format!("shares: at most {MAX_GUARDIANS}")));
    }
    let vault = Key(new.vault.0);
    let key_epoch = i64::from(new.key_epoch);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::StoreKeyring).await?;
    served.serve(vault, None).await?;
    let slot = served.frontier().confirmed_slot;
    let found = store::vault::find(served.conn(), slot, new.vault).await?.ok_or(ApiError::NOT_THERE)?;
    // The next epoch's keyring is stored before the chain rotates to it. Epochs beyond would only fill
    // the guardians' lists.
    if key_epoch > found.key_epoch + 1 {
        return Err(ApiError::InvalidBody(format!("key_epoch: the vault is at {}", found.key_epoch)));
    }
    store::keyring::put(served.conn(), vault, key_epoch, &new.keyring).await?;
    for NewShare { guardian, share } in new.shares {
        let share = Share { vault: new.vault, key_epoch, guardian, holder: guardian, share };
        store::keyring::put_share(served.conn(), &share).await?;
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored: 1 } }))
}

/// A guardian's share of a root secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GuardianShare {
    pub vault: Address,
    pub key_epoch: i64,
    pub guardian: Address,
    /// Whoever can open it: the guardian, or the new owner.
    pub holder: Address,
    pub share: String,
}

/// The shares that the caller keeps as a guardian, or was given to take a vault over.
#[utoipa::path(
    get,
    path = "/v1/guardian-shares",
    tag = "keys",
    responses((status = 200, body = Page<GuardianShare>)),
    security(("session" = []))
)]
pub async fn list_guardian_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
) -> Result<Reply<Page<GuardianShare>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListGuardianShares).await?;
    served.concerns_nobody_yet();
    let rows = store::keyring::shares(served.conn(), bearer.caller.key).await?;
    requested.spread_over(rows.iter().map(|share| Key(share.vault.0)));
    let meta = served.close().await?;
    let data = rows.into_iter().map(|Share { vault, key_epoch, guardian, holder, share }| GuardianShare {
        vault,
        key_epoch,
        guardian,
        holder,
        share,
    });
    Ok(Reply(Page { meta, data: data.collect(), next: None }))
}

/// A share that its guardian encrypted to the new owner of a recovery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandedShare {
    vault: Address,
    key_epoch: u32,
    /// The new owner.
    holder: Address,
    #[schema(max_length = 4096)]
    share: String,
}

/// Hands the caller's share, encrypted anew, to the new owner that a recovery on chain names.
#[utoipa::path(
    post,
    path = "/v1/guardian-shares",
    tag = "keys",
    request_body = HandedShare,
    responses((status = 200, body = Answer<Stored>)),
    security(("session" = []))
)]
pub async fn hand_guardian_share(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<HandedShare>,
) -> Result<Reply<Answer<Stored>>, ApiError> {
    check("share", &new.share, MAX_SHARE)?;
    let guardian = bearer.wallet();
    let key_epoch = i64::from(new.key_epoch);
    let mut served = Served::logged(&state, &bearer, &requested, Operation::HandGuardianShare).await?;
    served.concerns(Key(new.vault.0)).await?;
    // Only who was given a share by the owner has one to hand on.
    let held = store::keyring::shares(served.conn(), bearer.caller.key).await?;
    let keeps = |share: &Share| share.vault == new.vault && share.key_epoch == key_epoch && share.holder == guardian;
    if !held.iter().any(keeps) || !store::recovery::names(served.conn(), new.vault, new.holder).await? {
        return Err(ApiError::NOT_THERE);
    }
    let share = Share { vault: new.vault, key_epoch, guardian, holder: new.holder, share: new.share };
    store::keyring::put_share(served.conn(), &share).await?;
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Stored { stored: 1 } }))
}
