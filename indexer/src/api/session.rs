//! Who asks: the session that a request's token belongs to.

use aegle_client::commitment::random_bytes;
use aegle_decision::{Caller, Key};
use aegle_disclosure::Digest;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use super::{
    bytes::{Address, SessionId},
    error::ApiError,
    state::{ApiState, wall_clock},
    store::session,
};

/// What a caller shows to be known again. It is stored nowhere, only its hash is.
pub struct Token([u8; 32]);

impl Token {
    pub fn random() -> Self {
        Self(random_bytes(&mut OsRng))
    }

    /// As the caller sends it: base64url, 43 characters.
    pub fn expose(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The token of `Authorization: Bearer`, RFC 6750 section 2.1; exactly one is expected.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (value, None) = (values.next()?, values.next()) else { return None };
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        BASE64_URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok().map(Self)
    }
}

/// A caller who signed in. The session is looked up for each request, so that one that ends is refused
/// from the next request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub session: SessionId,
    pub caller: Caller,
    /// Signs the session's requests.
    pub request_key: Key,
    /// Of the text that the wallet signed, which says so.
    pub sign_in: Digest,
    /// Seconds since the Unix epoch.
    pub expires_at: i64,
}

impl Bearer {
    pub fn wallet(&self) -> Address {
        Address(self.caller.key.0)
    }

    /// Who acts for the wallet, where it is an organization's.
    pub fn practitioner(&self) -> Option<Address> {
        self.caller.practitioner.map(|key| Address(key.0))
    }
}

/// Hash of the token that a request shows, whoever's it is.
pub struct Shown(pub [u8; 32]);

impl FromRequestParts<ApiState> for Shown {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        Token::of(&parts.headers).map(|token| Self(token.hash())).ok_or(ApiError::NotSignedIn)
    }
}

impl FromRequestParts<ApiState> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let token = Token::of(&parts.headers).ok_or(ApiError::NotSignedIn)?;
        let found = session::find(&state.protected, token.hash()).await?.ok_or(ApiError::NotSignedIn)?;
        if !found.counts_at((state.now)()) {
            return Err(ApiError::SessionEnded);
        }
        Ok(Self {
            session: found.id,
            caller: Caller { key: Key(found.wallet.0), practitioner: found.practitioner.map(|key| Key(key.0)) },
            request_key: Key(found.request_key.0),
            sign_in: Digest(found.sign_in.0),
            expires_at: found.expires_at.0,
        })
    }
}

/// Ends sessions in an operator's name: all, or those in which a wallet takes part. Their next request is
/// refused. Gives how many.
///
/// # Errors
/// A wallet that is none; a database that refuses or cannot be reached.
pub async fn end_sessions(pool: &PgPool, wallet: Option<&str>) -> anyhow::Result<u64> {
    let wallet = wallet.map(|wallet| wallet.parse::<Key>().map_err(anyhow::Error::msg)).transpose()?;
    Ok(session::end_all(pool, wallet.map(|wallet| Address(wallet.0)), wall_clock()).await?)
}
