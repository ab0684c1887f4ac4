//! What makes a request that is repeated, because its answer was lost, the same request.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::api::{bytes::Digest, error::ApiError, session::Bearer};

const DOMAIN: &str = "aegle:request:v1";

/// SHA-256 over the caller, who acts for it, and what it asks of `route`: equal for equal requests alone.
///
/// # Errors
/// [`ApiError::Internal`] for what cannot be written as JSON.
pub fn identity(bearer: &Bearer, route: &str, asked: &impl Serialize) -> Result<Digest, ApiError> {
    let whole = serde_json::to_vec(&(DOMAIN, bearer.wallet(), bearer.practitioner(), route, asked));
    let whole = whole.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Digest(Sha256::digest(whole).into()))
}
