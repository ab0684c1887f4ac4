//! A custodian's process: it checks what clinicians opened on its own node and releases its shares.

use std::{
    collections::HashSet,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use aegle_api_client::{
    Error, Session,
    release::{self, Journal, Refusal},
};
use aegle_decision::Key;
use aegle_envelope::SecretKey;
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;
use tokio::time::sleep;

use crate::{Answer, Context, Problem, secret_file::unwritable, server::read_key_file, time};

#[derive(Subcommand)]
pub enum CustodianCommand {
    /// Look once for what waits to be released
    #[command(after_help = "\
Each opening is checked on the node of --rpc-url, which should be your own: that it is on the ledger and not over, that
the vault allows it, that the clinician signed it under a credential for emergencies that counts, and that no earlier
opening of that clinician waits for its review. Exit status 1 where one was refused.

Examples:
  aegle custodian once --keypair custodian.json --encryption-key-file custodian-key.json --journal journal.json")]
    Once(KeeperArgs),
    /// Look again and again, until stopped
    #[command(after_help = "\
Examples:
  aegle custodian run --keypair custodian.json --encryption-key-file custodian-key.json --journal journal.json")]
    Run(RunArgs),
}

#[derive(Args)]
pub struct KeeperArgs {
    /// The file of your encryption key, which your credential has
    #[arg(long, value_name = "FILE", env = "AEGLE_ENCRYPTION_KEY", hide_env_values = true)]
    encryption_key_file: PathBuf,
    /// Where to remember for which openings you released shares; made if it is not there
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
}

#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    keeper: KeeperArgs,
    /// How long to wait between two looks
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time::length)]
    every: i64,
}

pub async fn run(command: CustodianCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        CustodianCommand::Once(args) => once(&args, context).await,
        CustodianCommand::Run(args) => keep_on(&args, context).await,
    }
}

/// What one look came to.
#[derive(Default)]
struct Looked {
    /// Openings, each with how many records' shares were released.
    released: Vec<(Key, usize)>,
    refused: Vec<(Key, Refusal)>,
}

/// A custodian at work.
struct Keeper<'a> {
    context: &'a Context,
    secret: SecretKey,
    path: &'a Path,
    journal: Journal,
}

impl<'a> Keeper<'a> {
    fn new(args: &'a KeeperArgs, context: &'a Context) -> Result<Self, Problem> {
        let secret = read_key_file(&args.encryption_key_file)?;
        Ok(Self { context, secret, path: &args.journal, journal: read_journal(&args.journal)? })
    }

    async fn look(&mut self, session: &Session) -> Result<Looked, Problem> {
        let reader = self.context.reader();
        let mut looked = Looked::default();
        for emergency in release::pending(session).await? {
            match release::check(reader, &self.journal, &emergency).await? {
                Ok(checked) => {
                    // Before anything leaves: what was released must not be forgotten.
                    self.journal.note(&checked);
                    write_journal(self.path, &self.journal)?;
                    match release::release(session, &self.secret, &checked, &mut OsRng).await {
                        Ok(records) => looked.released.push((checked.break_glass, records)),
                        Err(Error::Wrap(_)) => looked.refused.push((checked.break_glass, Refusal::Share)),
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(refusal) => looked.refused.push((emergency.break_glass, refusal)),
            }
        }
        Ok(looked)
    }
}

async fn once(args: &KeeperArgs, context: &Context) -> Result<Answer, Problem> {
    let mut keeper = Keeper::new(args, context)?;
    let session = context.session().await?;
    let looking = keeper.look(session);
    let Looked { released, refused } = context.wait("Checking what was opened", looking).await?;
    let message = match (released.len(), refused.len()) {
        (0, 0) => "Nothing waits to be released.".to_owned(),
        (released, 0) => format!("Released shares for {released} openings."),
        (released, refused) => format!("Released shares for {released} openings, refused {refused}."),
    };
    let rows = released
        .iter()
        .map(|(opening, records)| (opening.to_string(), format!("released, {records} records")))
        .chain(refused.iter().map(|(opening, refusal)| (opening.to_string(), format!("refused: {refusal}"))));
    let items =
        released
            .iter()
            .map(|(opening, records)| json!({"opening": opening, "released": true, "records": records}))
            .chain(refused.iter().map(
                |(opening, refusal)| json!({"opening": opening, "released": false, "reason": refusal.to_string()}),
            ));
    let yes = refused.is_empty();
    Ok(Answer::new(message).items(items.collect(), rows.collect()).yes_if(yes))
}

async fn keep_on(args: &RunArgs, context: &Context) -> Result<Answer, Problem> {
    let mut keeper = Keeper::new(&args.keeper, context)?;
    let every = Duration::from_secs(args.every.unsigned_abs().max(1));
    // A refusal is said once, and again only when its reason is another.
    let mut said: HashSet<(Key, Refusal)> = HashSet::new();
    let mut session: Option<Session> = None;
    let mut released = 0;
    let working = async {
        loop {
            if session.is_none() {
                session = note(context.sign_in().await);
            }
            if let Some(open) = &session {
                match note(keeper.look(open).await) {
                    Some(looked) => {
                        for (opening, records) in looked.released {
                            released += 1;
                            say(&format!("released shares of {records} records for {opening}"));
                        }
                        for refused in looked.refused {
                            if said.insert(refused) {
                                say(&format!("refused {}: {}", refused.0, refused.1));
                            }
                        }
                    }
                    // The session may be what ended.
                    None => session = None,
                }
            }
            sleep(every).await;
        }
    };
    tokio::select! {
        () = working => {}
        stopped = tokio::signal::ctrl_c() => {
            stopped.map_err(|error| Problem::new("signal", error.to_string(), "Run it where it can be stopped."))?;
        }
    }
    Ok(Answer::new("Stopped.").with("released", released))
}

/// What went wrong, said; the work goes on.
fn note<T>(result: Result<T, Problem>) -> Option<T> {
    result.inspect_err(|problem| say(&problem.message)).ok()
}

fn say(line: &str) {
    // A log that cannot be written is no reason to stop.
    let _ = writeln!(io::stderr(), "{line}");
}

fn read_journal(path: &Path) -> Result<Journal, Problem> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| {
            Problem::new(
                "bad_journal",
                format!("{} is not a custodian's journal, see line {}", path.display(), error.line()),
                "Name the one that this custodian wrote; without it, earlier openings would be forgotten.",
            )
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Journal::default()),
        Err(error) => Err(Problem::unreadable(path, &error)),
    }
}

/// In the place of the old one at once, so that a crash leaves one of the two.
fn write_journal(path: &Path, journal: &Journal) -> Result<(), Problem> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let next = PathBuf::from(name);
    let write = || {
        let mut file = fs::File::create(&next)?;
        serde_json::to_writer(&mut file, journal)?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    write().map_err(|error: io::Error| unwritable(path, &error))
}
