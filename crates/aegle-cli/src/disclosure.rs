use aegle_api_client::disclosure;
use aegle_client::Pubkey;
use aegle_disclosure::{Entry, Operation, Outcome};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    answer::Check,
    context::address,
    server::{Server, key},
    time,
};

#[derive(Subcommand)]
pub enum DisclosureCommand {
    /// List who looked at your records, or tried to
    #[command(after_help = "\
Checks that nothing is missing: entries are counted, each commits to the one before, and the log's signed
checkpoint commits to the last. Exit status 1 where that is not so.

Examples:
  aegle disclosure list --vault VAULT
  aegle disclosure list --vault VAULT --refused --json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Only what was refused
    #[arg(long)]
    refused: bool,
}

pub async fn run(command: DisclosureCommand, context: &Context) -> Result<Answer, Problem> {
    let DisclosureCommand::List(args) = command;
    let server = Server::sign_in(context).await?;
    let reading = disclosure::own(server.session, key(&args.vault));
    let own = match context.wait("Waiting for the server", reading).await? {
        Ok(own) => own,
        Err(fault) => {
            let checks = vec![Check { passed: false, what: format!("Something is missing: {fault}.") }];
            let message = "This cannot be your whole log. Ask the operator, and keep what you have.";
            return Ok(Answer::new(message).address("vault", &args.vault).checks(checks).yes_if(false));
        }
    };
    let wanted = |entry: &Entry| !args.refused || matches!(entry.outcome, Outcome::Deny { .. });
    let shown: Vec<_> = own.entries.iter().filter(|logged| wanted(logged.entry.value())).collect();
    let count = own.head.map_or(0, |head| head.entries);
    let checks = vec![Check {
        passed: true,
        what: format!("Nothing is missing of the {count} entries under the log's checkpoint."),
    }];
    let refused = own.entries.iter().filter(|logged| matches!(logged.entry.value().outcome, Outcome::Deny { .. }));
    let message = format!("{} entries, {} of them refused.", own.entries.len(), refused.count());
    let rows = shown.iter().map(|logged| row(logged.entry.value())).collect();
    let items = shown.iter().map(|logged| {
        let entry = logged.entry.value();
        json!({ "index": logged.index, "number": logged.link.number, "commitment": logged.commitment(), "entry": entry })
    });
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .with("log", own.log.verifier())
        .with("log_entries", own.checkpoint.tree.size)
        .checks(checks)
        .items(items.collect(), rows))
}

/// Who, and when they did what.
fn row(entry: &Entry) -> (String, String) {
    let what = match entry.operation {
        Operation::ListRecords => "listed records",
        Operation::ReadRecord => "looked at a record",
        Operation::ReadContent => "fetched a record",
        Operation::ListDisclosures => "read this log",
        Operation::OpenEmergency => "opened records in an emergency",
        Operation::FetchShares => "fetched shares of keys, as a custodian",
        Operation::ReleaseShares => "released shares of keys, as a custodian",
        Operation::CollectShares => "collected keys in an emergency",
    };
    let outcome = match &entry.outcome {
        Outcome::Permit { records, .. } if entry.record.is_none() && !records.is_empty() => {
            format!(", {}", records.len())
        }
        Outcome::Permit { .. } => String::new(),
        Outcome::Deny { .. } => ", refused".to_owned(),
    };
    (entry.caller.key.to_string(), format!("{} {what}{outcome} ({})", time::iso_time(entry.at), entry.purpose))
}
