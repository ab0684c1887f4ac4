//! Who may read which record.
//!
//! [`Labels`] are what the server may know of a record, [`Policy`] is what a consent allows of them,
//! and the engine decides: a pure function of the chain's state at two commitments, the openings of
//! the consents, the request and the clock. Nothing here reads a clock, a file or a socket.

mod code;
mod document;
mod key;
mod labels;
mod policy;
mod request;
mod view;

pub use code::{Category, Code, CodeError, ResourceType, Sensitivity};
pub use document::{Document, DocumentError};
pub use key::Key;
pub use labels::{Labels, LabelsVersion};
pub use policy::{Base, Policy, PolicyVersion, Rule};
pub use request::{Action, Caller, Purpose, Request};
pub use view::{ChainView, ConsentOpening, ConsentView, CredentialView, DelegateView, RecordView, VaultView};
