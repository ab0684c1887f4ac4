use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::{
    api::error::{ApiError, Contended},
    retry::Backoff,
};

/// How often a request is tried at most.
const TRIES: u32 = 7;

/// Tries a writing request again, from its beginning, whose transaction gave way to another one: it left
/// nothing behind, and what it then finds is the truth. Who asks is told only if that goes on.
pub async fn yield_and_retry(request: Request, next: Next) -> Result<Response, ApiError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body =
        Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(|refused| {
            match refused.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::PayloadTooLarge,
                _ => ApiError::InvalidBody("the body was cut off".into()),
            }
        })?;
    let mut backoff = Backoff::default();
    let mut tries = 1;
    loop {
        let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
        let response = next.clone().run(request).await;
        if response.extensions().get::<Contended>().is_none() || tries == TRIES {
            return Ok(response);
        }
        metrics::counter!("aegle_retries_total", "what" => "transaction").increment(1);
        tries += 1;
        backoff.wait().await;
    }
}
