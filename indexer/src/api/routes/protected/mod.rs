//! What is a patient's: every route here asks [`crate::api::access`] first.

pub mod access_request;
pub mod accounting;
pub mod agent;
pub mod consent;
pub mod custodian;
pub mod disclosure;
pub mod emergency;
pub mod ending;
pub mod erasure;
pub mod explain;
pub mod hold;
mod identity;
pub mod inbox;
pub mod keyring;
mod list;
pub mod mailbox;
pub mod notices;
pub mod patient;
pub mod record;
pub mod release;
pub mod shape;
pub mod subscription;
pub mod wrap;
