use aegle_api_client::disclosure::{self, Own};
use aegle_client::Pubkey;
use aegle_disclosure::{Entry, Operation, Outcome};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    accounting::{self, AccountArgs},
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
    /// Account for what went out to others: when, to whom, what, what for (45 CFR 164.528)
    #[command(after_help = "\
Checks your log as `aegle disclosure list` does, then writes what went out within at most six years. Recipients are
named where you have their profile and its opening, and the chain commits to it; others are known by their key.

Examples:
  aegle disclosure account --vault VAULT
  aegle disclosure account --vault VAULT --from 2026-01-01 --until 2026-01-31 --format csv --out january.csv
  aegle disclosure account --vault VAULT --profiles recipients/")]
    Account(AccountArgs),
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
    match command {
        DisclosureCommand::List(args) => list(args, context).await,
        DisclosureCommand::Account(args) => {
            let period = args.period()?;
            let server = Server::sign_in(context).await?;
            match checked(&server, &args.vault, context).await? {
                Ok((own, check)) => accounting::write(&args, period, &own, check, &server, context).await,
                Err(answer) => Ok(*answer),
            }
        }
    }
}

/// The patient's log, and that nothing of it is missing; else the answer that says what is.
async fn checked(
    server: &Server<'_>,
    vault: &Pubkey,
    context: &Context,
) -> Result<Result<(Own, Check), Box<Answer>>, Problem> {
    let reading = disclosure::own(server.session, key(vault));
    let own = match context.wait("Waiting for the server", reading).await? {
        Ok(own) => own,
        Err(fault) => {
            let checks = vec![Check::of(false, format!("Something is missing: {fault}."))];
            let message = "This cannot be your whole log. Ask the operator, and keep what you have.";
            return Ok(Err(Box::new(Answer::new(message).address("vault", vault).checks(checks).yes_if(false))));
        }
    };
    let count = own.head.map_or(0, |head| head.entries);
    let what = format!("Nothing is missing of the {count} entries under the log's checkpoint.");
    Ok(Ok((own, Check::of(true, what))))
}

async fn list(args: ListArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let (own, check) = match checked(&server, &args.vault, context).await? {
        Ok(checked) => checked,
        Err(answer) => return Ok(*answer),
    };
    let wanted = |entry: &Entry| !args.refused || matches!(entry.outcome, Outcome::Deny { .. });
    let shown: Vec<_> = own.entries.iter().filter(|logged| wanted(logged.entry.value())).collect();
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
        .checks(vec![check])
        .items(items.collect(), rows))
}

/// Who, and when they did what.
pub fn row(entry: &Entry) -> (String, String) {
    let what = done(entry.operation);
    let outcome = match &entry.outcome {
        Outcome::Permit { records, .. } if entry.record.is_none() && !records.is_empty() => {
            format!(", {}", records.len())
        }
        Outcome::Permit { .. } => String::new(),
        Outcome::Deny { .. } => ", refused".to_owned(),
    };
    (entry.caller.key.to_string(), format!("{} {what}{outcome} ({})", time::iso_time(entry.at), entry.purpose))
}

fn done(operation: Operation) -> &'static str {
    match operation {
        Operation::ListRecords => "listed records",
        Operation::ReadRecord => "looked at a record",
        Operation::ReadContent => "fetched a record",
        Operation::ListDisclosures => "read this log",
        Operation::OpenEmergency => "opened records in an emergency",
        Operation::FetchShares => "fetched shares of keys, as a custodian",
        Operation::ReleaseShares => "released shares of keys, as a custodian",
        Operation::CollectShares => "collected keys in an emergency",
        Operation::ListCustodians => "looked up the custodians",
        Operation::StoreCustodians => "named custodians",
        Operation::DropCustodians => "named no custodians any more",
        Operation::ListCustodianShares => "listed what custodians keep",
        Operation::DealShares => "gave shares of keys to custodians",
        Operation::ListEmergencies => "listed emergencies",
        Operation::ListReleases => "looked for emergencies, as a custodian",
        Operation::ListPatients => "saw you among the own patients",
        Operation::StoreRecord => "added a record",
        Operation::ReplaceContent => "encrypted a record anew",
        Operation::GetErasure => "asked how far an erasure is",
        Operation::ListEndings => "looked what is stored no longer",
        Operation::ListHolds => "listed legal holds",
        Operation::PreviewConsent => "looked at what a policy would open",
        Operation::StoreConsent => "prepared to allow somebody",
        Operation::ListConsents => "listed who is allowed",
        Operation::Explain => "looked at what somebody sees",
        Operation::ListWraps => "listed who has which key",
        Operation::ListPendingWraps => "looked for keys to encrypt",
        Operation::StoreWraps => "encrypted keys to somebody",
        Operation::ListKeyrings => "fetched the encrypted root key",
        Operation::StoreKeyring => "stored the encrypted root key",
        Operation::ListGuardianShares => "fetched a guardian's share",
        Operation::HandGuardianShare => "handed a guardian's share over",
        Operation::PostMail => "sent a result",
        Operation::ListMail => "looked into the mailbox",
        Operation::ReadMail => "fetched a result",
        Operation::AcceptMail => "made a record of a result",
        Operation::DiscardMail => "took a result out of the mailbox",
        Operation::GetAgentKey => "asked for the agent's key",
        Operation::RequestAccess => "asked to be allowed",
        Operation::ListAccessRequests => "listed who asks to be allowed",
        Operation::EndAccessRequest => "laid a request to be allowed aside",
    }
}
