use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use axum::http::HeaderValue;
use serde::Deserialize;

use super::{app::AppConfig, disclosure::LogConfig, notify::NotifyConfig, relay::RelayConfig, sign_in::SignInConfig};
use crate::retention::RetentionConfig;

/// Settings of the HTTP API. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Key that signs page cursors and sign-in challenges, 32 bytes in hex. Every API process of a
    /// deployment needs the same. Absent, a random one is made at start, and they last as long as the
    /// process.
    pub cursor_key: Option<String>,
    /// Origins whose pages may read the API, such as `https://aegle.example`.
    pub cors_origins: Vec<String>,
    /// Database connections at most for what is not on the chain.
    pub protected_connections: u32,
    pub sign_in: SignInConfig,
    pub log: LogConfig,
    pub relay: RelayConfig,
    /// File with the agent's secret, from the section `agent`.
    #[serde(skip)]
    pub agent: Option<PathBuf>,
    /// The section `app`.
    #[serde(skip)]
    pub app: AppConfig,
    /// The section `notify`.
    #[serde(skip)]
    pub notify: NotifyConfig,
    /// The section `retention`.
    #[serde(skip)]
    pub retention: RetentionConfig,
    /// Requests that one peer address may make each second, and at once.
    pub rate_per_second: u32,
    pub burst: u32,
    /// How far the mirror may be behind its node before it refuses to answer, in slots and in seconds.
    pub max_lag_slots: u32,
    pub max_lag_seconds: u32,
    /// Seconds that a request may take.
    pub request_timeout: u32,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Streams of events that may be open at once, and of one peer address.
    pub max_streams: u32,
    pub max_streams_per_client: u32,
    /// Seconds after which a stream that had nothing to say gives a sign of life.
    pub stream_heartbeat: u32,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            cursor_key: None,
            cors_origins: Vec::new(),
            protected_connections: 8,
            sign_in: SignInConfig::default(),
            log: LogConfig::default(),
            relay: RelayConfig::default(),
            agent: None,
            app: AppConfig::default(),
            notify: NotifyConfig::default(),
            retention: RetentionConfig::default(),
            rate_per_second: 50,
            burst: 200,
            max_lag_slots: 150,
            max_lag_seconds: 60,
            request_timeout: 10,
            max_body_bytes: 64 * 1024,
            max_streams: 512,
            max_streams_per_client: 16,
            stream_heartbeat: 15,
        }
    }
}

impl ApiConfig {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong. The cursor key itself is
    /// not repeated.
    pub fn validate(&self) -> Result<(), String> {
        self.cursor_key()?;
        self.origins()?;
        self.sign_in.validate().map_err(|reason| format!("sign_in.{reason}"))?;
        self.relay.validate().map_err(|reason| format!("relay.{reason}"))?;
        for (key, zero) in [
            ("protected_connections", self.protected_connections == 0),
            ("rate_per_second", self.rate_per_second == 0),
            ("burst", self.burst == 0),
            ("max_lag_slots", self.max_lag_slots == 0),
            ("max_lag_seconds", self.max_lag_seconds == 0),
            ("request_timeout", self.request_timeout == 0),
            ("max_body_bytes", self.max_body_bytes == 0),
            ("max_streams", self.max_streams == 0),
            ("max_streams_per_client", self.max_streams_per_client == 0),
            ("stream_heartbeat", self.stream_heartbeat == 0),
        ] {
            if zero {
                return Err(format!("{key} must be at least 1"));
            }
        }
        Ok(())
    }

    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.request_timeout))
    }

    pub(super) fn cursor_key(&self) -> Result<Option<[u8; 32]>, String> {
        let Some(text) = &self.cursor_key else {
            return Ok(None);
        };
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| "cursor_key must be 32 bytes in hex".to_owned())?;
        Ok(Some(key))
    }

    pub(super) fn origins(&self) -> Result<Vec<HeaderValue>, String> {
        self.cors_origins.iter().map(|origin| parse_origin(origin)).collect()
    }
}

/// An origin as a browser writes it: scheme, host and port, no path and no trailing slash.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("cors_origins holds '{text}', which is no origin such as https://aegle.example");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.origin().ascii_serialization() != text {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}
