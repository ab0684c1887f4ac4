//! Lists come from the indexer: the ledger itself keeps none.

use aegle_client::Pubkey;
use clap::Args;
use serde_json::Value;
use solana_commitment_config::CommitmentLevel;

use crate::{Answer, Context, Problem, context::address};

/// What the indexer gives in one page at most.
const MAX_PAGE: usize = 200;

/// What every list of a vault's entries takes.
#[derive(Args)]
pub struct ListArgs {
    /// The vault whose entries to list
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    limit: LimitArgs,
}

#[derive(Args)]
pub struct LimitArgs {
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// What is listed: its name in the route, one of it, and how one reads in a line.
pub struct Listed {
    pub plural: &'static str,
    pub singular: &'static str,
    pub line: fn(&Value) -> String,
}

/// Lists what a vault has of `listed`.
pub async fn list(listed: &Listed, args: &ListArgs, context: &Context) -> Result<Answer, Problem> {
    let path = format!("vaults/{}/{}", args.vault, listed.plural);
    let answer = list_at(&path, &[], " in this vault", listed, &args.limit, context).await?;
    Ok(answer.address("vault", &args.vault))
}

/// Lists what the route `path` has of `listed`, narrowed by `filter`; `scope` says that in words.
pub async fn list_at(
    path: &str,
    filter: &[(&'static str, String)],
    scope: &str,
    listed: &Listed,
    limit: &LimitArgs,
    context: &Context,
) -> Result<Answer, Problem> {
    let Listed { plural, singular, line } = listed;
    let api = &context.options().api_url;
    let url = format!("{api}/v1/chain/{path}");
    let wanted = usize::try_from(limit.limit).unwrap_or(usize::MAX);
    // A mirror holds nothing that is only processed.
    let commitment = if context.commitment() == CommitmentLevel::Finalized { "finalized" } else { "confirmed" };
    let mut items: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    let page = loop {
        let limit = (wanted - items.len()).min(MAX_PAGE).to_string();
        let mut query = [filter, &[("limit", limit), ("commitment", commitment.into())]].concat();
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = context.wait("Waiting for the indexer", get(&url, &query)).await?;
        let Some(more) = page["data"].as_array() else {
            return Err(unexpected(api));
        };
        items.extend(more.iter().cloned());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() || items.len() >= wanted {
            break page;
        }
    };
    let count = items.len();
    let message = match (count, &cursor) {
        (0, _) => format!("No {plural}{scope} yet."),
        (1, None) => format!("1 {singular}{scope}."),
        (_, None) => format!("{count} {plural}{scope}."),
        (_, Some(_)) => format!("The first {count} {plural}{scope}; a higher --limit shows more."),
    };
    let rows = items.iter().map(|item| (text(item, singular), line(item))).collect();
    Ok(Answer::new(message)
        .with("slot", page["meta"]["slot"].clone())
        .with("more", cursor.is_some())
        .items(items, rows))
}

/// The text at `key`, empty where there is none.
pub fn text(item: &Value, key: &str) -> String {
    item[key].as_str().unwrap_or_default().replace('_', " ")
}

/// The codes at `key`, as a list.
pub fn codes(item: &Value, key: &str) -> String {
    let codes = item[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    codes.collect::<Vec<_>>().join(", ")
}

/// Whether a consent or delegate is in effect, and why not.
pub fn effect(item: &Value) -> String {
    if item["in_effect"] == true { "in effect".into() } else { format!("not in effect ({})", text(item, "reason")) }
}

async fn get(url: &str, query: &[(&str, String)]) -> Result<Value, Problem> {
    let unreachable = |error: reqwest::Error| {
        Problem::new(
            "indexer",
            format!("The indexer did not answer as expected: {}", error_chain(&error)),
            "Check --api-url (AEGLE_API_URL) and that `aegle-indexer run` is up.",
        )
    };
    let response = reqwest::Client::new().get(url).query(query).send().await.map_err(unreachable)?;
    let status = response.status();
    let body: Value = response.json().await.map_err(unreachable)?;
    if status.is_success() {
        return Ok(body);
    }
    // RFC 9457 problem details.
    let said = |key: &str| body[key].as_str().map(str::to_owned);
    let message = said("detail").or_else(|| said("title")).unwrap_or_else(|| format!("The indexer answered {status}"));
    let advice = match status.as_u16() {
        404 => "Check the address; what was created seconds ago may take a moment to show.",
        429 => "Wait a moment and try again.",
        503 => "The indexer is behind the ledger. Wait a moment and try again.",
        _ => "Check --api-url and what you asked for.",
    };
    let code = said("code").unwrap_or_else(|| "indexer".into());
    Err(Problem::new(&code, message.trim_end_matches('.'), advice))
}

fn unexpected(api: &str) -> Problem {
    Problem::new(
        "indexer",
        format!("What answers at {api} is not an indexer that this version knows"),
        "Check --api-url (AEGLE_API_URL).",
    )
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
