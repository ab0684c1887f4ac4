//! What clients make for the server, and check of what it says.
//!
//! Everything secret stays with a client: what it uploads is encrypted before, and what the server answers is
//! held against the chain. This is that, without a socket, a clock or a file, so that the command line and the
//! browser do the same; whoever calls brings answers, accounts and randomness.

mod account;
pub mod consent;
pub mod custodian;
pub mod disclosure;
pub mod emergency;
mod error;
pub mod guardian;
pub mod keyring;
pub mod message;
pub mod profile;
pub mod receipt;
pub mod recipients;
pub mod record;
mod secrets;
pub mod sign_in;
pub mod wire;

pub use account::Account;
pub use error::Error;
pub use keyring::Unlocked;
pub use secrets::{KeyFile, Secrets};
