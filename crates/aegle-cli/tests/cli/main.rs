//! The command line as a person or a script meets it, without a ledger; tests of the whole stack run it
//! against one.

mod examples;
mod help;
mod key;
mod refusals;

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// An address that stands for any.
const ADDRESS: &str = "CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ";

/// The command with `arguments` in `folder`, with nothing from this computer's own settings.
fn aegle(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aegle"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the command runs")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// The one JSON object that standard error holds.
fn problem(output: &Output) -> Value {
    assert_eq!(stdout(output), "");
    let problem: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    for key in ["code", "message", "advice"] {
        assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{key} in {problem}");
    }
    problem
}
