use std::sync::{Arc, OnceLock};

use aegle_disclosure::{Digest, SignedReceipt};
use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use sha2::{Digest as _, Sha256};

use crate::api::{error::ApiError, routes::PURPOSE};

/// Header of an answer to a request that was decided: the log's receipt.
pub const RECEIPT: HeaderName = HeaderName::from_static("aegle-receipt");

/// The request as it is logged, and a place for its receipt.
#[derive(Clone)]
pub struct Requested {
    /// SHA-256 of method, path, query and purpose, as RFC 9421 lines them up.
    pub request: Digest,
    receipt: Arc<OnceLock<SignedReceipt>>,
}

impl Requested {
    fn of(request: &Request) -> Self {
        let purpose = request.headers().get(PURPOSE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let base = format!(
            "\"@method\": {}\n\"@path\": {}\n\"@query\": ?{}\n\"aegle-purpose\": {purpose}",
            request.method(),
            request.uri().path(),
            request.uri().query().unwrap_or_default(),
        );
        Self { request: Digest(Sha256::digest(base).into()), receipt: Arc::default() }
    }

    /// Gives the receipt to who asked, with the answer.
    pub fn hand(&self, receipt: SignedReceipt) {
        // A request is decided once; should it be tried again, the first receipt holds as well.
        let _ = self.receipt.set(receipt);
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
    let receipt = requested.receipt.get().and_then(|receipt| HeaderValue::from_str(&receipt.to_text()).ok());
    if let Some(receipt) = receipt {
        response.headers_mut().insert(RECEIPT, receipt);
    }
    response
}
