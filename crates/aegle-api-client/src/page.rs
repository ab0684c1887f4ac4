//! The page by which a person finds the way in an export.

use std::fmt::Write;

use aegle_decision::{Document, Policy};
use aegle_disclosure::Outcome;

use crate::{disclosure::Own, export::Export};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
    border-bottom:1px solid #8884;vertical-align:top}code{overflow-wrap:anywhere}";

/// What the folder holds, in words.
pub(crate) fn index(export: &Export, log: &Own) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Your records</title>\n<style>{STYLE}</style>\n\
         <h1>Your records</h1>\n<p>Everything that the server kept of the vault <code>{}</code>. Contents are \
         encrypted: they open with your wallet, your recovery code or your guardians. What kind of record it is, who \
         may see it and who looked is readable here, so keep this folder to yourself.</p>\n\
         <p>To go to another operator, hand over the whole folder; <code>aegle export --check</code> says whether it \
         is whole.</p>\n<h2>{} records</h2>\n<table><thead><tr><th>Kind<th>Care<th>Added<th>Version<th>State\
         <th>File</thead><tbody>\n",
        export.vault,
        export.records.len(),
    );
    let mut records: Vec<_> = export.records.iter().collect();
    records.sort_by_key(|record| std::cmp::Reverse(record.opening.labels.value().until));
    for record in records {
        let labels = record.opening.labels.value();
        let kinds: Vec<_> = labels.categories.iter().map(|category| escape(category.as_str())).collect();
        let care = match (labels.from, labels.until) {
            (Some(from), Some(until)) if from == until => from.to_string(),
            (Some(from), Some(until)) => format!("{from} to {until}"),
            _ => String::new(),
        };
        let state = serde_json::to_value(record.status).ok();
        let state = state.as_ref().and_then(|state| state.as_str()).unwrap_or_default().replace('_', " ");
        line(
            &mut page,
            &[
                &kinds.join(", "),
                &care,
                &escape(&record.minted_at),
                &record.number.to_string(),
                &state,
                &format!("<code>records/{}</code>", record.record),
            ],
        );
    }
    let _ = write!(
        page,
        "</tbody></table>\n<h2>{} consents</h2>\n<table><thead><tr><th>Who<th>Opens<th>State</thead><tbody>\n",
        export.consents.len()
    );
    for consent in &export.consents {
        let policy = Document::<Policy>::read(consent.policy.clone().into_bytes()).ok();
        let base = policy.and_then(|policy| serde_json::to_value(policy.value().base).ok());
        let base = base.as_ref().and_then(|base| base.as_str()).unwrap_or("a policy").replace('-', " ");
        let state = if consent.revoked { "revoked" } else { "granted" };
        line(&mut page, &[&format!("<code>{}</code>", consent.grantee), &escape(&base), state]);
    }
    let refused = log.entries.iter().filter(|logged| matches!(logged.entry.value().outcome, Outcome::Deny { .. }));
    let _ = write!(
        page,
        "</tbody></table>\n<h2>Who looked</h2>\n<p>{} entries, {} of them refused; none is missing under the \
         checkpoint of the log <code>{}</code> with {} entries. They are in <code>disclosures.json</code>.</p>\n</html>\n",
        log.entries.len(),
        refused.count(),
        escape(&log.log.origin),
        log.checkpoint.tree.size,
    );
    page
}

fn line(page: &mut String, cells: &[&str]) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "<tr><td>{}", cells.join("<td>"));
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            char => escaped.push(char),
        }
    }
    escaped
}
