use std::{
    io::{Read, Seek, SeekFrom},
    time::Duration,
};

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::{Error, Session, api, wire::Digest};

const OFFSET: &str = "upload-offset";
/// Bytes sent in one request, where the server takes as many.
const CHUNK: u64 = 4 * 1024 * 1024;
/// Failures in a row after which an upload is given up.
const ATTEMPTS: u32 = 6;
/// Before the first further attempt; it doubles with each.
const PAUSE: Duration = Duration::from_millis(200);

/// Told of bytes done and of all bytes.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

#[derive(Deserialize)]
struct Created {
    id: Digest,
    min_chunk_bytes: u64,
    max_chunk_bytes: u64,
}

/// Uploads ciphertext of `size` bytes. A connection that breaks is made again, and the upload goes on
/// where the server has it, with less in one request: one that breaks off adds nothing.
///
/// # Errors
/// The server's refusal, the source's, or no connection for longer than is waited.
pub(crate) async fn upload(
    session: &Session,
    source: &mut (impl Read + Seek),
    size: u64,
    progress: Progress<'_>,
) -> Result<Digest, Error> {
    let created: Created = api::json(session.request(Method::POST, "/v1/uploads").json(&json!({"size": size}))).await?;
    let limit = CHUNK.min(created.max_chunk_bytes).max(1);
    let mut most = limit;
    let path = format!("/v1/uploads/{}", hex::encode(created.id.0));
    let (mut offset, mut failures) = (0, 0);
    while offset < size {
        progress(offset, size);
        source.seek(SeekFrom::Start(offset))?;
        let length = most.min(size - offset);
        let mut chunk = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        source.read_exact(&mut chunk)?;
        match append(session, &path, offset, chunk).await {
            Ok(reached) => (offset, failures, most) = (reached, 0, most.saturating_mul(2).min(limit)),
            Err(error) if error.is_passing() && failures < ATTEMPTS => {
                sleep(PAUSE * 2u32.pow(failures)).await;
                failures += 1;
                most = (length / 2).clamp(created.min_chunk_bytes.min(limit), limit);
                // What the server took before the connection broke counts.
                if let Ok(response) = api::send(session.request(Method::HEAD, &path)).await {
                    offset = reached(response.headers())?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    progress(size, size);
    Ok(created.id)
}

/// Adds bytes at `offset`, and tells where the upload goes on.
async fn append(session: &Session, path: &str, offset: u64, chunk: Vec<u8>) -> Result<u64, Error> {
    let request = session
        .request(Method::PATCH, path)
        .header(OFFSET, offset)
        .header(reqwest::header::CONTENT_TYPE, "application/partial-upload")
        .body(chunk);
    let response = request.send().await?;
    if response.status() == StatusCode::CONFLICT
        && let Ok(offset) = reached(response.headers())
    {
        return Ok(offset);
    }
    let response = api::refused(response).await?;
    reached(response.headers())
}

fn reached(headers: &HeaderMap) -> Result<u64, Error> {
    let offset = headers.get(OFFSET).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    offset.ok_or(Error::Answer("an upload without its offset"))
}
