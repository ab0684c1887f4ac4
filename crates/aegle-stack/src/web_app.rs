//! The web app as a browser is given it.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, ensure};
use reqwest::{Client, Response, StatusCode, header};

/// Where the app's files have names that change with their content, `name-12345678.js`.
const ASSETS: &str = "/assets/";
const KINDS: [(&str, &str); 4] =
    [("js", "text/javascript"), ("css", "text/css"), ("wasm", "application/wasm"), ("woff2", "font/woff2")];
const HASH: usize = 8;

/// Loads the app as a browser would, from its one document over every file that anything in it names. Gives what
/// was seen, in words.
///
/// # Errors
/// A file is missing or of another kind, goes out without its rules, or the app cannot know its server.
pub async fn loads(url: &str) -> anyhow::Result<String> {
    let http = Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
    let get = async |path: &str| -> anyhow::Result<Response> {
        let answer = http.get(format!("{url}{path}")).send().await?;
        ensure!(answer.status() == StatusCode::OK, "{path} answers {}", answer.status());
        Ok(answer)
    };
    let document = get("/").await?;
    let policy = text(&document, header::CONTENT_SECURITY_POLICY)?.to_owned();
    ensure!(policy.starts_with("default-src 'none'; script-src 'self'"), "the policy is {policy}");
    let document = document.text().await?;
    ensure!(get("/people/allow").await?.text().await? == document, "a page is another document");

    let mut waiting = names(&document);
    ensure!(!waiting.is_empty(), "the document names no file");
    let mut seen = BTreeSet::new();
    let mut bytes = 0;
    while let Some(name) = waiting.pop_first() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let answer = get(&format!("{ASSETS}{name}")).await?;
        let (_, kind) = KINDS.into_iter().find(|(ending, _)| has_ending(&name, ending)).context("a file of no kind")?;
        let said = text(&answer, header::CONTENT_TYPE)?;
        ensure!(said.starts_with(kind), "{name} is {said}");
        ensure!(text(&answer, header::CACHE_CONTROL)?.ends_with("immutable"), "{name} is not kept by browsers");
        ensure!(text(&answer, header::CONTENT_SECURITY_POLICY)? == policy, "{name} has another policy");
        let content = answer.bytes().await?;
        bytes += content.len();
        match kind {
            "application/wasm" => ensure!(content.starts_with(b"\0asm"), "{name} is no WebAssembly"),
            "font/woff2" => {}
            _ => waiting.append(&mut names(std::str::from_utf8(&content)?)),
        }
    }
    ensure!(seen.iter().any(|name| has_ending(name, "wasm")), "nothing names the WebAssembly");
    let told: serde_json::Value = get("/v1/app").await?.json().await?;
    let node = told["rpc_url"].as_str().context("the app is told no node")?;
    ensure!(policy.contains(node.trim_end_matches('/')), "the policy does not let pages ask {node}");
    Ok(format!("{} files, {} kB", seen.len(), bytes / 1000))
}

fn text(answer: &Response, name: header::HeaderName) -> anyhow::Result<&str> {
    let value = answer.headers().get(&name).with_context(|| format!("{} has no {name}", answer.url()))?;
    Ok(value.to_str()?)
}

/// Names of files in a text, as the build writes them.
fn names(text: &str) -> BTreeSet<String> {
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    text.split(|letter| !in_name(letter)).filter(|word| is_name(word)).map(str::to_owned).collect()
}

fn is_name(word: &str) -> bool {
    let Some((stem, _)) = word.rsplit_once('.') else { return false };
    let hash = stem.len().checked_sub(HASH + 1).and_then(|at| stem.get(at..));
    KINDS.iter().any(|(ending, _)| has_ending(word, ending)) && hash.is_some_and(|hash| hash.starts_with('-'))
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| last == ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_build_names_are_found_and_nothing_else() {
        let text = r#"<script src="/assets/index-Bx3_-a9Z.js">import("./list-QwKIq7ZJ.js"),["assets/a_b-12345678.css"]
            new URL("worker-CJs6ID68.js"),url(/assets/latin-400-C1a2b3c4.woff2) jsqr.js a-b.js x-12345678.png"#;
        let found: Vec<_> = names(text).into_iter().collect();
        let expected = [
            "a_b-12345678.css",
            "index-Bx3_-a9Z.js",
            "latin-400-C1a2b3c4.woff2",
            "list-QwKIq7ZJ.js",
            "worker-CJs6ID68.js",
        ];
        assert_eq!(found, expected);
    }
}
