//! Ciphertext on its way to a caller, decided again while it goes.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use aegle_decision::{Action, Key, Purpose};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use http_range_header::parse_range_header;
use sqlx::PgConnection;

use super::{
    access::{content, served::Served},
    bytes::{Address, Digest},
    error::ApiError,
    session::Bearer,
    state::ApiState,
    store,
};
use crate::blob::{self, BlobId, Content};

/// Longest time that a decision holds while something is sent.
const HOLDS: Duration = Duration::from_millis(100);

/// What a download rests on.
#[derive(Clone, Copy, Debug)]
pub enum Watch {
    Record { purpose: Purpose, vault: Key, record: Address },
    Mail { vault: Key, item: Digest },
}

/// The bytes asked for, and whether they are a part.
pub struct Asked {
    content: Content,
    partial: bool,
}

/// Finds the bytes that `headers` ask for: all, or one range (RFC 9110, section 14).
///
/// # Errors
/// [`ApiError::RangeNotSatisfiable`]; [`ApiError::Internal`] where the blob is not there.
pub async fn locate(
    conn: &mut PgConnection,
    blob: [u8; 32],
    size: u64,
    headers: &HeaderMap,
) -> Result<Asked, ApiError> {
    let range = range(headers, size)?;
    let wanted = range.clone().unwrap_or(0..size);
    let content = blob::locate(conn, BlobId(blob), wanted).await?;
    let content = content.ok_or_else(|| ApiError::Internal("a blob that is referred to is missing".into()))?;
    Ok(Asked { content, partial: range.is_some() })
}

/// One range; several, or ones that are no ranges of bytes, are answered with everything, as the
/// standard allows.
fn range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, ApiError> {
    let Some(text) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    let Ok(parsed) = parse_range_header(text) else { return Ok(None) };
    match parsed.validate(size).as_deref() {
        Ok([range]) => Ok(Some(*range.start()..range.end().saturating_add(1).min(size))),
        Ok(_) => Ok(None),
        Err(_) => Err(ApiError::RangeNotSatisfiable { size }),
    }
}

/// Sends what was asked for. A decision that turns ends it: the body stays short of its length, which
/// no client takes for the whole.
pub fn answer(state: ApiState, bearer: Bearer, watch: Watch, asked: Asked) -> Result<Response, ApiError> {
    let Asked { content, partial } = asked;
    let (range, size) = (content.range.clone(), content.size);
    let bytes = state.blobs.read(content).map_err(std::io::Error::other).boxed();
    let mut response = Body::from_stream(watched(state, bearer, watch, bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if partial {
        let text = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
        let text = HeaderValue::from_str(&text).map_err(|error| ApiError::Internal(error.to_string()))?;
        headers.insert(header::CONTENT_RANGE, text);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

type Source = BoxStream<'static, std::io::Result<Bytes>>;

struct Going {
    state: ApiState,
    bearer: Bearer,
    watch: Watch,
    bytes: Source,
    decided: Instant,
}

fn watched(
    state: ApiState,
    bearer: Bearer,
    watch: Watch,
    bytes: Source,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let going = Going { state, bearer, watch, bytes, decided: Instant::now() };
    stream::try_unfold(going, |mut going| async move {
        let Some(piece) = going.bytes.try_next().await? else { return Ok(None) };
        if going.decided.elapsed() >= HOLDS {
            let (state, bearer) = (going.state.clone(), going.bearer);
            if let Err(error) = decide(&state, &bearer, going.watch).await {
                error.log();
                metrics::counter!("aegle_downloads_ended_total").increment(1);
                return Err(std::io::Error::other("no longer permitted"));
            }
            going.decided = Instant::now();
        }
        Ok(Some((piece, going)))
    })
}

/// The decision of the request, made once more.
async fn decide(state: &ApiState, bearer: &Bearer, watch: Watch) -> Result<(), ApiError> {
    let mut served = Served::begin(state, bearer).await?;
    let now = served.now();
    if !store::session::is_open(served.conn(), bearer.session, now).await? {
        return Err(ApiError::SessionEnded);
    }
    match watch {
        Watch::Record { purpose, vault, record } => {
            let opened = served.open(vault, purpose, Action::Read).await?;
            content::find(served.conn(), &opened, record).await?;
        }
        Watch::Mail { vault, item } => {
            served.about(vault).await?;
            store::mailbox::find(served.conn(), item).await?.ok_or(ApiError::NOT_THERE)?;
        }
    }
    served.close().await?;
    Ok(())
}
