use std::{
    io::{self, Write},
    process::ExitCode,
};

use aegle_client::{Pubkey, Sent};
use serde_json::{Map, Value};
use solana_commitment_config::CommitmentLevel;

/// What a command has to say: a sentence for people, details for machines and for who wants them.
pub struct Answer {
    message: String,
    details: Vec<(&'static str, Value)>,
    checks: Vec<Check>,
    items: Option<Items>,
    plain: bool,
    yes: bool,
}

/// What a list holds: for machines, and as lines of an address and what is there.
struct Items {
    items: Vec<Value>,
    rows: Vec<(String, String)>,
}

/// One step of a verification.
pub struct Check {
    pub passed: bool,
    /// False where what it takes is not at hand; then it neither passed nor failed.
    pub checked: bool,
    pub what: String,
}

impl Check {
    pub fn of(passed: bool, what: impl Into<String>) -> Self {
        Self { passed, checked: true, what: what.into() }
    }

    /// What could not be checked.
    pub fn open(what: impl Into<String>) -> Self {
        Self { passed: false, checked: false, what: what.into() }
    }
}

impl Answer {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new(), checks: Vec::new(), items: None, plain: false, yes: true }
    }

    /// Text that other programs take as it is, such as an address or a script.
    pub fn plain(key: &'static str, text: String) -> Self {
        Self { plain: true, ..Self::new(text.clone()).with(key, text) }
    }

    /// Replaces the sentence.
    pub fn says(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((key, value.into()));
        self
    }

    pub fn address(self, key: &'static str, address: &Pubkey) -> Self {
        self.with(key, address.to_string())
    }

    pub fn bytes(self, key: &'static str, bytes: &[u8]) -> Self {
        self.with(key, hex::encode(bytes))
    }

    /// Adds how far a transaction got.
    pub fn sent(mut self, sent: &Sent, commitment: CommitmentLevel) -> Self {
        self.message.push(' ');
        self.message.push_str(match commitment {
            CommitmentLevel::Processed => "The node has it; it is not confirmed yet.",
            CommitmentLevel::Confirmed => "Confirmed, and final in about 15 seconds.",
            CommitmentLevel::Finalized => "It is final.",
        });
        self.with("signature", sent.signature.to_string())
            .with("slot", sent.slot)
            .with("commitment_level", commitment.to_string())
    }

    /// Adds the steps of a verification.
    pub fn checks(mut self, checks: Vec<Check>) -> Self {
        self.checks = checks;
        self
    }

    /// Adds what a list holds: `items` for machines, `rows` of an address and a line for people.
    pub fn items(mut self, items: Vec<Value>, rows: Vec<(String, String)>) -> Self {
        self.items = Some(Items { items, rows });
        self
    }

    /// Makes the exit status say whether the answer is yes.
    pub fn yes_if(mut self, yes: bool) -> Self {
        self.yes = yes;
        self
    }

    pub fn print(&self, json: bool) -> ExitCode {
        let text = match (json, self.plain) {
            (true, _) => self.json().to_string(),
            (false, true) => self.message.clone(),
            (false, false) => self.text(),
        };
        // A reader that closed the pipe wants no more; that is no failure of the command.
        let _ = writeln!(io::stdout(), "{}", text.trim_end());
        if self.yes { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        if !self.plain {
            object.insert("message".into(), self.message.clone().into());
        }
        object.extend(self.details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        if !self.checks.is_empty() {
            let checks = self
                .checks
                .iter()
                .map(|check| serde_json::json!({"passed": check.checked.then_some(check.passed), "what": check.what}));
            object.insert("checks".into(), checks.collect());
        }
        if let Some(items) = &self.items {
            object.insert("items".into(), items.items.clone().into());
        }
        Value::Object(object)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let result = match (check.checked, check.passed) {
                (false, _) => "open  ",
                (true, true) => "passed",
                (true, false) => "FAILED",
            };
            text.push_str(&format!("{result}  {}\n", check.what));
        }
        if !self.checks.is_empty() {
            text.push('\n');
        }
        text.push_str(&self.message);
        text.push_str("\n\n");
        let rows: Vec<(String, String)> = match &self.items {
            Some(items) => items.rows.clone(),
            None => self.details.iter().map(|(key, value)| (key.replace('_', " "), cell(value))).collect(),
        };
        let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        rows.iter().for_each(|(key, value)| text.push_str(&format!("  {key:width$}  {value}\n")));
        text
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
