//! `make demo`: everything real and together, a story played through it, what it cost, and the
//! addresses to look around.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use aegle_api_client::{Api, Origin};
use aegle_stack::{
    custodians::Custodians,
    folders,
    indexer::{self, Indexer, Settings},
    ledger::{Embedded, Ledger},
    operator::{Cost, Operator},
    postgres::Postgres,
    practice::Practice,
    progress::{counted, step},
    replay,
    story::{
        self, Outcome, Promise,
        care::{self, Played},
        erasure, leaving, reading,
        summary::Summary,
    },
    web_app,
};
use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use rand::{RngCore, rngs::OsRng};
use solana_keypair::{Keypair, read_keypair_file, write_keypair_file};
use solana_signer::Signer;
use tokio::time::{Instant, sleep};

/// Plays the demonstration.
#[derive(Parser)]
struct Options {
    /// End after the story instead of staying up
    #[arg(long)]
    once: bool,
    /// Keep the recording of the ledger that the demonstration makes
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Ledger to play on, where AEGLE_RPC_URL names none
    #[arg(long, value_enum, default_value = "embedded")]
    ledger: Kind,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The embedded ledger
    Embedded,
    /// solana-test-validator from the PATH
    Validator,
}

/// Seconds before the embedded ledger's midnight at which the story starts: one consent ends then.
const BEFORE_MIDNIGHT: i64 = 60;
/// Slots as long as on the clusters.
const SLOT_MS: u64 = 400;
const DAY: i64 = aegle_client::state::DAY;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    let interrupted = async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    };
    // Whichever ends first: everything started is stopped by what owns it.
    tokio::select! {
        result = demo(options) => result,
        result = interrupted => {
            println!("\nStopping …");
            result.map_err(Into::into)
        }
    }
}

struct Keys {
    payer: Keypair,
    upgrade_authority: Keypair,
}

async fn demo(options: Options) -> anyhow::Result<()> {
    let started = Instant::now();
    let state = folders::state();
    std::fs::create_dir_all(&state)?;
    let postgres = step("Postgres", async { Postgres::start(&state.join("postgres")) }).await?;
    println!("  {}", postgres.which);

    let (ledger, keys) = match Ledger::given()? {
        Some(ledger) => (ledger, given_keys()?),
        None => {
            let keys = Keys { payer: Keypair::new(), upgrade_authority: Keypair::new() };
            (start(options.ledger, &keys).await?, keys)
        }
    };
    println!("  {}", ledger.which);
    let operator = Operator::new(ledger.client(), keys.payer.insecure_clone());
    if ledger.is_ours() && !ledger.is_embedded() {
        deploy(&operator, &keys.upgrade_authority).await?;
    }

    // A ledger of ours begins anew each time, and so does its mirror.
    let own_database = ledger.is_ours();
    let database = match postgres.given() {
        Some(_) => format!("aegle_demo_{}", std::process::id()),
        None => "aegle_demo".to_owned(),
    };
    let database_url = match postgres.given() {
        Some(url) if !own_database => url.to_owned(),
        _ => {
            // The blobs and keys of an earlier database are nobody's any more.
            for folder in ["blobs", "erasure-keys"].map(|name| state.join(name)) {
                if folder.exists() {
                    std::fs::remove_dir_all(&folder)?;
                }
            }
            step("Database", postgres.create(&database)).await?
        }
    };
    let mut settings = Settings::new(&ledger, database_url, &state)?;
    if std::net::TcpListener::bind("127.0.0.1:8080").is_ok() {
        settings.listen = "127.0.0.1:8080".into();
    }
    // Who pays for patients with an empty wallet.
    let relay = Keypair::new();
    // Who anchors the disclosure log.
    let anchoring = Keypair::new();
    // Whom people allow who try the web app.
    let doctor = Keypair::new();
    if own_database {
        settings.environment.push(("AEGLE_API__RELAY__OPEN".into(), "true".into()));
        settings
            .environment
            .push(("AEGLE_APP__FOLDER".into(), folders::root().join("app/dist-demo").display().to_string()));
        settings.environment.push(("AEGLE_APP__DEVELOPMENT".into(), "true".into()));
        settings.environment.push(("AEGLE_APP__PRACTICE".into(), doctor.pubkey().to_string()));
        let file = state.join("relay.json");
        write_keypair_file(&relay, &file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        settings.environment.push(("AEGLE_API__RELAY__KEYPAIR".into(), file.display().to_string()));
        let file = state.join("anchor.json");
        write_keypair_file(&anchoring, &file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        settings.environment.push(("AEGLE_API__LOG__ANCHOR_KEYPAIR".into(), file.display().to_string()));
        settings.environment.push(("AEGLE_API__LOG__KEY".into(), hex::encode(Keypair::new().secret_bytes())));
        let file = state.join("agent.json");
        write_keypair_file(&Keypair::new(), &file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        settings.environment.push(("AEGLE_AGENT__KEYPAIR".into(), file.display().to_string()));
        settings.environment.push(("AEGLE_AGENT__POLL_MS".into(), "500".into()));
    }
    settings.start_slot = Some(operator.sender.rpc().get_slot().await?);
    settings.migrate().await?;
    let mut indexer = settings.start()?;
    step("Indexer", indexer.ready(Duration::from_secs(60))).await?;
    let up = started.elapsed().as_secs_f64();
    println!("Up after {up:.1} s\n");

    let uri = format!("{}/token/record.json", indexer.api.url);
    let authority = &keys.upgrade_authority;
    let delay = if own_database { story::RECOVERY_DELAY } else { 3 * DAY };
    let config = operator.configure(authority, authority.pubkey(), &uri, delay).await?;
    let recovers = config.min_recovery_delay <= story::RECOVERY_DELAY && config.governance == authority.pubkey();
    // What is secret in one part must not be what another publishes: each has a seed of its own.
    let seed = OsRng.next_u64();
    let people = format!("{} patients and {} providers", story::PATIENTS, story::PROVIDERS);
    let story = if recovers {
        println!("Beside the patients, a recovery waits for its delay of {} s or more.", story::RECOVERY_DELAY);
        format!("Story of {people}, a thief and a registrar, seed {seed}")
    } else {
        println!("No recovery and no credential: this ledger's governance is another's, or its delays are days.");
        format!("Story of {people}, seed {seed}")
    };
    let governance = recovers.then_some(authority);
    let embedded = ledger.is_embedded();
    let progress = Arc::default();
    let played = story::play(&operator, &indexer.api, governance, seed, &progress);
    let through = || format!(", {} of {} patients", progress.load(Ordering::Relaxed), story::PATIENTS);
    let mut outcome = counted(&story, through, played).await?;
    let recovered = outcome.recovered.take();
    // The next part goes on over midnight.
    let ending = embedded && outcome.vaults.iter().any(|vault| vault.expiring.is_some());
    let expired = async { if ending { Some(expiry(&operator, &indexer, &outcome).await) } else { None } };
    let care = async {
        match governance {
            Some(governance) => {
                care::play(
                    &operator,
                    &settings,
                    &indexer,
                    governance,
                    (relay.pubkey(), anchoring.pubkey()),
                    seed.wrapping_add(1),
                )
                .await
            }
            None => Ok(Played::default()),
        }
    };
    let read = reading::play(&operator, &indexer.api.url, &outcome, recovered, seed.wrapping_add(2));
    let all = async {
        let family = erasure::prepare(&operator, &indexer.api.url, seed.wrapping_add(3));
        let (expired, care, read, family) = tokio::join!(expired, care, read, family);
        Ok((expired, care?, read, family))
    };
    let (expired, care, read, family) = step("Records and consent, from an import to a recovery", all).await?;
    outcome.promises.extend(read);
    outcome.add(care.vaults, care.promises, care.last_slot);

    println!();
    let promises = std::mem::take(&mut outcome.promises);
    let mut all_ok = promises.into_iter().fold(true, |all, Promise { what, kept }| report(&what, kept) && all);
    all_ok &= examine(&settings, &indexer, &outcome, expired, embedded).await;
    if own_database {
        let loaded = step("The web app", web_app::loads(&indexer.api.url)).await;
        let what = "the web app is served whole, under its policy";
        all_ok &= match loaded {
            Ok(seen) => report(&format!("{what}: {seen}"), Ok(())),
            Err(error) => report(what, Err(error)),
        };
    }
    let family = || family.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"));
    let survived = async { erasure::survive(family()?, &operator, &settings, &postgres, &state).await };
    let survived = step("A backup, an erasure, and a restore", survived).await;
    let restored = match survived {
        Ok((seen, figure)) => {
            report(&format!("an erasure survives a restore, which brings back everything else: {seen}"), Ok(()));
            Some(figure)
        }
        Err(error) => {
            all_ok = report("an erasure survives a restore", Err(error));
            None
        }
    };
    let seed = seed.wrapping_add(4);
    let left = async { leaving::leave(family()?, &operator, &settings, &postgres, &state, seed).await };
    let left = step("A second operator's server", left).await;
    let what = "a patient takes everything to a second server, which has nothing of the first, and is read there";
    all_ok &= match left {
        Ok(seen) => report(&format!("{what}: {seen}"), Ok(())),
        Err(error) => report(what, Err(error)),
    };
    let recording = options.record.clone().unwrap_or_else(|| state.join(format!("recording-{}", std::process::id())));
    let slot = indexer.api.reached().await?.0;
    let replayed = step("The ledger is recorded and replayed", replay::compare(&settings, &postgres, slot, &recording));
    all_ok &= report("a replayed recording gives the same tables", replayed.await);
    if options.record.is_none() {
        std::fs::remove_file(&recording).ok();
    }
    println!("\n{}", Summary(&outcome.shelves));
    costs(&operator.costs());
    latency(outcome.visible);
    let (blocks, mean, bound) = indexer.api.block_latency().await?;
    let (mean, bound) = (mean * 1e3, bound * 1e3);
    println!("From slot to queryable over {blocks} blocks: mean {mean:.0} ms, 99 of 100 within {bound:.0} ms");
    care.figures.iter().chain(&restored).for_each(|figure| println!("{figure}"));
    if ledger.is_embedded() {
        println!("FIGURE slot_to_queryable_p99 {bound:.0} ms <={SLOT_MS} {}", kept(bound <= SLOT_MS as f64));
        println!("FIGURE demo_up {up:.1} s <=10 {}", kept(up <= 10.0));
    }
    addresses(&indexer.api, &ledger, &settings);

    if !options.once {
        println!("\nEverything stays up until Ctrl-C.");
        if let Some(governance) = governance.filter(|_| own_database) {
            println!(
                "Web app: {}, with a practice wallet, a doctor who looks at what you allow and custodians for emergencies",
                indexer.api.url
            );
            let api = Api::new(&indexer.api.url, Origin::of(&indexer.api.url)?)?;
            let practice = Practice::open(&operator, &api, governance, doctor).await?;
            let custodians = Custodians::open(&operator, governance).await?;
            tokio::join!(practice.work(&api, &operator), custodians.work(&api, &operator));
        }
        std::future::pending::<()>().await;
    }
    let stopped = indexer.stop().await?;
    ensure!(stopped.success(), "the indexer ended with {stopped}");
    ledger.stop().await?;
    if own_database {
        postgres.remove(&database).await?;
    }
    ensure!(all_ok, "a step failed");
    Ok(())
}

async fn start(kind: Kind, keys: &Keys) -> anyhow::Result<Ledger> {
    match kind {
        Kind::Embedded => {
            let embedded = Embedded {
                slot_ms: SLOT_MS,
                upgrade_authority: keys.upgrade_authority.pubkey(),
                fund: vec![(keys.payer.pubkey(), 1_000_000_000_000)],
                clock: Some(before_midnight()?),
            };
            step("Ledger with the program", Ledger::start(embedded)).await
        }
        Kind::Validator => step("Ledger", Ledger::start_validator(&keys.payer.pubkey())).await,
    }
}

/// Deploys the program as an operator does on a cluster.
async fn deploy(operator: &Operator, upgrade_authority: &Keypair) -> anyhow::Result<()> {
    let path = folders::elf();
    let elf = std::fs::read(&path).with_context(|| format!("cannot read {}; run `make build`", path.display()))?;
    let lamports = step("Program, through the loader", operator.deploy(&elf, upgrade_authority)).await?;
    println!("  {} bytes for {:.3} SOL of rent and fees", elf.len(), lamports as f64 / 1e9);
    Ok(())
}

/// A time shortly before midnight UTC, later than now.
#[expect(clippy::disallowed_methods, reason = "the ledger's clock is set from the real one, once")]
fn before_midnight() -> anyhow::Result<i64> {
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())?;
    let midnight = (now + BEFORE_MIDNIGHT + 60) / DAY * DAY + DAY;
    Ok(midnight - BEFORE_MIDNIGHT)
}

/// On a ledger that is not ours, the user's own keys pay and configure.
fn given_keys() -> anyhow::Result<Keys> {
    let file = |variable: &str| -> anyhow::Result<Keypair> {
        let path = std::env::var(variable).with_context(|| {
            format!("set {variable} to a keypair file: AEGLE_RPC_URL names a ledger that is not ours")
        })?;
        read_keypair_file(&path).map_err(|error| anyhow::anyhow!("{variable}: cannot read {path}: {error}"))
    };
    let payer = file("AEGLE_PAYER")?;
    let upgrade_authority = match std::env::var("AEGLE_UPGRADE_AUTHORITY") {
        Ok(_) => file("AEGLE_UPGRADE_AUTHORITY")?,
        Err(_) => payer.insecure_clone(),
    };
    Ok(Keys { payer, upgrade_authority })
}

/// Prints one line for every promise, and says whether all hold.
async fn examine(
    settings: &Settings,
    indexer: &Indexer,
    outcome: &Outcome,
    expired: Option<anyhow::Result<u64>>,
    embedded: bool,
) -> bool {
    let mut all_ok = true;
    let mut report = |what: &str, result: anyhow::Result<()>| all_ok &= report(what, result);
    let mut slot = outcome.last_slot;
    let near_midnight = expired.is_some();
    if let Some(expired) = expired {
        slot = slot.max(*expired.as_ref().unwrap_or(&slot));
        report("an expired consent is dead without a transaction", expired.map(|_| ()));
    } else if embedded {
        println!("No consent ends now: this machine was too slow to allow anything before the ledger's midnight.");
    } else {
        println!("No consent ends now: only the embedded ledger's clock is set near midnight.");
    }
    let caught_up = step("The mirror catches up to finality", reach(&indexer.api, slot)).await;
    report("every transaction is final and mirrored", caught_up);
    report("the API shows exactly what was done", compare(&indexer.api, outcome, slot, near_midnight).await);
    report("the mirror equals the chain: drift 0", verify(settings).await);
    all_ok
}

fn report(what: &str, result: anyhow::Result<()>) -> bool {
    match &result {
        Ok(()) => println!("STEP {what} ok"),
        Err(error) => println!("STEP {what} FAILED: {error:#}"),
    }
    result.is_ok()
}

async fn reach(api: &indexer::Api, slot: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(120);
    while api.reached().await?.0 < slot {
        ensure!(Instant::now() < deadline, "slot {slot} is not final after two minutes");
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Waits for the end of a consent that the program permitted: it and the mirror no longer do. Returns a
/// mirrored slot after the end.
async fn expiry(operator: &Operator, indexer: &Indexer, outcome: &Outcome) -> anyhow::Result<u64> {
    let expiring = outcome.vaults.iter().find_map(|vault| vault.expiring.as_ref()).context("no consent to watch")?;
    while story::ledger_time(operator).await? <= expiring.ends_at + 1 {
        sleep(Duration::from_millis(400)).await;
    }
    ensure!(!story::check(operator, expiring).await?.permit, "the program still permits");
    let slot = operator.sender.rpc().get_slot().await?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while indexer.api.reached().await?.1 < slot {
        ensure!(Instant::now() < deadline, "the mirror does not reach slot {slot}");
        sleep(Duration::from_millis(100)).await;
    }
    let consent = indexer.api.get(&format!("/v1/chain/consents/{}?as_of_slot={slot}", expiring.consent)).await?;
    ensure!(consent["data"]["reason"] == "expired", "the mirror says {}", consent["data"]["reason"]);
    Ok(slot)
}

async fn compare(api: &indexer::Api, outcome: &Outcome, slot: u64, expired: bool) -> anyhow::Result<()> {
    for vault in &outcome.vaults {
        story::compare(api, vault, slot, expired).await?;
    }
    Ok(())
}

async fn verify(settings: &Settings) -> anyhow::Result<()> {
    let output = step("Every account is compared with the mirror", settings.output(&["verify"])).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Differences come first, the count last.
    let lines: Vec<&str> = text.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(10)) {
        println!("  {line}");
    }
    ensure!(output.status.success(), "differences found {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// What each operation cost.
fn costs(costs: &[Cost]) {
    let mut operations: BTreeMap<&str, Vec<&Cost>> = BTreeMap::new();
    for cost in costs {
        operations.entry(cost.operation).or_default().push(cost);
    }
    println!("\n{:<36} {:>6} {:>12} {:>12} {:>14}", "operation", "count", "median CU", "highest CU", "lamports");
    for (operation, costs) in operations {
        let units = sorted(costs.iter().map(|cost| cost.compute_units));
        let lamports = sorted(costs.iter().map(|cost| cost.lamports));
        println!(
            "{operation:<36} {:>6} {:>12} {:>12} {:>14}",
            costs.len(),
            units[units.len() / 2],
            units[units.len() - 1],
            lamports[lamports.len() / 2]
        );
    }
}

fn latency(visible: Vec<Duration>) {
    let visible = sorted(visible.into_iter());
    if let (Some(median), Some(most)) = (visible.get(visible.len() / 2), visible.last()) {
        println!(
            "\nFrom confirmed to queryable over {} transactions: median {} ms, longest {} ms",
            visible.len(),
            median.as_millis(),
            most.as_millis()
        );
    }
}

fn kept(kept: bool) -> &'static str {
    if kept { "ok" } else { "MISSED" }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn addresses(api: &indexer::Api, ledger: &Ledger, settings: &Settings) {
    println!("\nAPI           {}/docs", api.url);
    println!("Events        {}/v1/chain/events", api.url);
    println!("Metrics       {}/metrics", api.url);
    println!("Ledger        {} (WebSocket {})", ledger.rpc_url, ledger.ws_url);
    println!("Program       {}", aegle_client::PROGRAM_ID);
    println!("Indexer's log {}", settings.log.display());
}
