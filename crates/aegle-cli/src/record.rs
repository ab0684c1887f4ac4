use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aegle_api_client::{
    record,
    wire::{ErasureState, RecordErasure},
};
use aegle_client::{
    Pubkey,
    aegle::NewRecordParams,
    commitment::{commit, random_bytes},
    id, instruction, pda,
    state::{Record, RecordStatus, Vault},
};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    api::{self, ListArgs, Listed},
    confirm::Confirmation,
    content::{self, AddArgs, HeldArgs, OpenArgs},
    context::{Acting, address},
    opening::{self, RecordKind, RecordOpening},
    secret_file::SecretFile,
    server::{Server, key},
    signing::Signing,
    time, words,
};

/// Longest wait for the server to destroy what it keeps of an erased record: finality takes some 15 seconds.
const WITHIN: Duration = Duration::from_secs(60);

#[derive(Subcommand)]
pub enum RecordCommand {
    /// Encrypt a file and add it to your records
    #[command(after_help = "\
Only what is labelled is known to the server: category, type, days and sensitivity. Title and content are encrypted.

Examples:
  aegle record add report.pdf --vault VAULT --category laboratory
  aegle record add scan.pdf --vault VAULT --category imaging --from 2030-01-30 --until 2030-01-31 --title Knee
  aegle record add letter.pdf --vault VAULT --category document --sensitivity PSY --relay
  aegle record add corrected.pdf --vault VAULT --category laboratory --amends RECORD --keypair carer.json")]
    Add(AddArgs),
    /// Fetch a record that you may read, decrypt it and check it against the ledger
    #[command(after_help = "\
Says who signed it, and whether their credential was in effect when the record was added.

Examples:
  aegle record open RECORD --out report.pdf
  aegle record open RECORD --out report.pdf --purpose TREAT --encryption-key-file my-key.json")]
    Open(OpenArgs),
    /// List the records that you may read, from the server
    #[command(after_help = "\
Examples:
  aegle record held --vault VAULT
  aegle record held --patient VAULT --purpose TREAT --category laboratory --from 2029-01-01")]
    Held(HeldArgs),
    /// Add a record: commit to a document and get its token
    #[command(after_help = "\
The document stays with you. The ledger gets SHA-256 over a fresh random salt and the document, and the
opening file the salt: keep both, they are what proves the record.

Examples:
  aegle record mint --vault VAULT --document report.pdf
  aegle record mint --vault VAULT --document report.pdf --payer sponsor.json --out report.opening.json
  aegle record mint --vault VAULT --document report.pdf --as-delegate --keypair carer.json")]
    Mint(MintArgs),
    /// Add a new version of a record
    #[command(after_help = "\
Examples:
  aegle record amend RECORD --document report-corrected.pdf")]
    Amend(AmendArgs),
    /// Mark a record as entered in error; its token and history stay
    #[command(after_help = "\
Examples:
  aegle record mark-error RECORD")]
    MarkError(MarkErrorArgs),
    /// Get a record's token into your wallet: one that a delegate minted, an earlier owner has, or that was burnt
    #[command(after_help = "\
The old token goes, if it is still there, and its rent to who paid it.

Examples:
  aegle record reissue RECORD
  aegle record reissue RECORD --payer sponsor.json")]
    Reissue(ReissueArgs),
    /// Erase a record: its token and its key go for good, a tombstone stays
    #[command(after_help = "\
Asks first, and waits until the server has destroyed what it keeps; again, it says how far that is. Delete the
opening file and the document too: without them the commitment says nothing to anybody.

Examples:
  aegle record erase RECORD
  aegle record erase RECORD --yes
  aegle record erase RECORD --yes --no-wait")]
    Erase(EraseArgs),
    /// Show a record as the ledger has it
    #[command(after_help = "\
Examples:
  aegle record show RECORD
  aegle record show RECORD --json")]
    Show(ShowArgs),
    /// List a vault's records, from the indexer
    #[command(after_help = "\
Examples:
  aegle record list --vault VAULT
  aegle record list --vault VAULT --limit 10 --json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct MintArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Args)]
pub struct AmendArgs {
    /// The newest version so far
    #[arg(value_parser = address)]
    record: Pubkey,
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Args)]
struct ContentArgs {
    /// The document to commit to
    #[arg(long, value_name = "FILE")]
    document: PathBuf,
    /// Where to write the opening [default: ./RECORD.opening.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Args)]
pub struct MarkErrorArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Args)]
pub struct ReissueArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
}

#[derive(Args)]
pub struct EraseArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
    #[command(flatten)]
    confirmation: Confirmation,
    /// Do not wait for the server, which destroys what it keeps once the erasure is final
    #[arg(long)]
    no_wait: bool,
}

#[derive(Args)]
pub struct ShowArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
}

pub async fn run(command: RecordCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        RecordCommand::Add(args) => content::add(args, context).await,
        RecordCommand::Open(args) => content::open(args, context).await,
        RecordCommand::Held(args) => content::held(args, context).await,
        RecordCommand::Mint(args) => mint(args, context).await,
        RecordCommand::Amend(args) => amend(args, context).await,
        RecordCommand::MarkError(args) => mark_error(args, context).await,
        RecordCommand::Reissue(args) => reissue(args, context).await,
        RecordCommand::Erase(args) => erase(args, context).await,
        RecordCommand::Show(args) => show(args, context).await,
        RecordCommand::List(args) => api::list(&LISTED, &args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "records",
    singular: "record",
    line: |item| {
        let (status, at) = (api::text(item, "status"), api::text(&item["minted"], "at"));
        format!("version {}, {status}, added {at}", item["version"])
    },
};

/// The document's bytes; an empty one is taken for a mistake.
pub fn read_document(path: &Path) -> Result<Vec<u8>, Problem> {
    let document = std::fs::read(path).map_err(|error| Problem::unreadable(path, &error))?;
    if document.is_empty() {
        let message = format!("{} is empty", path.display());
        return Err(Problem::new("empty_document", message, "Name the document that the record is about."));
    }
    Ok(document)
}

async fn mint(args: MintArgs, context: &Context) -> Result<Answer, Problem> {
    let message = "Added the record to the vault, with its token in the owner's wallet.";
    add(&args.vault, None, args.content, message, context).await
}

async fn amend(args: AmendArgs, context: &Context) -> Result<Answer, Problem> {
    let previous: Record =
        context.wait("Reading from the node", context.reader().account("record", &args.record)).await?;
    let message = "Added the new version. The one before stays, marked as amended.";
    add(&previous.vault, Some(args.record), args.content, message, context).await
}

/// Adds a record to the vault at `address`: a new one, or the next version of `previous`.
async fn add(
    address: &Pubkey,
    previous: Option<Pubkey>,
    content: ContentArgs,
    message: &str,
    context: &Context,
) -> Result<Answer, Problem> {
    let document = read_document(&content.document)?;
    let signing = context.signing().await?;
    let vault: Vault = signing.reader().account("vault", address).await?;
    let (authority, payer) = (signing.authority(content.acting), signing.payer());
    let record_id = id::record_id(&mut OsRng, address, &vault.owner, &authority);
    let record = pda::find_record(address, &record_id).0;
    let salt = random_bytes(&mut OsRng);
    let commitment = commit(&salt, &document);
    let path = content.out.unwrap_or_else(|| opening::default_path(&record));
    let file =
        SecretFile::create(path, &RecordOpening { kind: RecordKind::V1, vault: *address, record, record_id, salt })?;

    let params = NewRecordParams { record_id, commitment, expected: instruction::expected(&vault) };
    let instruction = match previous {
        None => instruction::mint_record(*address, authority, payer, params),
        Some(previous) => instruction::amend_record(*address, authority, payer, previous, params),
    };
    let (sent, opening_file) = file.settle(context.send(instruction, &signing).await)?;
    let mut answer = Answer::new(message).address("record", &record);
    if let Some(previous) = previous {
        answer = answer.address("previous", &previous);
    }
    Ok(answer
        .address("vault", address)
        .bytes("record_id", &record_id)
        .bytes("commitment", &commitment)
        .address("mint", &pda::find_mint(&record).0)
        .with("opening_file", opening_file)
        .sent(&sent, context.commitment()))
}

async fn mark_error(args: MarkErrorArgs, context: &Context) -> Result<Answer, Problem> {
    let (signing, record) = existing(&args.record, context).await?;
    let authority = signing.authority(args.acting);
    let mark = instruction::mark_record_entered_in_error(record.vault, authority, args.record);
    let sent = context.send(mark, &signing).await?;
    Ok(Answer::new("Marked the record as entered in error. Its token and history stay.")
        .address("record", &args.record)
        .address("vault", &record.vault)
        .sent(&sent, context.commitment()))
}

async fn reissue(args: ReissueArgs, context: &Context) -> Result<Answer, Problem> {
    let (signing, record) = existing(&args.record, context).await?;
    let vault: Vault = context.wait("Reading from the node", signing.reader().account("vault", &record.vault)).await?;
    signing.require_owner(&vault)?;
    let reissue = instruction::reissue_record(signing.payer(), args.record, &record, instruction::expected(&vault));
    let sent = context.send(reissue, &signing).await?;
    let mint = pda::find_mint(&args.record).0;
    Ok(Answer::new("The record's token is in your wallet.")
        .address("record", &args.record)
        .address("vault", &record.vault)
        .address("mint", &mint)
        .address("token", &pda::find_token(&mint, &vault.owner).0)
        .address("old_token", &record.token)
        .address("rent_returned_to", &record.rent_payer)
        .sent(&sent, context.commitment()))
}

async fn erase(args: EraseArgs, context: &Context) -> Result<Answer, Problem> {
    let (signing, record) = existing(&args.record, context).await?;
    let answer = if record.status == RecordStatus::Erased {
        Answer::new("").address("record", &args.record).address("vault", &record.vault)
    } else {
        args.confirmation.ask(&format!(
            "This erases version {} of the record {}: its token goes for good and cannot be made again, and the \
             server destroys its key, so that nobody can open it any more, from no backup either.",
            record.record_version, args.record
        ))?;
        let erase = instruction::erase_record(signing.key(), args.record, &record);
        let sent = context.send(erase, &signing).await?;
        Answer::new("")
            .address("record", &args.record)
            .address("vault", &record.vault)
            .address("rent_returned_to", &record.rent_payer)
            .sent(&sent, context.commitment())
    };
    if args.no_wait {
        return Ok(answer.says(format!("{ERASED} The server destroys what it keeps once that is final. {REMAINS}")));
    }
    let what = "Waiting until that is final and the server has destroyed what it keeps";
    Ok(match context.wait(what, traces(&args.record, context)).await {
        Ok(erasure) => {
            let answer = answer.says(format!("{ERASED} {} {REMAINS}", said(&erasure)));
            let state = serde_json::to_value(erasure.state).unwrap_or_default();
            let destroyed = erasure.destroyed;
            answer
                .with("server", state)
                .with("destroyed_at", destroyed.as_ref().map(|gone| gone.at.clone()))
                .with("wrapped_keys", destroyed.as_ref().map(|gone| gone.wraps))
                .with("custodian_shares", destroyed.as_ref().map(|gone| gone.shares))
                .with("bytes", destroyed.map(|gone| gone.bytes))
        }
        // It is erased, whatever the server says.
        Err(problem) => answer
            .says(format!(
                "{ERASED} What the server keeps goes once that is final, but it did not say whether that is done: \
                 {}. Run the command again to see. {REMAINS}",
                problem.message.trim_end_matches('.')
            ))
            .with("server", problem.code),
    })
}

const ERASED: &str = "The record is erased: its token is burnt, and nobody is given anything of it.";
const REMAINS: &str = "What remains: a tombstone on the ledger, whose commitment says nothing without the salt; the \
    lines in the log of who looked; labels, such as the kind of care, in backups that the operator made before, until \
    those are deleted; and what others read or copied. Delete its opening file and the document too.";

/// How far the server is, as soon as it is done or after a while.
async fn traces(record: &Pubkey, context: &Context) -> Result<RecordErasure, Problem> {
    let session = Server::sign_in(context).await?.session;
    Ok(record::await_erasure(session, key(record), WITHIN).await?)
}

fn said(erasure: &RecordErasure) -> String {
    match (erasure.state, &erasure.destroyed) {
        (ErasureState::NothingKept, _) => "The server kept nothing of it.".into(),
        (ErasureState::Held, _) => "A legal hold obliges the server to keep what it stores of it, unreadable to \
             everybody, the operator too; it is destroyed once the hold is lifted."
            .into(),
        (ErasureState::Destroyed, Some(gone)) => {
            let blob = if gone.blob_gone_at.is_some() { "and" } else { "and, within a minute," };
            format!(
                "The server destroyed its erasure key, without which nothing opens it, from no backup either; its \
                 salts and labels, {} wrapped keys, {} shares of custodians, {blob} {} bytes of ciphertext.",
                gone.wraps, gone.shares, gone.bytes
            )
        }
        _ => "The server has not destroyed yet what it keeps of it; run the command again to see.".into(),
    }
}

async fn existing<'a>(address: &Pubkey, context: &'a Context) -> Result<(Signing<'a>, Record), Problem> {
    let signing = context.signing().await?;
    let record: Record = context.wait("Reading from the node", signing.reader().account("record", address)).await?;
    Ok((signing, record))
}

async fn show(args: ShowArgs, context: &Context) -> Result<Answer, Problem> {
    let reader = context.reader();
    let record: Record = context.wait("Reading from the node", reader.account("record", &args.record)).await?;
    let now = time::local_now();
    let version = record.record_version;
    let changed = time::say_time(record.changed_at, now);
    let state = match record.status {
        RecordStatus::Active => "the current version".into(),
        RecordStatus::Amended => format!("amended {changed} by a newer version"),
        RecordStatus::EnteredInError => format!("marked {changed} as entered in error"),
        RecordStatus::Erased => format!("erased {changed}"),
    };
    let added = time::say_time(record.minted_at, now);
    Ok(Answer::new(format!("Version {version} of a record, added {added}, {state}."))
        .with("status", words::status(record.status))
        .address("record", &args.record)
        .address("vault", &record.vault)
        .with("version", version)
        .with("previous", (record.previous != Pubkey::default()).then(|| record.previous.to_string()))
        .bytes("record_id", &record.record_id)
        .bytes("commitment", &record.commitment)
        .address("mint", &pda::find_mint(&args.record).0)
        .address("token", &record.token)
        .with("issues", record.issues)
        .address("rent_payer", &record.rent_payer)
        .with("minted_at", time::iso_time(record.minted_at))
        .with("minted_slot", record.minted_slot)
        .with("changed_at", time::iso_time(record.changed_at))
        .with("changed_slot", record.changed_slot))
}
