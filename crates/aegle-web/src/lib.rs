//! What a browser needs of the crates that the command line is made of, compiled to WebAssembly.
//!
//! Thin: each function reads what JavaScript gives, calls the crate below and writes what it gave. Secrets stay
//! in objects that JavaScript holds and cannot read; `free()` wipes them. It runs in a Web Worker, where taking
//! a while blocks no page.

#[cfg(feature = "base")]
mod base;
mod failure;
#[cfg(feature = "fhir")]
mod fhir;
#[cfg_attr(not(feature = "base"), expect(dead_code, reason = "only the module that is loaded first reads objects"))]
mod value;

#[cfg(feature = "base")]
pub use base::*;
pub use failure::Failure;
#[cfg(feature = "fhir")]
pub use fhir::{FhirFiles, FhirImport};

use wasm_bindgen::prelude::*;

/// Types of the objects that are passed, by hand.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.ts");
