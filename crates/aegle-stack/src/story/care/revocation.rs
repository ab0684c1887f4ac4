//! How soon the next read is refused, and that none goes well afterwards.

use std::{collections::BTreeMap, io::Cursor, time::Duration};

use aegle_api_client::{
    Session, Unlocked, consent, keyring,
    record::{self, Draft, Sealed},
};
use aegle_client::{
    Sent,
    aegle::CreateVaultParams,
    id,
    instruction::{self, Authority},
    pda,
    state::{Action, Consent, Purpose},
};
use aegle_decision::{Base, Key, Policy, PolicyVersion};
use aegle_envelope::{EncryptionKey, RootSecret, SecretKey};
use anyhow::{Context, bail, ensure};
use futures::{StreamExt, TryStreamExt, future::ready, stream};
use rand_chacha::ChaCha20Rng;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use solana_transaction::Transaction;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    SCAN_BYTES, Stage, key_of, labels, milliseconds,
    people::{Patient, Staff},
    quiet,
    sharing::{Share, refused},
};
use crate::{
    figure::Figure,
    story::{VaultOutcome, keypair},
};

/// Revocations that are measured, as far as there is time.
const READERS: usize = 108;
const TIME: Duration = Duration::from_secs(25);
/// How many are under way at once, and how many grants.
const AT_ONCE: usize = 6;
const GRANTS_AT_ONCE: usize = 16;
/// Requests in flight of each reader.
const EACH: usize = 2;
/// Between two requests of a reader.
const POLL: Duration = Duration::from_millis(80);
/// Between two looks at the node.
const LOOK: Duration = Duration::from_millis(15);
/// Reading goes on for so long after the first refusal.
const AFTERWARDS: Duration = Duration::from_millis(400);
/// At most, in milliseconds, for 99 of 100.
const TARGET: f64 = 1_000.0;
/// What needs no credential: so many registrars' signatures would measure nothing.
const PURPOSE: Purpose = Purpose::FamilyRequest;

/// A vault with one record that many may read.
pub struct Crowd {
    owner: Keypair,
    vault: Key,
    record: Key,
    readers: Vec<Reader>,
}

struct Reader {
    session: Session,
    consent: Key,
}

pub async fn gather(stage: &Stage<'_>) -> anyhow::Result<Crowd> {
    let mut rng = stage.fork();
    let owner = keypair(&mut rng);
    let vault_id = id::vault_id(&mut rng);
    let vault = Key(pda::find_vault(&vault_id).0.to_bytes());
    let unlocked = Unlocked::new(vault, 0, RootSecret::generate(&mut rng));
    let params = CreateVaultParams { vault_id, encryption_key: unlocked.encryption_key()?.0 };
    let create = instruction::create_vault(owner.pubkey(), stage.operator.payer(), params);
    stage.send("create a vault", create, &[&owner]).await?;
    let session = stage.sign_in(&owner).await?;
    let made = keyring::make(stage.api.origin(), &owner, &unlocked, None, None, &mut rng)?;
    keyring::store(&session, &made.keyring).await?;
    let draft = Draft {
        labels: labels("vital-signs", &["Observation"])?,
        media_type: aegle_fhir::MEDIA_TYPE.into(),
        title: Some("Blood pressure".into()),
        codes: Vec::new(),
        author: None,
        issued: None,
    };
    let sealed = Sealed::new(vault, draft, &mut Cursor::new(b"{\"resourceType\":\"Observation\"}"), None, &mut rng)?;
    let added = record::add(&session, &stage.own(), &owner, vault, sealed, &mut rng, &quiet).await?;
    stage.confirmed(&added.sent).await?;

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
    ensure!(shown.records == [added.record], "the preview shows {} records", shown.records.len());
    let seeds: Vec<ChaCha20Rng> = (0..READERS).map(|_| stage.fork()).collect();
    let admit = |mut rng: ChaCha20Rng| {
        let (session, owner, unlocked, policy, shown) = (&session, &owner, &unlocked, &policy, &shown);
        async move {
            let wallet = keypair(&mut rng);
            let encryption_key = SecretKey::generate(&mut rng).encryption_key();
            let grant = grant_to(&wallet, encryption_key, stage.today, policy);
            let pay = stage.own();
            let granted = consent::grant(session, &pay, owner, unlocked, grant, shown, &mut rng).await?;
            anyhow::Ok(Reader { session: stage.sign_in(&wallet).await?, consent: granted.consent })
        }
    };
    let readers = stream::iter(seeds).map(admit).buffer_unordered(GRANTS_AT_ONCE).try_collect().await?;
    Ok(Crowd { owner, vault, record: added.record, readers })
}

fn grant_to(wallet: &Keypair, encryption_key: EncryptionKey, today: u32, policy: &Policy) -> consent::Grant {
    consent::Grant {
        grantee: key_of(wallet),
        encryption_key,
        purposes: PURPOSE as u16,
        actions: Action::Read as u8,
        from_day: today,
        until_day: today + 30,
        policy: policy.clone(),
    }
}

/// Revokes every consent of the crowd while its reader reads.
pub async fn measure(stage: &Stage<'_>, crowd: &Crowd) -> anyhow::Result<(String, (Figure, VaultOutcome))> {
    let started = Instant::now();
    let measured = stream::iter(&crowd.readers)
        .take_while(|_| ready(started.elapsed() < TIME))
        .map(|reader| one(stage, crowd, reader))
        .buffer_unordered(AT_ONCE);
    let mut measured: Vec<f64> = measured.try_collect().await?;
    measured.sort_by(f64::total_cmp);
    let count = measured.len();
    let at = |share: usize| measured.get((count * share).div_ceil(100).saturating_sub(1)).copied();
    let (median, value, most) = (at(50), at(99).context("nothing was measured")?, at(100));
    let (median, most) = (median.unwrap_or(value), most.unwrap_or(value));
    let figure = Figure { name: "revocation_to_refusal_p99_ms", value, unit: "ms", at_most: TARGET };
    let mut consents = BTreeMap::from([("revoked", count)]);
    if count < crowd.readers.len() {
        consents.insert("in_effect", crowd.readers.len() - count);
    }
    let vault = VaultOutcome {
        vault: crowd.vault.0.into(),
        records: BTreeMap::from([("active", 1)]),
        consents,
        ..Default::default()
    };
    Ok((format!("{count} of them, median {median:.0} ms, longest {most:.0} ms"), (figure, vault)))
}

/// One revocation: milliseconds from its confirmation to the first refusal after which no read goes well.
async fn one(stage: &Stage<'_>, crowd: &Crowd, reader: &Reader) -> anyhow::Result<f64> {
    let (end, ended) = watch::channel(false);
    let reads: Vec<_> =
        (0..EACH).map(|_| tokio::spawn(poll(reader.session.clone(), PURPOSE, crowd.record, ended.clone()))).collect();
    sleep(POLL * 3).await;
    let authority = Authority::Owner(crowd.owner.pubkey());
    let revoke = instruction::revoke_consent(crowd.vault.0.into(), authority, reader.consent.0.into());
    let (sent, confirmed) = send(stage, revoke, &crowd.owner).await?;
    stage.operator.account_for("stop allowing somebody", &sent).await?;
    stage.slot(&sent).await?;
    sleep(AFTERWARDS).await;
    end.send(true)?;
    let mut longest = 0.0_f64;
    for read in reads {
        longest = longest.max(milliseconds(confirmed, read.await??));
    }
    Ok(longest)
}

/// Sends a transaction, and tells when the node had it as confirmed at the earliest: the moment at which
/// it was last asked and had not.
async fn send(stage: &Stage<'_>, instruction: Instruction, signer: &Keypair) -> anyhow::Result<(Sent, Instant)> {
    let (rpc, payer) = (stage.reader().rpc(), stage.operator.keypair());
    let blockhash = rpc.get_latest_blockhash().await?;
    let signers = [payer, signer];
    let transaction = Transaction::new_signed_with_payer(&[instruction], Some(&payer.pubkey()), &signers, blockhash);
    let mut before = Instant::now();
    let signature = rpc.send_transaction(&transaction).await?;
    let started = Instant::now();
    loop {
        let asked = Instant::now();
        let found = rpc.get_signature_statuses(&[signature]).await?.value.into_iter().next().flatten();
        if let Some(status) = found.filter(|status| status.satisfies_commitment(CommitmentConfig::confirmed())) {
            ensure!(status.err.is_none(), "the revocation failed");
            return Ok((Sent { signature, slot: status.slot }, before));
        }
        ensure!(started.elapsed() < super::WITHIN, "the revocation is not confirmed");
        before = asked;
        sleep(LOOK).await;
    }
}

/// The same for one that is sent by the relay: when the node last had the consent as it was. A node may show
/// it sooner than it calls the transaction confirmed.
async fn confirmation(stage: &Stage<'_>, consent: Key) -> anyhow::Result<Instant> {
    let started = Instant::now();
    let mut before = started;
    loop {
        let asked = Instant::now();
        let state: Consent = stage.reader().account("consent", &consent.0.into()).await?;
        if state.revoked_slot > 0 {
            return Ok(before);
        }
        ensure!(started.elapsed() < super::WITHIN, "the revocation is not confirmed");
        before = asked;
        sleep(LOOK).await;
    }
}

/// Reads until told to end, at least until refused; returns when the first refusal came after which no
/// read went well.
async fn poll(
    session: Session,
    purpose: Purpose,
    record: Key,
    ended: watch::Receiver<bool>,
) -> anyhow::Result<Instant> {
    let started = Instant::now();
    let (mut permitted, mut refused) = (0, None);
    loop {
        match record::get(&session, purpose, record).await {
            Ok(_) => (permitted, refused) = (permitted + 1, None),
            Err(error) if error.is("not_permitted") => _ = refused.get_or_insert_with(Instant::now),
            Err(error) => return Err(error.into()),
        }
        if let (true, Some(refused)) = (*ended.borrow(), refused) {
            ensure!(permitted > 0, "nothing was read before");
            return Ok(refused);
        }
        ensure!(started.elapsed() < super::WITHIN, "reads still go well");
        sleep(POLL).await;
    }
}

/// The patient revokes while the practitioner downloads what is large.
pub async fn revoke(
    stage: &Stage<'_>,
    patient: &Patient,
    staff: &Staff,
    share: &Share,
) -> anyhow::Result<(String, ())> {
    let (session, scan) = (&share.practitioner, share.scan);
    let request = session.read(Purpose::Treatment, &format!("/v1/records/{scan}/content"), &[])?;
    let mut response = request.send().await?.error_for_status()?;
    let size = response.content_length().context("a download of unknown length")?;
    ensure!(size > SCAN_BYTES as u64, "the download has {size} bytes");
    let (told, ended) = watch::channel(false);
    let reading = tokio::spawn(poll(session.clone(), Purpose::Treatment, share.result, ended));
    let downloading = tokio::spawn(async move {
        let mut got = 0;
        // Slower than the server sends, as over a network.
        while let Ok(Some(piece)) = response.chunk().await {
            got += piece.len() as u64;
            sleep(POLL).await;
        }
        (got, Instant::now())
    });
    let pay = patient.pay(stage).await?;
    let revoking = consent::revoke(&pay, &patient.wallet, patient.vault(), share.consent);
    let (sent, confirmed) = tokio::join!(revoking, confirmation(stage, share.consent));
    sent?;
    let confirmed = confirmed?;
    sleep(AFTERWARDS).await;
    told.send(true)?;
    let refusal = milliseconds(confirmed, reading.await??);
    let (got, ended) = timeout(super::WITHIN, downloading).await.context("the download goes on")??;
    ensure!(got < size, "the download came to its end");
    ensure!(ended > confirmed, "the download ended before the revocation, after {got} bytes");
    refused(session, Purpose::Treatment, scan, "a revoked consent").await?;
    let left = record::list(session, Purpose::Treatment, patient.vault(), &record::Query::default()).await;
    ensure!(left.is_err_and(|error| error.is("not_permitted")), "records are still listed");
    let patients = record::patients(session, Purpose::Treatment).await?;
    ensure!(patients.is_empty(), "the practitioner still has {} patients", patients.len());
    ensure!(consents_of(patient, staff).await? == 1, "the consent is not shown as revoked");
    Ok((format!("refused {refusal:.0} ms after it was confirmed, {got} of {size} bytes came"), ()))
}

/// The practitioner's consents that are revoked, as the patient is told.
async fn consents_of(patient: &Patient, staff: &Staff) -> anyhow::Result<usize> {
    let held = consent::list(&patient.session, patient.vault()).await?;
    Ok(held.iter().filter(|held| held.grantee == staff.practitioner.key() && held.revoked).count())
}

pub async fn revoke_all(stage: &Stage<'_>, patient: &Patient, staff: &Staff, share: &Share) -> anyhow::Result<()> {
    let (session, purpose) = (&share.organization, Purpose::Treatment);
    record::get(session, purpose, share.result).await.context("the organization reads before")?;
    let pay = patient.pay(stage).await?;
    let authority = Authority::Owner(patient.wallet.pubkey());
    let revoke = instruction::revoke_all_consents(patient.vault().0.into(), authority);
    let sent = pay.send(&[revoke], &[&patient.wallet]).await?;
    stage.confirmed(&sent).await?;
    refused(session, purpose, share.result, "a consent of an earlier epoch").await?;
    let explained = consent::explain(&patient.session, patient.vault(), staff.organization.key(), purpose).await?;
    if explained.records.iter().any(|record| record.verdict.permits()) {
        bail!("the patient is told that the organization sees something");
    }
    Ok(())
}
