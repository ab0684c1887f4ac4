//! What the tables say, one file per entity. Every read of the chain's is of the state as of a slot.

pub mod access_request;
pub mod audit_root;
pub mod break_glass;
pub mod consent;
pub mod credential;
pub mod custodian;
pub mod delegate;
pub mod disclosure;
pub mod emergency;
pub mod erasure;
pub mod event;
pub mod frontier;
pub mod keyring;
pub mod mailbox;
pub mod notice;
pub mod opening;
pub mod record;
pub mod recovery;
pub mod registrar;
pub mod relay;
pub mod session;
pub mod sign_in;
pub mod subscription;
pub mod vault;
pub mod wrap;
