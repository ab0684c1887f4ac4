use std::path::PathBuf;

use aegle_api_client::consent::{self, Shown};
use aegle_client::{
    AnchorDeserialize, Pubkey,
    aegle::{CheckConsentParams, ConsentAnswer, GrantConsentParams},
    commitment::{Opening, commit, random_bytes},
    id, instruction, pda,
    state::{Consent, DAY, Vault, day_of},
};
use aegle_envelope::EncryptionKey;
use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    api::{self, ListArgs, Listed},
    confirm::Confirmation,
    context::{Acting, address},
    opening::{self, ConsentKind, ConsentOpening},
    policy::PolicyArgs,
    record::read_document,
    secret_file::SecretFile,
    server::{Server, UnlockArgs, key},
    time,
    vault::public_key,
    words::{self, ACTIONS, PURPOSES},
};

#[derive(Subcommand)]
pub enum ConsentCommand {
    /// Allow somebody to see your records
    #[command(after_help = "\
The ledger never names whom you allow: it gets a salted hash, and the opening file what opens it. Give the
grantee a copy of that file and keep one.

Examples:
  aegle consent grant --vault VAULT --grantee KEY --purpose TREAT --until 2030-12-31
  aegle consent grant --vault VAULT --grantee KEY --purpose TREAT --purpose PATRQT --action read --action annotate \\
      --from 2030-01-01 --until 2030-12-31
  aegle consent grant --vault VAULT --grantee KEY --purpose HRESCH --until 2030-12-31 --policy policy.json

With what it opens, the server holds to it: it shows first which of your records are opened, asks, and encrypts
their keys to who is allowed. No opening file is needed then.

  aegle consent grant --vault VAULT --grantee KEY --purpose TREAT --until 2030-12-31 --base normal
  aegle consent grant --vault VAULT --grantee KEY --purpose TREAT --until 2030-12-31 --category laboratory \\
      --care-since 2029-01-01 --except RECORD --erase-by 2031-12-31 --yes")]
    Grant(Box<GrantArgs>),
    /// Show which of your records something would open, before you allow it
    #[command(after_help = "\
Examples:
  aegle consent preview --vault VAULT --purpose TREAT --base normal
  aegle consent preview --vault VAULT --purpose TREAT --base all --sensitivity PSY --except-category genetics")]
    Preview(PreviewArgs),
    /// Stop allowing somebody
    #[command(after_help = "\
They keep what they have already downloaded and get nothing new.

Examples:
  aegle consent revoke CONSENT
  aegle consent revoke CONSENT --as-delegate --keypair carer.json")]
    Revoke(RevokeArgs),
    /// Stop allowing everybody at once
    #[command(after_help = "\
Asks first. Also stops what somebody prepared and held back. It cannot be undone: allow again one by one.

Examples:
  aegle consent revoke-all --vault VAULT
  aegle consent revoke-all --vault VAULT --yes")]
    RevokeAll(RevokeAllArgs),
    /// Ask the program whether you, the grantee, are allowed
    #[command(after_help = "\
--keypair is the grantee's. The node runs the check without writing anything, so the opening does not become
public; the node sees it. The answer is an upper bound: the consent's policy may narrow it. Exit status 1 when
not allowed.

Examples:
  aegle consent check CONSENT --purpose TREAT --action read --keypair grantee.json
  aegle consent check CONSENT --opening from-patient.json --purpose TREAT --keypair grantee.json")]
    Check(CheckArgs),
    /// Show a consent as the ledger has it
    #[command(after_help = "\
Examples:
  aegle consent show CONSENT
  aegle consent show CONSENT --json")]
    Show(ShowArgs),
    /// List a vault's consents, from the indexer
    #[command(after_help = "\
Examples:
  aegle consent list --vault VAULT
  aegle consent list --vault VAULT --json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct GrantArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Whom to allow, by their key
    #[arg(long, value_name = "KEY", value_parser = address)]
    grantee: Pubkey,
    #[command(flatten)]
    scope: ScopeArgs,
    /// The first day in effect, YYYY-MM-DD, UTC [default: today]
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    from: Option<u32>,
    /// The day that ends it, YYYY-MM-DD: the first one no more in effect, UTC
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    until: u32,
    /// A policy document that narrows the consent; the ledger gets its salted hash
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Where to write the opening [default: ./CONSENT.opening.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    live: LiveArgs,
}

/// For a consent that the server holds to.
#[derive(Args)]
pub struct LiveArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The grantee's X25519 public key, 32 bytes in hex [default: that of the grantee's credential]
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    encryption_key: Option<[u8; 32]>,
    #[command(flatten)]
    unlock: UnlockArgs,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct PreviewArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// What for, as an HL7 purpose of use; may be repeated
    #[arg(
        long = "purpose", required = true, value_name = "CODE", value_parser = words::parser(PURPOSES),
        ignore_case = true, value_delimiter = ','
    )]
    purposes: Vec<u16>,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// What for, and what.
#[derive(Args)]
struct ScopeArgs {
    /// What for, as an HL7 purpose of use; may be repeated
    #[arg(
        long = "purpose", required = true, value_name = "CODE", value_parser = words::parser(PURPOSES),
        ignore_case = true, value_delimiter = ','
    )]
    purposes: Vec<u16>,
    /// What they may do; may be repeated
    #[arg(
        long = "action", default_value = "read", value_name = "ACTION", value_parser = words::parser(ACTIONS),
        ignore_case = true, value_delimiter = ','
    )]
    actions: Vec<u16>,
}

#[derive(Args)]
pub struct RevokeArgs {
    #[arg(value_parser = address)]
    consent: Pubkey,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Args)]
pub struct RevokeAllArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct CheckArgs {
    #[arg(value_parser = address)]
    consent: Pubkey,
    /// The opening that the patient gave you [default: ./CONSENT.opening.json]
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    #[command(flatten)]
    scope: ScopeArgs,
}

#[derive(Args)]
pub struct ShowArgs {
    #[arg(value_parser = address)]
    consent: Pubkey,
}

pub async fn run(command: ConsentCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        ConsentCommand::Grant(args) if args.live.policy.is_given() => grant_live(*args, context).await,
        ConsentCommand::Grant(args) => grant(*args, context).await,
        ConsentCommand::Preview(args) => preview(&args, context).await,
        ConsentCommand::Revoke(args) => revoke(args, context).await,
        ConsentCommand::RevokeAll(args) => revoke_all(args, context).await,
        ConsentCommand::Check(args) => check(args, context).await,
        ConsentCommand::Show(args) => show(args, context).await,
        ConsentCommand::List(args) => api::list(&LISTED, &args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "consents",
    singular: "consent",
    line: |item| {
        let (actions, purposes) = (api::codes(item, "actions"), api::codes(item, "purposes"));
        let (from, until) = (api::text(item, "from"), api::text(item, "until"));
        format!("{actions} for {purposes}, {from} until {until}, {}", api::effect(item))
    },
};

async fn grant(args: GrantArgs, context: &Context) -> Result<Answer, Problem> {
    let policy = args.policy.as_deref().map(read_document).transpose()?;
    let signing = context.signing().await?;
    let read = async {
        let vault: Vault = signing.reader().account("vault", &args.vault).await?;
        Ok::<_, Problem>((vault, signing.reader().now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    let from_day = args.from.or_else(|| day_of(now)).unwrap_or(0);
    let consent_id = id::consent_id(&mut OsRng, &args.vault);
    let consent = pda::find_consent(&args.vault, &consent_id).0;
    let opening = Opening { vault: args.vault, consent_id, grantee: args.grantee, salt: random_bytes(&mut OsRng) };
    let policy_salt = random_bytes(&mut OsRng);
    let path = args.out.unwrap_or_else(|| opening::default_path(&consent));
    let file = SecretFile::create(
        path,
        &ConsentOpening {
            kind: ConsentKind::V1,
            vault: args.vault,
            consent,
            consent_id,
            grantee: args.grantee,
            salt: opening.salt,
            policy_salt,
            has_policy: policy.is_some(),
        },
    )?;

    let purposes = words::union(&args.scope.purposes);
    let actions = words::union(&args.scope.actions);
    let params = GrantConsentParams {
        handle: opening.handle(),
        policy_commitment: commit(&policy_salt, policy.as_deref().unwrap_or_default()),
        purposes,
        actions: words::small_union(&args.scope.actions),
        from_day,
        until_day: args.until,
        expected: instruction::expected(&vault),
    };
    let authority = signing.authority(args.acting);
    let grant = instruction::grant_consent(args.vault, authority, signing.payer(), consent_id, params);
    let (sent, opening_file) = file.settle(context.send(grant, &signing).await)?;
    let message = format!(
        "Allowed. They may {} for {}, from {} until {} begins (UTC).",
        words::says(ACTIONS, actions),
        words::says(PURPOSES, purposes),
        time::say_day(from_day, now),
        time::say_day(args.until, now)
    );
    Ok(Answer::new(message)
        .address("consent", &consent)
        .address("vault", &args.vault)
        .bytes("consent_id", &consent_id)
        .with("purposes", words::codes(PURPOSES, purposes))
        .with("actions", words::codes(ACTIONS, actions))
        .with("from", time::iso_day(from_day))
        .with("until", time::iso_day(args.until))
        .with("opening_file", opening_file)
        .sent(&sent, context.commitment()))
}

/// What a preview shows, as a sentence.
fn shown_in_words(shown: &Shown, who: &str) -> String {
    let records = match shown.records.len() {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    };
    format!("{records} to {who}, {} withheld", shown.withheld)
}

async fn preview(args: &PreviewArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let purposes = words::union(&args.purposes);
    let policy = args.policy.policy();
    let drafting = consent::draft(server.session, key(&args.vault), purposes, &policy);
    let shown = context.wait("Waiting for the server", drafting).await?;
    let rows = shown.records.iter().map(|record| (record.to_string(), "would be open".to_owned())).collect();
    Ok(Answer::new(format!("This would open {}.", shown_in_words(&shown, "them")))
        .address("vault", &args.vault)
        .with("purposes", words::codes(PURPOSES, purposes))
        .with("withheld", shown.withheld)
        .items(shown.records.iter().map(|record| record.to_string().into()).collect(), rows))
}

async fn grant_live(args: GrantArgs, context: &Context) -> Result<Answer, Problem> {
    if args.policy.is_some() || args.out.is_some() {
        return Err(Problem::usage(
            "two_policies",
            "A policy document and what it opens are both named",
            "Leave --policy and --out away: what opens the consent is kept by the server.",
        ));
    }
    let live = &args.live;
    let (purposes, actions) = (words::union(&args.scope.purposes), words::small_union(&args.scope.actions));
    let policy = live.policy.policy();
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let vault = key(&args.vault);
    let grantee = key(&args.grantee);
    let encryption_key = match live.encryption_key {
        Some(key) => EncryptionKey(key),
        None => consent::key_of(server.session, &pay, &grantee).await?.ok_or_else(|| {
            Problem::new(
                "no_attested_key",
                "No registrar, or more than one, attests an encryption key for this grantee",
                "Ask them for theirs, by a way on which you know it is them, and name it with --encryption-key.",
            )
        })?,
    };
    let drafting = consent::draft(server.session, vault, purposes, &policy);
    let shown = context.wait("Waiting for the server", drafting).await?;
    let now = server.reader().now().await?;
    let from_day = args.from.or_else(|| day_of(now)).unwrap_or(0);
    live.confirmation.ask(&format!(
        "This opens {}, for {}, until {} begins (UTC).",
        shown_in_words(&shown, &args.grantee.to_string()),
        words::says(PURPOSES, purposes),
        time::say_day(args.until, now)
    ))?;
    let unlocked = server.unlock(&args.vault, &live.unlock).await?;
    let grant = consent::Grant { grantee, encryption_key, purposes, actions, from_day, until_day: args.until, policy };
    let mut rng = OsRng;
    let granting = consent::grant(server.session, &pay, &server.keypair, &unlocked, grant, &shown, &mut rng);
    let granted = context.wait("Allowing", granting).await?;
    let message = format!("Allowed: {}.", shown_in_words(&shown, "them"));
    let answer = Answer::new(message)
        .with("consent", granted.consent.to_string())
        .address("vault", &args.vault)
        .address("grantee", &args.grantee)
        .with("purposes", words::codes(PURPOSES, purposes))
        .with("actions", words::codes(ACTIONS, actions.into()))
        .with("from", time::iso_day(from_day))
        .with("until", time::iso_day(args.until))
        .with("records", shown.records.iter().map(ToString::to_string).collect::<Vec<_>>())
        .with("withheld", shown.withheld)
        .with("keys_encrypted", granted.wrapped)
        .sent(&granted.sent, context.commitment());
    Ok(answer)
}

async fn revoke(args: RevokeArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let consent: Consent =
        context.wait("Reading from the node", signing.reader().account("consent", &args.consent)).await?;
    let revoke = instruction::revoke_consent(consent.vault, signing.authority(args.acting), args.consent);
    let sent = context.send(revoke, &signing).await?;
    let message = "Stopped allowing. They keep what they have already downloaded, and get nothing new.";
    Ok(Answer::new(message)
        .address("consent", &args.consent)
        .address("vault", &consent.vault)
        .sent(&sent, context.commitment()))
}

async fn revoke_all(args: RevokeAllArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    args.confirmation.ask(&format!(
        "This stops allowing everybody who may see into the vault {}, at once. They keep what they have already \
         downloaded. To allow somebody again, allow them anew.",
        args.vault
    ))?;
    let revoke = instruction::revoke_all_consents(args.vault, signing.authority(args.acting));
    let sent = context.send(revoke, &signing).await?;
    let message = "Stopped allowing everybody. They keep what they have already downloaded, and get nothing new.";
    Ok(Answer::new(message).address("vault", &args.vault).sent(&sent, context.commitment()))
}

async fn check(args: CheckArgs, context: &Context) -> Result<Answer, Problem> {
    let path = args.opening.unwrap_or_else(|| opening::default_path(&args.consent));
    let opening: ConsentOpening = opening::read(&path)?;
    let signing = context.signing().await?;
    let params = CheckConsentParams {
        salt: opening.salt,
        purposes: words::union(&args.scope.purposes),
        actions: words::small_union(&args.scope.actions),
    };
    let check = instruction::check_consent(opening.vault, args.consent, signing.key(), params);
    let instructions = [check];
    let signers = [&signing.keypair];
    let returned = context.wait("Asking the program", signing.pay.simulate(&instructions, &signers)).await?;
    let answer = ConsentAnswer::try_from_slice(&returned).map_err(|_| {
        Problem::new("not_readable", "The program's answer is not one this version can read", "Update aegle.")
    })?;
    let message = match (answer.permit, opening.has_policy) {
        (true, false) => "Yes, you are allowed.",
        (true, true) => "Yes, you are allowed, as far as the consent's policy goes.",
        (false, _) => "No, you are not allowed: the consent is not in effect now, or does not cover this.",
    };
    Ok(Answer::new(message)
        .with("permit", answer.permit)
        .address("consent", &args.consent)
        .address("grantee", &signing.key())
        .with("expires_at", time::iso_time(answer.expires_at))
        .bytes("policy_commitment", &answer.policy_commitment)
        .yes_if(answer.permit))
}

/// Where a consent stands at a time of the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    InEffect,
    NotYet,
    Ended,
    Revoked,
    AllRevoked,
}

impl Standing {
    pub fn of(consent: &Consent, vault: &Vault, now: i64) -> Self {
        if consent.revoked_slot != 0 {
            Self::Revoked
        } else if consent.consent_epoch != vault.consent_epoch {
            Self::AllRevoked
        } else if now < i64::from(consent.from_day) * DAY {
            Self::NotYet
        } else if now >= i64::from(consent.until_day) * DAY {
            Self::Ended
        } else {
            Self::InEffect
        }
    }

    /// Why it is not in effect, in the words of the indexer's API.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::InEffect => None,
            Self::NotYet => Some("not_yet"),
            Self::Ended => Some("expired"),
            Self::Revoked => Some("revoked"),
            Self::AllRevoked => Some("out_of_epoch"),
        }
    }

    pub fn says(self, consent: &Consent, now: i64) -> String {
        let from = time::say_day(consent.from_day, now);
        let until = time::say_day(consent.until_day, now);
        match self {
            Self::InEffect => format!("It is in effect until {until} begins (UTC)."),
            Self::NotYet => format!("It is not in effect yet: it begins with {from} (UTC)."),
            Self::Ended => format!("It is no longer in effect: it ended as {until} began (UTC)."),
            Self::Revoked => {
                format!("It is no longer in effect: it was revoked {}.", time::say_time(consent.revoked_at, now))
            }
            Self::AllRevoked => "It is no longer in effect: all consents of the vault were revoked after it.".into(),
        }
    }
}

async fn show(args: ShowArgs, context: &Context) -> Result<Answer, Problem> {
    let reader = context.reader();
    let read = async {
        let consent: Consent = reader.account("consent", &args.consent).await?;
        let vault: Vault = reader.account("vault", &consent.vault).await?;
        Ok::<_, Problem>((consent, vault, reader.now().await?))
    };
    let (consent, vault, now) = context.wait("Reading from the node", read).await?;
    let standing = Standing::of(&consent, &vault, now);
    let message = format!(
        "A consent to {} for {}. {}",
        words::says(ACTIONS, consent.actions.into()),
        words::says(PURPOSES, consent.purposes),
        standing.says(&consent, now)
    );
    let revoked = consent.revoked_slot != 0;
    Ok(Answer::new(message)
        .with("in_effect", standing == Standing::InEffect)
        .with("reason", standing.reason())
        .address("consent", &args.consent)
        .address("vault", &consent.vault)
        .bytes("consent_id", &consent.consent_id)
        .with("purposes", words::codes(PURPOSES, consent.purposes))
        .with("actions", words::codes(ACTIONS, consent.actions.into()))
        .with("from", time::iso_day(consent.from_day))
        .with("until", time::iso_day(consent.until_day))
        .bytes("handle", &consent.handle)
        .bytes("policy_commitment", &consent.policy_commitment)
        .with("consent_epoch", consent.consent_epoch)
        .address("rent_payer", &consent.rent_payer)
        .with("granted_at", time::iso_time(consent.granted_at))
        .with("granted_slot", consent.granted_slot)
        .with("revoked_at", revoked.then(|| time::iso_time(consent.revoked_at)))
        .with("revoked_slot", revoked.then_some(consent.revoked_slot)))
}
