use aegle_client::Pubkey;
use aegle_disclosure::Operation;
use axum::extract::State;
use serde::Serialize;
use solana_signer::Signer;
use utoipa::ToSchema;

use super::consent::ConsentQuery;
use crate::api::{
    access::served::Served,
    bytes::Address,
    disclosure::Requested,
    error::ApiError,
    extract::Params,
    model::{Answer, Delegate, Judge},
    routes::reply::Reply,
    session::Bearer,
    state::ApiState,
    store,
    time::Time,
};

/// The key by which the server's agent acts for one vault.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AgentKey {
    pub key: Address,
    /// Whether it is a delegate of the vault now; else it is the one to add, with the right to mint alone.
    pub in_effect: bool,
}

/// The server's agent as the caller's vault knows it. For the owner alone: whoever knew the keys of other vaults
/// could see on the chain who uses the agent.
#[utoipa::path(
    get,
    path = "/v1/agent",
    tag = "mailbox",
    params(ConsentQuery),
    responses((status = 200, body = Answer<AgentKey>)),
    security(("session" = []))
)]
pub async fn get_agent_key(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<ConsentQuery>,
) -> Result<Reply<Answer<AgentKey>>, ApiError> {
    let keys = state.agent.clone().ok_or(ApiError::AgentOff)?;
    let vault = query.vault();
    let mut served = Served::logged(&state, &bearer, &requested, Operation::GetAgentKey).await?;
    served.serve(vault, None).await?;
    let slot = served.frontier().confirmed_slot;
    let owned = store::vault::find(served.conn(), slot, Address(vault.0)).await?.ok_or(ApiError::NOT_THERE)?;
    // Removed ones, too: what was a delegate of a vault never is again.
    let added = store::delegate::list(served.conn(), slot, Address(vault.0), &[], i64::MAX).await?;
    let judge = Judge { epoch: Some(owned.delegate_epoch), now: Some(Time(served.now())) };
    let delegates: Vec<Delegate> = added.into_iter().map(|row| Delegate::new(row, judge)).collect();
    let meta = served.close().await?;

    let address = Pubkey::from(vault.0);
    let is_used = |key: &Pubkey| delegates.iter().any(|delegate| delegate.key.0 == key.to_bytes());
    let in_effect = (0..=u32::MAX)
        .map(|number| keys.of(&address, number).pubkey())
        .take_while(is_used)
        .find(|key| delegates.iter().any(|delegate| delegate.in_effect && delegate.key.0 == key.to_bytes()));
    let key = in_effect.unwrap_or_else(|| keys.next(&address, is_used));
    Ok(Reply(Answer { meta, data: AgentKey { key: Address(key.to_bytes()), in_effect: in_effect.is_some() } }))
}
