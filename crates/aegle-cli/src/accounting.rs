//! The accounting of disclosures: checked here, then written.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use aegle_accounting::{Account, Period, csv, pdf};
use aegle_api_client::{
    accounting::{self, Attested},
    disclosure::Own,
};
use aegle_client::{Pubkey, commitment::Salt};
use aegle_decision::Key;
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::{
    Answer, Context, Problem, answer::Check, content::partial, context::address, opening::ProfileOpening,
    secret_file::unwritable, server::Server, time,
};

/// Largest profile that is read, in bytes.
const MAX_PROFILE: u64 = 64 * 1024;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Csv,
    Pdf,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Pdf => "pdf",
        }
    }
}

#[derive(Args)]
pub struct AccountArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    pub vault: Pubkey,
    /// First day, UTC [default: six years ago]
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Last day, UTC [default: today]
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,
    #[arg(long, value_enum, default_value = "pdf")]
    format: Format,
    /// Where to write it [default: ./disclosures-FROM-to-UNTIL.FORMAT]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A folder with profiles that recipients gave you and their openings, for their names
    #[arg(long, value_name = "FOLDER")]
    profiles: Option<PathBuf>,
}

impl AccountArgs {
    /// # Errors
    /// Days that cannot be accounted for.
    pub fn period(&self) -> Result<Period, Problem> {
        Period::new(self.from, self.until, time::local_now()).map_err(|error| {
            Problem::usage("no_such_period", error.to_string(), "Name other days with --from and --until.")
        })
    }
}

/// Writes the accounting of a log that was checked.
pub async fn write(
    args: &AccountArgs,
    period: Period,
    own: &Own,
    check: Check,
    server: &Server<'_>,
    context: &Context,
) -> Result<Answer, Problem> {
    let attested = match &args.profiles {
        Some(folder) => read_profiles(folder)?,
        None => Vec::new(),
    };
    let now = time::local_now();
    let accounting = accounting::account(server.session, server.reader(), own, period, &attested, now);
    let account = context.wait("Checking labels and names against the chain", accounting).await?;
    let default = || format!("disclosures-{}-to-{}.{}", period.from, period.until, args.format.extension()).into();
    let out = args.out.clone().unwrap_or_else(default);
    save(&out, &bytes(&account, args.format)?)?;
    let named = account.disclosures.iter().filter(|line| line.recipient.name.is_some()).count();
    let message = match account.disclosures.len() {
        0 => "Nothing was disclosed to anybody else in this period.".to_owned(),
        1 => "1 disclosure is accounted for.".to_owned(),
        count => format!("{count} disclosures are accounted for."),
    };
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .with("from", period.from.to_string())
        .with("until", period.until.to_string())
        .with("disclosures", account.disclosures.len())
        .with("named", named)
        .with("file", out.display().to_string())
        .checks(vec![check]))
}

fn bytes(account: &Account, format: Format) -> Result<Vec<u8>, Problem> {
    let failed = |error: String| Problem::new("not_written", error, "Try another --format.");
    match format {
        Format::Json => serde_json::to_vec_pretty(account).map_err(|error| failed(error.to_string())),
        Format::Csv => csv(account).map_err(|error| failed(error.to_string())),
        Format::Pdf => pdf(account).map_err(|error| failed(error.to_string())),
    }
}

/// Writes a file for its owner alone; never replaces one.
fn save(out: &Path, bytes: &[u8]) -> Result<(), Problem> {
    if out.exists() {
        return Err(unwritable(out, &std::io::ErrorKind::AlreadyExists.into()));
    }
    let (partial, mut file) = partial(out)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&partial, out));
    written.map_err(|error| {
        // Left behind it would be in the way, no more.
        let _ = fs::remove_file(&partial);
        unwritable(out, &error)
    })
}

/// Every opening in a folder with every file beside it: which profile it opens shows on the chain.
fn read_profiles(folder: &Path) -> Result<Vec<Attested>, Problem> {
    let unreadable = |error: &std::io::Error| Problem::unreadable(folder, error);
    let (mut openings, mut profiles): (Vec<(Key, Salt)>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let known = entry.metadata().map_err(|error| unreadable(&error))?;
        if !known.is_file() || known.len() > MAX_PROFILE {
            continue;
        }
        let bytes = fs::read(entry.path()).map_err(|error| Problem::unreadable(&entry.path(), &error))?;
        match serde_json::from_slice::<ProfileOpening>(&bytes) {
            Ok(opening) => openings.push((Key(opening.of.to_bytes()), opening.salt)),
            Err(_) => profiles.push(bytes),
        }
    }
    let pairs = openings.iter().flat_map(|opening| profiles.iter().map(move |profile| (opening, profile)));
    let attested = pairs.map(|(&(credential, salt), profile)| Attested { credential, salt, profile: profile.clone() });
    Ok(attested.collect())
}
