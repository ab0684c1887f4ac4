//! The routes, one file per entity.

mod app;
mod audit_root;
mod break_glass;
mod consent;
mod credential;
mod delegate;
mod event;
mod health;
mod log;
mod profile;
mod protected;
mod record;
mod recovery;
mod registrar;
mod relay;
pub mod reply;
mod session;
mod sign_in;
mod status;
mod stream;
mod token;
mod upload;
mod vault;
mod walk;

use axum::middleware::from_fn;
pub use protected::shape::{LabelsOpening, PURPOSE, purpose_code};
pub use stream::LAST_EVENT_ID;
pub use upload::UPLOAD_HEADERS;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{disclosure::hand_receipt, layers, state::ApiState};

/// Everything that reads the chain; limited by peer.
pub fn public() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(vault::list_vaults))
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
        .routes(routes!(break_glass::list_break_glass))
        .routes(routes!(break_glass::get_break_glass))
        .routes(routes!(audit_root::list_audit_roots))
        .routes(routes!(audit_root::get_audit_root))
        .routes(routes!(event::list_events))
        .routes(routes!(stream::stream_events))
        .routes(routes!(status::get_status))
        .routes(routes!(token::get_token_metadata))
        .routes(routes!(app::get_app))
        .routes(routes!(profile::list_profiles))
        .routes(routes!(log::get_log))
        .routes(routes!(log::list_leaves))
        .routes(routes!(log::get_inclusion))
        .routes(routes!(log::get_consistency))
        .routes(routes!(log::get_sign_in))
}

/// Sign-in and sessions; limited by peer.
pub fn signed_in() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::ask_challenge))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(session::list_sessions, session::end_sessions))
        .routes(routes!(session::renew_session))
        .routes(routes!(session::end_session))
        .routes(routes!(profile::put_profile, profile::delete_profile))
        .layer(from_fn(layers::yield_and_retry))
        .routes(routes!(relay::get_relay, relay::relay_transaction))
        .routes(routes!(relay::get_relayed))
}

/// What is a patient's: every route asks the engine first. Limited by peer.
pub fn protected() -> OpenApiRouter<ApiState> {
    use protected::{
        access_request, accounting, agent, consent, custodian, disclosure, emergency, ending, erasure, explain, hold,
        inbox, keyring, mailbox, notices, patient, record, release, subscription, wrap,
    };
    OpenApiRouter::new()
        .routes(routes!(patient::list_patients))
        .routes(routes!(record::list_records, record::create_record))
        .routes(routes!(record::get_record))
        .routes(routes!(record::get_content, record::replace_content))
        .routes(routes!(erasure::get_erasure))
        .routes(routes!(ending::list_endings))
        .routes(routes!(hold::list_holds))
        .routes(routes!(consent::list_consents, consent::create_consent))
        .routes(routes!(consent::draft_consent))
        .routes(routes!(explain::get_explanation))
        .routes(routes!(wrap::list_wraps, wrap::create_wraps))
        .routes(routes!(wrap::list_pending_wraps))
        .routes(routes!(keyring::list_keyrings, keyring::create_keyring))
        .routes(routes!(keyring::list_guardian_shares, keyring::hand_guardian_share))
        .routes(routes!(custodian::get_plan, custodian::put_plan, custodian::delete_plan))
        .routes(routes!(custodian::list_dealt_shares, custodian::deal_shares))
        .routes(routes!(emergency::list_emergencies, emergency::open_emergency))
        .routes(routes!(emergency::collect_shares))
        .routes(routes!(release::list_releases))
        .routes(routes!(release::fetch_shares, release::release_shares))
        .routes(routes!(mailbox::list_items, mailbox::post_item))
        .routes(routes!(mailbox::delete_item))
        .routes(routes!(mailbox::get_item_content))
        .routes(routes!(mailbox::accept_item))
        .routes(routes!(agent::get_agent_key))
        .routes(routes!(access_request::list_access_requests, access_request::create_access_request))
        .routes(routes!(access_request::delete_access_request))
        .routes(routes!(disclosure::list_disclosures))
        .routes(routes!(disclosure::get_head))
        .routes(routes!(accounting::get_accounting))
        .routes(routes!(inbox::list_notices))
        .routes(routes!(inbox::mark_read))
        .routes(routes!(notices::stream_notices))
        .routes(routes!(subscription::list_subscriptions, subscription::create_subscription))
        .routes(routes!(subscription::delete_subscription))
        .routes(routes!(subscription::confirm_subscription))
        .routes(routes!(disclosure::get_receipt))
        .layer(from_fn(layers::yield_and_retry))
        .layer(from_fn(hand_receipt))
        .layer(from_fn(layers::even_out))
}

/// Contents on their way in, which may be larger and take longer than other requests; limited by peer.
pub fn uploads() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(upload::create_upload)).routes(routes!(
        upload::find_upload,
        upload::append_upload,
        upload::cancel_upload
    ))
}

/// What supervisors ask; never limited.
pub fn operations() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(health::get_metrics))
}
