//! An emergency: what nobody allowed is opened for a reason, on chain before anything is released; custodians
//! look for themselves; the patient is told, reviews it, and forbids the next.

use std::time::Duration;

use aegle_api_client::{
    Session, custodian, disclosure,
    emergency::{self, OpenedEmergency, Opening},
    notice, receipt, record,
    release::{self, Journal, Refusal},
};
use aegle_client::state::Purpose;
use aegle_decision::{Key, RuleId};
use aegle_disclosure::{Operation, Outcome};
use anyhow::{Context, bail, ensure};
use tokio::time::{Instant, sleep};

use super::{
    Stage,
    people::{Patient, Professional, Staff},
    quiet,
    sharing::Share,
};

const THRESHOLD: u8 = 2;
const PURPOSE: Purpose = Purpose::EmergencyTreatment;
const REASON: &str = "Unconscious after a fall";
const POLL: Duration = Duration::from_millis(200);

/// The patient names custodians, and splits the keys of what is there.
pub async fn allow(stage: &Stage<'_>, patient: &Patient, staff: &Staff) -> anyhow::Result<(String, ())> {
    let pay = patient.pay(stage).await?;
    let keys: Vec<Key> = staff.custodians.iter().map(Professional::key).collect();
    let allowed = custodian::allow(&patient.session, &pay, &patient.wallet, patient.vault(), &keys, THRESHOLD).await?;
    stage.confirmed(&allowed.context("emergencies were allowed before")?).await?;
    let records = custodian::deal(&patient.session, stage.reader(), &patient.unlocked, &mut stage.fork()).await?;
    ensure!(records > 0, "no key was split");
    Ok((format!("{records} records, {THRESHOLD} of {}", keys.len()), ()))
}

/// A custodian at its own node.
struct Keeper<'a> {
    custodian: &'a Professional,
    session: Session,
    journal: Journal,
}

impl Keeper<'_> {
    /// What waits, once the server tells of it.
    async fn pending(&self) -> anyhow::Result<OpenedEmergency> {
        let deadline = Instant::now() + super::WITHIN;
        loop {
            if let Some(found) = release::pending(&self.session).await?.into_iter().next() {
                return Ok(found);
            }
            ensure!(Instant::now() < deadline, "the custodian is told of nothing");
            sleep(POLL).await;
        }
    }

    async fn release(&mut self, stage: &Stage<'_>) -> anyhow::Result<usize> {
        let pending = self.pending().await?;
        let checked = release::check(stage.reader(), &self.journal, &pending).await?.context("the opening")?;
        self.journal.note(&checked);
        let secret = self.custodian.secrets.of(&self.custodian.encryption_key).context("the custodian's key")?;
        Ok(release::release(&self.session, secret, &checked, &mut stage.fork()).await?)
    }
}

/// Opened, released, read, told and reviewed; then forbidden.
pub async fn play(stage: &Stage<'_>, patient: &Patient, staff: &Staff, share: &Share) -> anyhow::Result<(String, ())> {
    let (vault, record, clinician) = (patient.vault(), share.psychiatric, &staff.practitioner);
    let refused = record::get(&share.practitioner, PURPOSE, record).await;
    ensure!(refused.is_err_and(|error| error.is("not_permitted")), "it was open before the emergency");

    let since = Instant::now();
    let opening = || Opening {
        vault,
        records: [record].into(),
        reason: REASON.into(),
        credential: clinician.credential,
        seconds: 3_600,
    };
    let open = async || {
        let (session, mut rng) = (&share.practitioner, stage.fork());
        emergency::open(session, stage.reader(), &clinician.wallet, opening(), &mut rng).await
    };
    let opened = open().await?;

    let mut keepers = Vec::new();
    for custodian in &staff.custodians {
        let session = stage.sign_in(&custodian.wallet).await?;
        keepers.push(Keeper { custodian, session, journal: Journal::default() });
    }
    // A server that shows another statement than the chain has gets nothing.
    let mut forged = keepers[0].pending().await?;
    forged.salt.0[0] ^= 1;
    let said = release::check(stage.reader(), &keepers[0].journal, &forged).await?;
    ensure!(said.err() == Some(Refusal::OtherOpening), "a custodian believes the server");

    let secret = clinician.secrets.of(&clinician.encryption_key).context("the clinician's key")?;
    let collect = async || emergency::collect(&share.practitioner, secret, opened.break_glass, record).await;
    ensure!(keepers[0].release(stage).await? == 1, "shares of other records were released, too");
    ensure!(!collect().await?.is_enough(), "one custodian is enough");
    keepers[1].release(stage).await?;
    let mut found = Vec::new();
    let collected = collect().await?;
    emergency::read(&share.practitioner, stage.reader(), &collected, record, &mut found, &quiet).await?;
    let took = since.elapsed();
    ensure!(!found.is_empty(), "the record is empty");

    // Another emergency waits until the patient has looked at this one.
    ensure!(open().await.is_err_and(|error| error.is("not_permitted")), "two openings wait for their review");
    told(stage, patient, clinician, &opened).await?;
    let pay = patient.pay(stage).await?;
    let reviewed = emergency::review(&pay, &patient.wallet, vault, opened.break_glass).await?;
    stage.confirmed(&reviewed).await?;
    let second = open().await?;

    // Forbidden counts at once, for custodians by the chain alone.
    let forged = keepers[2].pending().await?;
    let forbidden = custodian::forbid(&patient.session, &pay, &patient.wallet, vault).await?;
    stage.confirmed(&forbidden.context("emergencies were forbidden before")?).await?;
    let said = release::check(stage.reader(), &keepers[2].journal, &forged).await?;
    ensure!(said.err() == Some(Refusal::Forbidden), "a custodian releases what is forbidden");
    let read = record::get(&share.practitioner, PURPOSE, record).await;
    ensure!(read.is_err_and(|error| error.is("not_permitted")), "the server gives out what is forbidden");
    let review = emergency::review(&pay, &patient.wallet, vault, second.break_glass).await?;
    stage.confirmed(&review).await?;
    Ok((format!("read {} ms after the clinician asked", took.as_millis()), ()))
}

/// The patient learns who opened what and why, finds every step in the own log, and can decide each again from
/// the chain.
async fn told(
    stage: &Stage<'_>,
    patient: &Patient,
    clinician: &Professional,
    opened: &OpenedEmergency,
) -> anyhow::Result<()> {
    let openings = emergency::list(&patient.session, Some(patient.vault())).await?;
    let [opening] = &openings[..] else { bail!("{} openings", openings.len()) };
    let statement = opening.statement()?;
    let says = statement.value();
    ensure!((says.clinician, &*says.reason) == (clinician.key(), REASON), "the patient is told something else");
    ensure!(opening.opened && !opening.reviewed, "it is on chain, and nobody has reviewed it");
    let deadline = Instant::now() + super::WITHIN;
    let inbox = async || notice::inbox(&patient.session, patient.vault(), true).await;
    while !inbox().await?.iter().any(|notice| notice.kind == "emergency") {
        ensure!(Instant::now() < deadline, "the inbox does not tell of it");
        sleep(POLL).await;
    }
    let own = disclosure::own(&patient.session, patient.vault()).await?.context("the patient's log")?;
    let rule = RuleId::BreakGlass { break_glass: opened.break_glass };
    for operation in [
        Operation::OpenEmergency,
        Operation::FetchShares,
        Operation::ReleaseShares,
        Operation::CollectShares,
        Operation::ReadContent,
    ] {
        let is = |outcome: &Outcome| match outcome {
            Outcome::Permit { records, .. } => records.iter().any(|released| released.rule == rule),
            Outcome::Deny { .. } => false,
        };
        let entries = own.entries.iter().map(|logged| (logged.index, logged.entry.value()));
        let mut logged = entries.filter(|(_, entry)| entry.operation == operation && is(&entry.outcome));
        let (index, _) = logged.next().with_context(|| format!("{operation:?} is not in the patient's log"))?;
        let bundle = receipt::save_own(&patient.session, &own, index).await?;
        let report = receipt::verify(stage.reader(), &bundle, Some(&own.log)).await?;
        ensure!(report.holds() && report.replayed, "{operation:?}: {:#?}", report.checks);
    }
    Ok(())
}
