use std::path::PathBuf;

use aegle_client::{
    Pubkey,
    aegle::AddRegistrarParams,
    commitment::{Salt, commit, random_bytes},
    instruction, pda,
    state::Registrar,
};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    api::{self, LimitArgs, Listed},
    confirm::Confirmation,
    context::address,
    opening::{self, ProfileKind, ProfileOpening},
    record::read_document,
    secret_file::SecretFile,
    time,
    words::{self, KINDS},
};

#[derive(Subcommand)]
pub enum RegistrarCommand {
    /// Let somebody attest who others are, such as a medical board; --keypair is the governance authority
    #[command(after_help = "\
Examples:
  aegle registrar add KEY --kind practitioner --kind organization --profile board.json --keypair governance.json
  aegle registrar add KEY --kind researcher --profile university.json --keypair governance.json --json")]
    Add(AddArgs),
    /// End a registrar for good, and with it all its credentials; --keypair is the governance authority
    #[command(after_help = "\
Asks first.

Examples:
  aegle registrar remove KEY --keypair governance.json
  aegle registrar remove KEY --keypair governance.json --yes")]
    Remove(RemoveArgs),
    /// Show a registrar as the ledger has it
    #[command(after_help = "\
Examples:
  aegle registrar show KEY
  aegle registrar show KEY --json")]
    Show(RegistrarArgs),
    /// List the registrars, from the indexer
    #[command(after_help = "\
Examples:
  aegle registrar list
  aegle registrar list --json")]
    List(LimitArgs),
}

#[derive(Args)]
pub struct AddArgs {
    #[command(flatten)]
    registrar: RegistrarArgs,
    /// What it may attest somebody to be; may be repeated
    #[arg(
        long = "kind", required = true, value_name = "KIND", value_parser = words::parser(KINDS), ignore_case = true,
        value_delimiter = ','
    )]
    kinds: Vec<u16>,
    #[command(flatten)]
    profile: ProfileArgs,
}

/// A document whose salted hash the ledger gets.
#[derive(Args)]
pub struct ProfileArgs {
    /// The profile to commit to: name, place, what people should see
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// Where to write the profile's opening [default: ./ADDRESS.opening.json]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
pub struct RemoveArgs {
    #[command(flatten)]
    registrar: RegistrarArgs,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct RegistrarArgs {
    /// The registrar's key
    #[arg(value_parser = address)]
    key: Pubkey,
}

pub async fn run(command: RegistrarCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        RegistrarCommand::Add(args) => add(args, context).await,
        RegistrarCommand::Remove(args) => remove(args, context).await,
        RegistrarCommand::Show(args) => show(args, context).await,
        RegistrarCommand::List(args) => api::list_at("registrars", &[], "", &LISTED, &args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "registrars",
    singular: "registrar",
    line: |item| {
        let (key, kinds) = (api::text(item, "authority"), api::codes(item, "kinds"));
        let removed = if item["removed"].is_null() { "" } else { ", removed" };
        format!("key {key}, for {kinds}{removed}")
    },
};

/// Commits to the profile in `path` with a fresh salt.
pub fn commit_profile(path: &std::path::Path) -> Result<([u8; 32], Salt), Problem> {
    let salt = random_bytes(&mut OsRng);
    Ok((commit(&salt, &read_document(path)?), salt))
}

/// Writes the opening of the profile of `of`.
pub fn write_opening(out: Option<PathBuf>, of: Pubkey, salt: Salt) -> Result<SecretFile, Problem> {
    let path = out.unwrap_or_else(|| opening::default_path(&of));
    SecretFile::create(path, &ProfileOpening { kind: ProfileKind::V1, of, salt })
}

async fn add(args: AddArgs, context: &Context) -> Result<Answer, Problem> {
    let authority = args.registrar.key;
    let signing = context.governing()?;
    let registrar = pda::find_registrar(&authority).0;
    let (profile_commitment, salt) = commit_profile(&args.profile.profile)?;
    let file = write_opening(args.profile.out, registrar, salt)?;
    let kinds = words::union(&args.kinds);
    let params = AddRegistrarParams { authority, kinds: words::small_union(&args.kinds), profile_commitment };
    let add = instruction::add_registrar(signing.key(), signing.payer(), params);
    let (sent, opening_file) = file.settle(context.send(add, &signing).await)?;
    Ok(Answer::new(format!("Added. It may now attest {}.", words::says(KINDS, kinds)))
        .address("registrar", &registrar)
        .address("key", &authority)
        .with("kinds", words::codes(KINDS, kinds))
        .bytes("profile_commitment", &profile_commitment)
        .with("opening_file", opening_file)
        .sent(&sent, context.commitment()))
}

async fn remove(args: RemoveArgs, context: &Context) -> Result<Answer, Problem> {
    let authority = args.registrar.key;
    let registrar = pda::find_registrar(&authority).0;
    args.confirmation.ask(&format!(
        "This ends the registrar {authority} and every credential it ever issued, at once. It cannot be undone."
    ))?;
    let signing = context.governing()?;
    let sent = context.send(instruction::remove_registrar(signing.key(), registrar), &signing).await?;
    Ok(Answer::new("Removed. None of its credentials counts any more.")
        .address("registrar", &registrar)
        .address("key", &authority)
        .sent(&sent, context.commitment()))
}

async fn show(args: RegistrarArgs, context: &Context) -> Result<Answer, Problem> {
    let address = pda::find_registrar(&args.key).0;
    let reader = context.reader();
    let registrar: Registrar = context.wait("Reading from the node", reader.account("registrar", &address)).await?;
    let now = time::local_now();
    let removed = registrar.removed_slot != 0;
    let kinds = words::says(KINDS, registrar.kinds.into());
    let message = if removed {
        format!(
            "A registrar for {kinds}, removed {}: its credentials do not count.",
            time::say_time(registrar.removed_at, now)
        )
    } else {
        format!("A registrar for {kinds}, added {}.", time::say_time(registrar.added_at, now))
    };
    Ok(Answer::new(message)
        .with("in_effect", !removed)
        .address("registrar", &address)
        .address("key", &registrar.authority)
        .with("kinds", words::codes(KINDS, registrar.kinds.into()))
        .bytes("profile_commitment", &registrar.profile_commitment)
        .address("rent_payer", &registrar.rent_payer)
        .with("added_at", time::iso_time(registrar.added_at))
        .with("added_slot", registrar.added_slot)
        .with("removed_at", removed.then(|| time::iso_time(registrar.removed_at)))
        .with("removed_slot", removed.then_some(registrar.removed_slot)))
}
