//! The agent that patients may let take in what is sent to them: it makes records of mailbox items and can do
//! nothing else.
//!
//! It is a caller like any other. It reaches the server by its routes, with a session for each vault, and the
//! ledger by a node; it has no database, and no key that opens a content. Everything it relies on between two
//! runs is on the chain or in the mailbox, so it may be killed at any moment and run twice.

mod config;
mod key;
mod office;
mod roster;
mod round;
mod service;
mod standing;
mod trouble;

pub use config::AgentConfig;
pub use key::AgentKeys;
pub use service::run;
