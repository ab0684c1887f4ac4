//! End-to-end encryption of health records.
//!
//! [`content`] is the encrypted stream, [`manifest`] what a record says of itself and how the chain
//! commits to it, [`record`] both together, [`wrap`] gives a key to somebody, [`keyring`] keeps a
//! patient's root secret, [`ReadingKeyMessage`] makes a provider's key, [`emergency`] what custodians keep, [`refusal`] tells the patient what a caller is
//! not told. Randomness comes from the caller, and nothing here opens a file or a socket.
//! `docs/content.md` has every byte, `vectors/` examples for other languages.

pub mod content;
pub mod emergency;
pub mod issue;
pub mod keyring;
pub mod manifest;
mod pieces;
mod reading_key;
pub mod record;
pub mod refusal;
pub mod wrap;

mod derive;
mod rng;
mod text;

pub use content::ContentKey;
pub use emergency::{Custodian, CustodianPlan, KeyShare, Release, SealedKeyShare};
pub use issue::{Issue, IssueError};
pub use keyring::{Keyring, KeyringError, RecoveryCode, RootSecret};
pub use manifest::{Coding, Details, DetailsVersion, LabelsOpening, Manifest, ManifestError, ManifestVersion};
pub use pieces::RecordPieces;
pub use reading_key::ReadingKeyMessage;
pub use record::{
    Expected, Measure, OpenRecord, RecordError, RecordWriter, measure, open_record, seal_record, sealed_length,
};
pub use refusal::{open_refusal, seal_refusal};
pub use wrap::{Binding, EncryptionKey, SecretKey, Wrap, WrapError};
