use serde::{Deserialize, Serialize};

use crate::Key;

pub use aegle::state::{Action, Purpose};

/// Who asks, as its session proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The wallet signed in with: an owner, a delegate or a grantee.
    pub key: Key,
    /// Who acts for an organization; signed in together with it.
    pub practitioner: Option<Key>,
}

/// What is asked for. `now` is in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub caller: Caller,
    pub purpose: Purpose,
    pub action: Action,
    pub now: i64,
}
