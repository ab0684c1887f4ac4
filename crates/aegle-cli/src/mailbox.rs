use std::{fs, io, path::PathBuf};

use aegle_api_client::{mailbox, wire::MailboxItem};
use aegle_client::Pubkey;
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    confirm::Confirmation,
    content::{DescriptionArgs, issuer, partial},
    context::address,
    secret_file::unwritable,
    server::{ReadingArgs, Server, key, progress},
};

#[derive(Subcommand)]
pub enum MailboxCommand {
    /// As a provider: send a patient a result, encrypted and signed
    #[command(after_help = "\
Examples:
  aegle mailbox post result.pdf --vault VAULT --category laboratory --issuer me.json --credential CREDENTIAL
  aegle mailbox post letter.pdf --vault VAULT --category document --from 2030-01-31 --title Letter \\
      --issuer me.json --credential CREDENTIAL --keypair clinic.json --practitioner me.json")]
    Post(PostArgs),
    /// List what waits for you, or what you sent and nobody took
    #[command(after_help = "\
Examples:
  aegle mailbox list --vault VAULT
  aegle mailbox list --sent")]
    List(ListArgs),
    /// Read what waits, before you take it
    #[command(after_help = "\
Examples:
  aegle mailbox open ITEM --vault VAULT --out result.pdf")]
    Open(OpenArgs),
    /// Make a record of what waits
    #[command(after_help = "\
The patient does, or a delegate with the right to add records, who need not be able to read it.

Examples:
  aegle mailbox accept ITEM --vault VAULT
  aegle mailbox accept --all --vault VAULT --keypair agent.json")]
    Accept(AcceptArgs),
    /// Take something out of the mailbox for good
    #[command(after_help = "\
Asks first.

Examples:
  aegle mailbox discard ITEM --vault VAULT
  aegle mailbox discard ITEM --vault VAULT --yes")]
    Discard(DiscardArgs),
}

#[derive(Args)]
pub struct PostArgs {
    /// The file to encrypt and send
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The patient's vault
    #[arg(long, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    description: DescriptionArgs,
}

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address, required_unless_present = "sent")]
    vault: Option<Pubkey>,
    /// What you sent and nobody took
    #[arg(long)]
    sent: bool,
}

#[derive(Args)]
pub struct OpenArgs {
    /// Which, as `aegle mailbox list` shows it
    item: String,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Where to write the content; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Args)]
pub struct AcceptArgs {
    /// Which, as `aegle mailbox list` shows it
    #[arg(required_unless_present = "all")]
    item: Option<String>,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Everything that waits
    #[arg(long, conflicts_with = "item")]
    all: bool,
}

#[derive(Args)]
pub struct DiscardArgs {
    /// Which, as `aegle mailbox list` shows it
    item: String,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn run(command: MailboxCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        MailboxCommand::Post(args) => post(args, context).await,
        MailboxCommand::List(args) => list(args, context).await,
        MailboxCommand::Open(args) => open(args, context).await,
        MailboxCommand::Accept(args) => accept(args, context).await,
        MailboxCommand::Discard(args) => discard(args, context).await,
    }
}

async fn post(args: PostArgs, context: &Context) -> Result<Answer, Problem> {
    let sealed = args.description.seal(key(&args.vault), &args.file)?;
    let server = Server::sign_in(context).await?;
    let shown = progress("Uploading", context.options().json);
    let mut rng = OsRng;
    let posting = mailbox::post(server.session, server.reader(), sealed, &mut rng, &shown);
    let item = context.wait("Encrypting and sending", posting).await?;
    Ok(Answer::new("Sent. Only the patient can read it; it becomes a record once they take it.")
        .bytes("item", &item.item.0)
        .address("vault", &args.vault)
        .with("posted_at", item.posted_at))
}

async fn list(args: ListArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let vault = if args.sent { None } else { args.vault.as_ref().map(key) };
    let items = context.wait("Waiting for the server", mailbox::list(server.session, vault)).await?;
    let message = match (items.len(), args.sent) {
        (0, _) => "Nothing waits.".to_owned(),
        (1, _) => "1 result waits.".to_owned(),
        (count, _) => format!("{count} results wait."),
    };
    let row = |item: &MailboxItem| {
        let labels = item.opening.labels.value();
        let categories: Vec<&str> = labels.categories.iter().map(aegle_decision::Category::as_str).collect();
        let says = format!("{}, from {}, {}", categories.join(", "), item.sender, item.posted_at);
        (hex::encode(item.item.0), says)
    };
    let json = |item: &MailboxItem| {
        json!({
            "item": item.item, "vault": item.vault, "sender": item.sender, "practitioner": item.practitioner,
            "labels": item.opening.labels.value(), "bytes": item.size, "posted_at": item.posted_at,
        })
    };
    Ok(Answer::new(message).items(items.iter().map(json).collect(), items.iter().map(row).collect()))
}

async fn find(server: &Server<'_>, vault: &Pubkey, item: &str) -> Result<MailboxItem, Problem> {
    let items = mailbox::list(server.session, Some(key(vault))).await?;
    items.into_iter().find(|found| hex::encode(found.item.0) == item).ok_or_else(|| {
        Problem::new("no_such_item", format!("Nothing called {item} waits"), "`aegle mailbox list` shows what waits.")
    })
}

async fn open(args: OpenArgs, context: &Context) -> Result<Answer, Problem> {
    if args.out.exists() {
        return Err(unwritable(&args.out, &io::ErrorKind::AlreadyExists.into()));
    }
    let server = Server::sign_in(context).await?;
    let item = find(&server, &args.vault, &args.item).await?;
    let secrets = server.secrets(&args.vault, &args.reading).await?;
    let (partial, mut file) = partial(&args.out)?;
    let shown = progress("Downloading", context.options().json);
    let opening = mailbox::open(server.session, &item, &secrets, &mut file, &shown);
    let opened = context.wait("Fetching and decrypting", opening).await.map_err(Problem::from).and_then(|opened| {
        let kept = file.sync_all().and_then(|()| fs::rename(&partial, &args.out));
        kept.map(|()| opened).map_err(|error| unwritable(&args.out, &error))
    });
    let (manifest, issuance) = opened.inspect_err(|_| drop(fs::remove_file(&partial)))?;
    let (holds, says) = issuer(&issuance);
    Ok(Answer::new(format!("Opened it. {says}"))
        .with("item", args.item)
        .with("file", args.out.display().to_string())
        .with("media_type", manifest.details().value().media_type.clone())
        .with("title", manifest.details().value().title.clone())
        .with("issuer_verified", holds))
}

async fn accept(args: AcceptArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let items = match &args.item {
        Some(item) => vec![find(&server, &args.vault, item).await?],
        None => mailbox::list(server.session, Some(key(&args.vault))).await?,
    };
    let mut taken = Vec::new();
    for item in &items {
        let accepting = mailbox::accept(server.session, &pay, &server.keypair, item);
        let accepted = context.wait("Adding the record", accepting).await?;
        taken.push((hex::encode(item.item.0), accepted));
    }
    let message = match taken.len() {
        0 => "Nothing waits.".to_owned(),
        1 => "Made a record of it.".to_owned(),
        count => format!("Made {count} records."),
    };
    let json = taken.iter().map(|(item, accepted)| {
        let sent = accepted.sent.as_ref();
        json!({
            "item": item, "record": accepted.record, "signature": sent.map(|sent| sent.signature.to_string()),
            "slot": sent.map(|sent| sent.slot),
        })
    });
    let rows = taken.iter().map(|(item, accepted)| (accepted.record.to_string(), format!("was {item}")));
    let mut answer = Answer::new(message).address("vault", &args.vault);
    if let [(_, accepted)] = &taken[..] {
        answer = answer.with("record", accepted.record.to_string());
    }
    Ok(answer.items(json.collect(), rows.collect()))
}

async fn discard(args: DiscardArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let item = find(&server, &args.vault, &args.item).await?;
    args.confirmation.ask(&format!("This deletes what {} sent, for good.", item.sender))?;
    context.wait("Waiting for the server", mailbox::discard(server.session, &item)).await?;
    Ok(Answer::new("It is gone.").with("item", args.item))
}
