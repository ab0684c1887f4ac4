//! What a request carries, checked before a handler sees it.

use std::error::Error;

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, JsonRejection},
    },
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::{
    bytes::{Address, SessionId, Signature},
    error::ApiError,
};
use crate::blob::BlobId;

/// The address in the path.
pub struct Id(pub Address);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(address) =
            Path::from_request_parts(parts, state).await.map_err(|error| ApiError::InvalidAddress(cause(&error)))?;
        Ok(Self(address))
    }
}

/// The id of a session in the path. What is no id names no session.
pub struct SessionPath(pub SessionId);

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| ApiError::NotFound("session"))
    }
}

/// The path of the request, several parts of it.
pub struct PathOf<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(path) =
            Path::from_request_parts(parts, state).await.map_err(|error| ApiError::InvalidAddress(cause(&error)))?;
        Ok(Self(path))
    }
}

/// The id of an upload in the path. What is no id names no upload.
pub struct UploadPath(pub BlobId);

impl<S: Send + Sync> FromRequestParts<S> for UploadPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or(ApiError::NotFound("upload"))
    }
}

/// The signature in the path. What is none names no transaction.
pub struct SignaturePath(pub Signature);

impl<S: Send + Sync> FromRequestParts<S> for SignaturePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(signature)| Self(signature)).map_err(|_| ApiError::NotFound("relayed transaction"))
    }
}

/// The query of the request; parameters that the route does not have, or twice, are refused.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(params) =
            Query::try_from_uri(&parts.uri).map_err(|error| ApiError::InvalidParameter(cause(&error)))?;
        Ok(Self(params))
    }
}

/// The request body, JSON; fields that the route does not have are refused.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state).await.map_err(|rejection| match rejection {
            JsonRejection::MissingJsonContentType(_) => ApiError::UnsupportedMediaType,
            JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(error))
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                ApiError::PayloadTooLarge
            }
            other => ApiError::InvalidBody(cause(&other)),
        })?;
        Ok(Self(body))
    }
}

/// What the innermost error says; those around it only name the library's step.
fn cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// How sure the ledger is of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Commitment {
    /// Cannot be undone.
    Finalized,
    /// Voted for by a supermajority; undone only if the cluster fails.
    Confirmed,
}

/// Which state is asked for. Without `as_of_slot` the newest of the commitment, which is finalized
/// unless given.
#[derive(Clone, Copy, Debug, Default)]
pub struct At {
    pub commitment: Option<Commitment>,
    pub as_of_slot: Option<u64>,
}

impl At {
    /// For the filter of a cursor: what follows from another state must not continue this one.
    pub fn to_bytes(self) -> Vec<u8> {
        let commitment = match self.commitment {
            None => 0,
            Some(Commitment::Finalized) => 1,
            Some(Commitment::Confirmed) => 2,
        };
        let slot = self.as_of_slot.map(u64::to_le_bytes);
        [commitment].into_iter().chain(slot.into_iter().flatten()).collect()
    }
}

/// How many a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(u32);

impl Limit {
    pub const MAX: u32 = 200;

    pub fn rows(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(limit: u32) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&limit) { Ok(Self(limit)) } else { Err(format!("must be 1 to {}", Self::MAX)) }
    }
}

/// Query of a single account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StateQuery {
    /// `finalized` unless given.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
    /// Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
    as_of_slot: Option<u64>,
}

/// Query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `finalized` unless given.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
    /// Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
    /// Without it, each page shows the state of its own time.
    as_of_slot: Option<u64>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<Limit>,
    /// `next` of the page before, for the same path and the same parameters (`limit` apart).
    pub cursor: Option<String>,
}

impl StateQuery {
    pub fn at(&self) -> At {
        At { commitment: self.commitment, as_of_slot: self.as_of_slot }
    }
}

impl ListQuery {
    pub fn at(&self) -> At {
        At { commitment: self.commitment, as_of_slot: self.as_of_slot }
    }
}

/// Query of a route without parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
