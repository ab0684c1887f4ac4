//! What a browser needs of the crates that the command line is made of, compiled to WebAssembly.
//!
//! Thin: each function reads what JavaScript gives, calls the crate below and writes what it gave. Secrets stay
//! in objects that JavaScript holds and cannot read; `free()` wipes them. It runs in a Web Worker, where taking
//! a while blocks no page.

mod failure;
mod keyring;
mod sign_in;
mod value;

pub use failure::Failure;
pub use keyring::{MadeKeyring, PreparedRoot, SecretKeys, Unlocked, hand_over};
pub use sign_in::RequestKey;

use wasm_bindgen::prelude::*;

/// Types of the objects that are passed, by hand.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.ts");
