//! The command line.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};
use futures::{FutureExt, future::BoxFuture};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

#[cfg(feature = "yellowstone")]
use crate::source::{YellowstoneConfig, YellowstoneSource};
use crate::{
    agent,
    api::{self, Anchor, Anchored, Checkpoints, Stores},
    backup,
    blob::Blobs,
    config::{Config, Secret},
    db::{self, MIGRATIONS},
    erasure::ErasureKeys,
    ingest::{self, IngestError},
    repair::{self, RepairOptions},
    retention::{HoldCommand, RetentionCommand, run_hold, run_report, run_retention},
    source::{Archived, Finality, Recording, RpcSource, Source},
    telemetry,
    verify::{self, Depth, Report},
};

/// How long to wait for a database connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// Database connections of the ingester, besides the one it writes with.
const INGEST_CONNECTIONS: u32 = 4;

/// Mirrors the Aegle program into Postgres and serves it over HTTP.
///
/// Settings come from the file and the environment, which goes first: DATABASE_URL, AEGLE_RPC_URL,
/// AEGLE_WS_URL, and every other key as AEGLE_SECTION__KEY.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// Configuration file (TOML)
    #[arg(long, env = "AEGLE_INDEXER_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ingests the ledger, serves the API, or both, until told to stop
    Run {
        /// Any number of processes may serve; of those that ingest, one does and the others stand by
        #[arg(long, value_enum, default_value = "both", env = "AEGLE_INDEXER_ROLE")]
        role: Role,
    },
    /// Reads finalized slots again and adds what is missing; also slots older than the mirror's first
    Backfill {
        /// First slot to read
        #[arg(long)]
        from_slot: u64,
        /// Last slot to read; by default the mirror's finalized slot
        #[arg(long)]
        to_slot: Option<u64>,
    },
    /// Writes the node's finalized blocks to a file, for `replay`
    Record {
        /// File to write; it must not exist yet
        file: PathBuf,
        /// First slot to record; by default ingest.start_slot, else the node's oldest block
        #[arg(long)]
        from_slot: Option<u64>,
        /// Last slot to record; by default the node's finalized slot
        #[arg(long)]
        to_slot: Option<u64>,
    },
    /// Builds the mirror from a recorded ledger, into an empty database or one that holds a part of it
    Replay {
        /// File that `record` wrote
        file: PathBuf,
    },
    /// Compares the tables with every account of the program and with themselves; exit status 1 when
    /// something differs
    Verify {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        /// Also read the finalized blocks again and compare every row with them
        #[arg(long)]
        deep: bool,
        /// First slot whose block is read again; by default the mirror's first
        #[arg(long, requires = "deep")]
        from_slot: Option<i64>,
    },
    /// Replaces the rows that verification finds wrong by what the node's finalized blocks say, then
    /// verifies again; exit status 1 when something still differs
    Repair {
        /// Print what was done as JSON
        #[arg(long)]
        json: bool,
        /// Change nothing, and say what would be changed
        #[arg(long)]
        dry_run: bool,
        /// Read every finalized block again, not just those of slots found wrong
        #[arg(long)]
        deep: bool,
        /// First slot to read where every block is; by default the mirror's first
        #[arg(long)]
        from_slot: Option<i64>,
        /// Take the blocks from this file, which `record` wrote, where the node no longer has them
        #[arg(long)]
        recording: Option<PathBuf>,
    },
    /// Makes records of what is sent to patients who let the agent, until told to stop; needs the API, a node and
    /// no database
    Agent,
    /// Makes invitations to the relay and prints their codes, one a line; each opens one vault
    Invite {
        /// How many
        #[arg(long, default_value_t = 1)]
        count: u32,
        /// Days for which they hold
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Ends sessions at once: those in which a wallet takes part, or all
    EndSessions {
        /// Whose, in base58
        #[arg(long, required_unless_present = "all", conflicts_with = "all")]
        wallet: Option<String>,
        /// Everybody's
        #[arg(long)]
        all: bool,
    },
    /// Writes on the chain, now, what the disclosure log has come to, by the key of `api.log.anchor_keypair`
    Anchor,
    /// Backs up database and blobs, without the erasure keys, into a folder that must not hold anything yet; servers may run
    Backup {
        /// Folder to write; it is a backup once its manifest.json is there
        folder: PathBuf,
    },
    /// Restores a backup into an empty database and the blob store. A server then serves nothing before every erasure
    /// since the backup is applied
    Restore {
        /// Folder that `backup` wrote
        folder: PathBuf,
    },
    /// Takes in what a patient exported from another operator; only what the ledger commits to
    Adopt {
        /// Folder that `aegle export` wrote
        folder: PathBuf,
    },
    /// How long what is kept
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Legal holds: what is kept in spite of an erasure or of the schedule
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Prints the data-protection report: what is processed, why, for how long, and what came of it. It counts and
    /// names nobody
    Report {
        /// As JSON instead of Markdown
        #[arg(long)]
        json: bool,
    },
    /// Brings the database's schema up to date
    Migrate,
    /// Prints the OpenAPI document of the API
    Openapi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Ingest,
    Api,
    Both,
}

/// Runs the command that the arguments name.
///
/// # Errors
/// What the user should read.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::Openapi = cli.command {
        writeln!(std::io::stdout(), "{}", api::openapi())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(cli.config.as_deref())?;
    telemetry::start_logs(&config.log)?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    match cli.command {
        Command::Run { role } => serve(config, role, stop).await,
        Command::Backfill { from_slot, to_slot } => backfill(&config, from_slot, to_slot, stop).await,
        Command::Record { file, from_slot, to_slot } => record(config, &file, from_slot, to_slot, stop).await,
        Command::Replay { file } => replay(&config, &file, stop).await,
        Command::Verify { json, deep, from_slot } => {
            let from_slot = from_slot.unwrap_or(i64::MIN);
            let depth = if deep { Depth::Ledger { from_slot } } else { Depth::STORED };
            compare(&config, depth, json, stop).await
        }
        Command::Repair { json, dry_run, deep, from_slot, recording } => {
            let options = RepairOptions { deep, from_slot, dry_run };
            mend(&config, options, recording.as_deref(), json, stop).await
        }
        Command::Agent => take_in_mail(config, stop).await,
        Command::Invite { count, days } => invite(&config, count, days).await,
        Command::EndSessions { wallet, all: _ } => end_sessions(&config, wallet.as_deref()).await,
        Command::Anchor => anchor(config).await,
        Command::Backup { folder } => back_up(&config, &folder).await,
        Command::Restore { folder } => restore(&config, &folder, stop).await,
        Command::Adopt { folder } => adopt(&config, &folder).await,
        Command::Retention(command) => run_retention(command, &config, &migrated(&config).await?).await.map(succeed),
        Command::Hold(command) => run_hold(command, &migrated(&config).await?).await.map(succeed),
        Command::Report { json } => run_report(&config, &migrated(&config).await?, json).await.map(succeed),
        Command::Migrate => migrate(&config).await,
        Command::Openapi => Ok(ExitCode::SUCCESS),
    }
}

async fn serve(config: Config, role: Role, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let (ingests, serves) = (role != Role::Api, role != Role::Ingest);
    let rpc_url = if ingests { Some(config.rpc_url()?) } else { None };
    let pool = migrated(&config).await?;
    let stores = if serves {
        Some(Stores { blobs: Blobs::open(&config.blob)?, keys: ErasureKeys::open(&config.erasure)? })
    } else {
        None
    };
    let metrics = telemetry::start_metrics()?;
    let mut roles = JoinSet::new();
    if let Some(rpc_url) = rpc_url {
        let ws_url = config.ws_url.as_ref().map(|url| url.expose().to_owned());
        let node = RpcSource::new(rpc_url, ws_url, config.ingest.timeout(), config.surfpool, stop.clone());
        // Its own connections, so that requests to the API cannot keep the mirror from moving.
        let own = connect_with(&config, INGEST_CONNECTIONS).await?;
        let ingesting = follow(&config, node, own, stop.clone())?;
        roles.spawn(async move { ingesting.await.context("ingestion stopped") });
    }
    if let Some(stores) = stores {
        let mut settings = config.api.clone();
        settings.relay.rpc_url = settings.relay.rpc_url.or_else(|| config.rpc_url.clone());
        settings.log.rpc_url = settings.log.rpc_url.or_else(|| config.rpc_url.clone());
        let node = config.rpc_url.as_ref().map(Secret::expose);
        let app = config.app.clone().with_node(node);
        settings.app = app.map_err(|reason| anyhow::anyhow!("app.{reason}"))?;
        settings.agent = config.agent.keypair.clone();
        settings.notify = config.notify.clone();
        settings.retention = config.retention.clone();
        roles.spawn(api::serve(pool.clone(), settings, stores, metrics, stop.clone()));
    }
    let mut outcome = Ok(ExitCode::SUCCESS);
    while let Some(ended) = roles.join_next().await {
        // One role that ends takes the other with it: a mirror that no longer moves must not serve.
        stop.cancel();
        if let Err(failure) = ended.context("a role panicked").flatten() {
            error!(error = format!("{failure:#}"), "stopping");
            outcome = Err(failure);
        }
    }
    pool.close().await;
    info!("ended");
    outcome
}

type Ingesting = BoxFuture<'static, Result<(), IngestError>>;

/// Ingestion from the node, behind the stream where there is one.
fn follow(config: &Config, node: RpcSource, pool: PgPool, stop: CancellationToken) -> anyhow::Result<Ingesting> {
    let (node, ingest, verify) = (Arc::new(node), config.ingest.clone(), config.verify.clone());
    #[cfg(feature = "yellowstone")]
    if let Some(url) = &config.yellowstone_url {
        let token = config.yellowstone_token.as_ref().map(|token| token.expose().to_owned());
        let stream = YellowstoneConfig::new(url.expose().to_owned(), token);
        let source = Arc::new(YellowstoneSource::new(node, stream, stop.clone())?);
        return Ok(ingest::run(source, pool, ingest, verify, stop).boxed());
    }
    Ok(ingest::run(node, pool, ingest, verify, stop).boxed())
}

async fn backfill(config: &Config, from: u64, to: Option<u64>, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let source = RpcSource::new(config.rpc_url()?, None, config.ingest.timeout(), config.surfpool, stop.clone());
    let pool = migrated(config).await?;
    let done = ingest::backfill(&source, &pool, &config.ingest, from, to, &stop).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&done)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn record(
    mut config: Config,
    file: &Path,
    from: Option<u64>,
    to: Option<u64>,
    stop: CancellationToken,
) -> anyhow::Result<ExitCode> {
    config.ingest.start_slot = from.or(config.ingest.start_slot);
    let source = RpcSource::new(config.rpc_url()?, None, config.ingest.timeout(), config.surfpool, stop.clone());
    let recorded = ingest::record(&source, &config.ingest, file, to, &stop).await;
    let recorded = recorded.with_context(|| format!("{} was not written", file.display()))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&recorded)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn replay(config: &Config, file: &Path, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let recording = Recording::open(file).with_context(|| format!("{} cannot be replayed", file.display()))?;
    let pool = migrated(config).await?;
    let done = ingest::replay(&recording, &pool, &stop).await;
    let done = done.with_context(|| format!("the replay of {} stopped", file.display()))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&done)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn compare(config: &Config, depth: Depth, json: bool, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let source = RpcSource::new(config.rpc_url()?, None, config.ingest.timeout(), config.surfpool, stop.clone());
    let pool = migrated(config).await?;
    let report = verify::verify_to(depth, &source, &pool, &config.verify, &stop).await?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&report, &mut out)?;
    }
    Ok(if report.drift() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn mend(
    config: &Config,
    options: RepairOptions,
    recording: Option<&Path>,
    json: bool,
    stop: CancellationToken,
) -> anyhow::Result<ExitCode> {
    let node = RpcSource::new(config.rpc_url()?, None, config.ingest.timeout(), config.surfpool, stop.clone());
    let pool = migrated(config).await?;
    let repaired = match recording {
        Some(file) => {
            let blocks = Recording::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            repair::repair(&Archived { node, blocks }, &pool, &config.verify, options, &stop).await?
        }
        None => repair::repair(&node, &pool, &config.verify, options, &stop).await?,
    };
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&repaired)?)?;
    } else {
        let verb = if options.dry_run { "would be" } else { "were" };
        writeln!(out, "{} differences found, {} blocks read", repaired.found, repaired.blocks)?;
        for (table, changed) in &repaired.changed {
            writeln!(out, "{table}: {} rows {verb} deleted, {} inserted", changed.deleted, changed.inserted)?;
        }
        for left in &repaired.left {
            writeln!(out, "slots {} to {} are left: {}", left.from, left.to, left.reason)?;
        }
        print(&repaired.report, &mut out)?;
    }
    Ok(if repaired.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Differences first, the counts last.
fn print(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    for difference in &report.differences {
        writeln!(out, "{difference}")?;
    }
    for row in &report.rows {
        writeln!(out, "{row}")?;
    }
    let Report { slot, accounts, slots, events, blocks, .. } = report;
    if report.row_count > report.rows.len() as u64 {
        writeln!(out, "… and {} more rows", report.row_count - report.rows.len() as u64)?;
    }
    let blocks = blocks.map(|blocks| format!(", {blocks} blocks")).unwrap_or_default();
    writeln!(
        out,
        "{accounts} accounts compared at slot {slot}, {slots} slots, {events} events{blocks}: {} differences",
        report.drift()
    )
}

async fn back_up(config: &Config, folder: &Path) -> anyhow::Result<ExitCode> {
    let pool = migrated(config).await?;
    let created = backup::create(&pool, &Blobs::open(&config.blob)?, folder).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&created)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn restore(config: &Config, folder: &Path, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let node = RpcSource::new(config.rpc_url()?, None, config.ingest.timeout(), config.surfpool, stop);
    let now = node.tip(Finality::Confirmed).await.context("erasures since the backup are known to the node alone")?;
    let pool = connect(config).await?;
    let restored = backup::restore(&pool, &Blobs::open(&config.blob)?, folder, i64::try_from(now)?).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&restored)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn adopt(config: &Config, folder: &Path) -> anyhow::Result<ExitCode> {
    let pool = migrated(config).await?;
    let stores = Stores { blobs: Blobs::open(&config.blob)?, keys: ErasureKeys::open(&config.erasure)? };
    let told = |done, all| info!(done, all, "taking records in");
    let adopted = api::adopt(&pool, &stores, folder, &told).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&adopted)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let pool = connect(config).await?;
    MIGRATIONS.run(&pool).await.context("the schema could not be brought up to date")?;
    info!("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

async fn take_in_mail(config: Config, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let rpc_url = config.rpc_url()?;
    let metrics = telemetry::start_metrics()?;
    agent::run(config.agent, rpc_url, &config.api.sign_in.uri, metrics, stop).await?;
    Ok(ExitCode::SUCCESS)
}

async fn invite(config: &Config, count: u32, days: u32) -> anyhow::Result<ExitCode> {
    let pool = migrated(config).await?;
    for _ in 0..count {
        let code = api::invite(&pool, days).await.context("the invitation could not be stored")?;
        writeln!(std::io::stdout(), "{code}")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn end_sessions(config: &Config, wallet: Option<&str>) -> anyhow::Result<ExitCode> {
    let pool = migrated(config).await?;
    let ended = api::end_sessions(&pool, wallet).await.context("no session was ended")?;
    writeln!(std::io::stdout(), "{ended} sessions ended")?;
    Ok(ExitCode::SUCCESS)
}

async fn anchor(mut config: Config) -> anyhow::Result<ExitCode> {
    let pool = migrated(&config).await?;
    config.api.log.rpc_url = config.api.log.rpc_url.or_else(|| config.rpc_url.clone());
    let host = config.api.sign_in.domain().map_err(anyhow::Error::msg)?;
    let in_log = |reason: String| anyhow::anyhow!("api.log.{reason}");
    let key = config.api.log.log_key(&host).map_err(in_log)?;
    let anchor = Anchor::new(&config.api.log, Checkpoints::new(pool, Arc::new(key))).map_err(in_log)?;
    let anchor = anchor.context("api.log.anchor_keypair is not set: it names who anchors, and pays")?;
    let said = match anchor.anchor().await? {
        Anchored::Sent { index, tree_size, sent } => {
            format!("root {index}, of {tree_size} entries, is on the chain: {}", sent.signature)
        }
        Anchored::Unchanged { index } => format!("nothing was logged since root {index}"),
        Anchored::Empty => "nothing is logged yet".to_owned(),
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(ExitCode::SUCCESS)
}

async fn connect(config: &Config) -> anyhow::Result<PgPool> {
    connect_with(config, config.database_connections).await
}

async fn connect_with(config: &Config, connections: u32) -> anyhow::Result<PgPool> {
    let options = config.database()?;
    let pool = db::pool_options().max_connections(connections).acquire_timeout(ACQUIRE);
    pool.connect_with(db::quiet(options)).await.context("the database cannot be reached; check database_url")
}

/// A connection to a database whose schema is this release's.
async fn migrated(config: &Config) -> anyhow::Result<PgPool> {
    let pool = connect(config).await?;
    require_schema(&pool).await?;
    Ok(pool)
}

fn succeed((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Refuses a database whose schema is not this release's.
async fn require_schema(pool: &PgPool) -> anyhow::Result<()> {
    let row =
        sqlx::query!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "migrated!""#).fetch_one(pool).await?;
    let applied: Vec<i64> = if row.migrated {
        // Not a checked query: the table is the migrator's own.
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(pool).await?
    } else {
        Vec::new()
    };
    if MIGRATIONS.iter().any(|migration| !applied.contains(&migration.version)) {
        bail!("the database's schema is not up to date; run `aegle-indexer migrate` first");
    }
    Ok(())
}

/// Cancels `stop` on SIGINT or SIGTERM.
fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        info!("stopping");
        stop.cancel();
    });
    Ok(())
}
