//! `with-stack COMMAND…`: runs a command beside a whole stack that is empty: ledger, Postgres, a server that
//! serves the web app with the development wallet and pays for everybody, its agent, a practice that reads what it may,
//! and three custodians. The command is told by `AEGLE_URL` and `AEGLE_RPC_URL`, and of another doctor, whom nobody plays
//! and who may open records in an emergency, by `AEGLE_DOCTOR` (the address), `AEGLE_DOCTOR_SEED` (of the wallet, hex)
//! and `AEGLE_DOCTOR_KEY_FILE`, which holds the key that follows from the wallet too, for wallets that sign no texts.
//! It takes `AEGLE_APP_FOLDER`, another build of the app than app/dist-demo, and `AEGLE_SERVER`, the binary of a
//! server that holds an app itself, as a release does.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use aegle_api_client::{Api, KeyFile, Origin};
use aegle_stack::{
    custodians::Custodians,
    folders,
    indexer::Settings,
    ledger::{Embedded, Ledger},
    operator::Operator,
    postgres::Postgres,
    practice::{self, Doctor, Practice},
};
use anyhow::{Context, anyhow};
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;

/// Slots shorter than on the clusters: people wait for what they mean.
const SLOT_MS: u64 = 75;
const LAMPORTS: u64 = 1_000_000_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-stack COMMAND…")?;
    let folder = folders::scratch().join(format!("stack-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let postgres = Postgres::start(&folder.join("postgres"))?;
    let (payer, governance, relay, doctor) = (Keypair::new(), Keypair::new(), Keypair::new(), Keypair::new());
    let address = doctor.pubkey().to_string();
    let ledger = Ledger::start(Embedded {
        slot_ms: SLOT_MS,
        upgrade_authority: governance.pubkey(),
        fund: vec![(payer.pubkey(), LAMPORTS), (relay.pubkey(), LAMPORTS)],
        clock: None,
    })
    .await?;
    let database = format!("aegle_with_stack_{}", std::process::id());
    let mut settings = Settings::new(&ledger, postgres.create(&database).await?, &folder)?;
    let keypair = |name: &str, key: &Keypair| {
        let file = folder.join(name);
        write_keypair_file(key, &file).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        anyhow::Ok(file.display().to_string())
    };
    let log_key = hex::encode(Keypair::new().secret_bytes());
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    let server = path("AEGLE_SERVER");
    // Without a folder a server serves what it holds.
    let app = path("AEGLE_APP_FOLDER").or_else(|| server.is_none().then(|| folders::root().join("app/dist-demo")));
    let app = app.map(|folder| ("AEGLE_APP__FOLDER", folder.display().to_string()));
    if let Some(server) = server {
        settings.binary = server;
    }
    for (name, value) in [
        ("AEGLE_API__RELAY__KEYPAIR", keypair("relay.json", &relay)?),
        ("AEGLE_API__RELAY__OPEN", "true".into()),
        // All who try it come from one address.
        ("AEGLE_API__RELAY__OPEN_PER_DAY", "10000".into()),
        ("AEGLE_API__LOG__KEY", log_key),
        ("AEGLE_API__LOG__CHECKPOINT_SECONDS", "1".into()),
        ("AEGLE_AGENT__KEYPAIR", keypair("agent.json", &Keypair::new())?),
        ("AEGLE_AGENT__POLL_MS", "500".into()),
        ("AEGLE_AGENT__IDLE_POLL_MS", "2000".into()),
        ("AEGLE_APP__RPC_URL", ledger.rpc_url.clone()),
        ("AEGLE_APP__DEVELOPMENT", "true".into()),
        ("AEGLE_APP__PRACTICE", address),
    ]
    .into_iter()
    .chain(app)
    {
        settings.environment.push((name.into(), value));
    }
    settings.migrate().await?;
    let mut indexer = settings.start()?;
    indexer.ready(Duration::from_secs(60)).await?;
    let agent = settings.start_agent("agent")?;
    let operator = Operator::new(ledger.client(), payer);
    let url = indexer.api.url.clone();
    operator.configure(&governance, governance.pubkey(), &format!("{url}/token/record.json"), 1).await?;
    let api = Api::new(&url, Origin::of(&url)?)?;
    let practice = Practice::open(&operator, &api, &governance, doctor).await?;
    let custodians = Custodians::open(&operator, &governance).await?;
    let doctor = Keypair::new();
    let key_file = folder.join("doctor-key.json");
    let named = Doctor { wallet: &doctor, name: "Dr Amara Osei", specialty: "cardiology", emergency: true };
    let secret = practice::attest(&operator, &api, &governance, named).await?;
    std::fs::write(&key_file, serde_json::to_vec(&KeyFile::new(&secret))?)?;

    let mut command = Command::new(&program);
    command.args(arguments).env("AEGLE_URL", &url).env("AEGLE_RPC_URL", &ledger.rpc_url);
    command.env("AEGLE_DOCTOR", doctor.pubkey().to_string()).env("AEGLE_DOCTOR_KEY_FILE", &key_file);
    command.env("AEGLE_DOCTOR_SEED", hex::encode(doctor.secret_bytes()));
    // The command gets a Ctrl-C itself; the stack stops once the command has.
    let ended = tokio::task::spawn_blocking(move || command.status());
    let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let status = tokio::select! {
        status = ended => status?.with_context(|| format!("cannot run {}", program.display()))?,
        ((), ()) = async { tokio::join!(practice.work(&api, &operator), custodians.work(&api, &operator)) } => {
            unreachable!("they work until they are stopped")
        }
    };
    agent.stop().await?;
    indexer.stop().await?;
    ledger.stop().await?;
    postgres.remove(&database).await?;
    drop(postgres);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
