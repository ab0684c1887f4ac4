//! Names that people show.

use aegle_accounting::Profile as Read;
use aegle_client::commitment::commit;
use aegle_decision::Key;
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    bytes::{Address, Digest},
    error::ApiError,
    extract::{At, Body, Commitment, Id, Params},
    protected,
    session::Bearer,
    snapshot::Snapshot,
    state::ApiState,
    store::{self, profile::NewProfile},
    time::Time,
};

/// Accounts in one question, and people in one answer, at most.
const MOST: usize = 40;
/// Bytes of a profile at most.
const MOST_BYTES: usize = 4_096;
/// Characters that are searched for.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=64;

/// What the chain says now.
const CONFIRMED: At = At { commitment: Some(Commitment::Confirmed), as_of_slot: None };

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfilesQuery {
    /// Part of a name or specialty, of people who have a credential.
    #[param(min_length = 2, max_length = 64)]
    search: Option<String>,
    /// Addresses of credentials and registrars, at most 40, separated by commas.
    accounts: Option<String>,
}

/// A profile that was published.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// The credential or registrar that commits to it.
    pub account: Address,
    /// The key that it is about.
    pub subject: Address,
    /// The commitment on chain is SHA-256 over this and the profile.
    pub salt: Digest,
    /// The document as it was written, JSON with a name.
    pub profile: String,
    pub published_at: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Profiles {
    pub data: Vec<Profile>,
}

impl From<store::profile::Profile> for Profile {
    fn from(row: store::profile::Profile) -> Self {
        let store::profile::Profile { account, subject, salt, document, published_at } = row;
        Self { account, subject, salt, profile: document, published_at }
    }
}

/// Names that people show, as registrars attest them: by a search, or of some accounts.
///
/// Whoever shows a name to somebody checks that the account on chain commits to it.
#[utoipa::path(
    get,
    path = "/v1/profiles",
    tag = "profiles",
    params(ProfilesQuery),
    responses((status = 200, body = Profiles))
)]
pub async fn list_profiles(
    State(state): State<ApiState>,
    Params(query): Params<ProfilesQuery>,
) -> Result<Json<Profiles>, ApiError> {
    let wrong = |what: &str| ApiError::InvalidParameter(what.into());
    let slot = Snapshot::open(&state, CONFIRMED).await?.close().await?.slot;
    let mut transaction = protected::begin_unnamed(&state).await?;
    let rows = match (query.search.as_deref().map(str::trim), query.accounts) {
        (Some(words), None) if LENGTHS.contains(&words.chars().count()) => {
            store::profile::search(&mut transaction, slot, words, MOST as i64).await?
        }
        (None, Some(accounts)) => {
            let read = |account: &str| account.parse::<Key>().ok().map(|key| key.0.to_vec());
            let accounts: Option<Vec<_>> = accounts.split(',').map(read).collect();
            let accounts = accounts.filter(|accounts| accounts.len() <= MOST);
            let accounts = accounts.ok_or_else(|| wrong("accounts: at most 40 addresses are expected"))?;
            store::profile::of(&mut transaction, slot, &accounts).await?
        }
        _ => return Err(wrong("either search, with 2 to 64 characters, or accounts is expected")),
    };
    transaction.commit().await?;
    Ok(Json(Profiles { data: rows.into_iter().map(Into::into).collect() }))
}

/// A profile and what opens the commitment to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProfileBody {
    salt: Digest,
    /// JSON with a `name`, at most 4,096 bytes; `specialty` and `address` are shown too.
    profile: String,
}

/// Shows everybody the profile that a credential or registrar commits to.
///
/// Whom it is about does so, or the registrar who attests it.
#[utoipa::path(
    put,
    path = "/v1/profiles/{account}",
    tag = "profiles",
    params(("account" = Address, Path, description = "Address of the credential or registrar, base58")),
    request_body = NewProfileBody,
    responses((status = 204, description = "It is shown.")),
    security(("session" = []))
)]
pub async fn put_profile(
    State(state): State<ApiState>,
    bearer: Bearer,
    Id(account): Id,
    Body(NewProfileBody { salt, profile }): Body<NewProfileBody>,
) -> Result<StatusCode, ApiError> {
    let committed = committed(&state, &bearer, account).await?;
    if profile.len() > MOST_BYTES {
        return Err(ApiError::InvalidBody("profile: it has more than 4,096 bytes".into()));
    }
    let read = Read::read(Key(account.0), profile.as_bytes());
    let read = read.map_err(|error| ApiError::InvalidBody(format!("profile: {error}")))?;
    if commit(&salt.0, profile.as_bytes()) != committed.commitment.0 {
        return Err(ApiError::CommitmentMismatch);
    }
    let words = [Some(read.name), read.specialty].into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
    let Committed { subject, commitment } = committed;
    let new = NewProfile { account, subject, salt, document: &profile, commitment, words, published_at: (state.now)() };
    let mut transaction = protected::begin(&state, &bearer).await?;
    store::profile::put(&mut transaction, &new).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows it no more.
#[utoipa::path(
    delete,
    path = "/v1/profiles/{account}",
    tag = "profiles",
    params(("account" = Address, Path, description = "Address of the credential or registrar, base58")),
    responses((status = 204, description = "It is gone.")),
    security(("session" = []))
)]
pub async fn delete_profile(
    State(state): State<ApiState>,
    bearer: Bearer,
    Id(account): Id,
) -> Result<StatusCode, ApiError> {
    committed(&state, &bearer, account).await?;
    let mut transaction = protected::begin(&state, &bearer).await?;
    let was_there = store::profile::delete(&mut transaction, account).await?;
    transaction.commit().await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("profile")) }
}

/// What an account says of whom it is about.
struct Committed {
    subject: Address,
    commitment: Digest,
}

/// What the chain says of an account whose profile the caller may publish: its subject, or its registrar.
async fn committed(state: &ApiState, bearer: &Bearer, account: Address) -> Result<Committed, ApiError> {
    let mut snapshot = Snapshot::open(state, CONFIRMED).await?;
    let slot = snapshot.meta.slot;
    let caller = bearer.wallet();
    let found = match store::credential::find(snapshot.conn(), slot, account).await? {
        Some(credential) => {
            let registrar = store::registrar::find(snapshot.conn(), slot, credential.registrar).await?;
            let attests = registrar.is_some_and(|registrar| registrar.authority == caller);
            let commitment = credential.profile_commitment;
            (attests || credential.subject == caller).then_some(Committed { subject: credential.subject, commitment })
        }
        None => store::registrar::find(snapshot.conn(), slot, account)
            .await?
            .filter(|registrar| registrar.authority == caller)
            .map(|registrar| Committed { subject: registrar.authority, commitment: registrar.profile_commitment }),
    };
    snapshot.close().await?;
    found.ok_or(ApiError::NOT_THERE)
}
