//! Harness of the tests that cross parts.

pub mod guarded;
pub mod refusals;
pub mod registry;
pub mod vm;
