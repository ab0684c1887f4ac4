//! Records opened in an emergency: allowed, opened, read and reviewed.

use std::{fs, io, path::PathBuf, time::Duration};

use aegle_api_client::{
    custodian,
    emergency::{self, OpenedEmergency, Opening},
};
use aegle_client::{Pubkey, state::MAX_BREAK_GLASS};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Answer, Context, Problem,
    confirm::Confirmation,
    content::{issuer, partial},
    context::address,
    secret_file::unwritable,
    server::{Server, UnlockArgs, key, progress, read_key_file},
    time,
};

const POLL: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub enum BreakGlassCommand {
    /// Allow clinicians to open your records in an emergency, with custodians who together have the keys
    #[command(after_help = "\
Each record's key is split; a clinician needs --threshold of the custodians, who wait until the opening, with the
clinician's reason behind it, is on the ledger. You see at once who opened what and why. That custodians wait is their
duty: so many of them together could open your records without.

Examples:
  aegle break-glass allow --vault VAULT --custodian KEY,KEY,KEY --threshold 2")]
    Allow(AllowArgs),
    /// Forbid it: nothing new is opened, and the custodians' shares go
    #[command(after_help = "\
Examples:
  aegle break-glass forbid --vault VAULT --yes")]
    Forbid(ForbidArgs),
    /// Open a patient's records in an emergency; for clinicians whose credential says so
    #[command(after_help = "\
The patient is told at once and sees your reason. You can open others only when the patient's side has reviewed it.

Examples:
  aegle break-glass open --patient VAULT --record RECORD --credential CREDENTIAL --reason Unconscious")]
    Open(OpenArgs),
    /// Read a record that you opened, once enough custodians have released their shares
    #[command(after_help = "\
Examples:
  aegle break-glass read RECORD --opening OPENING --encryption-key-file my-key.json --out record.pdf --wait 30s")]
    Read(ReadArgs),
    /// List who opened your records in an emergency and why; without --vault, what you opened
    #[command(after_help = "\
Examples:
  aegle break-glass list --vault VAULT
  aegle break-glass list --keypair doctor.json")]
    List(ListArgs),
    /// Say that you have looked at an opening, which lets its clinician open others
    #[command(after_help = "\
Examples:
  aegle break-glass review OPENING --vault VAULT")]
    Review(ReviewArgs),
}

#[derive(Args)]
pub struct AllowArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// A custodian's key, which a registrar attests; may be repeated, ten at most
    #[arg(long = "custodian", value_name = "KEY", value_parser = address, value_delimiter = ',', required = true)]
    custodians: Vec<Pubkey>,
    /// How many of them a clinician needs
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=10))]
    threshold: u8,
    #[command(flatten)]
    unlock: UnlockArgs,
}

#[derive(Args)]
pub struct ForbidArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct OpenArgs {
    /// The patient's vault
    #[arg(long, value_parser = address)]
    patient: Pubkey,
    /// A record to open; may be repeated, 256 at most
    #[arg(long = "record", value_name = "RECORD", value_parser = address, value_delimiter = ',', required = true)]
    records: Vec<Pubkey>,
    /// Why, for the patient: one line
    #[arg(long)]
    reason: String,
    /// Your credential, which lets you open records in an emergency
    #[arg(long, value_parser = address)]
    credential: Pubkey,
    /// How long, a day at most
    #[arg(long = "for", value_name = "TIME", default_value = "4h", value_parser = period)]
    length: i64,
}

#[derive(Args)]
pub struct ReadArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
    /// The opening, as `break-glass open` named it
    #[arg(long, value_name = "OPENING", value_parser = address)]
    opening: Pubkey,
    /// The file of your encryption key
    #[arg(long, value_name = "FILE", env = "AEGLE_ENCRYPTION_KEY", hide_env_values = true)]
    encryption_key_file: PathBuf,
    /// Where to write the content; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How long to wait for the custodians
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::length)]
    wait: i64,
}

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Option<Pubkey>,
}

#[derive(Args)]
pub struct ReviewArgs {
    /// The opening
    #[arg(value_name = "OPENING", value_parser = address)]
    opening: Pubkey,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

fn period(text: &str) -> Result<i64, String> {
    let seconds = time::length(text)?;
    if (1..=MAX_BREAK_GLASS).contains(&seconds) { Ok(seconds) } else { Err("expected a second to 24 hours".into()) }
}

pub async fn run(command: BreakGlassCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        BreakGlassCommand::Allow(args) => allow(args, context).await,
        BreakGlassCommand::Forbid(args) => forbid(args, context).await,
        BreakGlassCommand::Open(args) => open(args, context).await,
        BreakGlassCommand::Read(args) => read(args, context).await,
        BreakGlassCommand::List(args) => list(args, context).await,
        BreakGlassCommand::Review(args) => review(args, context).await,
    }
}

async fn allow(args: AllowArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let unlocked = server.unlock(&args.vault, &args.unlock).await?;
    let custodians: Vec<_> = args.custodians.iter().map(key).collect();
    let allowing =
        custodian::allow(server.session, &pay, &server.keypair, key(&args.vault), &custodians, args.threshold);
    let sent = context.wait("Waiting for the network to confirm", allowing).await?;
    let mut rng = OsRng;
    let dealing = custodian::deal(server.session, server.reader(), &unlocked, &mut rng);
    let records = context.wait("Splitting the keys of your records", dealing).await?;
    let message = format!(
        "Clinicians may open your records in an emergency, with {} of {} custodians. The keys of {records} records are \
         split; those of new records will be.",
        args.threshold,
        custodians.len()
    );
    let answer = Answer::new(message)
        .address("vault", &args.vault)
        .with("custodians", custodians.len())
        .with("threshold", args.threshold)
        .with("records", records);
    Ok(match sent {
        Some(sent) => answer.sent(&sent, context.commitment()),
        None => answer,
    })
}

async fn forbid(args: ForbidArgs, context: &Context) -> Result<Answer, Problem> {
    args.confirmation.ask(
        "In an emergency nobody will be able to open your records without you. What was released before stays with \
         who has it.",
    )?;
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let forbidding = custodian::forbid(server.session, &pay, &server.keypair, key(&args.vault));
    let sent = context.wait("Waiting for the network to confirm", forbidding).await?;
    let answer = Answer::new("Nobody can open your records in an emergency, and the custodians' shares are gone.")
        .address("vault", &args.vault);
    Ok(match sent {
        Some(sent) => answer.sent(&sent, context.commitment()),
        None => answer,
    })
}

async fn open(args: OpenArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let opening = Opening {
        vault: key(&args.patient),
        records: args.records.iter().map(key).collect(),
        reason: args.reason,
        credential: key(&args.credential),
        seconds: args.length,
    };
    let mut rng = OsRng;
    let opening = emergency::open(server.session, server.reader(), &server.keypair, opening, &mut rng);
    let opened = context.wait("Opening on the ledger", opening).await?;
    let statement = opened.statement()?;
    let message = format!(
        "Opened {} records for {}, on the ledger. The patient is told; custodians release their shares to you.",
        statement.value().records.len(),
        time::say_length(args.length)
    );
    Ok(Answer::new(message)
        .with("opening", opened.break_glass.to_string())
        .address("vault", &args.patient)
        .with("expires_at", time::iso_time(statement.value().expires_at)))
}

async fn read(args: ReadArgs, context: &Context) -> Result<Answer, Problem> {
    if args.out.exists() {
        return Err(unwritable(&args.out, &io::ErrorKind::AlreadyExists.into()));
    }
    let secret = read_key_file(&args.encryption_key_file)?;
    let server = Server::sign_in(context).await?;
    let (opening, record) = (key(&args.opening), key(&args.record));
    let deadline = Instant::now() + Duration::from_secs(args.wait.unsigned_abs());
    let waiting = async {
        loop {
            let collected = emergency::collect(server.session, &secret, opening, record).await?;
            if collected.is_enough() || Instant::now() >= deadline {
                return Ok::<_, Problem>(collected);
            }
            sleep(POLL).await;
        }
    };
    let collected = context.wait("Waiting for the custodians", waiting).await?;
    if !collected.is_enough() {
        let message = match collected.threshold {
            0 => "No custodian has released its share of this record yet".to_owned(),
            needed => format!("{} of {needed} custodians have released their shares yet", collected.shares),
        };
        return Err(Problem::new("shares_missing", message, "Try again in a moment, or wait for them with --wait."));
    }
    let (part, mut file) = partial(&args.out)?;
    let shown = progress("Downloading", context.options().json);
    let reading = emergency::read(server.session, server.reader(), &collected, record, &mut file, &shown);
    let opened = context.wait("Fetching and decrypting", reading).await.map_err(Problem::from).and_then(|opened| {
        file.sync_all().and_then(|()| fs::rename(&part, &args.out)).map_err(|error| unwritable(&args.out, &error))?;
        Ok(opened)
    });
    // What did not prove to be the record is left to nobody.
    let opened = opened.inspect_err(|_| drop(fs::remove_file(&part)))?;
    let (holds, says) = issuer(&opened.issuer);
    Ok(Answer::new(format!("Opened the record; it is the one that the ledger has. {says}"))
        .address("record", &args.record)
        .with("vault", opened.held.vault.to_string())
        .with("file", args.out.display().to_string())
        .with("bytes", opened.manifest.details().value().length)
        .with("media_type", opened.manifest.details().value().media_type.clone())
        .with("shares", collected.shares)
        .with("issuer_verified", holds))
}

async fn list(args: ListArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let listing = emergency::list(server.session, args.vault.as_ref().map(key));
    let openings = context.wait("Waiting for the server", listing).await?;
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for opening in &openings {
        let statement = opening.statement()?;
        let statement = statement.value();
        let state = state(opening, statement.expires_at);
        rows.push((
            opening.break_glass.to_string(),
            format!(
                "{state}: {}, {} records until {} ({})",
                statement.clinician,
                statement.records.len(),
                time::iso_time(statement.expires_at),
                statement.reason
            ),
        ));
        items.push(json!({
            "opening": opening.break_glass, "vault": opening.vault, "clinician": statement.clinician,
            "credential": statement.credential, "records": statement.records, "reason": statement.reason,
            "expires_at": time::iso_time(statement.expires_at), "opened": opening.opened, "reviewed": opening.reviewed,
        }));
    }
    let waiting = openings.iter().filter(|opening| opening.opened && !opening.reviewed).count();
    let message = match (openings.len(), waiting) {
        (0, _) => "Nothing was opened in an emergency.".to_owned(),
        (all, 0) => format!("{all} openings, all reviewed."),
        (all, waiting) => format!("{all} openings, {waiting} to be reviewed with `aegle break-glass review`."),
    };
    Ok(Answer::new(message).items(items, rows))
}

fn state(opening: &OpenedEmergency, expires_at: i64) -> &'static str {
    match (opening.opened, opening.reviewed) {
        (false, _) => "not on the ledger",
        (true, true) => "reviewed",
        (true, false) if time::local_now() < expires_at => "open, not reviewed",
        (true, false) => "over, not reviewed",
    }
}

async fn review(args: ReviewArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let reviewing = emergency::review(&signing.pay, &signing.keypair, key(&args.vault), key(&args.opening));
    let sent = context.wait("Waiting for the network to confirm", reviewing).await?;
    Ok(Answer::new("Reviewed. Its clinician can open records in an emergency again.")
        .address("opening", &args.opening)
        .address("vault", &args.vault)
        .sent(&sent, context.commitment()))
}
