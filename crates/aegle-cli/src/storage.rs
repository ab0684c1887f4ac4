use aegle_api_client::storage::{self, Ending, Hold};
use aegle_client::Pubkey;
use clap::Args;
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    context::address,
    server::{Server, key},
};

#[derive(Args)]
#[command(after_help = "\
Records that the server will store no longer stay yours: fetch them with `aegle record open`, or go to another operator
with `aegle export`. A legal hold keeps what you erase, unreadable to everybody, until it is lifted.

Examples:
  aegle storage --vault VAULT")]
pub struct StorageArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

pub async fn run(args: StorageArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let vault = key(&args.vault);
    let asked =
        async { tokio::try_join!(storage::endings(server.session, vault), storage::holds(server.session, vault)) };
    let (endings, mut holds) = context.wait("Waiting for the server", asked).await?;
    holds.sort_by(|one, other| one.placed_at.cmp(&other.placed_at));
    let in_force = holds.iter().filter(|hold| hold.lifted_at.is_none()).count();
    let ends = match endings.len() {
        0 => "The server keeps what it stores.".to_owned(),
        1 => "1 record will be stored no longer: fetch it before.".to_owned(),
        count => format!("{count} records will be stored no longer: fetch them before."),
    };
    let held = match in_force {
        0 => String::new(),
        1 => " 1 legal hold is in force.".to_owned(),
        count => format!(" {count} legal holds are in force."),
    };
    let items = endings.iter().map(|ending| json!(ending)).chain(holds.iter().map(|hold| json!(hold)));
    let rows = endings.iter().map(ending_row).chain(holds.iter().map(hold_row));
    Ok(Answer::new(ends + &held).address("vault", &args.vault).items(items.collect(), rows.collect()))
}

fn ending_row(ending: &Ending) -> (String, String) {
    let held = if ending.is_held { ", put off by a legal hold" } else { "" };
    (ending.record.to_string(), format!("stored until {} at least{held}", ending.ends_at))
}

fn hold_row(hold: &Hold) -> (String, String) {
    let what = match &hold.records {
        None => "everything".to_owned(),
        Some(records) if records.len() == 1 => "1 record".to_owned(),
        Some(records) => format!("{} records", records.len()),
    };
    let until = match (&hold.lifted_at, &hold.reason) {
        (Some(lifted), Some(reason)) => format!("lifted {lifted}: {reason}"),
        _ => "in force".to_owned(),
    };
    let Hold { authority, reference, placed_at, .. } = hold;
    (hold.hold.clone(), format!("{what} held since {placed_at} by {authority} ({reference}), {until}"))
}
