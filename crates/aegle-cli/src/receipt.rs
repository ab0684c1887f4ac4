use std::path::{Path, PathBuf};

use aegle_api_client::{disclosure, receipt};
use aegle_client::Pubkey;
use aegle_disclosure::{Digest, Log, SignedReceipt};
use aegle_receipt::{Bundle, Found, Opening, Report};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    answer::Check,
    context::address,
    disclosure as log,
    opening::{self, ConsentOpening},
    record::read_document,
    secret_file::SecretFile,
    server::{Server, UnlockArgs, key},
    time,
};

#[derive(Subcommand)]
pub enum ReceiptCommand {
    /// Keep a receipt with everything that opens it, to check it later without the server
    #[command(after_help = "\
The one who asked keeps the own receipt, as long as the request was permitted; the patient, with --vault, keeps
any entry of the own log, refusals too.

Examples:
  aegle record open RECORD --out copy.txt --purpose TREAT --receipt receipt.txt
  aegle receipt save receipt.txt --out receipt.json
  aegle receipt save 1041 --vault VAULT --out refused.json")]
    Save(SaveArgs),
    /// Decide again what a receipt says was decided, from the chain alone
    #[command(after_help = "\
Checks what the log signed, reads from the node (--rpc-url) what the chain said at that moment, and decides again
with the openings that the file holds. The server is not asked. What cannot be checked is said, too. Exit status 1
when something contradicts a receipt.

Examples:
  aegle receipt verify receipt.json --log 'records.example/disclosures+0123abcd+…'
  aegle receipt verify receipt.txt --log VERIFIER --rpc-url devnet
  aegle receipt verify refused.json --opening CONSENT.opening.json --policy policy.json")]
    Verify(VerifyArgs),
    /// Read why somebody was refused who shows you the receipt
    #[command(after_help = "\
Who is refused learns nothing of why; the receipt that they are handed has it, encrypted to you. With --out it
becomes a file that `receipt verify` checks.

Examples:
  aegle record open RECORD --out copy.txt --purpose TREAT --receipt refused.json
  aegle receipt open refused.json --vault VAULT --out opened.json")]
    Open(OpenArgs),
}

#[derive(Args)]
pub struct SaveArgs {
    /// The receipt's place in the log, or a file with the receipt as the server gave it
    #[arg(value_name = "PLACE|FILE")]
    receipt: String,
    /// Your vault, to keep what others asked of it
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Option<Pubkey>,
    /// Where to write it; an existing file is never replaced [default: ./receipt-PLACE.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// Files of `receipt save`, or with a receipt as the server gave it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The key by which the log must speak, as its operator published it
    #[arg(long, value_name = "VERIFIER")]
    log: Option<String>,
    /// Opening file of a consent that the files do not open
    #[arg(long, value_name = "FILE", requires = "policy")]
    opening: Option<PathBuf>,
    /// The policy of that consent
    #[arg(long, value_name = "FILE", requires = "opening")]
    policy: Option<PathBuf>,
}

#[derive(Args)]
pub struct OpenArgs {
    /// The file that whoever was refused shows you
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Where to write it with everything that opens it; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    unlocking: UnlockArgs,
}

pub async fn run(command: ReceiptCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        ReceiptCommand::Save(args) => save(args, context).await,
        ReceiptCommand::Verify(args) => verify(args, context).await,
        ReceiptCommand::Open(args) => open(args, context).await,
    }
}

fn bad_receipt(path: &Path, why: &str) -> Problem {
    Problem::new(
        "bad_receipt",
        format!("{} is no receipt: {why}", path.display()),
        "Name a file that `aegle receipt save` wrote, or the value of the header `aegle-receipt`.",
    )
}

fn read_text(path: &Path) -> Result<String, Problem> {
    String::from_utf8(read_document(path)?).map_err(|_| bad_receipt(path, "it is not text"))
}

async fn save(args: SaveArgs, context: &Context) -> Result<Answer, Problem> {
    let (index, signed) = match args.receipt.parse::<u64>() {
        Ok(index) => (index, None),
        Err(_) => {
            let path = Path::new(&args.receipt);
            let signed = SignedReceipt::from_text(read_text(path)?.trim());
            let signed = signed.map_err(|error| bad_receipt(path, &error.to_string()))?;
            (signed.receipt.index, Some(signed))
        }
    };
    let server = Server::sign_in(context).await?;
    let mut bundle = match &args.vault {
        Some(vault) => {
            let reading = disclosure::own(server.session, key(vault));
            let own = context.wait("Reading your log", reading).await?;
            let own = own.map_err(|fault| {
                let advice = "Run `aegle disclosure list`, and ask the operator.";
                Problem::new("log_incomplete", format!("This cannot be your whole log: {fault}"), advice)
            })?;
            context.wait("Waiting for the server", receipt::save_own(server.session, &own, index)).await?
        }
        None => {
            let saving = receipt::save(server.session, index, signed.as_ref());
            context.wait("Waiting for the log's next checkpoint", saving).await?
        }
    };
    bundle.receipt = signed.map(|signed| signed.to_text());
    let path = args.out.unwrap_or_else(|| PathBuf::from(format!("receipt-{index}.json")));
    let file = SecretFile::create(path, &bundle)?;
    Ok(Answer::new("Kept. Whoever has this file sees what was asked and decided, and can check it without the server.")
        .with("file", file.path())
        .with("place", index)
        .with("in_checkpoint", bundle.inclusion.is_some())
        .with("consents_opened", bundle.consents.len())
        .with("records_opened", bundle.records.len()))
}

async fn verify(args: VerifyArgs, context: &Context) -> Result<Answer, Problem> {
    let trusted = args.log.as_deref().map(str::parse::<Log>).transpose().map_err(|_| {
        let advice = "Take it as the operator published it, NAME+ID+KEY, or from `aegle log verify`.";
        Problem::usage("bad_log_key", "--log names no key of a log", advice)
    })?;
    let opening = match (&args.opening, &args.policy) {
        (Some(opening), Some(policy)) => Some(read_opening(opening, policy)?),
        _ => None,
    };
    let (mut checks, mut items, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let (mut holds, mut replayed) = (true, true);
    for path in &args.files {
        let read = Bundle::read(&read_text(path)?, args.log.as_deref());
        let mut bundle = read.map_err(|error| bad_receipt(path, &error.to_string()))?;
        bundle.consents.extend(opening.clone());
        let verifying = receipt::verify(context.reader(), &bundle, trusted.as_ref());
        let report = context.wait("Reading the chain", verifying).await?;
        holds &= report.holds();
        replayed &= report.replayed;
        rows.push((path.display().to_string(), says(&report).to_owned()));
        items.push(json!({
            "file": path.display().to_string(), "holds": report.holds(), "replayed": report.replayed,
            "checks": report.checks, "entry": report.entry,
        }));
        checks.extend(report.checks.into_iter().map(|check| match check.found {
            Found::Holds => Check::of(true, check.what),
            Found::Contradicts => Check::of(false, check.what),
            Found::NotChecked => Check::open(check.what),
        }));
    }
    let message = match (holds, replayed) {
        (true, true) => "Verified: the chain and the openings lead to what the log says, without the server's word.",
        (true, false) => "Nothing contradicts it; what is not checked is said above.",
        (false, _) => "Contradicted: what failed above is not what the log says. Keep the file.",
    };
    Ok(Answer::new(message).with("node", context.node()).checks(checks).items(items, rows).yes_if(holds))
}

async fn open(args: OpenArgs, context: &Context) -> Result<Answer, Problem> {
    let bundle = Bundle::read(&read_text(&args.file)?, None);
    let bundle = bundle.map_err(|error| bad_receipt(&args.file, &error.to_string()))?;
    let server = Server::sign_in(context).await?;
    let unlocking = server.unlock(&args.vault, &args.unlocking);
    let secrets = context.wait("Unlocking", unlocking).await?.secrets();
    let (opened, logged) = receipt::open_refused(&bundle, &secrets)?;
    let entry = logged.entry.value();
    let file = match args.out {
        Some(path) => {
            let completing = receipt::complete(server.session, opened, &logged);
            let bundle = context.wait("Waiting for the server", completing).await?;
            Some(SecretFile::create(path, &bundle)?.path())
        }
        None => None,
    };
    let (who, what) = log::row(entry);
    Ok(Answer::new(format!("{who} {what}."))
        .with("outcome", json!(entry.outcome))
        .with("at", time::iso_time(entry.at))
        .with("place", logged.index)
        .with("number", logged.link.number)
        .with("record", entry.record.map(|record| record.to_string()))
        .with("file", file))
}

fn says(report: &Report) -> &'static str {
    match (report.holds(), report.replayed) {
        (true, true) => "verified",
        (true, false) => "not contradicted",
        (false, _) => "contradicted",
    }
}

fn read_opening(path: &Path, policy: &Path) -> Result<Opening, Problem> {
    let opened: ConsentOpening = opening::read(path)?;
    Ok(Opening {
        consent: key(&opened.consent),
        grantee: key(&opened.grantee),
        salt: Digest(opened.salt),
        policy: read_text(policy)?,
        policy_salt: Digest(opened.policy_salt),
    })
}
