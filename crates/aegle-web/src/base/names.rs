//! Who somebody is, as far as the chain vouches for it.

use aegle_client::state::{Credential, Registrar};
use aegle_exchange::{
    Account,
    profile::{Published, named as by_chain},
};
use wasm_bindgen::prelude::*;

use crate::{
    failure::Failure,
    value::{key, read, write},
};

/// Who `subject` is, by the accounts of its credential and of the registrar and what is published of both; undefined
/// where the accounts are not those of one credential of `subject`. `now` is in seconds since the Unix epoch.
#[wasm_bindgen(unchecked_return_type = "Named | undefined")]
pub fn named(
    subject: &str,
    credential: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] credential_account: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] registrar_account: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "PublishedProfile[]")] published: &JsValue,
    now: f64,
) -> Result<JsValue, Failure> {
    let state: Credential = read::<Account>("the credential's account", credential_account)?.read()?;
    let registrar: Registrar = read::<Account>("the registrar's account", registrar_account)?.read()?;
    let published: Vec<Published> = read("what is published", published)?;
    let (subject, credential) = (key("the subject", subject)?, key("the credential", credential)?);
    let named = by_chain(&subject, (credential, &state), &registrar, &published, now as i64);
    named.map_or(Ok(JsValue::UNDEFINED), |named| write(&named))
}
