//! Signing in, and signing what asks for keys and content.

use aegle_decision::Caller;
use aegle_disclosure::RequestParts;
use aegle_exchange::sign_in::{self, Challenge};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    failure::Failure,
    value::{key, read, write},
};

/// Where a wallet is asked to sign: host and origin of the page.
#[derive(Deserialize)]
pub struct Site {
    pub domain: String,
    pub uri: String,
}

impl Site {
    pub fn parts(&self) -> (&str, &str) {
        (&self.domain, &self.uri)
    }
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    #[serde(default)]
    query: String,
    purpose: String,
}

/// The key that signs a session's requests. Made here, never shown, wiped by `free()`.
#[wasm_bindgen]
pub struct RequestKey(sign_in::RequestKey);

#[wasm_bindgen]
impl RequestKey {
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "a key is made anew each time")]
    pub fn new() -> Self {
        Self(sign_in::RequestKey::generate(&mut OsRng))
    }

    /// Base58, to be named in the challenge.
    #[wasm_bindgen(getter)]
    pub fn key(&self) -> String {
        self.0.key().to_string()
    }

    /// Checks what the server answered to `POST /v1/sign-in/challenge`: that it asks to sign in here, for this
    /// wallet and practitioner, for this key, and nothing else. Gives the text to sign.
    #[wasm_bindgen(js_name = checkChallenge, unchecked_return_type = "CheckedChallenge")]
    pub fn check_challenge(
        &self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] challenge: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        wallet: &str,
        practitioner: Option<String>,
    ) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Checked<'a> {
            challenge: &'a str,
            message: &'a str,
            issued_at: i64,
        }
        let (challenge, site): (Challenge, Site) = (read("the challenge", challenge)?, read("the site", site)?);
        let practitioner = practitioner.map(|practitioner| key("the practitioner", &practitioner)).transpose()?;
        let caller = Caller { key: key("the wallet", wallet)?, practitioner };
        let issued_at = challenge.check(site.parts(), &caller, self.0.key())?;
        write(&Checked { challenge: &challenge.challenge, message: &challenge.message, issued_at })
    }

    /// The headers of a read (RFC 9421). `at` is in seconds by the server's clock; path and query are as they are
    /// sent, the query without its question mark.
    #[wasm_bindgen(unchecked_return_type = "RequestSignature")]
    pub fn sign(
        &self,
        #[wasm_bindgen(unchecked_param_type = "SignedRead")] request: &JsValue,
        at: f64,
    ) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Headers {
            signature_input: String,
            signature: String,
        }
        let Asked { method, path, query, purpose } = read("the request", request)?;
        let parts = RequestParts { method, path, query, purpose };
        let (signature_input, signature) = self.0.headers(&parts, at as i64, &mut OsRng);
        write(&Headers { signature_input, signature })
    }
}
