//! Examples rot unless something reads them.

use aegle_cli::Cli;
use clap::Parser;

use crate::{ADDRESS, help::leaves};

/// The commands in `text`, one per line that starts with `aegle `, continued after a backslash.
fn examples(text: &str) -> Vec<String> {
    let joined = text.split("\\\n").map(str::trim).collect::<Vec<_>>().join(" ");
    joined.lines().map(str::trim).filter(|line| line.starts_with("aegle ")).map(str::to_owned).collect()
}

/// The words of an example, with an address for each placeholder. What follows a redirection, a pipe
/// or two spaces is no part of the command.
fn words(example: &str) -> Vec<String> {
    let command = example.split(['>', '|', '#']).next().unwrap_or(example).split("  ").next().unwrap_or_default();
    let placeholder = |word: &str| match word {
        "VAULT" | "RECORD" | "CONSENT" | "RECOVERY" | "CREDENTIAL" | "OPENING" | "KEY" => ADDRESS.to_owned(),
        "KEY,KEY,KEY" => [ADDRESS; 3].join(","),
        "\"$NEW_KEY\"" | "\"$DOCTOR_KEY\"" => "9c".repeat(32),
        _ if word.starts_with("\"$") && word.contains("=") => format!("{ADDRESS}={}", "9c".repeat(32)),
        _ if word.starts_with("\"$") => ADDRESS.to_owned(),
        _ if word.starts_with("KEY=") => word.replacen("KEY", ADDRESS, 1),
        _ => word.to_owned(),
    };
    let command = command.replace("9c3f…64 hex digits", &"9c".repeat(32));
    command.split(' ').filter(|word| !word.is_empty()).map(placeholder).collect()
}

#[track_caller]
fn accepted(example: &str) {
    if let Err(error) = Cli::try_parse_from(words(example)) {
        panic!("{example}\n{error}");
    }
}

#[test]
fn the_command_line_accepts_every_example_of_its_help() {
    for (path, command) in leaves() {
        let help = command.get_after_help().expect("examples").to_string();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{path:?}");
        examples.iter().for_each(|example| accepted(example));
    }
}

#[test]
fn the_command_line_accepts_every_command_of_its_documentation() {
    let page = include_str!("../../../../docs/cli.md");
    let blocks: String = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let examples = examples(&blocks);
    assert!(examples.len() > 20, "{} commands", examples.len());
    examples.iter().for_each(|example| accepted(example));
}

#[test]
fn the_documentation_shows_every_command() {
    let page = include_str!("../../../../docs/cli.md");
    for (path, _) in leaves() {
        let command = format!("aegle {}", path.join(" "));
        assert!(page.contains(&command), "docs/cli.md lacks `{command}`");
    }
}
