//! The routes, one file per entity.

mod consent;
mod credential;
mod delegate;
mod event;
mod health;
mod record;
mod recovery;
mod registrar;
pub mod reply;
mod session;
mod sign_in;
mod status;
mod stream;
mod token;
mod vault;
mod walk;

pub use stream::LAST_EVENT_ID;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::ApiState;

/// Everything that reads the chain; limited by peer.
pub fn public() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(vault::get_vault))
        .routes(routes!(record::list_records))
        .routes(routes!(consent::list_consents))
        .routes(routes!(delegate::list_delegates))
        .routes(routes!(record::get_record))
        .routes(routes!(consent::get_consent))
        .routes(routes!(recovery::list_recoveries))
        .routes(routes!(recovery::get_recovery))
        .routes(routes!(registrar::list_registrars))
        .routes(routes!(registrar::get_registrar))
        .routes(routes!(credential::list_credentials))
        .routes(routes!(credential::get_credential))
        .routes(routes!(event::list_events))
        .routes(routes!(stream::stream_events))
        .routes(routes!(status::get_status))
        .routes(routes!(token::get_token_metadata))
}

/// Sign-in, sessions, and what needs one; limited by peer.
pub fn protected() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::ask_challenge))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(session::list_sessions, session::end_sessions))
        .routes(routes!(session::renew_session))
        .routes(routes!(session::end_session))
}

/// What supervisors ask; never limited.
pub fn operations() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(health::get_metrics))
}
