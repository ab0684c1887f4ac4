use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use aegle_api_client::{Api, Origin, Session};
use aegle_client::{ProgramError, Pubkey, Reader, SendError, Sender, aegle::AegleError};
use clap::{Args, ValueEnum};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_keypair::{Keypair, read_keypair};
use solana_signer::Signer;
use tokio::sync::OnceCell;

use crate::{Problem, progress};

const GLOBAL: &str = "Global options";

/// Options that every command takes.
#[derive(Args, Clone)]
pub struct Options {
    /// Node to talk to: a URL, or 'devnet' or 'localnet'
    #[arg(
        long, global = true, env = "AEGLE_RPC_URL", hide_env_values = true, default_value = "localnet", value_name = "URL",
        value_parser = node_url, help_heading = GLOBAL
    )]
    pub rpc_url: String,
    /// Keypair file of who acts: the owner, a delegate, a guardian … [default: ~/.config/solana/id.json]
    #[arg(long, global = true, env = "AEGLE_KEYPAIR", hide_env_values = true, value_name = "FILE", help_heading = GLOBAL)]
    pub keypair: Option<PathBuf>,
    /// Keypair file of who pays fees and rent, where the operator does not [default: the one of --keypair]
    #[arg(long, global = true, env = "AEGLE_PAYER", hide_env_values = true, value_name = "FILE", help_heading = GLOBAL)]
    pub payer: Option<PathBuf>,
    /// How sure to be before answering
    #[arg(long, global = true, default_value = "confirmed", value_name = "LEVEL", help_heading = GLOBAL)]
    pub commitment: Level,
    /// The server's address: lists, records, keyrings
    #[arg(
        long, global = true, env = "AEGLE_API_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080", value_name = "URL",
        value_parser = http_url, help_heading = GLOBAL
    )]
    pub api_url: String,
    /// The page people sign in on at that server, to which keys are bound [default: the address of --api-url]
    #[arg(
        long, global = true, env = "AEGLE_SITE", hide_env_values = true, value_name = "URL", value_parser = http_url,
        help_heading = GLOBAL
    )]
    pub site: Option<String>,
    /// Keypair file of the practitioner who acts for the organization of --keypair
    #[arg(
        long, global = true, env = "AEGLE_PRACTITIONER", hide_env_values = true, value_name = "FILE",
        help_heading = GLOBAL
    )]
    pub practitioner: Option<PathBuf>,
    /// Let the server's operator pay fees and rent
    #[arg(long, global = true, env = "AEGLE_RELAY", hide_env_values = true, help_heading = GLOBAL)]
    pub relay: bool,
    /// File with the operator's invitation, which a first vault needs with --relay
    #[arg(
        long, global = true, env = "AEGLE_INVITATION", hide_env_values = true, value_name = "FILE",
        help_heading = GLOBAL
    )]
    pub invitation: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
}

#[derive(ValueEnum, Clone, Copy)]
pub enum Level {
    Processed,
    Confirmed,
    Finalized,
}

impl From<Level> for CommitmentLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Processed => Self::Processed,
            Level::Confirmed => Self::Confirmed,
            Level::Finalized => Self::Finalized,
        }
    }
}

/// Whether the signer acts for somebody else.
#[derive(Args, Clone, Copy)]
pub struct Acting {
    /// Sign as a delegate of the vault instead of as its owner
    #[arg(long)]
    pub as_delegate: bool,
}

/// The program's own refusal, before anything is sent.
pub fn refused(error: AegleError) -> SendError {
    ProgramError { instruction: 0, code: error.into() }.into()
}

fn node_url(text: &str) -> Result<String, String> {
    match text {
        "localnet" => Ok("http://127.0.0.1:8899".into()),
        "devnet" => Ok("https://api.devnet.solana.com".into()),
        url => http_url(url),
    }
}

fn http_url(text: &str) -> Result<String, String> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.trim_end_matches('/').into()),
        _ => Err("expected an address that starts with http:// or https://".into()),
    }
}

/// Reads an address for the command line.
pub fn address(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| "expected an address: 32 bytes in base58".into())
}

/// What a command works with.
pub struct Context {
    options: Options,
    reader: Reader,
    rpc: Arc<RpcClient>,
    own: OnceLock<Sender>,
    session: OnceCell<Session>,
}

impl Context {
    pub fn new(options: Options) -> Self {
        let commitment = CommitmentConfig { commitment: options.commitment.into() };
        let rpc = Arc::new(RpcClient::new_with_commitment(options.rpc_url.clone(), commitment));
        let reader = Reader::new(rpc.clone(), commitment);
        Self { options, reader, rpc, own: OnceLock::new(), session: OnceCell::new() }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The session of who acts, from the first time it is needed until the command is over.
    pub async fn session(&self) -> Result<&Session, Problem> {
        self.session.get_or_try_init(|| self.wait("Signing in", self.sign_in())).await
    }

    /// A session that the caller keeps.
    pub async fn sign_in(&self) -> Result<Session, Problem> {
        let keypair = self.keypair()?;
        let practitioner = self.options.practitioner.as_deref().map(read_keypair_file).transpose()?;
        let api = self.api()?;
        let acting = practitioner.as_ref().map(|key| key as &dyn Signer);
        Ok(Session::sign_in(&api, &keypair, acting).await?)
    }

    /// The page that people sign in on, to which keys are bound.
    pub fn origin(&self) -> Result<Origin, Problem> {
        Ok(Origin::of(self.options.site.as_deref().unwrap_or(&self.options.api_url))?)
    }

    /// The server, for what everybody may ask.
    pub fn api(&self) -> Result<Api, Problem> {
        Ok(Api::new(&self.options.api_url, self.origin()?)?)
    }

    /// Ends the session, if there is one. Where that fails it expires by itself.
    pub async fn sign_out(&self) {
        if let Some(session) = self.session.get() {
            let _ = session.end(Some(&session.entry().id)).await;
        }
    }

    pub fn commitment(&self) -> CommitmentLevel {
        self.options.commitment.into()
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The node without what a URL may hold besides: providers put access keys into it.
    pub fn node(&self) -> String {
        reqwest::Url::parse(&self.options.rpc_url)
            .map_or_else(|_| "an unknown address".into(), |url| url.origin().ascii_serialization())
    }

    /// Where the keypair of who acts is.
    pub fn keypair_path(&self) -> Result<PathBuf, Problem> {
        if let Some(path) = &self.options.keypair {
            return Ok(path.clone());
        }
        let home = std::env::home_dir().ok_or_else(|| {
            Problem::usage("no_keypair", "No keypair is named and there is no home folder", "Name one with --keypair.")
        })?;
        Ok(home.join(".config/solana/id.json"))
    }

    pub fn keypair(&self) -> Result<Keypair, Problem> {
        read_keypair_file(&self.keypair_path()?)
    }

    /// Sends what a key of one's own pays for.
    pub fn own(&self) -> Result<&Sender, Problem> {
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let payer = match &self.options.payer {
            Some(path) => read_keypair_file(path)?,
            None => self.keypair()?,
        };
        let commitment = CommitmentConfig { commitment: self.commitment() };
        Ok(self.own.get_or_init(|| Sender::new(self.rpc.clone(), Arc::new(payer), commitment)))
    }

    /// Awaits `work`, with a line on standard error when it takes long.
    pub async fn wait<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        progress::wait(what, !self.options.json, work).await
    }
}

pub fn read_keypair_file(path: &Path) -> Result<Keypair, Problem> {
    let shown = path.display();
    let mut file = std::fs::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new(
            "no_keypair",
            format!("There is no keypair file at {shown}"),
            format!("Make one with `aegle key new --out {shown}`, or name yours with --keypair or AEGLE_KEYPAIR."),
        ),
        _ => Problem::unreadable(path, &error),
    })?;
    // What the parser says may quote the secret; it stays here.
    read_keypair(&mut file).map_err(|_| {
        Problem::new(
            "bad_keypair",
            format!("{shown} is not a keypair file"),
            "A keypair file is a JSON list of 64 numbers, as `aegle key new` writes it. Name another with --keypair.",
        )
    })
}
