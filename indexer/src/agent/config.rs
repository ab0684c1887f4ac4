use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::Deserialize;

/// Settings of the agent. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// File with the agent's secret, as `solana-keygen` writes it. From it come the agent's keys, another for
    /// each vault. The API needs it, too, to name a vault's key to its owner; without it there is no agent.
    pub keypair: Option<PathBuf>,
    /// The API's address.
    pub api_url: String,
    /// File with a key that pays for what the agent mints. Without it the API's relay pays.
    pub payer: Option<PathBuf>,
    /// Milliseconds between two looks into a mailbox in use, and into one where nothing comes or that cannot
    /// be served.
    pub poll_ms: u32,
    pub idle_poll_ms: u32,
    /// Vaults served at once.
    pub concurrency: usize,
    /// Address and port of its health and metrics.
    pub listen: SocketAddr,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            keypair: None,
            api_url: "http://127.0.0.1:8080".into(),
            payer: None,
            poll_ms: 2_000,
            idle_poll_ms: 30_000,
            concurrency: 4,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
        }
    }
}

impl AgentConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        if !url::Url::parse(&self.api_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err("api_url must be an address that starts with http:// or https://".into());
        }
        if !(100..=3_600_000).contains(&self.poll_ms) {
            return Err("poll_ms must be 100 to 3600000".into());
        }
        if !(self.poll_ms..=3_600_000).contains(&self.idle_poll_ms) {
            return Err("idle_poll_ms must be poll_ms to 3600000".into());
        }
        if !(1..=64).contains(&self.concurrency) {
            return Err("concurrency must be 1 to 64".into());
        }
        Ok(())
    }

    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.into())
    }

    pub(super) fn idle_poll(&self) -> Duration {
        Duration::from_millis(self.idle_poll_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_first() {
        AgentConfig::default().validate().expect("the defaults");
        type Change = fn(&mut AgentConfig);
        let changes: [(&str, Change); 4] = [
            ("api_url", |config| config.api_url = "ftp://node".into()),
            ("poll_ms", |config| config.poll_ms = 0),
            ("idle_poll_ms", |config| config.idle_poll_ms = 1_000),
            ("concurrency", |config| config.concurrency = 0),
        ];
        for (key, change) in changes {
            let mut config = AgentConfig::default();
            change(&mut config);
            assert!(config.validate().expect_err(key).starts_with(key), "{key}");
        }
    }
}
