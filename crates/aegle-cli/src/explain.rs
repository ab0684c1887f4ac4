use aegle_api_client::consent;
use aegle_client::Pubkey;
use aegle_decision::{RuleId, Verdict};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    Answer, Context, Problem,
    context::address,
    server::{Server, key, purpose},
    words::{self, PURPOSES},
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  aegle explain --vault VAULT --grantee KEY
  aegle explain --vault VAULT --grantee KEY --purpose HRESCH --json")]
pub struct ExplainArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Whose view to explain
    #[arg(long, value_name = "KEY", value_parser = address)]
    grantee: Pubkey,
    /// What for, as an HL7 purpose of use
    #[arg(
        long, default_value = "TREAT", value_name = "CODE", value_parser = words::parser(PURPOSES), ignore_case = true
    )]
    purpose: u16,
}

pub async fn run(args: ExplainArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let explaining = consent::explain(server.session, key(&args.vault), key(&args.grantee), purpose(args.purpose));
    let explained = context.wait("Waiting for the server", explaining).await?;
    let seen = explained.records.iter().filter(|record| record.verdict.permits()).count();
    let others = explained.records.len() - seen;
    let message = match explained.refusal {
        Some(rule) => format!("They see nothing now: {}.", says(rule)),
        None => format!("They see {seen} of your records now, and {others} not."),
    };
    let rows = explained.records.iter().map(|record| {
        let address = record.record.map(|record| record.to_string()).unwrap_or_default();
        let verdict = match record.verdict {
            Verdict::Permit { rule, .. } => format!("open: {}", says(rule)),
            Verdict::Deny { rule, .. } => format!("withheld: {}", says(rule)),
        };
        (address, verdict)
    });
    let rows = rows.collect();
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .address("grantee", &args.grantee)
        .with("refusal", json!(explained.refusal))
        .with("seen", seen)
        .with("withheld", others)
        .items(explained.records.iter().map(|record| json!(record)).collect(), rows))
}

/// A rule by its name, as words.
fn says(rule: RuleId) -> String {
    let name = json!(rule);
    let text = name["rule"].as_str().unwrap_or_default().replace('_', " ");
    match &name["index"] {
        Value::Number(index) => format!("{text} {}", index.as_u64().unwrap_or(0) + 1),
        _ => text,
    }
}
