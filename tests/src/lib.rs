//! Harness of the tests that cross parts.

pub mod emergency;
pub mod guarded;
pub mod refusals;
pub mod registry;
pub mod vm;
