use std::sync::Arc;

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{AppendHeaders, Html, IntoResponse, Response},
};

use super::{
    AppConfig,
    files::{File, Files, INDEX},
    headers::Headers,
};
use crate::api::error::ApiError;

/// First parts of paths that are the API's, whether it has such a route or not.
const API: [&str; 6] = ["docs", "healthz", "metrics", "openapi.json", "readyz", "token"];
/// Where files have names that change with their content.
const HASHED: &str = "assets/";
/// What compressed files have after their name.
const BROTLI: &str = ".br";
const NO_APP: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Aegle</title>\
    <p>This build of the server holds no web app. <code>make build</code> in the sources makes it; the API works all \
    the same and is described at <a href=\"/docs/\">/docs/</a>.</p>";

/// The web app as it is served.
pub struct App {
    files: Files,
    headers: Headers,
}

impl App {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn new(config: &AppConfig) -> Result<Self, String> {
        Ok(Self { files: Files::open(config.folder.as_deref())?, headers: Headers::new(config.rpc_url.as_deref())? })
    }

    fn answer(&self, path: &str, request: &HeaderMap) -> Result<Response, ApiError> {
        let mut name = path.trim_start_matches('/');
        let found = if name.ends_with(BROTLI) { None } else { self.find(name, request) };
        // What is named like no file is a page, which the app itself tells from the others.
        let page = found.is_none() && !name.rsplit('/').next().is_some_and(|last| last.contains('.'));
        let found = found.or_else(|| page.then(|| self.find(INDEX, request)).flatten());
        let (file, compressed) = match found {
            Some(found) => found,
            None if page => return Ok((self.headers.of_page(path, request).clone(), Html(NO_APP)).into_response()),
            None => return Err(ApiError::NoSuchRoute),
        };
        let (headers, vary) = if page {
            name = INDEX;
            (self.headers.of_page(path, request), "accept-encoding, user-agent")
        } else {
            (self.headers.of_file(), "accept-encoding")
        };

        // Weak, as a layer may still compress.
        let tag = format!("W/\"{}\"", hex::encode(&file.sha256[..16]));
        let keep = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let kept = [(header::CACHE_CONTROL, keep), (header::VARY, vary), (header::ETAG, &tag)];
        let mut response = (headers.clone(), AppendHeaders(kept)).into_response();
        if is_known(&tag, request) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        if compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        *response.body_mut() = Body::from(file.bytes);
        Ok(response)
    }

    /// A file as the caller takes it, and whether it is compressed.
    fn find(&self, name: &str, request: &HeaderMap) -> Option<(File, bool)> {
        let compressed = takes_brotli(request).then(|| self.files.get(&format!("{name}{BROTLI}"))).flatten();
        compressed.map(|file| (file, true)).or_else(|| Some((self.files.get(name)?, false)))
    }
}

/// Answers what is not the API's with the app: its files, and for every page the one document.
pub async fn serve(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_apis(path) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let (path, headers, head) = (path.to_owned(), request.headers().clone(), request.method() == Method::HEAD);
    // A folder's files are read from the disk.
    let answered = tokio::task::spawn_blocking(move || app.answer(&path, &headers)).await;
    match answered {
        Ok(Ok(response)) if head => without_body(response),
        Ok(response) => response.into_response(),
        Err(error) => ApiError::Internal(error.to_string()).into_response(),
    }
}

/// Versions of the API that are not this one are no pages either.
fn is_apis(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    API.contains(&first) || first.strip_prefix('v').is_some_and(|version| version.parse::<u16>().is_ok())
}

fn without_body(response: Response) -> Response {
    let length = response.body().size_hint().exact();
    let (mut parts, _) = response.into_parts();
    if let Some(length) = length.filter(|_| parts.status == StatusCode::OK) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}

/// RFC 9110, section 12.5.3: what is named with a weight of 0 is not taken.
fn takes_brotli(request: &HeaderMap) -> bool {
    let codings = request.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// Whether the caller has it already; RFC 9110, section 13.1.2, with weak comparison.
fn is_known(tag: &str, request: &HeaderMap) -> bool {
    let known = request.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let opaque = tag.trim_start_matches("W/");
    known.flat_map(|value| value.split(',')).any(|known| ["*", opaque].contains(&known.trim().trim_start_matches("W/")))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_build_without_the_app_says_so_on_every_page() {
        let folder = tempfile::tempdir().unwrap();
        let app = App { files: Files::Folder(folder.path().to_owned()), headers: Headers::new(None).unwrap() };
        for path in ["/", "/records"] {
            let answer = app.answer(path, &HeaderMap::new()).unwrap();
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY));
            let text = to_bytes(answer.into_body(), 10_000).await.unwrap();
            assert!(text.windows(10).any(|text| text == b"make build"));
        }
        assert!(matches!(app.answer("/favicon.ico", &HeaderMap::new()), Err(ApiError::NoSuchRoute)));
    }

    #[test]
    fn brotli_is_taken_where_it_is_named_with_a_weight() {
        let takes = |value: &'static str| {
            takes_brotli(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for value in ["br", "gzip, deflate, br, zstd", "gzip;q=0.5,BR;q=0.1"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "gzip", "br;q=0", "br; q=0.0", "br;q=x", "brotli"] {
            assert!(!takes(value), "{value}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
