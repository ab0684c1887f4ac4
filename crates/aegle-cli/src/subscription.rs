use aegle_api_client::notice::{self, Subscription, Target};
use aegle_client::Pubkey;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    context::address,
    secret_file::SecretFile,
    server::{Server, key},
};

#[derive(Subcommand)]
pub enum SubscriptionCommand {
    /// Be told elsewhere: by a webhook, or by email
    #[command(after_help = "\
A webhook gets what happened with its number and time, signed as Standard Webhooks has it; its secret is shown
once. An address gets a code first, which `aegle subscription confirm` takes.

Examples:
  aegle subscription add --vault VAULT --webhook https://hooks.example/aegle --secret-file hook.secret
  aegle subscription add --vault VAULT --email me@example.org --kind disclosures,emergencies")]
    Add(AddArgs),
    /// Enter the code that came by email
    #[command(after_help = "\
Examples:
  aegle subscription confirm 00112233445566778899aabbccddeeff 12345678 --vault VAULT")]
    Confirm(ConfirmArgs),
    /// List where you are told
    #[command(after_help = "\
Examples:
  aegle subscription list --vault VAULT
  aegle subscription list --vault VAULT --json")]
    List(ListArgs),
    /// Be told no longer
    #[command(after_help = "\
Examples:
  aegle subscription remove 00112233445566778899aabbccddeeff --vault VAULT")]
    Remove(RemoveArgs),
}

/// What to be told.
#[derive(Clone, Copy, ValueEnum)]
enum Topic {
    Grants,
    Revocations,
    Disclosures,
    Emergencies,
    Storage,
}

impl Topic {
    fn as_str(self) -> &'static str {
        match self {
            Self::Grants => "grants",
            Self::Revocations => "revocations",
            Self::Disclosures => "disclosures",
            Self::Emergencies => "emergencies",
            Self::Storage => "storage",
        }
    }
}

#[derive(Args)]
pub struct AddArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Where to send what happens, an https:// address
    #[arg(long, value_name = "URL", required_unless_present = "email", conflicts_with = "email")]
    webhook: Option<String>,
    /// An address of yours
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What of; everything unless given; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Topic>,
    /// Where to write the webhook's secret, instead of showing it
    #[arg(long, value_name = "FILE", requires = "webhook")]
    secret_file: Option<std::path::PathBuf>,
}

#[derive(Args)]
pub struct ConfirmArgs {
    subscription: String,
    code: String,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

#[derive(Args)]
pub struct RemoveArgs {
    subscription: String,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

pub async fn run(command: SubscriptionCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        SubscriptionCommand::Add(args) => add(args, context).await,
        SubscriptionCommand::Confirm(args) => confirm(args, context).await,
        SubscriptionCommand::List(args) => list(args, context).await,
        SubscriptionCommand::Remove(args) => remove(args, context).await,
    }
}

async fn add(args: AddArgs, context: &Context) -> Result<Answer, Problem> {
    let target = match (args.webhook, args.email) {
        (Some(url), _) => Target::Webhook { url },
        (None, Some(address)) => Target::Email { address },
        (None, None) => {
            let advice = "Name --webhook or --email.";
            return Err(Problem::usage("no_target", "Nothing says where to send it", advice));
        }
    };
    let server = Server::sign_in(context).await?;
    let kinds: Vec<_> = args.kinds.iter().map(|topic| topic.as_str()).collect();
    let subscribing = notice::subscribe(server.session, key(&args.vault), &target, &kinds);
    let made = context.wait("Waiting for the server", subscribing).await?;
    let message = if made.code_sent {
        "A code is on its way to the address; enter it with `aegle subscription confirm`. Nothing is sent before."
    } else {
        "You are told there from now on."
    };
    let answer = Answer::new(message).with("subscription", made.subscription).address("vault", &args.vault);
    Ok(match (made.secret, args.secret_file) {
        (Some(secret), Some(path)) => {
            answer.with("secret_file", SecretFile::create_text(path, &format!("{secret}\n"))?.path())
        }
        (Some(secret), None) => answer.with("secret", secret),
        (None, _) => answer,
    })
}

async fn confirm(args: ConfirmArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let confirming = notice::confirm(server.session, key(&args.vault), &args.subscription, &args.code);
    context.wait("Waiting for the server", confirming).await?;
    Ok(Answer::new("You are told there from now on.").with("subscription", args.subscription))
}

async fn list(args: ListArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let listing = notice::subscriptions(server.session, key(&args.vault));
    let subscriptions = context.wait("Waiting for the server", listing).await?;
    let message = match subscriptions.len() {
        0 => "You are told nowhere else; `aegle inbox` shows what happened.".to_owned(),
        1 => "1 subscription.".to_owned(),
        count => format!("{count} subscriptions."),
    };
    let rows = subscriptions.iter().map(|subscription| (subscription.subscription.clone(), row(subscription)));
    let items = subscriptions.iter().map(|subscription| json!(subscription)).collect();
    Ok(Answer::new(message).address("vault", &args.vault).items(items, rows.collect()))
}

fn row(subscription: &Subscription) -> String {
    let Subscription { target, kinds, confirmed, failing_since, ended_at, .. } = subscription;
    let to = match target {
        Target::Webhook { url } => url,
        Target::Email { address } => address,
    };
    let state = match (ended_at, failing_since) {
        (Some(at), _) => format!(", ended {at}, as it gave no answer"),
        (None, Some(since)) => format!(", no answer since {since}"),
        (None, None) if !confirmed => ", waits for the code".to_owned(),
        (None, None) => String::new(),
    };
    format!("{to}: {}{state}", kinds.join(", "))
}

async fn remove(args: RemoveArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let removing = notice::unsubscribe(server.session, key(&args.vault), &args.subscription);
    context.wait("Waiting for the server", removing).await?;
    Ok(Answer::new("You are told there no longer.").with("subscription", args.subscription))
}
