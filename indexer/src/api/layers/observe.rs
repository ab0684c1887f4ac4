use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use super::request_id::RequestId;

/// Counts and times requests, and opens the span they are logged in. Both name the route, never the
/// path or the query: which vault somebody asks for is nobody else's business.
pub async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let request_id = request.extensions().get::<RequestId>().map_or("", |id| &id.0);
    let span = tracing::info_span!("http", method = %request.method(), route, request_id);
    async move {
        let start = Instant::now();
        let response = next.run(request).await;
        let (elapsed, status) = (start.elapsed(), response.status().as_u16());
        metrics::counter!("aegle_http_requests_total", "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        metrics::histogram!("aegle_http_request_seconds", "route" => route).record(elapsed);
        tracing::debug!(status, ?elapsed, "answered");
        response
    }
    .instrument(span)
    .await
}
