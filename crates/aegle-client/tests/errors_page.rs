//! docs/errors.md says what the client says.

use std::{fmt::Write, path::Path};

use aegle_client::error::explanations;

const INTRODUCTION: &str = "\
# What a refusal means and what to do

Every refusal of the program has a stable code; codes never change and new ones come at the end. Those from
6000 are the program's own, the others are checks of the framework it is built with. The command line prints
the same sentences, and with `--json` the code as `number` and the name as `code`.

This page is generated: `AEGLE_UPDATE=1 cargo test -p aegle-client --test errors_page` writes it.

| code | name | what it means | what to do |
|---|---|---|---|
";

fn page() -> String {
    explanations().fold(INTRODUCTION.to_owned(), |mut page, explained| {
        let (code, name, message, advice) = (explained.code, explained.name, explained.message, explained.advice);
        writeln!(page, "| {code} | {name} | {message} | {advice} |").expect("a string takes all");
        page
    })
}

#[test]
fn the_errors_page_says_what_the_client_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("AEGLE_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, page()).expect("docs/errors.md is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, page(), "docs/errors.md is stale; run this test with AEGLE_UPDATE=1 and commit the page");
}

#[test]
fn no_explanation_breaks_the_table() {
    for explained in explanations() {
        let row = format!("{} {} {}", explained.name, explained.message, explained.advice);
        assert!(!row.contains(['|', '\n']), "{row}");
    }
}
