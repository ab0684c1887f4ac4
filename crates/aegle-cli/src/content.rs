//! Records with their contents: added, listed and opened through the server.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use aegle_api_client::{
    receipt,
    record::{self, Draft, Issuance, Issuer, Query, Sealed},
};
use aegle_client::{Pubkey, pda};
use aegle_decision::{Category, Key, Labels, LabelsVersion, ResourceType, Sensitivity};
use clap::Args;
use jiff::civil::Date;
use rand::rngs::OsRng;
use serde_json::{Value, json};

use crate::{
    Answer, Context, Problem,
    context::{address, read_keypair_file},
    secret_file::{SecretFile, unwritable},
    server::{ReadingArgs, Server, key, progress, purpose},
    words::{self, PURPOSES},
};

#[derive(Args)]
pub struct AddArgs {
    /// The file to encrypt and add
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// The record of which this is the next version
    #[arg(long, value_name = "RECORD", value_parser = address)]
    amends: Option<Pubkey>,
    #[command(flatten)]
    description: DescriptionArgs,
}

/// What is said of a content.
#[derive(Args, Clone)]
pub struct DescriptionArgs {
    /// What kind of care it is of, such as laboratory, imaging or medication; may be repeated
    #[arg(long = "category", required = true, value_name = "CODE", value_delimiter = ',')]
    categories: Vec<Category>,
    /// FHIR resource types in it; may be repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<ResourceType>,
    /// First day of care it speaks of, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Last day of care it speaks of [default: that of --from]
    #[arg(long, value_name = "DAY", requires = "from")]
    until: Option<Date>,
    /// In what way it is sensitive, by its HL7 code such as HIV or PSY; may be repeated
    #[arg(long = "sensitivity", value_name = "CODE", value_delimiter = ',')]
    sensitivity: Vec<Sensitivity>,
    /// A title that only readers see
    #[arg(long)]
    title: Option<String>,
    /// Its media type [default: by the file's name]
    #[arg(long, value_name = "TYPE/SUBTYPE")]
    media_type: Option<String>,
    /// Keypair file of the issuer who signs it, with --credential
    #[arg(long, value_name = "FILE", requires = "credential")]
    issuer: Option<PathBuf>,
    /// The issuer's credential
    #[arg(long, value_parser = address, requires = "issuer")]
    credential: Option<Pubkey>,
}

#[derive(Args)]
pub struct OpenArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
    /// Where to write the content; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write the log's receipt, of a refusal too; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    purpose: PurposeArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// What for.
#[derive(Args)]
pub struct PurposeArgs {
    /// What for, as an HL7 purpose of use [default: PATRQT, a request of the patient]
    #[arg(long, value_name = "CODE", value_parser = words::parser(PURPOSES), ignore_case = true)]
    purpose: Option<u16>,
}

impl PurposeArgs {
    pub fn purpose(&self) -> aegle_client::state::Purpose {
        self.purpose.map_or(aegle_client::state::Purpose::PatientRequest, purpose)
    }
}

#[derive(Args)]
pub struct HeldArgs {
    /// Whose records: yours, or those of a patient who allows you
    #[arg(long, visible_alias = "patient", env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    purpose: PurposeArgs,
    /// Only this category
    #[arg(long, value_name = "CODE")]
    category: Option<String>,
    /// Only care that reaches into the days from this one on, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Only care that began by this day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,
}

impl DescriptionArgs {
    pub fn seal(&self, vault: Key, path: &Path) -> Result<Sealed, Problem> {
        let mut file = File::open(path).map_err(|error| Problem::unreadable(path, &error))?;
        if file.metadata().is_ok_and(|data| data.len() == 0) {
            let message = format!("{} is empty", path.display());
            return Err(Problem::new("empty_document", message, "Name the file that holds the content."));
        }
        let issuer = self.issuer.as_deref().map(read_keypair_file).transpose()?;
        let labels = Labels {
            kind: LabelsVersion::V1,
            categories: self.categories.iter().cloned().collect(),
            types: self.types.iter().cloned().collect(),
            from: self.from,
            until: self.until.or(self.from),
            study: None,
            sensitivity: self.sensitivity.iter().cloned().collect(),
            author: issuer.as_ref().map(|issuer| key(&solana_signer::Signer::pubkey(issuer))),
        };
        let draft = Draft {
            labels,
            media_type: self.media_type.clone().unwrap_or_else(|| media_type(path).to_owned()),
            title: self.title.clone(),
            codes: Vec::new(),
            author: None,
            issued: None,
        };
        let issuer = issuer.as_ref().zip(self.credential);
        let issuer = issuer.map(|(issuer, credential)| Issuer { credential: key(&credential), key: issuer });
        Sealed::new(vault, draft, &mut file, issuer, &mut OsRng).map_err(|error| match error {
            aegle_api_client::Error::Io(error) => Problem::unreadable(path, &error),
            aegle_api_client::Error::Manifest(error) => Problem::usage(
                "bad_description",
                error.to_string(),
                "Give --from and --until in this order, a media type as type/subtype, and at least one --category.",
            ),
            error => error.into(),
        })
    }
}

/// By the end of the file's name; what is not known is bytes.
fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("txt" | "md") => "text/plain",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("dcm") => "application/dicom",
        _ => "application/octet-stream",
    }
}

pub async fn add(args: AddArgs, context: &Context) -> Result<Answer, Problem> {
    let sealed = args.description.seal(key(&args.vault), &args.file)?;
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let shown = progress("Uploading", context.options().json);
    let mut rng = OsRng;
    let (vault, previous) = (key(&args.vault), args.amends.as_ref().map(key));
    let (session, signer) = (server.session, &server.keypair);
    let adding = record::add_version(session, &pay, signer, vault, previous, sealed, &mut rng, &shown);
    let added = context.wait("Encrypting, uploading and adding", adding).await?;
    let record = Pubkey::from(added.record.0);
    let message = match args.amends {
        None => "Added the record, encrypted. Only its owner can read it until they allow somebody.",
        Some(_) => "Added the new version, encrypted. The one before stays, marked as amended.",
    };
    Ok(Answer::new(message)
        .address("record", &record)
        .address("vault", &args.vault)
        .bytes("commitment", &added.commitment)
        .address("mint", &pda::find_mint(&record).0)
        .with("previous", args.amends.map(|previous| previous.to_string()))
        .sent(&added.sent, context.commitment()))
}

pub async fn open(args: OpenArgs, context: &Context) -> Result<Answer, Problem> {
    if let Some(path) = [Some(&args.out), args.receipt.as_ref()].into_iter().flatten().find(|path| path.exists()) {
        return Err(unwritable(path, &io::ErrorKind::AlreadyExists.into()));
    }
    let server = Server::sign_in(context).await?;
    let purpose = args.purpose.purpose();
    let held = match (record::get(server.session, purpose, key(&args.record)).await, &args.receipt) {
        (Ok(held), _) => held,
        (Err(error), Some(path)) => {
            // Who is refused has the receipt all the same.
            if let Ok(bundle) = receipt::save_refused(server.session.api(), &error).await {
                SecretFile::create(path.clone(), &bundle)?;
            }
            return Err(error.into());
        }
        (Err(error), None) => return Err(error.into()),
    };
    let secrets = server.secrets(&held.vault.0.into(), &args.reading).await?;
    let (partial, mut file) = partial(&args.out)?;
    let shown = progress("Downloading", context.options().json);
    let opening = record::open(server.session, server.reader(), &secrets, purpose, held.record, &mut file, &shown);
    let opened = context.wait("Fetching and decrypting", opening).await;
    let kept = opened.map_err(Problem::from).and_then(|opened| {
        file.sync_all()
            .and_then(|()| fs::rename(&partial, &args.out))
            .map_err(|error| unwritable(&args.out, &error))?;
        Ok(opened)
    });
    // What did not prove to be the record is left to nobody.
    let opened = kept.inspect_err(|_| drop(fs::remove_file(&partial)))?;
    let kept = match (args.receipt, &opened.receipt) {
        (Some(path), Some(receipt)) => Some(SecretFile::create_text(path, &receipt.to_text())?.path()),
        _ => None,
    };
    let details = opened.manifest.details().value();
    let (holds, says) = issuer(&opened.issuer);
    Ok(Answer::new(format!("Opened the record; it is the one that the ledger has. {says}"))
        .address("record", &args.record)
        .with("vault", opened.held.vault.to_string())
        .with("file", args.out.display().to_string())
        .with("bytes", details.length)
        .with("media_type", details.media_type.clone())
        .with("title", details.title.clone())
        .with("issuer", issuer_json(&opened.issuer))
        .with("issuer_verified", holds)
        .with("consent", opened.held.consent.map(|consent| consent.to_string()))
        .with("receipt", kept)
        .with("place", opened.receipt.map(|signed| signed.receipt.index)))
}

/// A file for its owner alone, beside the one that it becomes.
pub fn partial(out: &Path) -> Result<(PathBuf, File), Problem> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    let partial = PathBuf::from(name);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial);
    Ok((partial, file.map_err(|error| unwritable(out, &error))?))
}

/// Whether the issuer's signature holds, and the sentence that says so.
pub fn issuer(issuance: &Issuance) -> (bool, String) {
    match issuance {
        Issuance::Unsigned => (false, "Nobody signed it: it is what its owner says.".into()),
        Issuance::Signed { issue, credential } if credential.in_effect => (
            true,
            format!(
                "Signed by {} under the credential {}, in effect when it was added.",
                issue.issuer, issue.credential
            ),
        ),
        Issuance::Signed { issue, credential } => {
            let reason = credential.reason.as_deref().unwrap_or("not in effect").replace('_', " ");
            (
                false,
                format!("Signed by {}, whose credential was not in effect when it was added: {reason}.", issue.issuer),
            )
        }
        Issuance::Unknown { issue } => {
            (false, format!("Signed by {}; the server cannot say what their credential was then.", issue.issuer))
        }
        Issuance::False { reason } => (false, format!("The issuer named in it did not issue it: {reason}.")),
    }
}

fn issuer_json(issuance: &Issuance) -> Value {
    match issuance {
        Issuance::Unsigned | Issuance::False { .. } => Value::Null,
        Issuance::Signed { issue, .. } | Issuance::Unknown { issue } => issue.issuer.to_string().into(),
    }
}

pub async fn held(args: HeldArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let query = Query { category: args.category, from: args.from, until: args.until, ..Query::default() };
    let listing = record::list(server.session, args.purpose.purpose(), key(&args.vault), &query);
    let records = context.wait("Waiting for the server", listing).await?;
    let mut items = Vec::new();
    let mut rows = Vec::new();
    for held in &records {
        let labels = held.opening.labels.value();
        let categories: Vec<&str> = labels.categories.iter().map(Category::as_str).collect();
        let days = match (labels.from, labels.until) {
            (Some(from), Some(until)) if from == until => format!(", {from}"),
            (Some(from), Some(until)) => format!(", {from} to {until}"),
            _ => String::new(),
        };
        let readable = matches!(held.key, aegle_api_client::wire::KeyState::Wrapped { .. });
        let waits = if readable { "" } else { ", its key is not ready" };
        rows.push((
            held.record.to_string(),
            format!("{}{days}, version {}{waits}", categories.join(", "), held.version),
        ));
        items.push(json!({
            "record": held.record, "labels": labels, "status": held.status, "version": held.version,
            "minted_at": held.minted_at, "minted_slot": held.minted_slot, "bytes": held.size,
            "key_ready": readable, "consent": held.consent,
        }));
    }
    let message = match records.len() {
        0 => "No records are open to you here.".to_owned(),
        1 => "1 record is open to you here.".to_owned(),
        count => format!("{count} records are open to you here."),
    };
    Ok(Answer::new(message).address("vault", &args.vault).items(items, rows))
}
