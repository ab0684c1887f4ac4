use std::any::Any;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::request_id::RequestId;
use crate::api::error::{ApiError, Problem};

/// Writes every error as problem details, whoever refused: a handler, a layer or a library.
pub async fn write_problems(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let problem = Problem { request_id: request_id.unwrap_or_default(), ..Problem::of(&response) };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CACHE_CONTROL);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

/// Answers a panic of a handler. The panic hook has logged where.
pub fn catch_panic(_: Box<dyn Any + Send>) -> Response {
    ApiError::Internal("a handler panicked".into()).into_response()
}
