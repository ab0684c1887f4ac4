//! What the API refuses, and how it says so: RFC 9457 problem details with a stable code.

use aegle_decision::{Key, RuleId};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    blob::{StoreError, UploadError},
    erasure::ErasureError,
};

/// Where an upload goes on.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Seconds after which a caller may ask again where the mirror or its database is not there.
const RETRY_AFTER: u64 = 5;
const NOT_PERMITTED: &str = "Nothing here is open to you for this purpose, or there is nothing here.";
/// Postgres' code of a statement that took too long.
const STATEMENT_TIMEOUT: &str = "57014";
/// Postgres' codes of a transaction that gave way to another one: a serialization failure, a deadlock.
const GAVE_WAY: [&str; 2] = ["40001", "40P01"];

/// Marks a refusal by a decision, with what the caller is not told.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    pub rule: RuleId,
    pub consent: Option<Key>,
}

/// Marks a refusal of which a transaction that gave way to another one is the cause.
#[derive(Clone, Copy, Debug)]
pub struct Contended;

/// Stable codes of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    BadRequest,
    InvalidAddress,
    InvalidParameter,
    InvalidCursor,
    SlotOutOfRange,
    NotFound,
    NoSuchRoute,
    MethodNotAllowed,
    NotAcceptable,
    PayloadTooLarge,
    UriTooLong,
    HeadersTooLarge,
    RateLimited,
    TooManyStreams,
    Internal,
    NoFreeStream,
    NotReady,
    Behind,
    Unavailable,
    Timeout,
    InvalidBody,
    UnsupportedMediaType,
    NotSignedIn,
    SessionEnded,
    RequestUnsigned,
    RequestSignatureInvalid,
    ChallengeEnded,
    SignatureInvalid,
    NoPurpose,
    NotPermitted,
    KeyPending,
    KeyChanged,
    CommitmentMismatch,
    RecordStored,
    RecordErased,
    RecordHeld,
    ConsentStored,
    TooManyAccessRequests,
    TooManySubscriptions,
    MailOff,
    CodeWrong,
    RangeNotSatisfiable,
    NoSuchUpload,
    InvalidUpload,
    UploadOffset,
    UploadQuota,
    TooManyChunks,
    NoFreeChunk,
    StoreUnavailable,
    RelayOff,
    AgentOff,
    TransactionRefused,
    TransactionFails,
    InvitationNeeded,
    TooManyFirstVaults,
    RelayLimit,
    RelayUnavailable,
}

impl Code {
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::InvalidAddress
            | Self::InvalidParameter
            | Self::InvalidCursor
            | Self::InvalidBody
            | Self::NoPurpose
            | Self::InvalidUpload
            | Self::SlotOutOfRange => StatusCode::BAD_REQUEST,
            Self::NotSignedIn | Self::SessionEnded | Self::RequestUnsigned | Self::RequestSignatureInvalid => {
                StatusCode::UNAUTHORIZED
            }
            Self::SignatureInvalid | Self::NotPermitted | Self::InvitationNeeded => StatusCode::FORBIDDEN,
            Self::TransactionRefused | Self::TransactionFails => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound | Self::NoSuchRoute | Self::RelayOff | Self::AgentOff | Self::MailOff => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::ChallengeEnded
            | Self::KeyPending
            | Self::KeyChanged
            | Self::CommitmentMismatch
            | Self::RecordStored
            | Self::RecordErased
            | Self::RecordHeld
            | Self::ConsentStored
            | Self::CodeWrong
            | Self::NoSuchUpload
            | Self::UploadOffset => StatusCode::CONFLICT,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RateLimited
            | Self::TooManyStreams
            | Self::TooManyAccessRequests
            | Self::TooManySubscriptions
            | Self::UploadQuota
            | Self::TooManyChunks
            | Self::TooManyFirstVaults
            | Self::RelayLimit => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoFreeStream
            | Self::NoFreeChunk
            | Self::NotReady
            | Self::Behind
            | Self::StoreUnavailable
            | Self::Unavailable
            | Self::RelayUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is malformed",
            Self::InvalidAddress => "The path holds no address",
            Self::InvalidParameter => "A query parameter is wrong",
            Self::InvalidCursor => "The cursor does not belong to this list",
            Self::SlotOutOfRange => "The slot is not in the mirror",
            Self::NotFound => "Nothing is known at this address",
            Self::NoSuchRoute => "There is no such route",
            Self::MethodNotAllowed => "The route does not have this method",
            Self::NotAcceptable => "It does not come in this form",
            Self::PayloadTooLarge => "The request body is too large",
            Self::UriTooLong => "The request's address is too long",
            Self::HeadersTooLarge => "The request's headers are too large",
            Self::RateLimited => "Too many requests",
            Self::TooManyStreams => "Too many streams",
            Self::NoFreeStream => "No stream is free",
            Self::Internal => "The server failed",
            Self::NotReady => "The mirror has not started yet",
            Self::Behind => "The mirror is behind its node",
            Self::Unavailable => "The database cannot be reached",
            Self::Timeout => "The answer took too long",
            Self::InvalidBody => "The request body is wrong",
            Self::UnsupportedMediaType => "The request body has another media type",
            Self::NotSignedIn => "This needs a session",
            Self::SessionEnded => "The session has ended",
            Self::RequestUnsigned => "The request is not signed",
            Self::RequestSignatureInvalid => "The signature is not this request's",
            Self::ChallengeEnded => "The challenge can no longer be answered",
            Self::SignatureInvalid => "The signature does not hold",
            Self::NoPurpose => "The request states no purpose",
            Self::NotPermitted => "Not permitted, or not there",
            Self::KeyPending => "The key is not ready",
            Self::KeyChanged => "The patient's key has changed",
            Self::CommitmentMismatch => "The chain says otherwise",
            Self::RecordStored => "The record has its content already",
            Self::RecordErased => "The record was erased",
            Self::RecordHeld => "A legal hold keeps the content as it is",
            Self::ConsentStored => "The consent is stored already",
            Self::TooManyAccessRequests => "Too many open access requests",
            Self::TooManySubscriptions => "Too many subscriptions",
            Self::MailOff => "This server sends no mail",
            Self::CodeWrong => "This is not the code",
            Self::NoSuchUpload => "There is no such finished upload",
            Self::RangeNotSatisfiable => "No byte is in this range",
            Self::InvalidUpload => "This cannot be uploaded",
            Self::UploadOffset => "The upload goes on elsewhere",
            Self::UploadQuota => "Too much waits to be claimed",
            Self::TooManyChunks => "Too many chunks at once",
            Self::NoFreeChunk => "No more chunks are taken now",
            Self::StoreUnavailable => "A store cannot be reached",
            Self::RelayOff => "This server pays for nobody",
            Self::AgentOff => "This server has no agent",
            Self::TransactionRefused => "The relay does not sign this",
            Self::TransactionFails => "The transaction would fail",
            Self::InvitationNeeded => "A first vault needs an invitation",
            Self::TooManyFirstVaults => "Too many first vaults from this network",
            Self::RelayLimit => "The relay does not pay for more",
            Self::RelayUnavailable => "The relay cannot send now",
        }
    }

    fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The code of a response that a library made.
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoSuchRoute,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::GATEWAY_TIMEOUT => Self::Timeout,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}

/// Problem details, RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Path of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub code: Code,
    pub detail: String,
    /// The id under which the server logged the request; also in the header `x-request-id`.
    pub request_id: String,
    /// With `not_permitted`: what is logged of the request, in base64, encrypted to the patient if there is one. It
    /// is of one length, and tells whoever cannot open it nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sealed: Option<String>,
}

impl Problem {
    fn new(code: Code, detail: String) -> Self {
        Self {
            kind: format!("/problems/{}", code.name()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            code,
            detail,
            request_id: String::new(),
            sealed: None,
        }
    }

    /// The problem that an error response stands for, whoever made it.
    pub(super) fn of(response: &Response) -> Self {
        let status = response.status();
        response.extensions().get::<Self>().cloned().unwrap_or_else(|| {
            let code = Code::of(status);
            Self { status: status.as_u16(), ..Self::new(code, format!("{}.", code.title())) }
        })
    }
}

/// Every refusal of the API.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}.")]
    InvalidAddress(String),
    #[error("{0}.")]
    InvalidParameter(String),
    #[error("{0}.")]
    InvalidBody(String),
    #[error("The request body is larger than this route takes.")]
    PayloadTooLarge,
    #[error("The request body must be application/json.")]
    UnsupportedMediaType,
    #[error("It comes as application/json, text/csv or application/pdf; name one in `Accept`.")]
    NotAcceptable,
    #[error("Sign in, and send the session's token as `Authorization: Bearer`.")]
    NotSignedIn,
    #[error("The session has expired or was ended; sign in again.")]
    SessionEnded,
    #[error("Sign the request with the session's key: headers Signature-Input and Signature, RFC 9421.")]
    RequestUnsigned,
    #[error("The signature does not count: {0}.")]
    RequestSignatureInvalid(String),
    #[error("The challenge is unknown, was answered already or has expired; ask for another.")]
    ChallengeEnded,
    #[error("{0}.")]
    SignatureInvalid(&'static str),
    #[error("State the purpose of use in the header `aegle-purpose`, by its HL7 code such as TREAT.")]
    NoPurpose,
    /// The same to the caller whatever the reason, which is for the patient's log.
    #[error("{NOT_PERMITTED}")]
    Denied { rule: RuleId, consent: Option<Key> },
    #[error(
        "You may read this record, but its key is not encrypted to you yet; that happens in the patient's next session."
    )]
    KeyPending,
    #[error("The patient's encryption key is another by now; read the vault again and encrypt to its new key.")]
    KeyChanged,
    #[error("On chain stands another commitment than the one these open; nothing was stored.")]
    CommitmentMismatch,
    #[error("This record's content was stored before; a correction is a new record.")]
    RecordStored,
    #[error("What opens this consent was stored before.")]
    ConsentStored,
    #[error("You have {most} open requests; withdraw one.")]
    TooManyAccessRequests { most: i64 },
    #[error("A wallet may have {most} subscriptions to a vault, and make {a_day} in a day; remove one, or wait.")]
    TooManySubscriptions { most: i64, a_day: i64 },
    #[error("This server sends no mail; name a webhook, or look into the inbox.")]
    MailOff,
    #[error("It is not the code that was sent, or none is waited for any more; subscribe again for another.")]
    CodeWrong,
    #[error("No finished upload of yours has this id; it may have been used before.")]
    NoSuchUpload,
    #[error("The content has {size} bytes.")]
    RangeNotSatisfiable { size: u64 },
    #[error("{0}.")]
    InvalidUpload(String),
    #[error("The upload goes on at byte {expected}.")]
    UploadOffset { expected: u64 },
    #[error(
        "Claim or give up what was uploaded: a wallet may hold {uploads} uploads, {bytes} bytes in all, that nothing has claimed."
    )]
    UploadQuota { uploads: u32, bytes: u64 },
    #[error("This wallet may send {most} chunks at once.")]
    TooManyChunks { most: usize },
    #[error("The server takes no more chunks at this moment.")]
    NoFreeChunk,
    #[error("The blob store cannot be reached.")]
    StoreUnavailable(#[source] StoreError),
    #[error("What opens this cannot be unlocked at this moment; nothing was answered or stored.")]
    KeysUnavailable(#[source] ErasureError),
    #[error("This record was erased; nothing is stored for it any more.")]
    RecordErased,
    #[error("A legal hold keeps what is stored of this record as it is, until it is lifted.")]
    RecordHeld,
    #[error("This server has no relay; pay for the transaction with a wallet of your own.")]
    RelayOff,
    #[error("This server has no agent; take in what waits yourself, or let somebody else do so.")]
    AgentOff,
    #[error("{0}.")]
    TransactionRefused(String),
    #[error("{0}.")]
    TransactionFails(String),
    #[error("Send the code of an invitation that is neither used nor expired.")]
    InvitationNeeded,
    #[error(
        "This server pays for {most} first vaults of one network in a day; ask again in {retry_after} seconds, or send \
         an invitation."
    )]
    TooManyFirstVaults { most: u32, retry_after: u64 },
    #[error("It was not sent: {0}.")]
    RelayLimit(String),
    #[error("The relay's wallet is empty; nothing was sent. Try again later.")]
    RelayEmpty,
    #[error("The relay's node does not answer; nothing was sent. Try again later.")]
    NodeAway(String),
    #[error("The cursor was not made by this server for this list and these parameters.")]
    InvalidCursor,
    #[error("as_of_slot must be between {first} and {last}.")]
    SlotOutOfRange { first: i64, last: i64 },
    #[error("There is no {0} at this address in the state asked for.")]
    NotFound(&'static str),
    #[error("There is no such route; /docs lists them.")]
    NoSuchRoute,
    #[error("The request's address may have {0} bytes.")]
    UriTooLong(usize),
    #[error("The request's headers may have {0} bytes.")]
    HeadersTooLarge(usize),
    #[error("This address or wallet sent too many requests; ask again in {retry_after} seconds.")]
    RateLimited { retry_after: u64 },
    #[error("This address may have {most} streams open; close one.")]
    TooManyStreams { most: usize },
    #[error("Every stream of this server is taken.")]
    NoFreeStream,
    #[error("The mirror has ingested nothing yet.")]
    NotReady,
    #[error("The mirror is behind its node by {slots} slots and {seconds} seconds; nothing stale is served.")]
    Behind { slots: i64, seconds: i64 },
    #[error("The answer took too long; ask for less.")]
    Timeout,
    #[error("The database cannot be reached.")]
    Unavailable(#[source] sqlx::Error),
    #[error("Others write the same at this moment; nothing was stored. Ask again.")]
    Contended(#[source] sqlx::Error),
    #[error("The server failed; it logged why under the request id.")]
    Database(#[source] sqlx::Error),
    #[error("The server failed; it logged why under the request id.")]
    Internal(String),
}

impl ApiError {
    /// What was asked for is not there, or not the caller's.
    pub const NOT_THERE: Self = Self::Denied { rule: RuleId::NotThere, consent: None };

    pub(super) fn code(&self) -> Code {
        match self {
            Self::InvalidAddress(_) => Code::InvalidAddress,
            Self::InvalidParameter(_) => Code::InvalidParameter,
            Self::InvalidCursor => Code::InvalidCursor,
            Self::InvalidBody(_) => Code::InvalidBody,
            Self::PayloadTooLarge => Code::PayloadTooLarge,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::NotAcceptable => Code::NotAcceptable,
            Self::NotSignedIn => Code::NotSignedIn,
            Self::SessionEnded => Code::SessionEnded,
            Self::RequestUnsigned => Code::RequestUnsigned,
            Self::RequestSignatureInvalid(_) => Code::RequestSignatureInvalid,
            Self::ChallengeEnded => Code::ChallengeEnded,
            Self::SignatureInvalid(_) => Code::SignatureInvalid,
            Self::NoPurpose => Code::NoPurpose,
            Self::Denied { .. } => Code::NotPermitted,
            Self::NoSuchUpload => Code::NoSuchUpload,
            Self::KeyPending => Code::KeyPending,
            Self::KeyChanged => Code::KeyChanged,
            Self::CommitmentMismatch => Code::CommitmentMismatch,
            Self::RecordStored => Code::RecordStored,
            Self::ConsentStored => Code::ConsentStored,
            Self::TooManyAccessRequests { .. } => Code::TooManyAccessRequests,
            Self::TooManySubscriptions { .. } => Code::TooManySubscriptions,
            Self::MailOff => Code::MailOff,
            Self::CodeWrong => Code::CodeWrong,
            Self::RangeNotSatisfiable { .. } => Code::RangeNotSatisfiable,
            Self::InvalidUpload(_) => Code::InvalidUpload,
            Self::UploadOffset { .. } => Code::UploadOffset,
            Self::UploadQuota { .. } => Code::UploadQuota,
            Self::TooManyChunks { .. } => Code::TooManyChunks,
            Self::NoFreeChunk => Code::NoFreeChunk,
            Self::StoreUnavailable(_) | Self::KeysUnavailable(_) => Code::StoreUnavailable,
            Self::RecordErased => Code::RecordErased,
            Self::RecordHeld => Code::RecordHeld,
            Self::RelayOff => Code::RelayOff,
            Self::AgentOff => Code::AgentOff,
            Self::TransactionRefused(_) => Code::TransactionRefused,
            Self::TransactionFails(_) => Code::TransactionFails,
            Self::InvitationNeeded => Code::InvitationNeeded,
            Self::TooManyFirstVaults { .. } => Code::TooManyFirstVaults,
            Self::RelayLimit(_) => Code::RelayLimit,
            Self::RelayEmpty | Self::NodeAway(_) => Code::RelayUnavailable,
            Self::SlotOutOfRange { .. } => Code::SlotOutOfRange,
            Self::NotFound(_) => Code::NotFound,
            Self::NoSuchRoute => Code::NoSuchRoute,
            Self::UriTooLong(_) => Code::UriTooLong,
            Self::HeadersTooLarge(_) => Code::HeadersTooLarge,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::TooManyStreams { .. } => Code::TooManyStreams,
            Self::NoFreeStream => Code::NoFreeStream,
            Self::NotReady => Code::NotReady,
            Self::Behind { .. } => Code::Behind,
            Self::Timeout => Code::Timeout,
            Self::Unavailable(_) | Self::Contended(_) => Code::Unavailable,
            Self::Database(_) | Self::Internal(_) => Code::Internal,
        }
    }

    /// Writes down what the caller is not told.
    pub(super) fn log(&self) {
        match self {
            Self::RelayEmpty => tracing::error!("the relay's wallet is empty"),
            Self::NodeAway(error) => tracing::warn!(error, "the relay's node does not answer"),
            Self::Unavailable(error) => tracing::warn!(%error, "database unreachable"),
            Self::Contended(error) => tracing::debug!(%error, "a transaction gave way"),
            Self::StoreUnavailable(error) => tracing::error!(%error, "blob store failed"),
            Self::KeysUnavailable(error) => tracing::error!(%error, "the store of erasure keys failed"),
            Self::Database(error) => tracing::error!(%error, "query failed"),
            Self::Internal(error) => tracing::error!(%error, "request failed"),
            _ => {}
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let code = |error: &sqlx::Error| error.as_database_error().and_then(|error| error.code().map(String::from));
        if code(&error).as_deref() == Some(STATEMENT_TIMEOUT) {
            return Self::Timeout;
        }
        if code(&error).is_some_and(|code| GAVE_WAY.contains(&code.as_str())) {
            return Self::Contended(error);
        }
        let unreachable = match &error {
            Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
            // Connection exceptions, lack of resources, operator intervention (shutdown, cancelled
            // statement), recovery conflicts of a replica.
            Database(error) => {
                error.code().is_some_and(|code| ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)))
            }
            _ => false,
        };
        if unreachable { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

impl From<ErasureError> for ApiError {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Database(error) => error.into(),
            error => Self::KeysUnavailable(error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            error => Self::StoreUnavailable(error),
        }
    }
}

impl IntoResponse for ApiError {
    /// A response without a body: the layer that knows the request's id writes the problem.
    fn into_response(self) -> Response {
        self.log();
        let retry_after = match &self {
            Self::RateLimited { retry_after } | Self::TooManyFirstVaults { retry_after, .. } => Some(*retry_after),
            Self::TooManyStreams { .. }
            | Self::NoFreeStream
            | Self::TooManyChunks { .. }
            | Self::NoFreeChunk
            | Self::StoreUnavailable(_)
            | Self::KeysUnavailable(_)
            | Self::NotReady
            | Self::Behind { .. }
            | Self::RelayEmpty
            | Self::NodeAway(_)
            | Self::Unavailable(_)
            | Self::Contended(_) => Some(RETRY_AFTER),
            _ => None,
        };
        let code = self.code();
        let mut response = code.status().into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Self::UploadOffset { expected } = self {
            response.headers_mut().insert(UPLOAD_OFFSET, HeaderValue::from(expected));
        }
        // RFC 6750, section 3.
        let challenge = match code {
            Code::NotSignedIn => Some(HeaderValue::from_static("Bearer")),
            Code::SessionEnded => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Problem::new(code, self.to_string()));
        if let Self::Denied { rule, consent } = self {
            response.extensions_mut().insert(Refused { rule, consent });
        }
        if let Self::Contended(_) = self {
            response.extensions_mut().insert(Contended);
        }
        response
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Database(error) => error.into(),
            // Whose it is, or whether it is complete, is not said.
            _ => Self::NoSuchUpload,
        }
    }
}
