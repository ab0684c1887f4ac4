use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aegle_client::SendError;
use serde_json::json;

/// Exit status of a command that was not used as its help says.
pub const USAGE: u8 = 2;

/// Why a command did not do what it was asked, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}. {advice}")]
pub struct Problem {
    /// Stable name: the program's own for its refusals, else one of this crate in snake_case.
    pub code: String,
    /// The program's number for its refusals.
    pub number: Option<u32>,
    pub message: String,
    pub advice: String,
    usage: bool,
}

impl Problem {
    pub fn new(code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code: code.into(), number: None, message: message.into(), advice: advice.into(), usage: false }
    }

    /// A command line that asks for something that cannot be meant.
    pub fn usage(code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(code, message, advice) }
    }

    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::new(
            "file_unreadable",
            format!("{} cannot be read: {error}", path.display()),
            "Check the path and that the file is yours to read.",
        )
    }

    pub fn print(&self, json: bool) -> ExitCode {
        let text = if json {
            let mut object = json!({"code": self.code, "message": self.message, "advice": self.advice});
            if let Some(number) = self.number {
                object["number"] = number.into();
            }
            object.to_string()
        } else {
            match self.number {
                Some(number) => format!("{self} ({}, {number})", self.code),
                None => self.to_string(),
            }
        };
        // Where even this cannot be written there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
        if self.usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
    }
}

impl From<&clap::Error> for Problem {
    fn from(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let message = text.split("\n\n").next().unwrap_or(&text).trim().trim_start_matches("error: ");
        Self::usage("usage", message.trim_end_matches('.'), "Add --help to the command to see how it is used.")
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        let (code, advice) = match &error {
            SendError::Refused(refused) => {
                if let Some(explanation) = refused.explain() {
                    return Self {
                        number: Some(explanation.code),
                        ..Self::new(&explanation.name, explanation.message, explanation.advice)
                    };
                }
                ("refused", "Look the code up at the program that was called.")
            }
            SendError::PayerEmpty { .. } => {
                ("payer_empty", "Or let somebody else pay, with --payer, or the operator, with --relay.")
            }
            SendError::Failed(_) => {
                ("transaction_failed", "Nothing was changed. Check what you asked for and try again.")
            }
            SendError::Expired => ("not_taken", "When it happens again, try another node with --rpc-url."),
            SendError::Signing(_) => ("key_missing", "Name the file of the key with --keypair."),
            SendError::Node { .. } => {
                ("node", "Check --rpc-url and that the node is up, then look before you try again.")
            }
            SendError::NoAnswer => ("no_answer", "Try another node with --rpc-url."),
            SendError::NotFound { .. } => ("not_found", "Check the address and the network (--rpc-url)."),
            SendError::NotReadable { .. } => ("not_readable", "Check the address, and that this aegle is up to date."),
        };
        Self::new(code, error.to_string(), advice)
    }
}
