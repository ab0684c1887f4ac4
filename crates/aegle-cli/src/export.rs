use std::path::PathBuf;

use aegle_api_client::{
    Error, Origin, disclosure,
    export::{self, Export},
};
use aegle_client::{Pubkey, state::Record};
use clap::Args;
use rand::rngs::OsRng;
use solana_signer::Signer;

use crate::{
    Answer, Context, Problem,
    answer::Check,
    context::address,
    server::{Server, UnlockArgs, key, progress},
};

#[derive(Args)]
#[command(after_help = "\
Writes ciphertexts, what opens consents and labels, keys encrypted to whoever may read, keyrings, and the log of who
looked. Contents stay encrypted; what kind of record it is, who may see it and who looked can be read, so keep the
folder to yourself. Cut off, it goes on where it was when you run it again.

To go to another operator, name the page where you will sign in there with --site, hand over the folder, and have
them run `aegle-indexer adopt FOLDER`. Whom you allowed reads on there.

Examples:
  aegle export my-records --vault VAULT
  aegle export my-records --vault VAULT --site https://records.example
  aegle export my-records --check")]
pub struct ExportArgs {
    folder: PathBuf,
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address, required_unless_present = "check")]
    vault: Option<Pubkey>,
    /// The page where you will sign in at the next operator, so that your wallet opens the keyring there
    #[arg(long, value_name = "URL")]
    site: Option<String>,
    /// Check that a folder is whole and what the ledger has, without a server; with --log also whose log it is
    #[arg(long, conflicts_with = "site")]
    check: bool,
    /// The key by which the log must speak, as its operator published it
    #[arg(long, value_name = "VERIFIER", requires = "check")]
    log: Option<String>,
    #[command(flatten)]
    unlocking: UnlockArgs,
}

pub async fn run(args: ExportArgs, context: &Context) -> Result<Answer, Problem> {
    match args.vault {
        Some(vault) if !args.check => write(&args, &vault, context).await,
        _ => check(&args, context).await,
    }
}

async fn write(args: &ExportArgs, vault: &Pubkey, context: &Context) -> Result<Answer, Problem> {
    let site = args.site.as_deref().map(Origin::of).transpose()?;
    let server = Server::sign_in(context).await?;
    let unlocked = server.unlock(vault, &args.unlocking).await?;
    let site = site.as_ref().map(|site| (site, &server.keypair as &dyn Signer));
    let shown = progress("Downloading", context.options().json);
    let mut rng = OsRng;
    let (session, reader) = (server.session, server.reader());
    let exporting = export::export(session, reader, &unlocked, site, &args.folder, &mut rng, &shown);
    let exported = context.wait("Exporting", exporting).await?;
    let left = match exported.unreadable.len() {
        0 => String::new(),
        count => format!(" {count} others are left out: no key at hand opens them."),
    };
    let message = format!(
        "Exported {} records, {} consents and {} log entries.{left}",
        exported.records, exported.consents, exported.disclosures
    );
    let unreadable: Vec<_> = exported.unreadable.iter().map(ToString::to_string).collect();
    Ok(Answer::new(message)
        .address("vault", vault)
        .with("folder", args.folder.display().to_string())
        .with("records", exported.records)
        .with("bytes", exported.bytes)
        .with("consents", exported.consents)
        .with("keyrings", exported.keyrings)
        .with("disclosures", exported.disclosures)
        .with("unreadable", unreadable)
        .yes_if(exported.unreadable.is_empty()))
}

async fn check(args: &ExportArgs, context: &Context) -> Result<Answer, Problem> {
    let export = Export::open(&args.folder).map_err(Error::from)?;
    let kept = export::disclosures(&args.folder).map_err(Error::from)?;
    let mut checks = Vec::new();
    let mut note = |passed, what: String| checks.push(Check::of(passed, what));
    match export.check(&args.folder) {
        Ok(bytes) => note(true, format!("All {} ciphertexts are there, {bytes} bytes.", export.records.len())),
        Err(error) => note(false, format!("{error}.")),
    }
    let mut others = 0;
    for record in &export.records {
        let address = Pubkey::from(record.record.0);
        let reading = context.reader().account::<Record>("record", &address);
        let on_chain = context.wait("Reading the ledger", reading).await?;
        others +=
            usize::from(on_chain.commitment != record.opening.commitment() || key(&on_chain.vault) != export.vault);
    }
    note(
        others == 0,
        match others {
            0 => "Every record is the one that the ledger has.".to_owned(),
            count => format!("{count} records are not those that the ledger has."),
        },
    );
    if let Some(expected) = &args.log {
        note(*expected == kept.verifier, "The log speaks by the key that was named.".to_owned());
    }
    let verifier = kept.verifier.clone();
    match kept.check(export.vault)? {
        Ok(disclosure::Own { entries, .. }) => note(true, format!("None of {} log entries is missing.", entries.len())),
        Err(fault) => note(false, format!("The log is not whole: {fault}.")),
    }
    let whole = checks.iter().all(|check| check.passed);
    let message = match whole {
        true => "The export is whole.",
        false => "The export is not whole. Export it again; where that does not help, ask the operator.",
    };
    Ok(Answer::new(message)
        .address("vault", &export.vault.0.into())
        .with("log", verifier)
        .with("records", export.records.len())
        .checks(checks)
        .yes_if(whole))
}
