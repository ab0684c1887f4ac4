//! What a patient is told, here and elsewhere.

use aegle_decision::Key;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Error, Session, api, wire::Answer};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Place among the patient's, from 1 without a gap.
    pub number: u64,
    /// Such as `disclosure`.
    pub kind: String,
    /// RFC 3339.
    pub at: String,
    /// Whether the caller has read it.
    pub read: bool,
}

/// Where somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Webhook { url: String },
    Email { address: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub subscription: String,
    pub vault: Key,
    pub target: Target,
    /// Such as `disclosures`.
    pub kinds: Vec<String>,
    pub confirmed: bool,
    /// RFC 3339.
    pub created_at: String,
    pub failing_since: Option<String>,
    pub ended_at: Option<String>,
}

/// A subscription that was made.
#[derive(Clone, Deserialize)]
pub struct Subscribed {
    pub subscription: String,
    /// What a webhook checks signatures with; never shown again.
    pub secret: Option<String>,
    /// Whether a code was sent that is waited for.
    pub code_sent: bool,
}

/// What the patient is told, newest first.
///
/// # Errors
/// The server's.
pub async fn inbox(session: &Session, vault: Key, unread: bool) -> Result<Vec<Notice>, Error> {
    let query = [("patient", vault.to_string()), ("unread", unread.to_string())];
    session.pages(None, "/v1/inbox", &query).await
}

/// Marks what the caller has read, up to a number.
///
/// # Errors
/// The server's.
pub async fn mark_read(session: &Session, vault: Key, until: u64) -> Result<(), Error> {
    let body = json!({ "vault": vault, "until": until });
    api::send(session.request(Method::POST, "/v1/inbox/read").json(&body)).await.map(drop)
}

/// Has the caller told elsewhere; of everything where `kinds` is empty.
///
/// # Errors
/// The server's.
pub async fn subscribe(session: &Session, vault: Key, target: &Target, kinds: &[&str]) -> Result<Subscribed, Error> {
    let mut body = json!({ "vault": vault, "target": target });
    if !kinds.is_empty() {
        body["kinds"] = json!(kinds);
    }
    session.post("/v1/subscriptions", &body).await
}

/// The caller's subscriptions to a vault.
///
/// # Errors
/// The server's.
pub async fn subscriptions(session: &Session, vault: Key) -> Result<Vec<Subscription>, Error> {
    session.list("/v1/subscriptions", &[("patient", vault.to_string())]).await
}

/// # Errors
/// The server's.
pub async fn unsubscribe(session: &Session, vault: Key, subscription: &str) -> Result<(), Error> {
    session.delete(&format!("/v1/subscriptions/{vault}/{subscription}")).await
}

/// Enters the code that came by email.
///
/// # Errors
/// The server's.
pub async fn confirm(session: &Session, vault: Key, subscription: &str, code: &str) -> Result<(), Error> {
    let path = format!("/v1/subscriptions/{vault}/{subscription}/confirmation");
    let request = session.request(Method::POST, &path).json(&json!({ "code": code }));
    api::json::<Answer<serde_json::Value>>(request).await.map(drop)
}
