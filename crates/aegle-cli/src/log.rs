use std::sync::atomic::{AtomicU64, Ordering};

use aegle_api_client::{Api, Origin, disclosure};
use aegle_client::Pubkey;
use clap::{Args, Subcommand};

use crate::{Answer, Context, Problem, answer::Check, context::address};

#[derive(Subcommand)]
pub enum LogCommand {
    /// Check that nothing in an operator's log was changed, moved or removed
    #[command(after_help = "\
Reads the whole log, without signing in, and compares it with its newest checkpoint and, given the operator's
key, with every root on the chain. Exit status 1 when it is not what was stated.

Examples:
  aegle log verify
  aegle log verify --operator KEY --log 'records.example/disclosures+0123abcd+…'")]
    Verify(VerifyArgs),
}

#[derive(Args)]
pub struct VerifyArgs {
    /// The key by which the log must speak, as its operator published it
    #[arg(long, value_name = "VERIFIER")]
    log: Option<String>,
    /// Who anchors the log's roots on the chain
    #[arg(long, value_name = "KEY", value_parser = address)]
    operator: Option<Pubkey>,
}

pub async fn run(command: LogCommand, context: &Context) -> Result<Answer, Problem> {
    let LogCommand::Verify(args) = command;
    let url = &context.options().api_url;
    let api = Api::new(url, Origin::of(url)?)?;
    let published = context.wait("Asking for the log", disclosure::log(&api)).await?;
    let verifier = published.log.verifier();
    let mut checks = Vec::new();
    if let Some(expected) = &args.log {
        let passed = *expected == verifier;
        checks.push(Check::of(passed, "The server's log speaks by the key that was named."));
    }
    let mut stated: Vec<_> = published.checkpoint.iter().map(|checkpoint| checkpoint.tree).collect();
    checks.push(Check::of(!stated.is_empty(), "The log has a checkpoint, signed by its key."));
    if let Some(operator) = &args.operator {
        let roots = context.wait("Reading the chain", disclosure::anchored(context.reader(), operator)).await?;
        let count = roots.len();
        checks.push(Check::of(count > 0, format!("The chain has {count} roots of this operator.")));
        stated.extend(roots);
    }
    let statements = stated.len();
    let read = AtomicU64::new(0);
    let seen = |entries| read.store(entries, Ordering::Relaxed);
    let audited = context.wait("Reading the log", disclosure::audit(&api, stated, &seen)).await?;
    let what = match &audited {
        Ok(entries) => format!("All {entries} entries are what {statements} statements say of them."),
        Err(fault) => format!("The log is not what was stated: {fault}."),
    };
    checks.push(Check::of(audited.is_ok(), what));
    let whole = checks.iter().all(|check| check.passed);
    let message = if whole { "The log is whole." } else { "The log is not what it should be." };
    Ok(Answer::new(message).with("log", verifier).with("entries", audited.unwrap_or(0)).checks(checks).yes_if(whole))
}
