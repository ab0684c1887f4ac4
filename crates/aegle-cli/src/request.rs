use aegle_api_client::{open_message, wire::AccessRequest};
use aegle_client::Pubkey;
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    context::address,
    server::{ReadingArgs, Server, key},
    words::{self, ACTIONS, PURPOSES},
};

#[derive(Subcommand)]
pub enum RequestCommand {
    /// Ask a patient to allow you something
    #[command(after_help = "\
The message is encrypted; only the patient reads it. Whether there is such a patient is not told.

Examples:
  aegle request send --vault VAULT --purpose TREAT --message Friday
  aegle request send --vault VAULT --purpose HRESCH --action read")]
    Send(SendArgs),
    /// List what you are asked, or what you ask
    #[command(after_help = "\
Examples:
  aegle request list --vault VAULT
  aegle request list --sent")]
    List(ListArgs),
    /// Withdraw a request, or lay one aside that you got
    #[command(after_help = "\
Examples:
  aegle request withdraw REQUEST
  aegle request withdraw REQUEST --vault VAULT")]
    Withdraw(WithdrawArgs),
}

#[derive(Args)]
pub struct SendArgs {
    /// The patient's vault
    #[arg(long, value_parser = address)]
    vault: Pubkey,
    /// What for, as an HL7 purpose of use; may be repeated
    #[arg(
        long = "purpose", required = true, value_name = "CODE", value_parser = words::parser(PURPOSES),
        ignore_case = true, value_delimiter = ','
    )]
    purposes: Vec<u16>,
    /// What you would do; may be repeated
    #[arg(
        long = "action", default_value = "read", value_name = "ACTION", value_parser = words::parser(ACTIONS),
        ignore_case = true, value_delimiter = ','
    )]
    actions: Vec<u16>,
    /// What to tell the patient
    #[arg(long)]
    message: Option<String>,
}

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address, required_unless_present = "sent")]
    vault: Option<Pubkey>,
    /// What you ask, instead of what you are asked
    #[arg(long)]
    sent: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Args)]
pub struct WithdrawArgs {
    /// Which, as `aegle request list` shows it
    request: String,
    /// Your vault, to lay aside what you are asked; without it, what you ask is withdrawn
    #[arg(long, value_parser = address)]
    vault: Option<Pubkey>,
}

pub async fn run(command: RequestCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        RequestCommand::Send(args) => send(args, context).await,
        RequestCommand::List(args) => list(args, context).await,
        RequestCommand::Withdraw(args) => withdraw(args, context).await,
    }
}

async fn send(args: SendArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let scope = (words::union(&args.purposes), words::small_union(&args.actions));
    let mut rng = OsRng;
    let asking =
        server.session.request_access(server.reader(), key(&args.vault), scope, args.message.as_deref(), &mut rng);
    let request = context.wait("Waiting for the server", asking).await?;
    Ok(Answer::new("Asked. The patient decides; nothing is open to you before.")
        .bytes("request", &request.request.0)
        .address("vault", &args.vault)
        .with("purposes", words::codes(PURPOSES, scope.0))
        .with("actions", words::codes(ACTIONS, scope.1.into())))
}

async fn list(args: ListArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let vault = args.vault.filter(|_| !args.sent);
    let asked = server.session.access_requests(vault.as_ref().map(key));
    let requests = context.wait("Waiting for the server", asked).await?;
    let secrets = match &vault {
        Some(vault) if requests.iter().any(|request| request.message.is_some()) => {
            Some(server.secrets(vault, &args.reading).await?)
        }
        _ => None,
    };
    let message = |request: &AccessRequest| {
        let sealed = request.message.as_ref()?;
        // One that does not open is its sender's mistake; the request stands.
        open_message(request.vault, secrets.as_ref()?, sealed).ok()
    };
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for request in &requests {
        let text = message(request);
        let id = hex::encode(request.request.0);
        let (purposes, actions) =
            (words::says(PURPOSES, request.purposes), words::says(ACTIONS, request.actions.into()));
        let said = text.as_deref().map(|text| format!(": {}", text.escape_debug())).unwrap_or_default();
        rows.push((id.clone(), format!("{} would {actions} for {purposes}{said}", request.requester)));
        items.push(json!({
            "request": id, "vault": request.vault, "requester": request.requester,
            "practitioner": request.practitioner, "purposes": words::codes(PURPOSES, request.purposes),
            "actions": words::codes(ACTIONS, request.actions.into()), "message": text,
            "requested_at": request.requested_at,
        }));
    }
    let says = match requests.len() {
        0 => "No requests.".to_owned(),
        1 => "1 request.".to_owned(),
        count => format!("{count} requests."),
    };
    Ok(Answer::new(says).items(items, rows))
}

async fn withdraw(args: WithdrawArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let requests = server.session.access_requests(args.vault.as_ref().map(key)).await?;
    let found = requests.iter().find(|request| hex::encode(request.request.0) == args.request);
    let request = found.ok_or_else(|| {
        Problem::new("no_such_request", "There is no such request", "`aegle request list` shows them.")
    })?;
    context.wait("Waiting for the server", server.session.withdraw(request)).await?;
    Ok(Answer::new("It is gone.").with("request", args.request))
}
