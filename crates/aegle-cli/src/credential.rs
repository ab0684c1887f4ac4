use std::path::PathBuf;

use aegle_client::{
    Pubkey, Sent,
    aegle::{AegleError, IssueCredentialParams, RenewCredentialParams},
    instruction, pda,
    state::{Credential, CredentialKind, CredentialStatus, CredentialTerms, DAY, Registrar, day_of},
};
use clap::{Args, Subcommand};
use solana_instruction::Instruction;

use crate::{
    Answer, Context, Problem,
    api::{self, LimitArgs, Listed},
    confirm::Confirmation,
    context::{address, refused},
    registrar::{ProfileArgs, commit_profile, write_opening},
    signing::Signing,
    time,
    vault::public_key,
    words,
};

#[derive(Subcommand)]
pub enum CredentialCommand {
    /// Attest who somebody is; --keypair is the registrar's
    #[command(after_help = "\
The ledger gets the kind, the days, the subject's keys and the salted hash of the profile. Who shows the profile with
its opening proves what you attested. A subject has one credential of each registrar.

Examples:
  aegle credential issue --subject KEY --kind practitioner --encryption-key 9c3f…64 hex digits \\
      --profile doctor.json --until 2030-12-31 --keypair registrar.json
  aegle credential issue --subject KEY --kind practitioner --encryption-key 9c3f…64 hex digits \\
      --profile doctor.json --from 2030-01-01 --until 2030-12-31 --emergency --keypair registrar.json")]
    Issue(IssueArgs),
    /// Set a credential's days, key or profile anew; a suspension stays
    #[command(after_help = "\
What is not named stays as it is.

Examples:
  aegle credential renew CREDENTIAL --until 2032-12-31 --keypair registrar.json
  aegle credential renew CREDENTIAL --profile doctor.json --out renewed.json --no-emergency --keypair registrar.json")]
    Renew(RenewArgs),
    /// Suspend a credential until you reinstate it
    #[command(after_help = "\
Examples:
  aegle credential suspend CREDENTIAL --keypair registrar.json")]
    Suspend(CredentialArgs),
    /// End a credential's suspension
    #[command(after_help = "\
Examples:
  aegle credential reinstate CREDENTIAL --keypair registrar.json")]
    Reinstate(CredentialArgs),
    /// Revoke a credential for good
    #[command(after_help = "\
Asks first: the subject's key cannot get another credential of this registrar.

Examples:
  aegle credential revoke CREDENTIAL --keypair registrar.json
  aegle credential revoke CREDENTIAL --keypair registrar.json --yes")]
    Revoke(RevokeArgs),
    /// Show a credential as the ledger has it
    #[command(after_help = "\
Examples:
  aegle credential show CREDENTIAL
  aegle credential show CREDENTIAL --json")]
    Show(CredentialArgs),
    /// List credentials, from the indexer
    #[command(after_help = "\
Examples:
  aegle credential list --subject KEY
  aegle credential list --registrar KEY --limit 10 --json")]
    List(ListCredentialsArgs),
}

#[derive(Args)]
pub struct IssueArgs {
    /// Whom the credential is about, by their key
    #[arg(long, value_name = "KEY", value_parser = address)]
    subject: Pubkey,
    /// What you attest them to be
    #[arg(long, value_name = "KIND", value_parser = words::kind_parser(), ignore_case = true)]
    kind: CredentialKind,
    /// Their X25519 public key, to which content is encrypted for them, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    encryption_key: [u8; 32],
    #[command(flatten)]
    profile: ProfileArgs,
    /// The first day it is valid, YYYY-MM-DD, UTC [default: today]
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    from: Option<u32>,
    /// The day that ends it, YYYY-MM-DD: the first one no more valid, UTC
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    until: u32,
    /// They may open records in an emergency
    #[arg(long)]
    emergency: bool,
}

#[derive(Args)]
pub struct RenewArgs {
    #[command(flatten)]
    credential: CredentialArgs,
    /// The first day it is valid, YYYY-MM-DD, UTC
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    from: Option<u32>,
    /// The day that ends it, YYYY-MM-DD: the first one no more valid, UTC
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    until: Option<u32>,
    /// Their new X25519 public key, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    encryption_key: Option<[u8; 32]>,
    /// The new profile to commit to
    #[arg(long, value_name = "FILE", requires = "out")]
    profile: Option<PathBuf>,
    /// Where to write the new profile's opening
    #[arg(long, value_name = "FILE", requires = "profile")]
    out: Option<PathBuf>,
    /// They may open records in an emergency
    #[arg(long)]
    emergency: bool,
    /// They may not open records in an emergency
    #[arg(long, conflicts_with = "emergency")]
    no_emergency: bool,
}

#[derive(Args)]
pub struct CredentialArgs {
    #[arg(value_parser = address)]
    credential: Pubkey,
}

#[derive(Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct ListCredentialsArgs {
    /// Only those of this registrar, by its key
    #[arg(long, value_name = "KEY", value_parser = address)]
    registrar: Option<Pubkey>,
    /// Only those about this key
    #[arg(long, value_name = "KEY", value_parser = address)]
    subject: Option<Pubkey>,
    #[command(flatten)]
    limit: LimitArgs,
}

pub async fn run(command: CredentialCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        CredentialCommand::Issue(args) => issue(args, context).await,
        CredentialCommand::Renew(args) => renew(args, context).await,
        CredentialCommand::Suspend(args) => {
            let change = |signer, credential: &Credential| instruction::suspend_credential(signer, &credential.subject);
            set_status(&args.credential, change, "Suspended. It does not count until you reinstate it.", context).await
        }
        CredentialCommand::Reinstate(args) => {
            let change = |signer, credential: &Credential| {
                instruction::reinstate_credential(signer, &credential.subject, credential.revision)
            };
            set_status(&args.credential, change, "Reinstated. It counts again within its days.", context).await
        }
        CredentialCommand::Revoke(args) => {
            args.confirmation.ask(&format!(
                "This revokes the credential {} for good. Its subject needs another key for a new one of yours.",
                args.credential.credential
            ))?;
            let change = |signer, credential: &Credential| instruction::revoke_credential(signer, &credential.subject);
            set_status(&args.credential.credential, change, "Revoked for good.", context).await
        }
        CredentialCommand::Show(args) => show(&args.credential, context).await,
        CredentialCommand::List(args) => list(&args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "credentials",
    singular: "credential",
    line: |item| {
        let (kind, subject) = (api::text(item, "kind"), api::text(item, "subject"));
        let (from, until) = (api::text(item, "from"), api::text(item, "until"));
        format!("{kind} {subject}, {from} until {until}, {}", api::effect(item))
    },
};

async fn list(args: &ListCredentialsArgs, context: &Context) -> Result<Answer, Problem> {
    let registrar = args.registrar.map(|key| ("registrar", pda::find_registrar(&key).0.to_string()));
    let subject = args.subject.map(|key| ("subject", key.to_string()));
    let scope = match (&registrar, &subject) {
        (None, None) => "",
        (Some(_), None) => " of this registrar",
        (None, Some(_)) => " about this key",
        (Some(_), Some(_)) => " of this registrar about this key",
    };
    let filter: Vec<_> = registrar.into_iter().chain(subject).collect();
    api::list_at("credentials", &filter, scope, &LISTED, &args.limit, context).await
}

async fn issue(args: IssueArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let now = context.wait("Reading from the node", signing.reader().now()).await?;
    let from_day = args.from.or_else(|| day_of(now)).unwrap_or(0);
    let registrar = pda::find_registrar(&signing.key()).0;
    let credential = pda::find_credential(&registrar, &args.subject).0;
    let (profile_commitment, salt) = commit_profile(&args.profile.profile)?;
    let file = write_opening(args.profile.out, credential, salt)?;
    let terms = CredentialTerms {
        emergency: args.emergency,
        encryption_key: args.encryption_key,
        profile_commitment,
        from_day,
        until_day: args.until,
    };
    let params = IssueCredentialParams { subject: args.subject, kind: args.kind, terms };
    let issue = instruction::issue_credential(signing.key(), signing.payer(), params);
    let (sent, opening_file) = file.settle(context.send(issue, &signing).await)?;
    let message = format!("Issued. {}", valid(&terms, now));
    Ok(describe_terms(Answer::new(message), &terms)
        .address("credential", &credential)
        .address("registrar", &registrar)
        .address("subject", &args.subject)
        .with("kind", words::kind(args.kind))
        .with("opening_file", opening_file)
        .sent(&sent, context.commitment()))
}

async fn renew(args: RenewArgs, context: &Context) -> Result<Answer, Problem> {
    let address = args.credential.credential;
    let (signing, credential) = own(&address, context).await?;
    let now = context.wait("Reading from the node", signing.reader().now()).await?;
    let mut terms = credential.terms();
    terms.from_day = args.from.unwrap_or(terms.from_day);
    terms.until_day = args.until.unwrap_or(terms.until_day);
    terms.encryption_key = args.encryption_key.unwrap_or(terms.encryption_key);
    terms.emergency = (terms.emergency || args.emergency) && !args.no_emergency;
    let file = match args.profile {
        None => None,
        Some(path) => {
            let (profile_commitment, salt) = commit_profile(&path)?;
            terms.profile_commitment = profile_commitment;
            Some(write_opening(args.out, address, salt)?)
        }
    };
    if terms == credential.terms() {
        let advice =
            "Say what is to change: --until, --from, --encryption-key, --profile, --emergency or --no-emergency.";
        return Err(Problem::usage("nothing_to_renew", "The credential would stay as it is", advice));
    }
    let params = RenewCredentialParams { terms, expected_revision: credential.revision };
    let renew = instruction::renew_credential(signing.key(), &credential.subject, params);
    let result = context.send(renew, &signing).await;
    let (sent, opening_file) = match file {
        Some(file) => file.settle(result).map(|(sent, path)| (sent, Some(path)))?,
        None => (result?, None),
    };
    let message = format!("Renewed. {}", valid(&terms, now));
    Ok(describe_terms(Answer::new(message), &terms)
        .address("credential", &address)
        .address("registrar", &credential.registrar)
        .address("subject", &credential.subject)
        .with("opening_file", opening_file)
        .sent(&sent, context.commitment()))
}

async fn set_status(
    address: &Pubkey,
    change: impl FnOnce(Pubkey, &Credential) -> Instruction,
    message: &str,
    context: &Context,
) -> Result<Answer, Problem> {
    let (signing, credential) = own(address, context).await?;
    let sent: Sent = context.send(change(signing.key(), &credential), &signing).await?;
    Ok(Answer::new(message)
        .address("credential", address)
        .address("registrar", &credential.registrar)
        .address("subject", &credential.subject)
        .sent(&sent, context.commitment()))
}

/// A credential that the key which signs issued.
async fn own<'a>(address: &Pubkey, context: &'a Context) -> Result<(Signing<'a>, Credential), Problem> {
    let signing = context.signing().await?;
    let credential: Credential =
        context.wait("Reading from the node", signing.reader().account("credential", address)).await?;
    if credential.registrar != pda::find_registrar(&signing.key()).0 {
        return Err(refused(AegleError::NotRegistrar).into());
    }
    Ok((signing, credential))
}

fn valid(terms: &CredentialTerms, now: i64) -> String {
    let (from, until) = (time::say_day(terms.from_day, now), time::say_day(terms.until_day, now));
    format!("It is valid from {from} until {until} begins (UTC).")
}

fn describe_terms(answer: Answer, terms: &CredentialTerms) -> Answer {
    answer
        .with("from", time::iso_day(terms.from_day))
        .with("until", time::iso_day(terms.until_day))
        .with("emergency", terms.emergency)
        .bytes("encryption_key", &terms.encryption_key)
        .bytes("profile_commitment", &terms.profile_commitment)
}

/// Why a credential does not count, in the words of the indexer's API, and where it stands as a sentence.
fn standing(credential: &Credential, registrar: &Registrar, now: i64) -> (Option<&'static str>, String) {
    let Credential { from_day, until_day, .. } = *credential;
    let (from, until) = (time::say_day(from_day, now), time::say_day(until_day, now));
    let changed = time::say_time(credential.changed_at, now);
    match credential.status {
        CredentialStatus::Revoked => (Some("revoked"), format!("It was revoked {changed}, for good.")),
        CredentialStatus::Suspended => (Some("suspended"), "It is suspended until its registrar reinstates it.".into()),
        CredentialStatus::Active if registrar.removed_slot != 0 => {
            let at = time::say_time(registrar.removed_at, now);
            (Some("registrar_removed"), format!("It does not count: its registrar was removed {at}."))
        }
        CredentialStatus::Active if now < i64::from(from_day) * DAY => {
            (Some("not_yet"), format!("It is not valid yet: it begins with {from} (UTC)."))
        }
        CredentialStatus::Active if now >= i64::from(until_day) * DAY => {
            (Some("expired"), format!("It is no longer valid: it ended as {until} began (UTC)."))
        }
        CredentialStatus::Active => (None, format!("It is valid until {until} begins (UTC).")),
    }
}

async fn show(address: &Pubkey, context: &Context) -> Result<Answer, Problem> {
    let reader = context.reader();
    let read = async {
        let credential: Credential = reader.account("credential", address).await?;
        let registrar: Registrar = reader.account("registrar", &credential.registrar).await?;
        Ok::<_, Problem>((credential, registrar, reader.now().await?))
    };
    let (credential, registrar, now) = context.wait("Reading from the node", read).await?;
    let (reason, says) = standing(&credential, &registrar, now);
    let kind = words::kind(credential.kind);
    let emergency = if credential.emergency { " They may open records in an emergency." } else { "" };
    let answer = Answer::new(format!("A credential of the key {}, as {kind}. {says}{emergency}", credential.subject))
        .with("in_effect", reason.is_none())
        .with("reason", reason)
        .with("status", words::credential_status(credential.status))
        .with("kind", kind)
        .address("credential", address)
        .address("registrar", &credential.registrar)
        .address("registrar_key", &registrar.authority)
        .address("subject", &credential.subject);
    Ok(describe_terms(answer, &credential.terms())
        .with("revision", credential.revision)
        .address("rent_payer", &credential.rent_payer)
        .with("issued_at", time::iso_time(credential.issued_at))
        .with("issued_slot", credential.issued_slot)
        .with("changed_at", time::iso_time(credential.changed_at))
        .with("changed_slot", credential.changed_slot))
}
