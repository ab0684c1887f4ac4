//! Settings from a file and the environment, checked before anything starts.

use std::{fmt, path::Path, str::FromStr};

use aegle_client::PROGRAM_ID;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use crate::{
    agent::AgentConfig,
    api::{ApiConfig, AppConfig, NotifyConfig},
    blob::BlobConfig,
    erasure::ErasureConfig,
    ingest::IngestConfig,
    retention::RetentionConfig,
    telemetry::LogConfig,
    verify::VerifyConfig,
};

/// First words of the environment variables that are ours; other programs of Aegle have variables too.
const SECTIONS: &[&str] = &[
    "database_url",
    "database_connections",
    "rpc_url",
    "ws_url",
    "yellowstone_url",
    "yellowstone_token",
    "program",
    "surfpool",
    "log",
    "ingest",
    "verify",
    "api",
    "app",
    "blob",
    "erasure",
    "agent",
    "notify",
    "retention",
];

/// A value that logs and errors never repeat.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Every setting. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Postgres, as `postgres://user:password@host/database`.
    pub database_url: Option<Secret>,
    /// Database connections at most.
    #[serde(default = "default_connections")]
    pub database_connections: u32,
    /// The node's JSON-RPC address.
    pub rpc_url: Option<Secret>,
    /// The node's WebSocket address; without it the node is polled.
    pub ws_url: Option<Secret>,
    /// A Yellowstone gRPC server that streams blocks, as `https://host:port`; without it the node alone
    /// is asked for them. Needs a build with the feature `yellowstone`.
    pub yellowstone_url: Option<Secret>,
    /// The secret that the Yellowstone server expects as `x-token`.
    pub yellowstone_token: Option<Secret>,
    /// The program to mirror; must be the one this release knows.
    pub program: Option<String>,
    /// The node is Surfpool, a local ledger without forks whose blocks do not link by hash. Never set it
    /// for another node: its forks would go unseen.
    #[serde(default)]
    pub surfpool: bool,
    #[serde(default)]
    pub log: LogConfig,
    #[serde(default)]
    pub ingest: IngestConfig,
    #[serde(default)]
    pub verify: VerifyConfig,
    #[serde(default)]
    pub api: ApiConfig,
    #[serde(default)]
    pub app: AppConfig,
    #[serde(default)]
    pub blob: BlobConfig,
    #[serde(default)]
    pub erasure: ErasureConfig,
    #[serde(default)]
    pub agent: AgentConfig,
    #[serde(default)]
    pub notify: NotifyConfig,
    #[serde(default)]
    pub retention: RetentionConfig,
}

fn default_connections() -> u32 {
    16
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {0} does not exist")]
    NoFile(String),
    #[error("configuration: {0}")]
    Unreadable(String),
    #[error("{key} is not set; {hint}")]
    Missing { key: &'static str, hint: &'static str },
    #[error("{key} is wrong: {reason}")]
    Wrong { key: &'static str, reason: String },
}

impl Config {
    /// Reads the file, if any, and the environment over it: `AEGLE_RPC_URL`, `AEGLE_INGEST__POLL_MS`, …,
    /// and `DATABASE_URL`.
    ///
    /// # Errors
    /// The first key that is wrong, and the way out.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut sources = Figment::new();
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::NoFile(file.display().to_string()));
            }
            sources = sources.merge(Toml::file_exact(file));
        }
        let ours = Env::prefixed("AEGLE_").filter(|key| {
            let text = key.as_str().to_ascii_lowercase();
            SECTIONS.contains(&text.split("__").next().unwrap_or_default())
        });
        if let Ok(url) = std::env::var("DATABASE_URL") {
            sources = sources.merge(Serialized::global("database_url", url));
        }
        let config: Self = sources.merge(ours.split("__")).extract().map_err(|error| unreadable(&error))?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key, reason| ConfigError::Wrong { key, reason };
        self.log.validate().map_err(|reason| wrong("log", reason))?;
        self.ingest.validate().map_err(|reason| wrong("ingest", reason))?;
        self.api.validate().map_err(|reason| wrong("api", reason))?;
        self.app.validate().map_err(|reason| wrong("app", reason))?;
        self.blob.validate().map_err(|reason| wrong("blob", reason))?;
        self.erasure.validate().map_err(|reason| wrong("erasure", reason))?;
        if self
            .blob
            .location()
            .ok()
            .zip(self.erasure.location().ok())
            .is_some_and(|(blobs, keys)| blobs.overlaps(&keys))
        {
            let reason = "url lies where the blobs do: their backup would hold the keys; set it to a place apart";
            return Err(wrong("erasure", reason.into()));
        }
        self.agent.validate().map_err(|reason| wrong("agent", reason))?;
        self.notify.validate().map_err(|reason| wrong("notify", reason))?;
        self.retention.validate().map_err(|reason| wrong("retention", reason))?;
        if self.database_connections < 4 {
            return Err(wrong("database_connections", format!("{} is fewer than 4", self.database_connections)));
        }
        if let Some(program) = &self.program
            && *program != PROGRAM_ID.to_string()
        {
            return Err(wrong("program", format!("this release mirrors {PROGRAM_ID}, not {program}; remove the key")));
        }
        for (key, url, schemes) in [
            ("rpc_url", &self.rpc_url, ["http", "https"]),
            ("ws_url", &self.ws_url, ["ws", "wss"]),
            ("yellowstone_url", &self.yellowstone_url, ["http", "https"]),
        ] {
            let Some(url) = url else { continue };
            let known = url::Url::parse(url.expose()).is_ok_and(|url| schemes.contains(&url.scheme()));
            if !known {
                return Err(wrong(
                    key,
                    format!("it must be an address that starts with {}:// or {}://", schemes[0], schemes[1]),
                ));
            }
        }
        self.validate_stream(cfg!(feature = "yellowstone"))
    }

    /// Checks what concerns the stream, in a program that was built with it or not.
    fn validate_stream(&self, built: bool) -> Result<(), ConfigError> {
        let wrong = |key, reason: &str| Err(ConfigError::Wrong { key, reason: reason.to_owned() });
        if let Some(token) = &self.yellowstone_token {
            if self.yellowstone_url.is_none() {
                return wrong("yellowstone_token", "yellowstone_url is not set, which it is for");
            }
            if token.expose().is_empty() || !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
                return wrong("yellowstone_token", "it must be visible ASCII characters without spaces");
            }
        }
        if self.yellowstone_url.is_none() {
            return Ok(());
        }
        if !built {
            let reason = "this program was built without it: build it with `--features yellowstone`, or remove the key";
            return wrong("yellowstone_url", reason);
        }
        if self.surfpool {
            return wrong("yellowstone_url", "Surfpool's blocks cannot be streamed; remove this key or `surfpool`");
        }
        Ok(())
    }

    /// # Errors
    /// A database URL that is not set or cannot be read; it is not repeated.
    pub fn database(&self) -> Result<PgConnectOptions, ConfigError> {
        let hint = "set DATABASE_URL, or database_url in the file, to postgres://user:password@host/database";
        let url = self.database_url.as_ref().ok_or(ConfigError::Missing { key: "database_url", hint })?;
        let options = PgConnectOptions::from_str(url.expose());
        let options = options.map_err(|_| ConfigError::Wrong { key: "database_url", reason: hint.to_owned() })?;
        Ok(options.application_name("aegle-indexer"))
    }

    /// # Errors
    /// A node's address that is not set.
    pub fn rpc_url(&self) -> Result<String, ConfigError> {
        let hint = "set AEGLE_RPC_URL, or rpc_url in the file, to the node's JSON-RPC address";
        let url = self.rpc_url.as_ref().ok_or(ConfigError::Missing { key: "rpc_url", hint })?;
        Ok(url.expose().to_owned())
    }
}

/// Figment's errors name the key and where it was set, and repeat the value; a secret's is left out.
fn unreadable(error: &figment::Error) -> ConfigError {
    let key = error.path.join(".");
    let secret = [
        "database_url",
        "rpc_url",
        "ws_url",
        "yellowstone_url",
        "yellowstone_token",
        "api.cursor_key",
        "api.relay.rpc_url",
        "notify.smtp.url",
    ]
    .contains(&key.as_str())
        || key.starts_with("blob.options")
        || key.starts_with("erasure.options");
    ConfigError::Unreadable(if secret { format!("{key} must be text") } else { error.to_string() })
}

#[cfg(test)]
mod tests {
    use figment::Jail;

    use super::*;

    #[test]
    #[allow(clippy::result_large_err)]
    fn the_environment_goes_over_the_file_and_names_nest_by_two_underscores() {
        Jail::expect_with(|jail| {
            jail.clear_env();
            jail.create_file("indexer.toml", "rpc_url = 'http://a'\n[ingest]\npoll_ms = 50\nconcurrency = 3\n")?;
            jail.set_env("AEGLE_INGEST__POLL_MS", "70");
            jail.set_env("AEGLE_KEYPAIR", "of another program");
            jail.set_env("DATABASE_URL", "postgres://user:hidden@localhost/aegle");
            let config = Config::load(Some(Path::new("indexer.toml"))).expect("configuration");
            assert_eq!(config.ingest.poll_ms, 70);
            assert_eq!(config.ingest.concurrency, 3);
            assert_eq!(config.rpc_url().expect("url"), "http://a");
            assert_eq!(config.database().expect("database").get_database(), Some("aegle"));
            assert!(!format!("{config:?}").contains("hidden"));
            Ok(())
        });
    }

    #[test]
    #[allow(clippy::result_large_err)]
    fn a_stream_needs_a_build_that_has_it_and_a_token_that_can_be_sent() {
        let config = |pairs: &[(&str, &str)]| {
            let mut config = None;
            Jail::expect_with(|jail| {
                jail.clear_env();
                pairs.iter().for_each(|(key, value)| jail.set_env(key, value));
                config = Some(Figment::new().merge(Env::prefixed("AEGLE_").split("__")).extract::<Config>()?);
                Ok(())
            });
            config.expect("configuration")
        };
        let url = ("AEGLE_YELLOWSTONE_URL", "https://hidden.example:443");
        let token = ("AEGLE_YELLOWSTONE_TOKEN", "hidden-token");
        let whole = config(&[url, token]);
        whole.validate_stream(true).expect("url and token");
        assert!(!format!("{whole:?}").contains("hidden"));
        config(&[]).validate_stream(false).expect("no stream");

        let refusals = [
            (&whole, false, "--features yellowstone"),
            (&config(&[token]), true, "yellowstone_url is not set"),
            (&config(&[url, ("AEGLE_YELLOWSTONE_TOKEN", "hidden\ntoken")]), true, "visible ASCII"),
            (&config(&[url, ("AEGLE_SURFPOOL", "true")]), true, "Surfpool"),
        ];
        for (config, built, reason) in refusals {
            let refusal = config.validate_stream(built).expect_err(reason).to_string();
            assert!(refusal.contains(reason) && !refusal.contains("hidden"), "{refusal}");
        }
        let scheme = config(&[("AEGLE_YELLOWSTONE_URL", "grpc://hidden.example")]).validate().expect_err("scheme");
        assert!(matches!(scheme, ConfigError::Wrong { key: "yellowstone_url", .. }), "{scheme}");
    }

    #[test]
    #[allow(clippy::result_large_err)]
    fn what_is_wrong_or_missing_is_named_with_its_key() {
        Jail::expect_with(|jail| {
            jail.clear_env();
            let missing = Config::load(None).expect("empty").database().expect_err("no database").to_string();
            assert!(missing.contains("database_url") && missing.contains("DATABASE_URL"), "{missing}");

            jail.set_env("AEGLE_INGEST__STRAT_SLOT", "5");
            let unknown = Config::load(None).expect_err("unknown key").to_string();
            assert!(unknown.contains("strat_slot"), "{unknown}");
            jail.clear_env();

            jail.set_env("AEGLE_INGEST__CONCURRENCY", "0");
            let range = Config::load(None).expect_err("range").to_string();
            assert!(range.contains("concurrency is 0"), "{range}");
            jail.clear_env();

            jail.set_env("AEGLE_RPC_URL", "ftp://user:hidden@node");
            let url = Config::load(None).expect_err("scheme").to_string();
            assert!(url.contains("rpc_url") && !url.contains("hidden"), "{url}");
            jail.clear_env();

            jail.set_env("AEGLE_PROGRAM", "11111111111111111111111111111111");
            assert!(matches!(Config::load(None), Err(ConfigError::Wrong { key: "program", .. })));
            jail.clear_env();

            assert!(matches!(Config::load(Some(Path::new("nowhere.toml"))), Err(ConfigError::NoFile(_))));
            Ok(())
        });
    }
}
