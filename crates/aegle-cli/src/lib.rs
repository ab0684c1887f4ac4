//! The command line of Aegle: one module per noun, and what they share.

mod accounting;
mod agent;
mod answer;
mod api;
mod break_glass;
mod card;
mod completions;
mod config;
mod confirm;
mod consent;
mod content;
mod context;
mod credential;
mod custodian;
mod delegate;
mod disclosure;
mod explain;
mod export;
mod guardian;
mod import;
mod inbox;
mod key;
mod keyring;
mod log;
mod mailbox;
mod opening;
mod patient;
mod policy;
mod problem;
mod profile;
mod program;
mod progress;
mod receipt;
mod record;
mod recovery;
mod registrar;
mod request;
mod secret_file;
mod server;
mod session;
mod signing;
mod storage;
mod subscription;
mod time;
mod vault;
mod verify;
mod words;
mod wrap;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};

pub use answer::Answer;
pub use context::{Context, Options};
pub use problem::Problem;

#[derive(Parser)]
#[command(
    name = "aegle",
    version,
    about = "Own your health records and decide who may read them",
    arg_required_else_help = true,
    after_help = "\
Examples:
  aegle key new
  aegle keyring create
  aegle record add report.pdf --vault VAULT --category laboratory
  aegle consent grant --vault VAULT --grantee KEY --purpose TREAT --until 2030-12-31 --base normal
  aegle import downloads/ --vault VAULT
  aegle verify record RECORD --document report.pdf

Exit status: 0 done, or the answer is yes; 1 refused, failed, or the answer is no; 2 wrong usage."
)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Your vault, the root of your records
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Health records
    #[command(subcommand)]
    Record(record::RecordCommand),
    /// Who may see your records
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// Patients who allow you to read
    #[command(subcommand)]
    Patient(patient::PatientCommand),
    /// Who looked at your records
    #[command(subcommand)]
    Disclosure(disclosure::DisclosureCommand),
    /// What happened to your records
    Inbox(inbox::InboxArgs),
    /// What the server will store no longer, and legal holds on your records
    Storage(storage::StorageArgs),
    /// Being told elsewhere what happens
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// What somebody sees of your records, and what says so
    Explain(explain::ExplainArgs),
    /// The ways back to your records: wallet, recovery code, guardians
    #[command(subcommand)]
    Keyring(keyring::KeyringCommand),
    /// Encrypt what waits to who may read it
    Wrap(wrap::WrapArgs),
    /// Results on their way to a patient
    #[command(subcommand)]
    Mailbox(mailbox::MailboxCommand),
    /// Asking a patient to allow something
    #[command(subcommand)]
    Request(request::RequestCommand),
    /// Take your FHIR files in as records
    Import(import::ImportArgs),
    /// Take everything along, for yourself or to another operator
    Export(export::ExportArgs),
    /// Where you are signed in
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Who may act for you: a parent, a carer, an agent
    #[command(subcommand)]
    Delegate(delegate::DelegateCommand),
    /// Who together can give you your vault back when your key is lost or stolen
    #[command(subcommand)]
    Guardian(guardian::GuardianCommand),
    /// Giving a vault to its owner's new key, by the guardians
    #[command(subcommand)]
    Recovery(recovery::RecoveryCommand),
    /// Records opened in an emergency: allowed, opened, read, reviewed
    #[command(subcommand)]
    BreakGlass(break_glass::BreakGlassCommand),
    /// Keeping shares of patients' keys for emergencies
    #[command(subcommand)]
    Custodian(custodian::CustodianCommand),
    /// An emergency card to print
    Card(card::CardArgs),
    /// Who somebody is, attested by a registrar
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// Names that people publish, as their registrars attest them
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Who may attest, for the governance authority
    #[command(subcommand)]
    Registrar(registrar::RegistrarCommand),
    /// Settings of the deployment, for operators
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// The program on the ledger, for operators and who checks them
    #[command(subcommand)]
    Program(program::ProgramCommand),
    /// The operator's log of everything that was decided
    #[command(subcommand)]
    Log(log::LogCommand),
    /// What a log said of one decision, kept and checked
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    /// Check a claim against the ledger, step by step
    #[command(subcommand)]
    Verify(verify::VerifyCommand),
    /// Keypair files
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Completions for your shell
    Completions(completions::CompletionsArgs),
}

/// Runs the command that `arguments` spell, the program's name first.
pub async fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let json = cli.options.json;
    match run(cli).await {
        Ok(answer) => answer.print(json),
        Err(problem) => problem.print(json),
    }
}

async fn run(cli: Cli) -> Result<Answer, Problem> {
    let context = Context::new(cli.options);
    let result = dispatch(cli.command, &context).await;
    context.sign_out().await;
    result
}

async fn dispatch(command: Command, context: &Context) -> Result<Answer, Problem> {
    match command {
        Command::Vault(command) => vault::run(command, context).await,
        Command::Record(command) => record::run(command, context).await,
        Command::Consent(command) => consent::run(command, context).await,
        Command::Patient(command) => patient::run(command, context).await,
        Command::Disclosure(command) => disclosure::run(command, context).await,
        Command::Inbox(args) => inbox::run(args, context).await,
        Command::Storage(args) => storage::run(args, context).await,
        Command::Subscription(command) => subscription::run(command, context).await,
        Command::Log(command) => log::run(command, context).await,
        Command::Receipt(command) => receipt::run(command, context).await,
        Command::Explain(args) => explain::run(args, context).await,
        Command::Keyring(command) => keyring::run(command, context).await,
        Command::Wrap(args) => wrap::run(args, context).await,
        Command::Mailbox(command) => mailbox::run(command, context).await,
        Command::Request(command) => request::run(command, context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::Export(args) => export::run(args, context).await,
        Command::Session(command) => session::run(command, context).await,
        Command::Delegate(command) => delegate::run(command, context).await,
        Command::Guardian(command) => guardian::run(command, context).await,
        Command::Recovery(command) => recovery::run(command, context).await,
        Command::BreakGlass(command) => break_glass::run(command, context).await,
        Command::Custodian(command) => custodian::run(command, context).await,
        Command::Card(args) => card::run(&args, context),
        Command::Credential(command) => credential::run(command, context).await,
        Command::Profile(command) => profile::run(command, context).await,
        Command::Registrar(command) => registrar::run(command, context).await,
        Command::Config(command) => config::run(command, context).await,
        Command::Program(command) => program::run(command, context).await,
        Command::Verify(command) => verify::run(command, context).await,
        Command::Key(command) => key::run(command, context).await,
        Command::Completions(args) => completions::run(&args),
    }
}

fn usage(error: &clap::Error, json: bool) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if json && !asked_for {
        return Problem::from(error).print(true);
    }
    // Where even this cannot be written there is nobody to tell.
    let _ = error.print();
    if asked_for { ExitCode::SUCCESS } else { ExitCode::from(problem::USAGE) }
}
