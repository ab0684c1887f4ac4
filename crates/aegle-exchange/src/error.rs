use aegle_decision::DocumentError;
use aegle_envelope::{
    KeyringError, ManifestError, RecordError, WrapError,
    emergency::{EmergencyError, StatementError},
};

/// Why something is not made or not believed. Nothing secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
}

impl From<std::io::Error> for Error {
    /// Of content, which is in memory.
    fn from(error: std::io::Error) -> Self {
        Self::Record(error.into())
    }
}

impl Error {
    /// Stable, such as `not_as_on_chain`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Answer(_) => "server",
            Self::Challenge(_) => "wrong_site",
            Self::Chain(_) => "not_as_on_chain",
            Self::NoKey(_) => "no_key",
            Self::Record(_) | Self::Manifest(_) | Self::Wrap(_) => "content_altered",
            Self::Keyring(_) => "keyring",
            Self::Emergency(_) | Self::Statement(_) => "bad_emergency",
            Self::Document(_) => "bad_document",
        }
    }
}
