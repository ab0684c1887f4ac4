//! What commands share that talk to the server in somebody's name: a session, who pays, keys to read with.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use aegle_api_client::{
    Error, KeyFile, Pay, Secrets, Session, Unlocked,
    keyring::{self, Way},
};
use aegle_client::{Pubkey, Reader, state::Purpose};
use aegle_decision::Key;
use aegle_envelope::{RecoveryCode, SecretKey};
use clap::Args;
use solana_keypair::Keypair;
use solana_signer::Signer;
use zeroize::Zeroizing;

use crate::{Context, Problem};

/// Somebody signed in, with what it takes to act.
pub struct Server<'a> {
    pub session: &'a Session,
    pub keypair: Keypair,
    context: &'a Context,
}

/// Where the key to read with comes from.
#[derive(Args, Clone)]
pub struct ReadingArgs {
    /// The file of your encryption key, for a provider or a delegate; an owner's comes from the keyring
    #[arg(long, value_name = "FILE", env = "AEGLE_ENCRYPTION_KEY", hide_env_values = true)]
    encryption_key_file: Option<PathBuf>,
    #[command(flatten)]
    unlocking: UnlockArgs,
}

/// What opens the keyring, instead of the wallet.
#[derive(Args, Clone)]
pub struct UnlockArgs {
    /// A file with the recovery code, '-' for standard input, instead of the wallet
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
}

pub fn key(address: &Pubkey) -> Key {
    Key(address.to_bytes())
}

/// What the set of purposes has first; requests state one.
pub fn purpose(bits: u16) -> Purpose {
    const ALL: [Purpose; 9] = [
        Purpose::Treatment,
        Purpose::EmergencyTreatment,
        Purpose::Payment,
        Purpose::Operations,
        Purpose::Research,
        Purpose::PublicHealth,
        Purpose::FamilyRequest,
        Purpose::PatientRequest,
        Purpose::Marketing,
    ];
    ALL.into_iter().find(|purpose| *purpose as u16 & bits != 0).unwrap_or(Purpose::Treatment)
}

impl<'a> Server<'a> {
    /// Signs in with `--keypair`, until the command is over.
    pub async fn sign_in(context: &'a Context) -> Result<Self, Problem> {
        Ok(Self { keypair: context.keypair()?, session: context.session().await?, context })
    }

    pub fn key(&self) -> Pubkey {
        self.keypair.pubkey()
    }

    /// The node.
    pub fn reader(&self) -> &'a Reader {
        self.context.reader()
    }

    /// Who pays: the own key, or the operator.
    pub async fn pay(&self) -> Result<Pay<'a>, Problem> {
        self.context.pay().await
    }

    /// The vault's root secrets, by the recovery code where one is named, else by the wallet.
    pub async fn unlock(&self, vault: &Pubkey, args: &UnlockArgs) -> Result<Unlocked, Problem> {
        let code = args.code()?;
        let way = match &code {
            Some(code) => Way::Code(code),
            None => Way::Wallet(&self.keypair),
        };
        Ok(keyring::unlock(self.session, self.reader(), key(vault), way).await?)
    }

    /// What the caller reads a vault's records with.
    pub async fn secrets(&self, vault: &Pubkey, args: &ReadingArgs) -> Result<Secrets, Problem> {
        match &args.encryption_key_file {
            Some(path) => Ok(read_key_file(path)?.into()),
            None => Ok(self.unlock(vault, &args.unlocking).await?.secrets()),
        }
    }
}

impl UnlockArgs {
    fn code(&self) -> Result<Option<RecoveryCode>, Problem> {
        let Some(path) = &self.code_file else { return Ok(None) };
        let text = Zeroizing::new(read_line_of(path)?);
        let code = text.parse().map_err(|error: aegle_envelope::KeyringError| {
            Problem::new("bad_recovery_code", error.to_string(), "Compare it with the paper, sign by sign.")
        })?;
        Ok(Some(code))
    }
}

/// A short text in a file, or on standard input.
pub fn read_line_of(path: &Path) -> Result<String, Problem> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        if io::stdin().is_terminal() {
            let _ = write!(io::stderr(), "Type it and press Enter: ").and_then(|()| io::stderr().flush());
        }
        io::stdin().lock().read_line(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text))
    };
    read.map_err(|error| Problem::unreadable(path, &error))?;
    Ok(text.trim().to_owned())
}

/// The key that `aegle key encryption` or `aegle vault create` wrote.
pub fn read_key_file(path: &Path) -> Result<SecretKey, Problem> {
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| Problem::unreadable(path, &error))?);
    KeyFile::read(&text).ok_or_else(|| {
        Problem::new(
            "bad_encryption_key",
            format!("{} is not the file of an encryption key", path.display()),
            "`aegle key encryption` makes one. Name it with --encryption-key-file.",
        )
    })
}

/// Shows how far something is, on a terminal.
pub fn progress(what: &'static str, json: bool) -> impl Fn(u64, u64) + Send + Sync {
    let loud = !json && io::stderr().is_terminal();
    move |done, all| {
        if loud && all > 4 << 20 {
            let end = if done == all { "\n" } else { "" };
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r{what}: {} of {} MB{end}", done >> 20, all >> 20);
        }
    }
}

impl From<aegle_api_client::Unmet> for Problem {
    fn from(error: aegle_api_client::Unmet) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let advice = match &error {
            Error::Send(_) => {
                let Error::Send(error) = error else { return Self::new("server", "", "") };
                return error.into();
            }
            Error::Problem(problem) => return refused(problem),
            Error::History(_) => "Try another node with --rpc-url, and that this aegle is up to date.",
            Error::Http(_) => "Check --api-url (AEGLE_API_URL) and that `aegle-indexer run` is up.",
            Error::Challenge(_) => "Name the page that you trust with --site (AEGLE_SITE), if it is another one.",
            Error::Chain(_) => "Do not trust this server before its operator explains it; nothing was given away.",
            Error::NoKey(_) => "Name the right key with --encryption-key-file, or unlock with --code-file.",
            Error::Keyring(_) => "Check which key or code you use; guardians can help with `aegle keyring prepare`.",
            Error::Relayed(_) => "Nothing was changed. Try again, or pay yourself without --relay.",
            Error::Unsettled(_) => "Look whether it happened before you try again.",
            Error::Record(_) | Error::Manifest(_) | Error::Wrap(_) => {
                "Fetch it again. When it happens again, the content was altered: tell the server's operator."
            }
            Error::Signing(_) => "Name the file of the key with --keypair.",
            Error::Answer(_) => "Check --api-url, and that this aegle is as new as the server.",
            Error::Forbidden => "Ask the patient, or whoever acts for them.",
            Error::Emergency(_) | Error::Statement(_) | Error::Document(_) | Error::Io(_) => {
                "Check what you named and try again."
            }
            Error::Export(_) => "Check the folder, and export into it again.",
        };
        let code = match &error {
            Error::Http(_) => "server",
            Error::History(_) => "node",
            Error::Challenge(_) => "wrong_site",
            Error::Chain(_) => "not_as_on_chain",
            Error::NoKey(_) => "no_key",
            Error::Forbidden => "emergencies_forbidden",
            Error::Emergency(_) | Error::Statement(_) => "bad_emergency",
            Error::Keyring(_) => "keyring",
            Error::Record(_) | Error::Manifest(_) | Error::Wrap(_) => "content_altered",
            Error::Relayed(_) => "not_taken",
            Error::Unsettled(_) => "relay_no_answer",
            Error::Export(_) => "export",
            _ => "server",
        };
        Self::new(code, error.to_string().trim_end_matches('.'), advice)
    }
}

fn refused(problem: &aegle_api_client::Problem) -> Problem {
    let mut message = problem.detail.trim_end_matches('.');
    let advice = match problem.code.as_str() {
        "not_permitted" => "Check the address, the purpose and the key; what was allowed counts once it is final.",
        "key_pending" => "Ask the patient to run `aegle wrap`.",
        "behind" | "not_ready" | "unavailable" | "rate_limited" | "timeout" => "Wait a moment and try again.",
        "record_held" => "`aegle storage` shows the legal hold; try again once it is lifted.",
        "record_erased" => "Add it as a new record, if it is wanted after all.",
        "record_stored" | "consent_stored" => "Nothing more is to be done.",
        "invitation_needed" => {
            message = "The operator pays for a first vault by invitation, and this names none that is neither used nor \
                expired; nothing was changed";
            "Ask the operator for an invitation and name its file with --invitation (AEGLE_INVITATION)."
        }
        "relay_off" => {
            message = "The operator of this server pays for nobody; nothing was changed";
            "Pay yourself, without --relay."
        }
        "too_many_first_vaults" => {
            "Nothing was changed. Wait, or ask the operator for an invitation and name its file with --invitation \
             (AEGLE_INVITATION)."
        }
        "relay_limit" => {
            "Nothing was changed. What the operator pays in a day counts anew at midnight UTC; sooner you can pay \
             yourself, without --relay."
        }
        "relay_unavailable" => "Nothing was changed. Try again later, or pay yourself without --relay.",
        "transaction_refused" => {
            "Nothing was changed. The operator does not pay for this; pay yourself, without --relay."
        }
        "transaction_fails" => "Nothing was changed. Check what you asked for.",
        "mail_off" => "Name a webhook with --webhook, or look into `aegle inbox`.",
        "code_wrong" => "Look at the mail again, or subscribe again for another code.",
        "agent_off" => "Take in what waits with `aegle mailbox accept`, or name somebody's key.",
        "session_ended" | "not_signed_in" => "Run the command again.",
        _ => "Check what you asked for.",
    };
    Problem::new(&problem.code, message, advice)
}
