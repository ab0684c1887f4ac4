use axum::{Json, http::header, response::IntoResponse};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    error::ApiError,
    extract::{Nothing, Params},
};

/// What wallets show of every record token; the same for all, so it says nothing about anybody.
#[derive(Serialize, ToSchema)]
pub struct TokenMetadata {
    name: &'static str,
    symbol: &'static str,
    description: &'static str,
    /// A picture as a data URI.
    image: String,
}

const IMAGE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="12" fill="#f6f3ec"/><g fill="none" stroke="#1d5c63" stroke-width="5" stroke-linecap="round"><circle cx="22" cy="32" r="9"/><path d="M31 32h21m-6 0v8m-8-8v6"/></g></svg>"##;

/// The public metadata that every record token points to.
#[utoipa::path(get, path = "/token/record.json", tag = "token", responses((status = 200, body = TokenMetadata)))]
pub async fn get_token_metadata(Params(Nothing {}): Params<Nothing>) -> Result<impl IntoResponse, ApiError> {
    let metadata = TokenMetadata {
        name: "Aegle health record",
        symbol: "AEGLE",
        description: "Shows that its holder owns a health record on Aegle. It contains nothing of the record, \
                      cannot be transferred, and gives access to nothing.",
        image: format!("data:image/svg+xml;base64,{}", STANDARD.encode(IMAGE)),
    };
    Ok(([(header::CACHE_CONTROL, "public, max-age=3600")], Json(metadata)))
}
