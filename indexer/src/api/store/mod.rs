//! What the tables say, one file per entity. Every read of the chain's is of the state as of a slot.

pub mod consent;
pub mod credential;
pub mod delegate;
pub mod event;
pub mod frontier;
pub mod record;
pub mod recovery;
pub mod registrar;
pub mod session;
pub mod sign_in;
pub mod vault;
