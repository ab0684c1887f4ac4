use std::path::PathBuf;

use aegle_client::{
    Pubkey,
    commitment::commit,
    pda,
    state::{Consent, Record, RecordStatus, Vault},
};
use clap::{Args, Subcommand};

use crate::{
    Answer, Context, Problem,
    answer::Check,
    consent::Standing,
    context::address,
    opening::{self, ConsentOpening, RecordOpening},
    record::read_document,
    time, words,
};

#[derive(Subcommand)]
pub enum VerifyCommand {
    /// Check that a document is the one a record commits to
    #[command(after_help = "\
Reads the record straight from the node and trusts no indexer. Exit status 1 when a check fails.

Examples:
  aegle verify record RECORD --document report.pdf
  aegle verify record RECORD --document report.pdf --opening report.opening.json --rpc-url devnet")]
    Record(RecordArgs),
    /// Check whom a consent is for, and its policy
    #[command(after_help = "\
Reads the consent straight from the node and trusts no indexer. Exit status 1 when a check fails; whether the
consent is still in effect is told apart.

Examples:
  aegle verify consent CONSENT
  aegle verify consent CONSENT --opening from-patient.json --policy policy.json")]
    Consent(ConsentArgs),
}

#[derive(Args)]
pub struct RecordArgs {
    #[arg(value_parser = address)]
    record: Pubkey,
    /// The document
    #[arg(long, value_name = "FILE")]
    document: PathBuf,
    /// Its opening file [default: ./RECORD.opening.json]
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
}

#[derive(Args)]
pub struct ConsentArgs {
    #[arg(value_parser = address)]
    consent: Pubkey,
    /// Its opening file [default: ./CONSENT.opening.json]
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// The policy document, where the consent has one
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

pub async fn run(command: VerifyCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        VerifyCommand::Record(args) => record(args, context).await,
        VerifyCommand::Consent(args) => consent(args, context).await,
    }
}

fn check(passed: bool, what: impl Into<String>) -> Check {
    Check::of(passed, what)
}

async fn record(args: RecordArgs, context: &Context) -> Result<Answer, Problem> {
    let document = read_document(&args.document)?;
    let path = args.opening.unwrap_or_else(|| opening::default_path(&args.record));
    let opening: RecordOpening = opening::read(&path)?;
    let reader = context.reader();
    let read = reader.account_at_slot::<Record>("record", &args.record);
    let (record, slot) = context.wait("Reading from the node", read).await?;

    let node = context.node();
    let checks = vec![
        check(true, format!("The node at {node} has a record of the Aegle program there, as of slot {slot}")),
        check(
            pda::find_record(&record.vault, &record.record_id).0 == args.record,
            "Its address follows from its vault and its id, so nobody else can have made it",
        ),
        check(
            (opening.record, opening.vault, opening.record_id) == (args.record, record.vault, record.record_id),
            "The opening file is for this record",
        ),
        check(
            commit(&opening.salt, &document) == record.commitment,
            "SHA-256 over the opening's salt and the document is the record's commitment",
        ),
    ];
    let verified = checks.iter().all(|check| check.passed);
    let state = match record.status {
        RecordStatus::Active => "It is the current version.",
        RecordStatus::Amended => "A newer version exists.",
        RecordStatus::EnteredInError => "It was marked as entered in error.",
        RecordStatus::Erased => "It was erased since.",
    };
    let added = time::say_time(record.minted_at, time::local_now());
    let message = if verified {
        format!("Verified: this very document was added to the vault {added}. {state}")
    } else {
        "Not verified: what failed above does not fit this record.".into()
    };
    Ok(Answer::new(message)
        .checks(checks)
        .with("verified", verified)
        .with("status", words::status(record.status))
        .address("record", &args.record)
        .address("vault", &record.vault)
        .with("version", record.record_version)
        .with("minted_at", time::iso_time(record.minted_at))
        .with("slot", slot)
        .yes_if(verified))
}

async fn consent(args: ConsentArgs, context: &Context) -> Result<Answer, Problem> {
    let path = args.opening.unwrap_or_else(|| opening::default_path(&args.consent));
    let opening: ConsentOpening = opening::read(&path)?;
    let policy = args.policy.as_deref().map(read_document).transpose()?;
    let reader = context.reader();
    let read = async {
        let (consent, slot) = reader.account_at_slot::<Consent>("consent", &args.consent).await?;
        let vault: Vault = reader.account("vault", &consent.vault).await?;
        Ok::<_, Problem>((consent, slot, vault, reader.now().await?))
    };
    let (consent, slot, vault, now) = context.wait("Reading from the node", read).await?;

    let node = context.node();
    let mut checks = vec![
        check(true, format!("The node at {node} has a consent of the Aegle program there, as of slot {slot}")),
        check(
            pda::find_consent(&consent.vault, &consent.consent_id).0 == args.consent,
            "Its address follows from its vault and its id, so nobody else can have made it",
        ),
        check(
            (opening.consent, opening.vault, opening.consent_id) == (args.consent, consent.vault, consent.consent_id),
            "The opening file is for this consent",
        ),
        check(
            opening.handle_opening().handle() == consent.handle,
            format!("The opening gives the consent's handle, so the consent is for {}", opening.grantee),
        ),
    ];
    match (&policy, opening.has_policy) {
        (Some(policy), _) => checks.push(check(
            commit(&opening.policy_salt, policy) == consent.policy_commitment,
            "SHA-256 over the opening's policy salt and the policy is the consent's policy commitment",
        )),
        (None, false) => checks.push(check(
            commit(&opening.policy_salt, &[]) == consent.policy_commitment,
            "The consent's policy commitment is that of no policy",
        )),
        (None, true) => {}
    }
    let verified = checks.iter().all(|check| check.passed);
    let standing = Standing::of(&consent, &vault, now);
    let unchecked = if policy.is_none() && opening.has_policy {
        " It has a policy that was not checked; name it with --policy."
    } else {
        ""
    };
    let message = if verified {
        format!("Verified: the consent is for {}. {}{unchecked}", opening.grantee, standing.says(&consent, now))
    } else {
        "Not verified: what failed above does not fit this consent.".into()
    };
    Ok(Answer::new(message)
        .checks(checks)
        .with("verified", verified)
        .with("in_effect", standing == Standing::InEffect)
        .with("reason", standing.reason())
        .address("consent", &args.consent)
        .address("vault", &consent.vault)
        .address("grantee", &opening.grantee)
        .with("purposes", words::codes(words::PURPOSES, consent.purposes))
        .with("actions", words::codes(words::ACTIONS, consent.actions.into()))
        .with("from", time::iso_day(consent.from_day))
        .with("until", time::iso_day(consent.until_day))
        .with("slot", slot)
        .yes_if(verified))
}
