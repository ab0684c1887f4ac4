use aegle_api_client::notice::{self, Notice};
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
Each is something that happened, with its number and time and nothing more: look into `aegle disclosure list` for
who looked, into `aegle consent list` for who is allowed.

Examples:
  aegle inbox --vault VAULT
  aegle inbox --vault VAULT --unread --mark-read")]
pub struct InboxArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Only what you have not read
    #[arg(long)]
    unread: bool,
    /// Remember that you have read what is shown
    #[arg(long)]
    mark_read: bool,
}

pub async fn run(args: InboxArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let vault = key(&args.vault);
    let notices = context.wait("Waiting for the server", notice::inbox(server.session, vault, args.unread)).await?;
    if let (true, Some(newest)) = (args.mark_read, notices.first()) {
        notice::mark_read(server.session, vault, newest.number).await?;
    }
    let unread = notices.iter().filter(|notice| !notice.read).count();
    let message = match (notices.len(), unread) {
        (0, _) => "Nothing happened.".to_owned(),
        (_, 0) => "Nothing is new.".to_owned(),
        (_, 1) => "1 is new.".to_owned(),
        (_, count) => format!("{count} are new."),
    };
    let items = notices.iter().map(|notice| json!(notice)).collect();
    let rows = notices.iter().map(|notice| (notice.number.to_string(), row(notice))).collect();
    Ok(Answer::new(message).address("vault", &args.vault).items(items, rows))
}

fn row(notice: &Notice) -> String {
    let what = match notice.kind.as_str() {
        "grant" => "somebody was allowed something",
        "revocation" => "somebody is allowed something no longer",
        "disclosure" => "somebody looked",
        "emergency" => "an emergency was opened",
        "emergency_reviewed" => "an emergency was reviewed",
        "emergency_undone" => "an emergency that was told did not take place",
        "subscription_ended" => "a subscription ended, as its receiver did not answer",
        "storage_ending" => "the server will store some contents no longer",
        "storage_ended" => "the server stores some contents no longer",
        "hold_placed" => "a legal hold keeps what is stored, also if you erase it",
        "hold_lifted" => "a legal hold was lifted",
        other => other,
    };
    format!("{} {what}{}", notice.at, if notice.read { "" } else { ", new" })
}
