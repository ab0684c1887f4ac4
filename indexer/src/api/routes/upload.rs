use std::fmt::Display;

use axum::{
    Json,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, RefOr, SchemaFormat, Type,
        schema::{ObjectBuilder, Schema},
    },
};

use crate::{
    api::{
        bytes::Digest,
        error::{ApiError, UPLOAD_OFFSET},
        extract::{Body, UploadPath},
        places::NoPlace,
        protected,
        session::Bearer,
        state::ApiState,
        time::Time,
    },
    blob::{self, BlobConfig, Part, Upload, UploadError},
};

const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const UPLOAD_LIMIT: HeaderName = HeaderName::from_static("upload-limit");
/// What answers about uploads carry.
pub const UPLOAD_HEADERS: [HeaderName; 4] = [UPLOAD_OFFSET, UPLOAD_LENGTH, UPLOAD_COMPLETE, UPLOAD_LIMIT];

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    /// Bytes of the ciphertext.
    #[schema(minimum = 1)]
    size: u64,
}

/// Bytes, as the document describes them.
struct Chunk;

impl PartialSchema for Chunk {
    fn schema() -> RefOr<Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for Chunk {}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedUpload {
    /// 32 bytes in hex. The record or the mailbox item that claims the upload names it.
    id: String,
    size: u64,
    /// Bytes that one request may add: at least, the last one apart, and at most.
    min_chunk_bytes: u64,
    max_chunk_bytes: u64,
    /// Unless bytes come or it is claimed before, it is removed.
    expires_at: Time,
}

/// Begins an upload of encrypted contents.
#[utoipa::path(
    post,
    path = "/v1/uploads",
    tag = "uploads",
    security(("session" = [])),
    request_body = NewUpload,
    responses((status = 201, body = CreatedUpload, description = "Send bytes to the address in `Location`."))
)]
pub async fn create_upload(
    State(state): State<ApiState>,
    bearer: Bearer,
    Body(new): Body<NewUpload>,
) -> Result<Response, ApiError> {
    let config = &state.blobs.config;
    if !(1..=config.max_bytes).contains(&new.size) {
        return Err(ApiError::InvalidUpload(format!("size must be from 1 to {}", config.max_bytes)));
    }
    let mut transaction = protected::begin(&state, &bearer).await?;
    let upload = blob::create(&mut transaction, config, bearer.wallet().0, new.size);
    let upload = upload.await.map_err(|error| refusal(error, config))?;
    transaction.commit().await?;
    let created = CreatedUpload {
        id: upload.id.to_string(),
        size: upload.size,
        min_chunk_bytes: config.min_chunk_bytes,
        max_chunk_bytes: config.max_chunk_bytes,
        expires_at: Time(upload.expires_at),
    };
    let location = [(header::LOCATION, format!("/v1/uploads/{}", upload.id))];
    Ok((StatusCode::CREATED, location, Json(created)).into_response())
}

/// How far an upload is.
#[utoipa::path(
    head,
    path = "/v1/uploads/{upload}",
    tag = "uploads",
    security(("session" = [])),
    params(("upload" = Digest, Path, description = "Id of the upload, hex")),
    responses((
        status = 204,
        description = "Where it goes on.",
        headers(
            ("upload-offset" = u64, description = "Bytes that are there"),
            ("upload-length" = u64, description = "Bytes of the whole"),
            ("upload-complete" = String, description = "`?1` once all are there, else `?0`"),
            ("upload-limit" = String, description = "`min-append-size`, `max-append-size`: bytes that one request \
                may add, at least (the last one apart) and at most")
        )
    ))
)]
pub async fn find_upload(
    State(state): State<ApiState>,
    bearer: Bearer,
    UploadPath(id): UploadPath,
) -> Result<Response, ApiError> {
    let config = &state.blobs.config;
    let mut transaction = protected::begin(&state, &bearer).await?;
    let found = blob::find(&mut transaction, bearer.wallet().0, id).await.map_err(|error| refusal(error, config))?;
    transaction.commit().await?;
    Ok(progress(&found.ok_or(ApiError::NotFound("upload"))?, config))
}

/// Adds bytes to an upload, at the place where it goes on.
///
/// All bytes of the request are taken, or none. Where an answer did not come, ask how far the upload is.
/// Of several requests for one place, one is taken.
#[utoipa::path(
    patch,
    path = "/v1/uploads/{upload}",
    tag = "uploads",
    security(("session" = [])),
    params(
        ("upload" = Digest, Path, description = "Id of the upload, hex"),
        ("upload-offset" = u64, Header, description = "Where the bytes belong: how many are there")
    ),
    request_body(content = inline(Chunk), content_type = "application/partial-upload"),
    responses((
        status = 204,
        description = "They are stored.",
        headers(
            ("upload-offset" = u64, description = "Bytes that are there"),
            ("upload-length" = u64, description = "Bytes of the whole"),
            ("upload-complete" = String, description = "`?1` once all are there, else `?0`"),
            ("upload-limit" = String, description = "As for HEAD")
        )
    ), (
        status = 409,
        description = "The upload goes on elsewhere.",
        headers(("upload-offset" = u64, description = "Where"))
    ))
)]
pub async fn append_upload(
    State(state): State<ApiState>,
    bearer: Bearer,
    UploadPath(id): UploadPath,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<Response, ApiError> {
    let start = offset(&headers)?;
    let place = state.chunks.take(bearer.wallet()).map_err(|refused| match refused {
        NoPlace::OfClient { most } => ApiError::TooManyChunks { most },
        NoPlace::AtAll => ApiError::NoFreeChunk,
    })?;
    let config = state.blobs.config.clone();
    let mut transaction = protected::begin(&state, &bearer).await?;
    let part = blob::begin_part(&mut transaction, &config, bearer.wallet().0, id, start).await;
    let part = part.map_err(|error| refusal(error, &config))?;
    transaction.commit().await?;

    // What has come whole is kept, whether or not the caller still waits.
    let kept = match receive(body, &part, &config).await {
        Ok(bytes) => tokio::spawn(async move {
            let _place = place;
            keep(&state, &bearer, &part, bytes).await
        }),
        Err(error) => {
            discard(&state, &bearer, &part).await;
            return Err(error);
        }
    };
    let upload = kept.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    Ok(progress(&upload, &config))
}

/// Gives an upload up. What a record or a mailbox item has claimed is no upload any more.
#[utoipa::path(
    delete,
    path = "/v1/uploads/{upload}",
    tag = "uploads",
    security(("session" = [])),
    params(("upload" = Digest, Path, description = "Id of the upload, hex")),
    responses((status = 204, description = "It is gone."))
)]
pub async fn cancel_upload(
    State(state): State<ApiState>,
    bearer: Bearer,
    UploadPath(id): UploadPath,
) -> Result<StatusCode, ApiError> {
    let mut transaction = protected::begin(&state, &bearer).await?;
    let cancelled = blob::cancel(&mut transaction, bearer.wallet().0, id).await;
    cancelled.map_err(|error| refusal(error, &state.blobs.config))?;
    transaction.commit().await?;
    state.sweeper.wake();
    Ok(StatusCode::NO_CONTENT)
}

/// # Errors
/// [`ApiError::InvalidUpload`] unless there is exactly one `Upload-Offset`, a number.
fn offset(headers: &HeaderMap) -> Result<u64, ApiError> {
    let mut values = headers.get_all(UPLOAD_OFFSET).iter();
    let offset = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())),
        _ => None,
    };
    offset.and_then(|text| text.parse().ok()).ok_or_else(|| {
        ApiError::InvalidUpload("One header Upload-Offset is needed, with the number of bytes there".into())
    })
}

/// The whole body, if the upload takes it.
async fn receive(body: RequestBody, part: &Part, config: &BlobConfig) -> Result<Bytes, ApiError> {
    let most = config.max_chunk_bytes.min(part.space);
    // Copied together: pieces may be single bytes, each of which would hold a buffer of its own.
    let mut bytes = BytesMut::new();
    let mut pieces = body.into_data_stream();
    let failed = |_| ApiError::InvalidUpload("The body was cut off, or is larger than a request may add".into());
    while let Some(piece) = pieces.try_next().await.map_err(failed)? {
        if (bytes.len() + piece.len()) as u64 > most {
            return Err(ApiError::InvalidUpload(format!("At most {most} bytes may be added here")));
        }
        bytes.extend_from_slice(&piece);
    }
    let least = config.min_chunk_bytes.min(part.space);
    if (bytes.len() as u64) < least {
        return Err(ApiError::InvalidUpload(format!("At least {least} bytes must be added here")));
    }
    Ok(bytes.freeze())
}

/// Stores a part: the object first, then the row that makes it count.
async fn keep(state: &ApiState, bearer: &Bearer, part: &Part, bytes: Bytes) -> Result<Upload, ApiError> {
    let (config, length) = (&state.blobs.config, bytes.len() as u64);
    state.blobs.store.put(part.object, bytes).await?;
    let mut transaction = protected::begin(state, bearer).await?;
    let finished = blob::finish_part(&mut transaction, config, bearer.wallet().0, part, length).await;
    match finished {
        Ok(upload) => {
            transaction.commit().await?;
            Ok(upload)
        }
        Err(error) => {
            drop(transaction);
            discard(state, bearer, part).await;
            Err(refusal(error, config))
        }
    }
}

/// Removes a part that is not taken. What fails here is left to the sweep.
async fn discard(state: &ApiState, bearer: &Bearer, part: &Part) {
    let discarded: Result<(), ApiError> = async {
        state.blobs.store.delete(&[part.object]).await?;
        let mut transaction = protected::begin(state, bearer).await?;
        blob::discard(&mut transaction, part).await.map_err(|error| refusal(error, &state.blobs.config))?;
        Ok(transaction.commit().await?)
    }
    .await;
    if let Err(error) = discarded {
        error.log();
    }
}

fn progress(upload: &Upload, config: &BlobConfig) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let limit = format!("min-append-size={}, max-append-size={}", config.min_chunk_bytes, config.max_chunk_bytes);
    let fields: [(_, &dyn Display); 4] = [
        (UPLOAD_OFFSET, &upload.received),
        (UPLOAD_LENGTH, &upload.size),
        (UPLOAD_COMPLETE, if upload.is_complete() { &"?1" } else { &"?0" }),
        (UPLOAD_LIMIT, &limit),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refusal(error: UploadError, config: &BlobConfig) -> ApiError {
    match error {
        UploadError::NotFound => ApiError::NotFound("upload"),
        UploadError::Offset { expected } => ApiError::UploadOffset { expected },
        UploadError::Complete => ApiError::InvalidUpload("The upload is complete".into()),
        UploadError::Quota => {
            ApiError::UploadQuota { uploads: config.max_unclaimed, bytes: config.max_unclaimed_bytes }
        }
        UploadError::GivenUp => ApiError::Timeout,
        UploadError::Database(error) => error.into(),
    }
}
