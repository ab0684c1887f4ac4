//! Who read what, in a way that shows what is missing.
//!
//! Every decision about a patient's records is an [`Entry`]. A salted commitment to it is a leaf of one
//! append-only Merkle tree per operator (RFC 9162, section 2.1); entries of a vault are numbered and
//! each is committed to together with the one before. [`Heads`] commits to the last entry of every vault, and what is anchored on
//! chain commits to both. So nothing that was once anchored can be deleted, reordered or altered, no
//! vault can have a gap, and nobody can be shown another log than everybody else.
//!
//! What releases keys or content was asked for by a [`SignedRequest`] (RFC 9421), whose key a [`SignIn`]
//! names: nobody can be said to have read what they did not ask for.
//!
//! Nothing here reads a clock, a file or a socket.

mod chain;
mod checkpoint;
mod digest;
mod entry;
mod heads;
mod receipt;
mod request;
mod sign_in;
mod signature;
mod tree;

pub use chain::{Chain, ChainFault};
pub use checkpoint::{Checkpoint, CheckpointError, Log, LogKey};
pub use digest::Digest;
pub use entry::{Consent, Entry, EntryVersion, Link, Logged, Operation, Outcome, Released, commitment};
pub use heads::{Head, HeadProof, Heads};
pub use receipt::{Receipt, ReceiptError, SignedReceipt};
pub use request::{RequestFault, RequestParts, SIGNED_WITHIN, SignedFault, SignedRequest, ToSign};
pub use sign_in::{SignIn, SignInFault, SignInText, Verifier, verify};
pub use tree::{Audit, AuditFault, Consistency, Inclusion, Nodes, Position, Stated, Tree, leaf_hash};
