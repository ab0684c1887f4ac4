//! Names that people publish, as their registrars attest them.

use std::path::PathBuf;

use aegle_api_client::profile::{self, Named, Published, Shown, named};
use aegle_client::{
    Pubkey,
    commitment::commit,
    pda,
    state::{Credential, Registrar},
};
use aegle_decision::Key;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    context::address,
    opening::{self, ProfileOpening},
    record::read_document,
    server::{Server, key},
};

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Show everybody who you are: the profile that your credential commits to
    #[command(after_help = "\
Patients then find you by name, and see it wherever you stand. --keypair is yours, or the registrar's; a registrar
publishes its own profile in the same way.

Examples:
  aegle profile publish --profile doctor.json --opening CREDENTIAL.opening.json --keypair doctor.json")]
    Publish(PublishArgs),
    /// Show your name no more
    #[command(after_help = "\
Examples:
  aegle profile withdraw CREDENTIAL --keypair doctor.json")]
    Withdraw(WithdrawArgs),
    /// Find people by name or specialty; what the ledger does not vouch for is left out
    #[command(after_help = "\
Examples:
  aegle profile find osei
  aegle profile find cardiology --json")]
    Find(FindArgs),
}

#[derive(Args)]
pub struct PublishArgs {
    /// The profile, as it was committed to
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Its opening file, which the registrar made
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
}

#[derive(Args)]
pub struct WithdrawArgs {
    /// The credential or registrar
    #[arg(value_parser = address)]
    account: Pubkey,
}

#[derive(Args)]
pub struct FindArgs {
    /// Part of a name or specialty
    text: String,
}

pub async fn run(command: ProfileCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        ProfileCommand::Publish(args) => publish(&args, context).await,
        ProfileCommand::Withdraw(args) => withdraw(&args, context).await,
        ProfileCommand::Find(args) => find(&args, context).await,
    }
}

async fn publish(args: &PublishArgs, context: &Context) -> Result<Answer, Problem> {
    let document = read_document(&args.profile)?;
    let ProfileOpening { of, salt, .. } = opening::read(&args.opening)?;
    let text = String::from_utf8(document).map_err(|_| {
        let message = format!("{} is no text", args.profile.display());
        Problem::new("bad_profile", message, "Name the profile, a JSON document, with --profile.")
    })?;
    let server = Server::sign_in(context).await?;
    context.wait("Waiting for the server", profile::publish(server.session, key(&of), salt, &text)).await?;
    Ok(Answer::new("Published. People see the name where you stand.")
        .address("account", &of)
        .bytes("profile_commitment", &commit(&salt, text.as_bytes())))
}

async fn withdraw(args: &WithdrawArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    context.wait("Waiting for the server", profile::withdraw(server.session, key(&args.account))).await?;
    Ok(Answer::new("Withdrawn. Who has seen the name may remember it.").address("account", &args.account))
}

async fn find(args: &FindArgs, context: &Context) -> Result<Answer, Problem> {
    let shown = context.wait("Waiting for the server", profile::search(&context.api()?, &args.text)).await?;
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for Shown { subject, published } in shown {
        let (account, found) = (published.account, check(context, &subject, published).await?);
        let Some(Named { name: Some(name), specialty, registrar, in_effect }) = found else { continue };
        let specialty_said = specialty.as_deref().map(|specialty| format!(", {specialty}")).unwrap_or_default();
        let counts = if in_effect { "" } else { ", not in effect" };
        rows.push((subject.to_string(), format!("{name}{specialty_said}{counts}")));
        items.push(json!({
            "subject": subject, "credential": account, "name": name, "specialty": specialty, "registrar": registrar,
            "in_effect": in_effect,
        }));
    }
    let says = match items.len() {
        0 => "Nobody by this name shows a credential.".to_owned(),
        1 => "1 person.".to_owned(),
        count => format!("{count} people."),
    };
    Ok(Answer::new(says).items(items, rows))
}

/// Who it is by the ledger; none for what is no credential of this subject.
async fn check(context: &Context, subject: &Key, published: Published) -> Result<Option<Named>, Problem> {
    let (reader, account) = (context.reader(), published.account);
    // A registrar shows its own name, and is nobody's credential.
    if pda::find_registrar(&Pubkey::from(subject.0)).0.to_bytes() == account.0 {
        return Ok(None);
    }
    let state: Credential = reader.account("credential", &Pubkey::from(account.0)).await?;
    let registrar: Registrar = reader.account("registrar", &state.registrar).await?;
    let mut shown = vec![published];
    let of = profile::of(&context.api()?, &[key(&state.registrar)]).await?;
    shown.extend(of.into_iter().map(|shown| shown.published));
    Ok(named(subject, (account, &state), &registrar, &shown, reader.now().await?))
}
