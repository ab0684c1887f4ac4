use std::sync::{Arc, OnceLock};

use aegle_disclosure::{Digest, RequestParts, SignedReceipt, SignedRequest};
use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use sha2::{Digest as _, Sha256};

use crate::api::{error::ApiError, routes::PURPOSE, session::Bearer};

/// Header of an answer to a request that was decided: the log's receipt.
pub const RECEIPT: HeaderName = HeaderName::from_static("aegle-receipt");

/// Headers of RFC 9421.
const SIGNATURE_INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";

/// The request as it is logged, and a place for its receipt.
#[derive(Clone)]
pub struct Requested(Arc<Inner>);

struct Inner {
    parts: RequestParts,
    /// `Signature-Input` and `Signature`; none where one of them is missing.
    signature: Option<(String, String)>,
    receipt: OnceLock<SignedReceipt>,
}

impl Requested {
    fn of(request: &Request) -> Self {
        // A header that stands there twice is one list (RFC 9110, section 5.3).
        let header = |name: &str| {
            let values: Option<Vec<_>> =
                request.headers().get_all(name).iter().map(|value| value.to_str().ok()).collect();
            values.filter(|values| !values.is_empty()).map(|values| values.join(", "))
        };
        let parts = RequestParts {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            purpose: header(PURPOSE.as_str()).unwrap_or_default(),
        };
        let signature = header(SIGNATURE_INPUT).zip(header(SIGNATURE));
        Self(Arc::new(Inner { parts, signature, receipt: OnceLock::new() }))
    }

    /// SHA-256 of method, path, query and purpose, as RFC 9421 lines them up.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0.parts.base()).into())
    }

    /// The request as the session's key signed it; none where it is not signed.
    ///
    /// # Errors
    /// A signature that does not count.
    pub fn signed(&self, bearer: &Bearer, now: i64) -> Result<Option<SignedRequest>, ApiError> {
        let Some((input, signature)) = &self.0.signature else { return Ok(None) };
        let signer = (&bearer.request_key, bearer.sign_in);
        let signed = SignedRequest::read(&self.0.parts, (input, signature), signer, now);
        signed.map(Some).map_err(|fault| ApiError::RequestSignatureInvalid(fault.to_string()))
    }

    /// Gives the receipt to who asked, with the answer.
    pub fn hand(&self, receipt: SignedReceipt) {
        // A request is decided once; should it be tried again, the first receipt holds as well.
        let _ = self.0.receipt.set(receipt);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Requested {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let requested = parts.extensions.get::<Self>().cloned();
        requested.ok_or_else(|| ApiError::Internal("a route that decides hands no receipts".into()))
    }
}

/// Adds the receipt to whatever the answer is, a refusal too.
pub async fn hand_receipt(mut request: Request, next: Next) -> Response {
    let requested = Requested::of(&request);
    request.extensions_mut().insert(requested.clone());
    let mut response = next.run(request).await;
    let receipt = requested.0.receipt.get().and_then(|receipt| HeaderValue::from_str(&receipt.to_text()).ok());
    if let Some(receipt) = receipt {
        response.headers_mut().insert(RECEIPT, receipt);
    }
    response
}
