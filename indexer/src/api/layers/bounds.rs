use axum::{extract::Request, middleware::Next, response::Response};

use crate::api::error::ApiError;

const MAX_URI: usize = 2_048;
const MAX_HEADERS: usize = 16 * 1024;

/// Refuses addresses and headers that no honest request needs.
pub async fn bound(request: Request, next: Next) -> Result<Response, ApiError> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > MAX_URI {
        return Err(ApiError::UriTooLong(MAX_URI));
    }
    if request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > MAX_HEADERS {
        return Err(ApiError::HeadersTooLarge(MAX_HEADERS));
    }
    Ok(next.run(request).await)
}
