//! The indexer as a process of its own, as in production, and its HTTP API as users call it.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::{
    process::{Child, Command},
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{folders, ledger::Ledger};

/// How the indexer is started.
#[derive(Clone)]
pub struct Settings {
    pub binary: PathBuf,
    pub database_url: String,
    pub rpc_url: String,
    pub ws_url: String,
    /// First slot to mirror; else the node's first.
    pub start_slot: Option<u64>,
    pub listen: String,
    pub log: PathBuf,
    /// Folder of its blobs.
    pub blobs: PathBuf,
    /// Folder of its erasure keys.
    pub erasure_keys: PathBuf,
    /// Further settings, as environment variables.
    pub environment: Vec<(String, String)>,
}

impl Settings {
    /// For `ledger`, on a free port, with its log and its blobs below `folder`.
    pub fn new(ledger: &Ledger, database_url: String, folder: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (blobs, erasure_keys) = (folder.join("blobs"), folder.join("erasure-keys"));
        let mut environment = Vec::new();
        if ledger.is_embedded() {
            environment.push(("AEGLE_SURFPOOL".into(), "true".into()));
        }
        Ok(Self {
            binary: folders::sibling("aegle-indexer")?,
            database_url,
            rpc_url: ledger.rpc_url.clone(),
            ws_url: ledger.ws_url.clone(),
            start_slot: None,
            listen: format!("127.0.0.1:{port}"),
            log: folder.join("indexer.log"),
            blobs,
            erasure_keys,
            environment,
        })
    }

    /// The same for a further process with that role, on a port and with a log of its own.
    pub fn another(&self, name: &str, role: &str) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut other = Self {
            listen: format!("127.0.0.1:{port}"),
            log: self.log.with_file_name(format!("{name}.log")),
            ..self.clone()
        };
        other.environment.push(("AEGLE_INDEXER_ROLE".into(), role.into()));
        Ok(other)
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database_url)
            .env("AEGLE_RPC_URL", &self.rpc_url)
            .env("AEGLE_WS_URL", &self.ws_url)
            .env("AEGLE_API__LISTEN", &self.listen)
            .env("AEGLE_BLOB__URL", format!("file://{}", self.blobs.display()))
            .env("AEGLE_ERASURE__URL", format!("file://{}", self.erasure_keys.display()))
            // Where people sign in.
            .env("AEGLE_API__SIGN_IN__URI", format!("http://{}", self.listen))
            // One address makes all requests here.
            .env("AEGLE_API__RATE_PER_SECOND", "5000")
            .env("AEGLE_API__BURST", "5000")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(slot) = self.start_slot {
            command.env("AEGLE_INGEST__START_SLOT", slot.to_string());
        }
        Ok(command)
    }

    /// Runs a command of the indexer to its end.
    pub async fn output(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.command(arguments)?.output().await.context("cannot run aegle-indexer")
    }

    /// Applies the migrations.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let output = self.output(&["migrate"]).await?;
        ensure!(output.status.success(), "aegle-indexer migrate: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    /// Starts ingester and API in one process.
    pub fn start(&self) -> anyhow::Result<Indexer> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let child = self
            .command(&["run"])?
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start aegle-indexer")?;
        Ok(Indexer { child, api: Api::new(&format!("http://{}", self.listen))?, log: self.log.clone() })
    }
}

impl Settings {
    /// Starts the server's agent as a process of its own, with a log beside the indexer's.
    pub fn start_agent(&self, name: &str) -> anyhow::Result<Agent> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = self.log.with_file_name(format!("{name}.log"));
        let to = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = self.command(&["agent"])?;
        command
            .env_remove("DATABASE_URL")
            .env("AEGLE_AGENT__API_URL", format!("http://{}", self.listen))
            .env("AEGLE_AGENT__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(to.try_clone()?)
            .stderr(to);
        let child = command.spawn().context("cannot start aegle-indexer agent")?;
        Ok(Agent { child, api: Api::new(&format!("http://127.0.0.1:{port}"))?, log })
    }
}

/// The server's agent. It reaches the API and a node, and no database.
pub struct Agent {
    child: Child,
    api: Api,
    pub log: PathBuf,
}

impl Agent {
    /// The sum of a metric over its labels that `labels` is a part of; zero while there is none.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let text = self.api.metrics().await.unwrap_or_default();
        let is_its = |line: &&str| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])) && line.contains(labels)
        };
        let mine = text.lines().filter(is_its);
        mine.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the agent")
    }

    /// Asks it to end and waits.
    pub async fn stop(self) -> anyhow::Result<ExitStatus> {
        end(self.child).await.context("the agent does not end")
    }
}

/// Asks a process to end and waits.
async fn end(mut child: Child) -> anyhow::Result<ExitStatus> {
    if let Some(pid) = child.id() {
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM)?;
    }
    Ok(timeout(Duration::from_secs(15), child.wait()).await??)
}

pub struct Indexer {
    child: Child,
    pub api: Api,
    log: PathBuf,
}

impl Indexer {
    /// Waits until the mirror answers and is not behind.
    pub async fn ready(&mut self, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        while !self.api.is_ready().await {
            if let Some(status) = self.child.try_wait()? {
                bail!("the indexer ended with {status}; its log is {}", self.log.display());
            }
            ensure!(Instant::now() < deadline, "the indexer is not ready; its log is {}", self.log.display());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Its process, while it runs.
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the indexer")
    }

    /// Takes its processor away: its connections stay open and nothing answers on them.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on where it was frozen.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id() {
            kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        }
        Ok(())
    }

    /// Asks it to end and waits.
    pub async fn stop(self) -> anyhow::Result<ExitStatus> {
        end(self.child).await.context("the indexer does not end")
    }
}

/// The HTTP API.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    pub url: String,
}

impl Api {
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned() })
    }

    pub async fn is_ready(&self) -> bool {
        let response = self.http.get(format!("{}/readyz", self.url)).send().await;
        response.is_ok_and(|response| response.status().is_success())
    }

    /// The answer to a GET of `path`; `None` for what is not there (yet).
    pub async fn find(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let response = self.http.get(format!("{}{path}", self.url)).send().await?;
        let status = response.status();
        if status == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let body = response.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {body}");
        serde_json::from_str(&body).map(Some).with_context(|| format!("GET {path}"))
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.find(path).await?.with_context(|| format!("GET {path}: nothing there"))
    }

    /// The status of the answer to a request, and its body where it has one. `token` is a session's.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let mut request = self.http.request(method.parse()?, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        Ok((status, body))
    }

    /// A session of a wallet; its token.
    pub async fn sign_in(&self, wallet: &Keypair) -> anyhow::Result<String> {
        // Nothing is asked for with it that would have to be signed.
        let unused = Keypair::new().pubkey().to_string();
        let asked = json!({ "address": wallet.pubkey().to_string(), "request_key": unused });
        let (status, challenge) = self.ask("POST", "/v1/sign-in/challenge", None, Some(&asked)).await?;
        let message = challenge["message"].as_str().with_context(|| format!("{status} {challenge}"))?;
        let signature = wallet.sign_message(message.as_bytes()).to_string();
        let answer = json!({ "challenge": challenge["challenge"], "signature": signature });
        let (status, signed_in) = self.ask("POST", "/v1/sign-in", None, Some(&answer)).await?;
        Ok(signed_in["token"].as_str().with_context(|| format!("{status} {signed_in}"))?.to_owned())
    }

    /// Every item of a list, page by page.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let after = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{separator}limit=50{after}")).await?;
            items.extend(page["data"].as_array().context("a page without data")?.iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(items),
            }
        }
    }

    /// How long blocks took from the node to the tables: how many, the mean in seconds, and the
    /// bound, in seconds, that 99 of 100 kept.
    pub async fn block_latency(&self) -> anyhow::Result<(u64, f64, f64)> {
        let text = self.metrics().await?;
        let value = |line: &str| line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok());
        let named = |name: &str| text.lines().find(|line| line.starts_with(name)).and_then(value);
        let count = named("aegle_slot_to_queryable_seconds_count").context("no latency was measured")?;
        let sum = named("aegle_slot_to_queryable_seconds_sum").context("no latency was measured")?;
        let bound = text
            .lines()
            .filter_map(|line| line.strip_prefix("aegle_slot_to_queryable_seconds_bucket{le=\""))
            .filter_map(|line| Some((line.split_once('"')?.0.parse::<f64>().ok()?, value(line)?)))
            .find(|(_, within)| *within >= 0.99 * count)
            .map_or(f64::INFINITY, |(bound, _)| bound);
        Ok((count as u64, sum / count, bound))
    }

    async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.http.get(format!("{}/metrics", self.url)).send().await?.error_for_status()?.text().await?)
    }

    /// Whether the process ingests; false where it does not answer.
    pub async fn ingests(&self) -> bool {
        self.metrics().await.is_ok_and(|text| text.lines().any(|line| line == "aegle_ingester 1"))
    }

    /// Follows the stream from the mirror's first event until it has given `count`, which may be told later.
    pub async fn follow(&self, mut count: watch::Receiver<usize>) -> anyhow::Result<Vec<Value>> {
        let request = self.http.get(format!("{}/v1/chain/stream?from=first", self.url));
        let mut response = request.timeout(Duration::from_secs(120)).send().await?.error_for_status()?;
        let (mut events, mut bytes) = (Vec::new(), Vec::new());
        while events.len() < *count.borrow_and_update() {
            let chunk = tokio::select! {
                chunk = response.chunk() => chunk?.context("the stream ended")?,
                told = count.changed() => {
                    told?;
                    continue;
                }
            };
            bytes.extend_from_slice(&chunk);
            while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = bytes.drain(..=end).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    events.push(serde_json::from_slice(data)?);
                }
            }
        }
        Ok(events)
    }

    /// Every final event, in ledger order.
    pub async fn events(&self) -> anyhow::Result<Vec<Value>> {
        let (mut events, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/chain/events?limit=200{after}")).await?;
            events.extend(page["data"].as_array().context("a page without data")?.iter().cloned());
            if page["more"] != true {
                return Ok(events);
            }
            after = format!("&after={}", page["next"].as_str().context("a page without next")?);
        }
    }

    /// The slots that the mirror has reached.
    pub async fn reached(&self) -> anyhow::Result<(u64, u64)> {
        let status = self.get("/v1/chain/status").await?;
        let slot = |name: &str| status[name].as_u64().with_context(|| format!("status without {name}"));
        Ok((slot("finalized_slot")?, slot("confirmed_slot")?))
    }
}
