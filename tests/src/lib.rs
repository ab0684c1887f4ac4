//! Harness of the tests that cross parts.

pub mod vm;
