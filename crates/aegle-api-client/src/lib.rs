//! The one client of the server's protected routes, for the command line, the demonstration and tests.
//!
//! Everything secret stays here: content is encrypted before it is uploaded and decrypted after it came,
//! and what the server says is held against the chain, read from a node of the caller's choice. Keys to
//! encrypt to are believed only where the chain has them.

mod access_request;
pub mod accounting;
pub mod agent;
mod api;
mod chain;
pub mod consent;
pub mod custodian;
pub mod disclosure;
mod download;
pub mod emergency;
mod error;
pub mod export;
pub mod keyring;
pub mod mailbox;
pub mod notice;
mod page;
mod pay;
pub mod profile;
mod reading_key;
pub mod receipt;
pub mod record;
pub mod recovery;
pub mod release;
mod session;
pub mod storage;
mod upload;
pub mod wrap;

pub use aegle_exchange::{Error as Unmet, KeyFile, Secrets, Unlocked, guardian, wire};
pub use aegle_exchange::{
    message::{open_message, seal_message},
    wire::CredentialState,
};
pub use api::{Api, Origin};
pub use chain::Mirror;
pub use error::{Error, Problem};
pub use pay::{Pay, Relay};
pub use reading_key::reading_key;
pub use session::Session;
pub use upload::Progress;
