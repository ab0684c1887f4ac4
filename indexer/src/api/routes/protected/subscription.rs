//! Who is told elsewhere what a patient is told.

use aegle_client::{commitment::random_bytes, state::Right};
use aegle_decision::Key;
use axum::extract::State;
use lettre::Address as MailAddress;
use rand::{Rng, rngs::OsRng};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::served::Served,
    bytes::{Address, SubscriptionId},
    error::ApiError,
    extract::{Body, Params, PathOf},
    model::{Answer, Page},
    notify::{check_url, write_secret},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store::{
        notice::Topic,
        subscription::{self, Channel, NewSubscription},
    },
    time::Time,
};

/// Subscriptions of one wallet to a vault at most, and those it may make in a day, removed ones too.
const MOST: i64 = 10;
const MOST_A_DAY: i64 = 20;
/// How often a code may be entered.
const TRIES: i16 = 5;

/// Where to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// `https://` address that takes messages as Standard Webhooks has them.
    Webhook { url: String },
    /// An email address, to which a code goes first.
    Email { address: String },
}

/// A new subscription.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    vault: Address,
    target: Target,
    /// All unless given.
    #[serde(default = "all_kinds")]
    #[schema(value_type = Vec<Topic>, min_items = 1)]
    kinds: Vec<Topic>,
}

fn all_kinds() -> Vec<Topic> {
    Topic::ALL.to_vec()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    pub subscription: SubscriptionId,
    pub vault: Address,
    pub target: Target,
    pub kinds: Vec<Topic>,
    /// Whether the address's owner has entered the code; webhooks need none.
    pub confirmed: bool,
    pub created_at: Time,
    /// Since when the receiver gave no answer; null while it does.
    pub failing_since: Option<Time>,
    /// Since when nothing is sent any more, as it gave none for too long.
    pub ended_at: Option<Time>,
}

impl From<subscription::Subscription> for Subscription {
    fn from(row: subscription::Subscription) -> Self {
        Self {
            subscription: row.subscription,
            vault: row.vault,
            target: match row.channel {
                Channel::Webhook => Target::Webhook { url: row.target },
                Channel::Email => Target::Email { address: row.target },
            },
            kinds: Topic::ALL.into_iter().filter(|topic| topic.bit() & row.kinds != 0).collect(),
            confirmed: row.confirmed,
            created_at: row.created_at,
            failing_since: row.failing_since,
            ended_at: row.ended_at,
        }
    }
}

/// A subscription that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscribed {
    pub subscription: SubscriptionId,
    pub vault: Address,
    /// What a webhook checks signatures with; never shown again.
    pub secret: Option<String>,
    /// Whether a code was sent that is waited for.
    pub code_sent: bool,
}

/// Has the caller told elsewhere what the patient is told from now on: the owner, or a delegate with the
/// right to read, for as long as they are.
#[utoipa::path(
    post,
    path = "/v1/subscriptions",
    tag = "notices",
    request_body = SubscriptionRequest,
    responses((status = 200, body = Answer<Subscribed>)),
    security(("session" = []))
)]
pub async fn create_subscription(
    State(state): State<ApiState>,
    bearer: Bearer,
    Body(request): Body<SubscriptionRequest>,
) -> Result<Reply<Answer<Subscribed>>, ApiError> {
    let kinds = request.kinds.iter().fold(0, |kinds, topic| kinds | topic.bit());
    if kinds == 0 {
        return Err(ApiError::InvalidBody("kinds must name one".into()));
    }
    let (channel, target, code) = match request.target {
        Target::Webhook { url } => {
            let checked = check_url(&url, state.notify.allow_private);
            checked.map_err(|error| ApiError::InvalidBody(format!("target: {error}")))?;
            (Channel::Webhook, url, None)
        }
        Target::Email { address } => {
            if state.notify.smtp.is_none() {
                return Err(ApiError::MailOff);
            }
            let known: Result<MailAddress, _> = address.parse();
            known.map_err(|_| ApiError::InvalidBody("target: address must be an email address".into()))?;
            (Channel::Email, address, Some(format!("{:08}", OsRng.gen_range(0..100_000_000))))
        }
    };
    let vault = Key(request.vault.0);
    let mut served = Served::begin(&state, &bearer).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let (id, secret) = (SubscriptionId(OsRng.r#gen()), random_bytes(&mut OsRng));
    let code_sent = code.is_some();
    let new =
        NewSubscription { subscription: id, vault, wallet: bearer.caller.key, channel, target, kinds, secret, code };
    if !subscription::insert(served.conn(), &new, MOST, MOST_A_DAY).await? {
        return Err(ApiError::TooManySubscriptions { most: MOST, a_day: MOST_A_DAY });
    }
    let meta = served.close().await?;
    let secret = (channel == Channel::Webhook).then(|| write_secret(&secret));
    Ok(Reply(Answer { meta, data: Subscribed { subscription: id, vault: request.vault, secret, code_sent } }))
}

/// Query of subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubscriptionQuery {
    /// Address of the patient's vault.
    patient: Address,
}

/// The caller's subscriptions to a vault, oldest first, all on one page.
#[utoipa::path(
    get,
    path = "/v1/subscriptions",
    tag = "notices",
    params(SubscriptionQuery),
    responses((status = 200, body = Page<Subscription>)),
    security(("session" = []))
)]
pub async fn list_subscriptions(
    State(state): State<ApiState>,
    bearer: Bearer,
    Params(query): Params<SubscriptionQuery>,
) -> Result<Reply<Page<Subscription>>, ApiError> {
    let vault = Key(query.patient.0);
    let mut served = Served::begin(&state, &bearer).await?;
    served.serve(vault, Some(Right::Read)).await?;
    let rows = subscription::list(served.conn(), vault).await?;
    let meta = served.close().await?;
    Ok(Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next: None }))
}

/// Path of a subscription.
#[derive(Debug, Deserialize)]
pub struct SubscriptionPath {
    vault: Address,
    subscription: SubscriptionId,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Removed {
    pub subscription: SubscriptionId,
}

/// Ends a subscription of the caller's.
#[utoipa::path(
    delete,
    path = "/v1/subscriptions/{vault}/{subscription}",
    tag = "notices",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("subscription" = SubscriptionId, Path, description = "Id of the subscription, hex")
    ),
    responses((status = 200, body = Answer<Removed>)),
    security(("session" = []))
)]
pub async fn delete_subscription(
    State(state): State<ApiState>,
    bearer: Bearer,
    PathOf(SubscriptionPath { vault, subscription }): PathOf<SubscriptionPath>,
) -> Result<Reply<Answer<Removed>>, ApiError> {
    // Who no longer acts for the patient may still end what is theirs.
    let mut served = Served::begin(&state, &bearer).await?;
    served.about(Key(vault.0)).await?;
    if !subscription::remove(served.conn(), Key(vault.0), subscription).await? {
        return Err(ApiError::NOT_THERE);
    }
    let meta = served.close().await?;
    Ok(Reply(Answer { meta, data: Removed { subscription } }))
}

/// The code that came by email.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Eight digits.
    #[schema(pattern = "^[0-9]{8}$")]
    code: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Confirmed {
    pub subscription: SubscriptionId,
}

/// Shows that an email address is the caller's: what happens from now on is told there.
#[utoipa::path(
    post,
    path = "/v1/subscriptions/{vault}/{subscription}/confirmation",
    tag = "notices",
    params(
        ("vault" = Address, Path, description = "Address of the vault, base58"),
        ("subscription" = SubscriptionId, Path, description = "Id of the subscription, hex")
    ),
    request_body = Confirmation,
    responses((status = 200, body = Answer<Confirmed>)),
    security(("session" = []))
)]
pub async fn confirm_subscription(
    State(state): State<ApiState>,
    bearer: Bearer,
    PathOf(SubscriptionPath { vault, subscription }): PathOf<SubscriptionPath>,
    Body(Confirmation { code }): Body<Confirmation>,
) -> Result<Reply<Answer<Confirmed>>, ApiError> {
    let mut served = Served::begin(&state, &bearer).await?;
    served.serve(Key(vault.0), Some(Right::Read)).await?;
    let right = subscription::confirm(served.conn(), Key(vault.0), subscription, &code, TRIES).await?;
    // A wrong one is counted, too.
    let meta = served.close().await?;
    if right { Ok(Reply(Answer { meta, data: Confirmed { subscription } })) } else { Err(ApiError::CodeWrong) }
}
