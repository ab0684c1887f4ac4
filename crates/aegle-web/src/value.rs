//! What crosses between JavaScript and Rust: objects as JSON, keys as base58, other bytes as they are.

use std::str::FromStr;

use aegle_decision::Key;
use js_sys::JSON;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};

use crate::failure::Failure;

/// Reads an object. Numbers above 2^53 have no place in one.
pub fn read<T: DeserializeOwned>(what: &str, value: &JsValue) -> Result<T, Failure> {
    let not = || Failure::argument(format!("{what} is not what it should be"));
    let text = JSON::stringify(value).map_err(|_| not())?;
    let text = text.dyn_ref::<js_sys::JsString>().map(String::from).ok_or_else(not)?;
    // What the parser says may quote what it read; the place in a text that nobody sees says nothing.
    serde_json::from_str(&text).map_err(|_| not())
}

/// Makes an object.
pub fn write(value: &impl Serialize) -> Result<JsValue, Failure> {
    let not = || Failure::new("internal", "a value cannot be written");
    let text = serde_json::to_string(value).map_err(|_| not())?;
    JSON::parse(&text).map_err(|_| not())
}

/// Reads an address or key.
pub fn key(what: &str, text: &str) -> Result<Key, Failure> {
    Key::from_str(text).map_err(|_| Failure::argument(format!("{what} is not a key in base58")))
}

/// Reads bytes of a fixed length.
pub fn bytes<const N: usize>(what: &str, bytes: &[u8]) -> Result<[u8; N], Failure> {
    bytes.try_into().map_err(|_| Failure::argument(format!("{what} does not have {N} bytes")))
}
