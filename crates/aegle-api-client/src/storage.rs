//! What the operator will not store any more, and what it has to keep.

use aegle_decision::Key;
use serde::{Deserialize, Serialize};

use crate::{Error, Session};

/// A content that the operator will store no longer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ending {
    pub record: Key,
    /// RFC 3339.
    pub announced_at: String,
    /// It does not end before.
    pub ends_at: String,
    /// Whether a legal hold puts the end off.
    pub is_held: bool,
}

/// A legal hold, in force or lifted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hold {
    pub hold: String,
    /// None for everything of the vault.
    pub records: Option<Vec<Key>>,
    pub authority: String,
    pub reference: String,
    /// RFC 3339.
    pub placed_at: String,
    /// None while it is in force.
    pub lifted_at: Option<String>,
    pub reason: Option<String>,
}

/// Contents that the operator will store no longer.
///
/// # Errors
/// The server's.
pub async fn endings(session: &Session, vault: Key) -> Result<Vec<Ending>, Error> {
    session.pages(None, "/v1/endings", &[("patient", vault.to_string())]).await
}

/// Legal holds on what is the patient's.
///
/// # Errors
/// The server's.
pub async fn holds(session: &Session, vault: Key) -> Result<Vec<Hold>, Error> {
    session.pages(None, "/v1/holds", &[("patient", vault.to_string())]).await
}
