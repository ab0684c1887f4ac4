//! FHIR files as records: read, grouped, labelled, encrypted and added, a few in each transaction. What
//! was added is noted in a file, so that an import that was cut off goes on and the same files add nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Cursor, IsTerminal, Write},
    path::{Path, PathBuf},
};

use aegle_api_client::{
    Pay,
    record::{self, Draft, Sealed, Unminted},
};
use aegle_client::{Pubkey, instruction::Authority, state::Record as OnChain};
use aegle_envelope::Coding;
use aegle_fhir::{Import, Limits, MEDIA_TYPE, Patients, Record, Report, Secret, Source};
use clap::Args;
use rand::{RngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    context::address,
    secret_file::{unwritable, write_new},
    server::{Server, key},
};

/// Records minted in one transaction, as many as fit.
const BATCH: usize = 3;

#[derive(Args)]
#[command(after_help = "\
Takes FHIR R4: JSON, NDJSON and Bundles, also compressed with gzip, and folders of them. An encounter with what
belongs to it, a document or a study becomes a record; sources stay as they are inside it. Cut off, it goes on where
it was when you run it again; the same files add nothing.

Examples:
  aegle import export.ndjson.gz --vault VAULT --dry-run
  aegle import downloads/ --vault VAULT
  aegle import downloads/ --vault VAULT --patient 1 --patient 2 --relay")]
pub struct ImportArgs {
    /// Files or folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Which patient of the files you are, by the number in the list shown; may be repeated
    #[arg(long = "patient", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    patients: Vec<u32>,
    /// Say what would be added, and add nothing
    #[arg(long)]
    dry_run: bool,
    /// Where to note what was added [default: ./VAULT.import.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// What an import knows from the last time. The secret makes its keys say nothing to others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    kind: StateKind,
    vault: String,
    #[serde(with = "hex::serde")]
    secret: [u8; 32],
    /// By the import's key of a record, in hex.
    records: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
enum StateKind {
    #[serde(rename = "aegle:import:v1")]
    V1,
}

/// A record that was stored, and perhaps minted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    record: String,
    #[serde(with = "hex::serde")]
    record_id: [u8; 32],
    #[serde(with = "hex::serde")]
    commitment: [u8; 32],
    minted: bool,
}

impl Entry {
    fn unminted(&self, vault: &Pubkey) -> Option<Unminted> {
        let record: Pubkey = self.record.parse().ok()?;
        let (record_id, commitment) = (self.record_id, self.commitment);
        Some(Unminted { vault: key(vault), record: key(&record), record_id, commitment })
    }
}

impl State {
    fn open(path: &Path, vault: &Pubkey) -> Result<Self, Problem> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = [0; 32];
                OsRng.fill_bytes(&mut secret);
                return Ok(Self { kind: StateKind::V1, vault: vault.to_string(), secret, records: BTreeMap::new() });
            }
            Err(error) => return Err(Problem::unreadable(path, &error)),
        };
        // What the parser says may quote the secret; only the place is passed on.
        let state: Self = serde_json::from_slice(&text).map_err(|error| {
            let message = format!("{} is not the file of an import, see line {}", path.display(), error.line());
            Problem::new("bad_state", message, "Name the one of this vault with --state.")
        })?;
        if state.vault == vault.to_string() {
            return Ok(state);
        }
        let message = format!("{} is of an import into another vault", path.display());
        Err(Problem::new("bad_state", message, "Name the one of this vault with --state."))
    }

    /// Replaces the file at once: a cut leaves the old one or the new one.
    fn save(&self, path: &Path) -> Result<(), Problem> {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let _ = fs::remove_file(&new);
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| write_new(&new, &text))
            .and_then(|()| fs::rename(&new, path))
            .map_err(|error| unwritable(path, &error))
    }
}

pub async fn run(args: ImportArgs, context: &Context) -> Result<Answer, Problem> {
    let path = args.state.clone().unwrap_or_else(|| PathBuf::from(format!("{}.import.json", args.vault)));
    let mut state = State::open(&path, &args.vault)?;
    let Import { records, report } = read(&args, &state)?;
    let known = |record: &Record| state.records.get(&hex::encode(record.key)).is_some_and(|entry| entry.minted);
    let (old, new): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|record| known(record));
    if args.dry_run {
        let message =
            format!("Would add {} records; {} are there already. {}", new.len(), old.len(), report_in_words(&report));
        let rows = new.iter().map(|record| (titled(record), categories(record)));
        let items = new.iter().map(|record| json!({"title": titled(record), "labels": record.labels}));
        return Ok(told(Answer::new(message), &report).items(items.collect(), rows.collect()));
    }
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let total = new.len();
    let mut added = 0;
    for batch in new.chunks(BATCH) {
        add(batch, &args.vault, &server, &pay, &mut state, &path).await?;
        added += batch.len();
        progress(added, total, context.options().json);
    }
    let message = format!("Added {added} records; {} were there already. {}", old.len(), report_in_words(&report));
    Ok(told(Answer::new(message), &report)
        .address("vault", &args.vault)
        .with("added", added)
        .with("known", old.len())
        .with("state_file", path.display().to_string()))
}

/// Reads the files and makes records of them.
fn read(args: &ImportArgs, state: &State) -> Result<Import, Problem> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Problem::new("file_unreadable", error.to_string(), "Check the path and that the file is yours to read.")
    };
    let source = args.paths.iter().fold(Source::new(Limits::default()), |source, path| source.path(path));
    let patients = source.patients(&mut |_| {}).map_err(|error| unreadable(&error))?;
    let chosen = choose(&patients, &args.patients)?;
    let secret = Secret::new(state.secret);
    source.import(&patients, &chosen, &secret, &mut |_| {}).map_err(|error| unreadable(&error))
}

/// The places of the patients meant: the only one, or those named.
fn choose(patients: &Patients, named: &[u32]) -> Result<BTreeSet<usize>, Problem> {
    let list = patients.list();
    if list.is_empty() {
        let message = "The files name no patient";
        return Err(Problem::new("no_patient", message, "Name files that hold a Patient resource with the rest."));
    }
    let places: BTreeSet<usize> = named.iter().map(|number| *number as usize - 1).collect();
    if places.iter().any(|place| *place >= list.len()) || places.is_empty() && list.len() > 1 {
        let shown: Vec<String> = (1..)
            .zip(list)
            .map(|(number, patient): (usize, _)| {
                let name = patient.name.as_deref().unwrap_or("without a name").escape_debug().to_string();
                format!("{number}: {name}, born {}", patient.birth_date.as_deref().unwrap_or("on an unknown day"))
            })
            .collect();
        return Err(Problem::usage(
            "which_patient",
            format!("The files are about {} patients: {}", list.len(), shown.join("; ")),
            "Name your number with --patient.",
        ));
    }
    Ok(if places.is_empty() { BTreeSet::from([0]) } else { places })
}

/// Stores and mints a few records. What is stored is noted before it is minted, so that no cut adds it twice.
async fn add(
    batch: &[&Record],
    vault: &Pubkey,
    server: &Server<'_>,
    pay: &Pay<'_>,
    state: &mut State,
    path: &Path,
) -> Result<(), Problem> {
    let owner = &server.keypair;
    let authority = Authority::Owner(server.key());
    let mut waiting = Vec::new();
    for record in batch {
        let name = hex::encode(record.key);
        if let Some(unminted) = state.records.get(&name).and_then(|entry| entry.unminted(vault)) {
            // Stored the last time: minted too, unless it was cut off in between.
            let minted = server.reader().account::<OnChain>("record", &unminted.record.0.into()).await;
            match minted {
                Ok(_) => note_minted(state, &name),
                Err(aegle_client::SendError::NotFound { .. }) => waiting.push((name, unminted)),
                Err(error) => return Err(error.into()),
            }
            continue;
        }
        let sealed = Sealed::new(key(vault), draft(record), &mut Cursor::new(record.content()), None, &mut OsRng)?;
        let stored = record::store(server.session, pay, authority, key(vault), sealed, &mut OsRng, &|_, _| {}).await?;
        let entry = Entry {
            record: stored.record.to_string(),
            record_id: stored.record_id,
            commitment: stored.commitment,
            minted: false,
        };
        state.records.insert(name.clone(), entry);
        waiting.push((name, stored));
    }
    state.save(path)?;
    let unminted: Vec<Unminted> = waiting.iter().map(|(_, unminted)| *unminted).collect();
    if !unminted.is_empty() {
        record::mint(pay, owner, authority, None, &unminted).await?;
    }
    waiting.iter().for_each(|(name, _)| note_minted(state, name));
    state.save(path)
}

fn note_minted(state: &mut State, name: &str) {
    if let Some(entry) = state.records.get_mut(name) {
        entry.minted = true;
    }
}

fn draft(record: &Record) -> Draft {
    let description = record.description.clone();
    let coding = |code: aegle_fhir::Code| Coding { system: code.system, code: code.code, display: code.display };
    Draft {
        labels: record.labels.clone(),
        media_type: MEDIA_TYPE.into(),
        title: Some(description.title),
        codes: description.codes.into_iter().map(coding).collect(),
        author: description.author,
        issued: description.issued,
    }
}

fn titled(record: &Record) -> String {
    record.description.title.escape_debug().to_string()
}

fn categories(record: &Record) -> String {
    let categories: Vec<&str> = record.labels.categories.iter().map(aegle_decision::Category::as_str).collect();
    match record.labels.from {
        Some(day) => format!("{}, {day}", categories.join(", ")),
        None => categories.join(", "),
    }
}

fn report_in_words(report: &Report) -> String {
    match (report.read, report.unmapped_total()) {
        (read, 0) => format!("All {read} resources of the files are in them."),
        (read, left) => format!("Of {read} resources in the files {left} are in none; the list says why."),
    }
}

/// Adds what became of the input.
fn told(answer: Answer, report: &Report) -> Answer {
    let unmapped: Vec<String> =
        report.unmapped.iter().map(|((reason, kind), count)| format!("{count} {kind}: {reason}")).collect();
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    answer
        .with("resources", report.read)
        .with("mapped", report.mapped_total())
        .with("not_mapped", unmapped)
        .with("problems", problems)
}

fn progress(done: usize, all: usize, json: bool) {
    if !json && io::stderr().is_terminal() {
        let end = if done == all { "\n" } else { "" };
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(io::stderr(), "\rAdded {done} of {all} records{end}");
    }
}
