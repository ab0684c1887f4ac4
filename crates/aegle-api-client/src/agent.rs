//! The server's agent, which makes records of what is sent to patients who let it.

use aegle_decision::Key;
use serde::Deserialize;

use crate::{Error, Session};

/// The key by which the server's agent acts for one vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct AgentKey {
    pub key: Key,
    /// Whether it is a delegate of the vault already, as far as the mirror is.
    pub in_effect: bool,
}

/// The agent's key for `vault`: the one that is a delegate now, else the one to add. Asked by the owner.
///
/// # Errors
/// The server's; `agent_off` where it has no agent.
pub async fn key(session: &Session, vault: Key) -> Result<AgentKey, Error> {
    session.get("/v1/agent", &[("patient", vault.to_string())]).await
}
