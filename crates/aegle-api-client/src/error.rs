use aegle_client::{SendError, history::HistoryError};
use aegle_decision::DocumentError;
use aegle_disclosure::SignedReceipt;
use aegle_envelope::{
    KeyringError, ManifestError, RecordError, WrapError,
    emergency::{EmergencyError, StatementError},
};
use serde::Deserialize;
use solana_signer::SignerError;

/// Problem details of the server, RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    /// Stable, such as `not_permitted`.
    pub code: String,
    pub detail: String,
    /// Under which the server logged the request.
    #[serde(default)]
    pub request_id: String,
    /// What a refusal came to, in base64, encrypted to the patient.
    #[serde(default)]
    pub sealed: Option<String>,
    /// The log's receipt, where the request was decided.
    #[serde(skip)]
    pub receipt: Option<SignedReceipt>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    #[error("The server did not answer as expected: {}", chain(.0))]
    Http(#[from] reqwest::Error),
    #[error("What the server answered is not what it should be: {0}")]
    Answer(&'static str),
    /// What the server asks to sign is not what was asked for; nothing was signed.
    #[error("The server asks to sign something else than a sign-in here: {0}")]
    Challenge(&'static str),
    /// The server says otherwise than the chain.
    #[error("The server says otherwise than the chain: {0}")]
    Chain(&'static str),
    #[error("No key at hand opens this: {0}")]
    NoKey(&'static str),
    #[error("A key that must sign cannot: {0}")]
    Signing(#[from] SignerError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("The patient forbids opening records in an emergency")]
    Forbidden,
    #[error("What happened on the chain cannot be read: {0}")]
    History(#[from] HistoryError),
    /// Sent, and provably without effect.
    #[error("The operator sent the transaction and it {0}")]
    Relayed(&'static str),
    #[error("The operator took the transaction, and what became of it is not known: {0}")]
    Unsettled(Box<Error>),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Wrap(#[from] WrapError),
    #[error(transparent)]
    Emergency(#[from] EmergencyError),
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Export(#[from] crate::export::ExportError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl From<aegle_exchange::Error> for Error {
    fn from(error: aegle_exchange::Error) -> Self {
        use aegle_exchange::Error as Unmet;
        match error {
            Unmet::Answer(what) => Self::Answer(what),
            Unmet::Challenge(what) => Self::Challenge(what),
            Unmet::Chain(what) => Self::Chain(what),
            Unmet::NoKey(what) => Self::NoKey(what),
            Unmet::Record(error) => Self::Record(error),
            Unmet::Manifest(error) => Self::Manifest(error),
            Unmet::Keyring(error) => Self::Keyring(error),
            Unmet::Wrap(error) => Self::Wrap(error),
            Unmet::Emergency(error) => Self::Emergency(error),
            Unmet::Statement(error) => Self::Statement(error),
            Unmet::Document(error) => Self::Document(error),
        }
    }
}

impl Error {
    /// The server's code, where it refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }

    /// Whether the server refused with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code() == Some(code)
    }

    /// Whether the same request may go well a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Problem(problem) => matches!(problem.status, 429 | 500..=599),
            // A body that breaks off is an error of decoding, too.
            Self::Http(error) => {
                let source = std::error::Error::source(error);
                !error.is_builder() && !source.is_some_and(|source| source.is::<serde_json::Error>())
            }
            _ => false,
        }
    }
}

/// An error with what it came of. An address may hold what is not for everybody's eyes; it is left out.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = source {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    if text.is_empty() { "no connection".into() } else { text }
}
