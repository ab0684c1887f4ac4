//! A record is erased after everything was backed up, and the backup is restored: what was erased stays so.

use std::{io::Cursor, path::Path, time::Duration};

use aegle_api_client::{
    Api, Origin, Pay, Secrets, Session, Unlocked, consent, disclosure, keyring,
    record::{self, Draft, Sealed},
    wire::ErasureState,
};
use aegle_client::{
    aegle::CreateVaultParams,
    id, instruction, pda,
    state::{Action, Purpose, Record},
};
use aegle_decision::{Base, Key, Labels, LabelsVersion, Policy, PolicyVersion};
use aegle_envelope::{RootSecret, SecretKey};
use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::Instant;

use super::keypair;
use crate::{figure::Figure, indexer::Settings, operator::Operator, postgres::Postgres};

/// Longest wait for the mirror, and for what follows an erasure.
pub(super) const WITHIN: Duration = Duration::from_secs(90);
/// At most, in seconds, from an empty database to answers.
const TARGET: f64 = 900.0;
/// What needs no credential.
pub(super) const PURPOSE: Purpose = Purpose::FamilyRequest;
const FORGOTTEN: &[u8] = b"{\"resourceType\":\"Observation\",\"note\":\"to be forgotten\"}";
pub(super) const KEPT: &[u8] = b"{\"resourceType\":\"Observation\",\"note\":\"to be kept\"}";

/// A patient with two records, and kin who may read both.
pub struct Family {
    pub(super) owner: Keypair,
    pub(super) session: Session,
    pub(super) unlocked: Unlocked,
    pub(super) kin: Keypair,
    pub(super) kins: Secrets,
    forgotten: Key,
    pub(super) kept: Key,
}

/// The patient adds two records and lets kin read them.
pub async fn prepare(operator: &Operator, url: &str, seed: u64) -> anyhow::Result<Family> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let api = Api::new(url, Origin::of(url)?)?;
    let (owner, kin) = (keypair(&mut rng), keypair(&mut rng));
    let vault_id = id::vault_id(&mut rng);
    let vault = Key(pda::find_vault(&vault_id).0.to_bytes());
    let unlocked = Unlocked::new(vault, 0, RootSecret::generate(&mut rng));
    let params = CreateVaultParams { vault_id, encryption_key: unlocked.encryption_key()?.0 };
    let create = instruction::create_vault(owner.pubkey(), operator.payer(), params);
    let sent = operator.send("create a vault", create, &[&owner]).await?;
    api.reached(sent.slot, false, WITHIN).await?;
    let session = Session::sign_in(&api, &owner, None).await?;
    let made = keyring::make(api.origin(), &owner, &unlocked, None, None, &mut rng)?;
    keyring::store(&session, &made.keyring).await?;
    let pay = Pay::Own(&operator.sender);
    let mut added = Vec::new();
    for content in [FORGOTTEN, KEPT] {
        let sealed = Sealed::new(vault, draft()?, &mut Cursor::new(content), None, &mut rng)?;
        let one = record::add(&session, &pay, &owner, vault, sealed, &mut rng, &|_, _| {}).await?;
        api.reached(one.sent.slot, false, WITHIN).await?;
        added.push(one.record);
    }
    let secret = SecretKey::generate(&mut rng);
    let policy = Policy {
        kind: PolicyVersion::V1,
        base: Base::AllNormal,
        permit: Vec::new(),
        deny: Vec::new(),
        sensitivity: [].into(),
        erase_by: None,
        preview: None,
        recipient: None,
    };
    let shown = consent::draft(&session, vault, PURPOSE as u16, &policy).await?;
    let today = u32::try_from(super::ledger_time(operator).await? / super::DAY - 1)?;
    let grant = consent::Grant {
        grantee: Key(kin.pubkey().to_bytes()),
        encryption_key: secret.encryption_key(),
        purposes: PURPOSE as u16,
        actions: Action::Read as u8,
        from_day: today,
        until_day: today + 30,
        policy,
    };
    let granted = consent::grant(&session, &pay, &owner, &unlocked, grant, &shown, &mut rng).await?;
    ensure!(granted.wrapped == 2, "{} keys were wrapped to kin", granted.wrapped);
    let (forgotten, kept) = (added[0], added[1]);
    Ok(Family { owner, session, unlocked, kin, kins: secret.into(), forgotten, kept })
}

fn draft() -> anyhow::Result<Draft> {
    let labels = Labels {
        kind: LabelsVersion::V1,
        categories: ["laboratory".parse()?].into(),
        types: ["Observation".parse()?].into(),
        from: None,
        until: None,
        study: None,
        sensitivity: [].into(),
        author: None,
    };
    let media_type = aegle_fhir::MEDIA_TYPE.into();
    Ok(Draft { labels, media_type, title: None, codes: Vec::new(), author: None, issued: None })
}

/// Database and blobs are backed up, a record is erased, and the backup is restored for another server, which
/// has the erasure keys of the first. Gives what came of it, and how long the restore took.
pub async fn survive(
    family: &Family,
    operator: &Operator,
    settings: &Settings,
    postgres: &Postgres,
    folder: &Path,
) -> anyhow::Result<(String, Figure)> {
    let Family { owner, session, unlocked, kin, kins, forgotten, kept } = family;
    let reader = operator.sender.reader();
    let opens = async |session: &Session, secrets: &Secrets, purpose, record| {
        let mut content = Vec::new();
        record::open(session, reader, secrets, purpose, record, &mut content, &|_, _| {}).await.map(|_| content)
    };
    let kin_here = Session::sign_in(session.api(), kin, None).await?;
    let read = opens(&kin_here, kins, PURPOSE, *forgotten).await.context("kin read before the erasure")?;
    ensure!(read == FORGOTTEN, "kin read something else");

    let backup = folder.join(format!("backup-{}", std::process::id()));
    let backup = backup.to_str().context("a path that is no text")?;
    let made = run(settings, &["backup", backup]).await?;
    let state: Record = reader.account("record", &forgotten.0.into()).await?;
    let erase = instruction::erase_record(owner.pubkey(), forgotten.0.into(), &state);
    operator.send("erase a record", erase, &[owner]).await?;

    let started = Instant::now();
    let name = format!("aegle_restored_{}", std::process::id());
    let blobs = folder.join("restored-blobs");
    let mut other = settings.another("restored", "both")?;
    // The log goes on under its name; its roots on chain are the first server's.
    other.environment.push(("AEGLE_API__LOG__ORIGIN".into(), format!("{}/disclosures", settings.listen)));
    other.environment.retain(|(name, _)| name != "AEGLE_API__LOG__ANCHOR_KEYPAIR");
    let elsewhere = Settings { database_url: postgres.create(&name).await?, blobs: blobs.clone(), ..other };
    run(&elsewhere, &["restore", backup]).await?;
    let mut server = elsewhere.start()?;
    server.ready(WITHIN).await?;
    let seconds = started.elapsed().as_secs_f64();
    let over = record::await_erasure(session, *forgotten, WITHIN).await?;
    ensure!(over.state == ErasureState::Destroyed, "the first server says {:?}", over.state);

    let api = Api::new(&server.api.url, Origin::of(&server.api.url)?)?;
    for (wallet, secrets, purpose) in [(owner, &unlocked.secrets(), Purpose::PatientRequest), (kin, kins, PURPOSE)] {
        let session = Session::sign_in(&api, wallet, None).await?;
        let refused = opens(&session, secrets, purpose, *forgotten).await;
        ensure!(refused.is_err_and(|error| error.is("not_permitted")), "the erased record is given out");
        ensure!(opens(&session, secrets, purpose, *kept).await? == KEPT, "another record reads otherwise");
    }
    let patient = Session::sign_in(&api, owner, None).await?;
    let own = disclosure::own(&patient, unlocked.vault()).await?.context("the restored log")?;
    let lines = own.entries.iter().filter(|logged| logged.entry.value().record == Some(*forgotten)).count();
    ensure!(lines > 0, "nobody looked at the erased record, says the log");
    let shown = server.api.get(&format!("/v1/chain/records/{forgotten}")).await?;
    ensure!(shown["data"]["record"]["status"] == "erased", "the tombstone is {}", shown["data"]["record"]["status"]);
    run(&elsewhere, &["verify", "--json"]).await.context("the restored mirror is not the chain's")?;

    ensure!(server.stop().await?.success(), "the restored server did not end well");
    postgres.remove(&name).await?;
    for folder in [Path::new(backup), &blobs] {
        std::fs::remove_dir_all(folder)?;
    }
    let (rows, of_backup) = (&made["rows"], &made["blobs"]);
    let what =
        format!("{rows} rows and {of_backup} blobs were restored, and the tombstone and {lines} lines of the log");
    Ok((what, Figure { name: "restore_seconds", value: seconds, unit: "s", at_most: TARGET }))
}

pub(super) async fn run(settings: &Settings, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
    let output = settings.output(arguments).await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "aegle-indexer {}: {}", arguments[0], errors.trim());
    Ok(serde_json::from_slice(&output.stdout)?)
}
