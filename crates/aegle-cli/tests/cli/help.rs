use aegle_cli::Cli;
use clap::CommandFactory;

use crate::{aegle, status, stderr, stdout};

/// Every command that does something, as the words that call it.
pub fn leaves() -> Vec<(Vec<String>, clap::Command)> {
    fn walk(command: &clap::Command, path: &[String], leaves: &mut Vec<(Vec<String>, clap::Command)>) {
        for inner in command.get_subcommands() {
            let path = [path, &[inner.get_name().to_owned()]].concat();
            if inner.has_subcommands() {
                walk(inner, &path, leaves);
            } else {
                leaves.push((path, inner.clone()));
            }
        }
    }
    let mut leaves = Vec::new();
    walk(&Cli::command(), &[], &mut leaves);
    leaves
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_help_with_examples() {
    let folder = tempfile::tempdir().expect("folder");
    for (path, _) in leaves() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = aegle(folder.path(), &arguments);
        assert_eq!(status(&output), 0, "{path:?}");
        let help = stdout(&output);
        assert!(help.contains("Examples:"), "{path:?}\n{help}");
        assert!(help.contains(&format!("aegle {}", path.join(" "))), "{path:?}\n{help}");
        assert!(help.contains("--json"), "{path:?}");
    }
}

#[test]
fn a_command_alone_shows_its_help_and_counts_as_wrong_usage() {
    let folder = tempfile::tempdir().expect("folder");
    for arguments in [&[][..], &["record"]] {
        let output = aegle(folder.path(), arguments);
        assert_eq!(status(&output), 2);
        assert!(stderr(&output).contains("Usage: aegle"));
    }
}

#[test]
fn help_repeats_no_setting_that_may_hold_an_access_key() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aegle"))
        .arg("--help")
        .env("AEGLE_RPC_URL", "https://node.example/access-key")
        .output()
        .expect("the command runs");
    assert!(!stdout(&output).contains("access-key"));
}

#[test]
fn completions_name_the_commands_in_every_shell() {
    let folder = tempfile::tempdir().expect("folder");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = aegle(folder.path(), &["completions", shell]);
        assert_eq!(status(&output), 0);
        assert!(stdout(&output).contains("revoke-all"), "{shell}");
    }
    let output = aegle(folder.path(), &["completions", "bash", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(answer["script"].as_str().is_some_and(|script| script.contains("_aegle")));
}
