use std::time::Duration;

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use serde::Deserialize;

use crate::config::Secret;

/// Settings of what tells patients.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// Milliseconds between two looks for something new.
    pub poll_ms: u32,
    /// Milliseconds that a receiver may take for one answer.
    pub timeout_ms: u32,
    /// Milliseconds until what was not taken is sent again, doubled each time up to six hours.
    pub retry_ms: u32,
    /// Days without an answer after which a subscription ends.
    pub give_up_days: u32,
    /// Messages under way at once.
    pub concurrency: u32,
    /// Seconds without a sign of life after which another process takes over.
    pub takeover_after: u32,
    /// Webhooks may go to private addresses, and over http: for a server that only its own network reaches.
    pub allow_private: bool,
    /// Without it nothing is sent by email.
    pub smtp: Option<SmtpConfig>,
}

/// The server that takes mail.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// `smtps://user:password@host`, or `smtp://…?tls=required` for STARTTLS.
    pub url: Secret,
    /// Who it comes from, `Name <address>`.
    pub from: String,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            poll_ms: 1_000,
            timeout_ms: 10_000,
            retry_ms: 5_000,
            give_up_days: 7,
            concurrency: 32,
            takeover_after: 10,
            allow_private: false,
            smtp: None,
        }
    }
}

impl NotifyConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong. The address is not repeated.
    pub fn validate(&self) -> Result<(), String> {
        for (key, value, least, most) in [
            ("poll_ms", self.poll_ms, 50, 60_000),
            ("timeout_ms", self.timeout_ms, 100, 60_000),
            ("retry_ms", self.retry_ms, 10, 3_600_000),
            ("give_up_days", self.give_up_days, 1, 365),
            ("concurrency", self.concurrency, 1, 1_000),
            ("takeover_after", self.takeover_after, 2, 3_600),
        ] {
            if !(least..=most).contains(&value) {
                return Err(format!("{key} is {value}, and must be {least} to {most}"));
            }
        }
        self.smtp.as_ref().map_or(Ok(()), |smtp| smtp.parts().map(drop)).map_err(|reason| format!("smtp.{reason}"))
    }

    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(u64::from(self.poll_ms))
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.timeout_ms))
    }
}

impl SmtpConfig {
    /// # Errors
    /// A sentence that starts with the name of the key that is wrong.
    pub(super) fn parts(&self) -> Result<(lettre::transport::smtp::AsyncSmtpTransportBuilder, Mailbox), String> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(self.url.expose());
        let builder = builder.map_err(|_| "url must be smtps://user:password@host or smtp://host".to_owned())?;
        let from = self.from.parse().map_err(|_| "from must be an address, or 'Name <address>'".to_owned())?;
        Ok((builder, from))
    }
}
