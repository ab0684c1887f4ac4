use aegle_client::{pda, state::Right};
use aegle_decision::{ConsentView, Document, Key, Policy, preview};
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::{content, served::Served},
    bytes::{Address, Digest},
    disclosure::Requested,
    error::ApiError,
    extract::{Body, Params},
    model::{Answer, Page},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store::{self, opening::Opening},
};

/// A policy that is not granted yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    vault: Address,
    /// Bits of the purposes that it would be granted for.
    purposes: u16,
    /// The policy, as `docs/access.md` describes it, without its `preview`.
    #[schema(value_type = Object)]
    policy: Policy,
}

/// What a policy would open now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftPreview {
    /// The records that it would open.
    pub records: Vec<Address>,
    /// How many others there are.
    pub withheld: u64,
    /// The very text whose hash goes into the policy.
    pub preview: String,
    /// SHA-256 over that text.
    pub hash: Digest,
}

/// Shows what a policy would open, by the rules that decide once it is granted.
#[utoipa::path(
    post,
    path = "/v1/consents/draft",
    tag = "consents",
    request_body = Draft,
    responses((status = 200, body = Answer<DraftPreview>)),
    security(("session" = []))
)]
pub async fn draft_consent(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(draft): Body<Draft>,
) -> Result<Reply<Answer<DraftPreview>>, ApiError> {
    draft.policy.validate().map_err(|error| ApiError::InvalidBody(format!("policy: {error}")))?;
    let mut served = Served::logged(&state, &bearer, &requested, Operation::PreviewConsent).await?;
    let vault = Key(draft.vault.0);
    let serving = served.serve(vault, Some(Right::Grant)).await?;
    let records = content::labelled(served.conn(), &serving).await?;
    let meta = served.close().await?;
    let records = records.iter().filter_map(content::Labelled::confirmed);
    let shown = preview(vault, draft.purposes, &draft.policy, records);
    let data = DraftPreview {
        records: shown.value().records.iter().map(|record| Address(record.0)).collect(),
        withheld: shown.value().withheld,
        preview: String::from_utf8_lossy(shown.bytes()).into_owned(),
        hash: Digest(shown.hash()),
    };
    Ok(Reply(Answer { meta, data }))
}

/// What opens a consent that was or will be granted on chain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    vault: Address,
    consent_id: Digest,
    /// Wallet of the grantee.
    grantee: Address,
    /// The handle's salt.
    salt: Digest,
    /// The very text of the policy that is committed to.
    policy: String,
    policy_salt: Digest,
    /// X25519 key to which contents are wrapped for the grantee; the policy's recipient, where it names one.
    encryption_key: Digest,
}

/// What opens a consent, and what the chain says of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldConsent {
    pub consent: Address,
    pub vault: Address,
    pub consent_id: Digest,
    pub grantee: Address,
    pub salt: Digest,
    pub policy: String,
    pub policy_salt: Digest,
    pub encryption_key: Digest,
    /// Whether it is on chain, confirmed, with the handle and the policy that these open.
    pub opened: bool,
    /// Whether it was revoked on chain.
    pub revoked: bool,
}

/// Keeps what opens a consent, without which it permits nothing here.
///
/// The same again has the same answer. Another opening of the consent is refused.
#[utoipa::path(
    post,
    path = "/v1/consents",
    tag = "consents",
    request_body = NewConsent,
    responses((status = 200, body = Answer<HeldConsent>)),
    security(("session" = []))
)]
pub async fn create_consent(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Body(new): Body<NewConsent>,
) -> Result<Reply<Answer<HeldConsent>>, ApiError> {
    let policy = Document::<Policy>::read(new.policy.clone().into_bytes())
        .and_then(|policy| policy.value().validate().map(|()| policy))
        .map_err(|error| ApiError::InvalidBody(format!("policy: {error}")))?;
    if policy.value().recipient.is_some_and(|recipient| recipient != new.encryption_key.0) {
        return Err(ApiError::InvalidBody("encryption_key: the policy names another recipient".into()));
    }
    let consent = pda::find_consent(&new.vault.0.into(), &new.consent_id.0).0.to_bytes();
    let opening = Opening {
        consent: Address(consent),
        vault: new.vault,
        consent_id: new.consent_id,
        grantee: new.grantee,
        salt: new.salt,
        policy: new.policy,
        policy_salt: new.policy_salt,
        encryption_key: new.encryption_key,
    };
    let mut served = Served::logged(&state, &bearer, &requested, Operation::StoreConsent).await?;
    let vault = Key(new.vault.0);
    served.serve(vault, Some(Right::Grant)).await?;
    let slot = served.frontier().confirmed_slot;
    let on_chain = store::consent::find(served.conn(), slot, opening.consent).await?;
    if on_chain.as_ref().is_some_and(|consent| !opens(&opening, consent)) {
        return Err(ApiError::CommitmentMismatch);
    }
    let stored = store::opening::insert(served.conn(), &opening).await?;
    if !stored && store::opening::find(served.conn(), opening.consent).await?.as_ref() != Some(&opening) {
        return Err(ApiError::ConsentStored);
    }
    let meta = served.close().await?;
    state.gate.forget(vault, Key(opening.grantee.0));
    Ok(Reply(Answer { meta, data: HeldConsent::new(opening, on_chain.as_ref()) }))
}

fn opens(opening: &Opening, consent: &store::consent::ConsentRow) -> bool {
    // Only what a commitment covers is compared.
    let view = ConsentView {
        consent: Key(consent.consent.0),
        consent_id: consent.consent_id.0,
        handle: consent.handle.0,
        policy_commitment: consent.policy_commitment.0,
        purposes: 0,
        actions: 0,
        from_day: 0,
        until_day: 0,
        consent_epoch: 0,
        revoked: false,
    };
    opening.to_consent_opening().is_some_and(|opening| opening.opens(&Key(consent.vault.0), &view))
}

impl HeldConsent {
    fn new(opening: Opening, on_chain: Option<&store::consent::ConsentRow>) -> Self {
        Self {
            opened: on_chain.is_some_and(|consent| opens(&opening, consent)),
            revoked: on_chain.is_some_and(|consent| consent.revoked.is_some()),
            consent: opening.consent,
            vault: opening.vault,
            consent_id: opening.consent_id,
            grantee: opening.grantee,
            salt: opening.salt,
            policy: opening.policy,
            policy_salt: opening.policy_salt,
            encryption_key: opening.encryption_key,
        }
    }
}

/// Query of consents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsentQuery {
    /// Address of a patient's vault.
    patient: Address,
}

impl ConsentQuery {
    pub fn vault(&self) -> Key {
        Key(self.patient.0)
    }
}

/// The openings of a patient's consents: all for the patient, a grantee's own for the grantee.
#[utoipa::path(
    get,
    path = "/v1/consents",
    tag = "consents",
    params(ConsentQuery),
    responses((status = 200, body = Page<HeldConsent>)),
    security(("session" = []))
)]
pub async fn list_consents(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Page<HeldConsent>>, ApiError> {
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListConsents).await?;
    let vault = Key(query.patient.0);
    let serves = served.serves(vault, Right::Grant).await?;
    let mut openings = store::opening::of_vault(served.conn(), vault).await?;
    openings.retain(|opening| serves || opening.grantee.0 == bearer.caller.key.0);
    let slot = served.frontier().confirmed_slot;
    let mut data = Vec::with_capacity(openings.len());
    for opening in openings {
        let on_chain = store::consent::find(served.conn(), slot, opening.consent).await?;
        data.push(HeldConsent::new(opening, on_chain.as_ref()));
    }
    let meta = served.close().await?;
    Ok(Reply(Page { meta, data, next: None }))
}
