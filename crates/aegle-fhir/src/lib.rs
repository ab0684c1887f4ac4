//! FHIR R4 into Aegle's records: reads files, groups what they say of a patient, labels each group.
//!
//! [`Source`] reads JSON, NDJSON and Bundles, compressed or not; [`Source::patients`] says whom they are
//! about and [`Source::import`] makes records of the chosen. A record's content is FHIR again, with every
//! resource byte for byte as it was. Typed models serve to read the labels, see `docs/labels.md`.

mod category;
mod days;
mod facts;
mod generate;
mod group;
mod import;
mod limits;
mod patients;
mod problem;
mod record;
mod reference;
mod resource;
mod secret;
mod sensitivity;
mod source;

pub use category::Category;
pub use facts::Code;
pub use generate::{Generated, Generator, generate};
pub use import::{Import, ImportError};
pub use limits::Limits;
pub use patients::{Patient, Patients};
pub use problem::{Position, Problem, Reason, Report};
pub use record::{Description, Kind, MEDIA_TYPE, Record};
pub use secret::Secret;
pub use sensitivity::POLICIES;
pub use source::{Progress, Source, SourceError};
