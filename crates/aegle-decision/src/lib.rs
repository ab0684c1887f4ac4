//! Who may read which record.
//!
//! [`Labels`] are what the server may know of a record, [`Policy`] is what a consent allows of them,
//! and the engine decides: a pure function of the chain's state at two commitments, the openings of
//! the consents, the request and the clock. Nothing here reads a clock, a file or a socket.

mod code;
mod coverage;
mod decide;
mod decision;
mod document;
mod emergency;
mod explain;
mod filter;
mod key;
mod labels;
mod policy;
mod preview;
mod request;
mod rule;
mod sensitivity;
mod serve;
mod standing;
mod view;

pub use code::{Category, Code, CodeError, ResourceType, Sensitivity};
pub use decide::{decide, decide_record};
pub use decision::{Basis, Decision, Denial, Obligations, Permit, Refusal, Verdict};
pub use document::{Document, DocumentError};
pub use emergency::{BreakGlassView, Emergency, Statement, StatementVersion, decide_opening, decide_release};
pub use explain::{Explanation, RecordExplanation, explain};
pub use filter::Filter;
pub use key::Key;
pub use labels::{Labels, LabelsVersion};
pub use policy::{Base, Policy, PolicyVersion, Rule};
pub use preview::{Preview, PreviewVersion, preview};
pub use request::{Action, Caller, PURPOSES, Purpose, Request, purpose_code, purpose_of};
pub use rule::RuleId;
pub use sensitivity::SENSITIVITIES;
pub use serve::{attested, credentials, serve};
pub use view::{
    ChainView, ConsentOpening, ConsentView, CredentialView, DelegateView, RecordView, RecordViews, VaultView, Views,
};
