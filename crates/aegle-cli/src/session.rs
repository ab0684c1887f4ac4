use clap::{Args, Subcommand};
use serde_json::json;

use crate::{Answer, Context, Problem, server::Server};

#[derive(Subcommand)]
pub enum SessionCommand {
    /// List where you are signed in
    #[command(after_help = "\
Examples:
  aegle session list
  aegle session list --json")]
    List,
    /// Sign out somewhere, or everywhere
    #[command(after_help = "\
Examples:
  aegle session end                   everywhere
  aegle session end SESSION")]
    End(EndArgs),
}

#[derive(Args)]
pub struct EndArgs {
    /// Which, as `aegle session list` shows it [default: all]
    session: Option<String>,
}

pub async fn run(command: SessionCommand, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    match command {
        SessionCommand::List => {
            let sessions = context.wait("Waiting for the server", server.session.sessions()).await?;
            // The one that asks is over with the command.
            let others: Vec<_> = sessions.into_iter().filter(|session| !session.current).collect();
            let message = match others.len() {
                0 => "You are signed in nowhere else.".to_owned(),
                1 => "You are signed in at 1 place.".to_owned(),
                count => format!("You are signed in at {count} places."),
            };
            let rows = others.iter().map(|session| {
                (session.id.clone(), format!("since {}, until {}", session.created_at, session.ends_at))
            });
            Ok(Answer::new(message).items(others.iter().map(|session| json!(session)).collect(), rows.collect()))
        }
        SessionCommand::End(args) => {
            context.wait("Waiting for the server", server.session.end(args.session.as_deref())).await?;
            let message = if args.session.is_some() { "Signed out there." } else { "Signed out everywhere." };
            Ok(Answer::new(message).with("session", args.session))
        }
    }
}
