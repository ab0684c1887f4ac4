//! Receipts that anyone can replay.
//!
//! A [`Bundle`] holds what a log said of one decision and what opens the commitments it rests on. [`verify`]
//! checks it against the log's key and against a [`Ledger`], which any node gives: it rebuilds what the
//! chain said at the two slots that the receipt names, decides again, and says step by step what held, what
//! did not, and what could not be checked.
//!
//! Nothing here reads a clock, a file or a socket.

mod bundle;
mod ledger;
mod replay;
mod report;
mod verify;

pub use bundle::{Bundle, BundleError, BundleVersion, OpenedEmergency, OpenedRecord, Opening};
pub use ledger::Ledger;
pub use report::{Check, Found, Report};
pub use verify::verify;
