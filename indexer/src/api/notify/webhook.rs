//! Messages as Standard Webhooks 1.0 has them, signed by HMAC-SHA256.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use reqwest::{StatusCode, header::CONTENT_TYPE, redirect::Policy};
use sha2::Sha256;

use super::{
    Delivered,
    reach::{self, PublicOnly},
};

const CONNECT: Duration = Duration::from_secs(5);

/// Sends to webhooks.
#[derive(Clone)]
pub struct Webhooks {
    http: reqwest::Client,
    allow_private: bool,
}

impl Webhooks {
    /// # Errors
    /// Without the system's certificates.
    pub fn new(timeout: Duration, allow_private: bool) -> reqwest::Result<Self> {
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout)
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!allow_private)
            .user_agent(concat!("Aegle/", env!("CARGO_PKG_VERSION")));
        if !allow_private {
            client = client.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { http: client.build()?, allow_private })
    }

    /// Sends a message at `now`, in seconds since the Unix epoch. What the receiver says beyond the status
    /// is not read.
    pub async fn send(&self, url: &str, secret: &[u8], id: &str, now: i64, body: String) -> Delivered {
        if reach::check(url, self.allow_private).is_err() {
            return Delivered::Failed;
        }
        let signature = sign(secret, id, now, &body);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json").header("webhook-id", id);
        let request = request.header("webhook-timestamp", now.to_string()).header("webhook-signature", signature);
        match request.body(body).send().await.map(|response| response.status()) {
            Ok(status) if status.is_success() => Delivered::Taken,
            Ok(StatusCode::GONE) => Delivered::Gone,
            Ok(_) | Err(_) => Delivered::Failed,
        }
    }
}

fn sign(secret: &[u8], id: &str, now: i64, body: &str) -> String {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// A secret as receivers' libraries take it.
pub fn write_secret(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(secret))
}
