//! Who looked: the patient's own log, and the operator's whole one, which forgets nothing unseen.

use std::time::Duration;

use aegle_accounting::{Period, pdf};
use aegle_api_client::{accounting, disclosure, notice};
use aegle_client::Pubkey;
use aegle_disclosure::{AuditFault, Outcome};
use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::Instant;

use super::{
    Stage, WITHIN,
    people::{PRACTITIONER, Patient, Staff},
};

/// Lamports that the operator has for anchoring.
const FUNDS: u64 = 1_000_000_000;

/// The patient reads who looked and who was refused, and sees that nothing is missing.
pub async fn own(patient: &Patient, staff: &Staff) -> anyhow::Result<(String, ())> {
    let (_, session) = patient.heir.as_ref().context("nobody recovered the vault")?;
    let own = disclosure::own(session, patient.vault()).await?.context("the patient's log")?;
    let doctor = staff.practitioner.key();
    let (mut answered, mut refused, mut doctors) = (0, 0, 0);
    for logged in &own.entries {
        let entry = logged.entry.value();
        let answers = matches!(entry.outcome, Outcome::Permit { .. });
        *(if answers { &mut answered } else { &mut refused }) += 1;
        doctors += u32::from(answers && entry.caller.key == doctor);
    }
    ensure!(doctors > 0 && refused > 0, "the practitioner read and was refused, and the log says neither");
    Ok((format!("{answered} answered, {doctors} of them to the practitioner, {refused} refused"), ()))
}

/// The patient was told of every reading while it happened, and accounts for them all in a document that
/// names who read.
pub async fn told(stage: &Stage<'_>, patient: &Patient, staff: &Staff) -> anyhow::Result<(String, ())> {
    let (_, session) = patient.heir.as_ref().context("nobody recovered the vault")?;
    let vault = patient.vault();
    let own = disclosure::own(session, vault).await?.context("the patient's log")?;
    let now = own.entries.last().context("an empty log")?.entry.value().at;
    let attested = [staff.practitioner.attested.clone()];
    let period = Period::new(None, None, now)?;
    let account = accounting::account(session, stage.reader(), &own, period, &attested, now).await?;
    let lines = account.disclosures.len();
    let named = |line: &&aegle_accounting::Disclosed| line.recipient.name.as_deref() == Some(PRACTITIONER);
    let named = account.disclosures.iter().filter(named).count();
    ensure!(named > 0, "nobody is named of {lines} disclosures");
    let document = pdf(&account)?;
    ensure!(document.starts_with(b"%PDF"), "the accounting is no document");

    let told = async || -> anyhow::Result<Vec<notice::Notice>> {
        let deadline = Instant::now() + WITHIN;
        loop {
            let inbox = notice::inbox(session, vault, true).await?;
            let read = inbox.iter().filter(|notice| notice.kind == "disclosure").count();
            if read == lines {
                return Ok(inbox);
            }
            ensure!(Instant::now() < deadline, "{lines} disclosures, and {read} were told");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let inbox = told().await?;
    for kind in ["grant", "revocation"] {
        ensure!(inbox.iter().any(|notice| notice.kind == kind), "no {kind} was told");
    }
    let numbers: Vec<u64> = inbox.iter().rev().map(|notice| notice.number).collect();
    ensure!(numbers.iter().copied().eq(1..=inbox.len() as u64), "a number is missing: {numbers:?}");
    notice::mark_read(session, vault, inbox.len() as u64).await?;
    ensure!(notice::inbox(session, vault, true).await?.is_empty(), "what was read is new still");
    Ok((format!("{} notices, {lines} of them disclosures, {} KB of PDF", inbox.len(), document.len() >> 10), ()))
}

/// The operator anchors the log; an outsider reads all of it, before, after and while a line is changed.
pub async fn whole(stage: &Stage<'_>, operator: Pubkey) -> anyhow::Result<(String, ())> {
    stage.reader().airdrop(&operator, FUNDS).await?;
    let output = stage.settings.output(&["anchor"]).await?;
    ensure!(output.status.success(), "aegle-indexer anchor: {}", String::from_utf8_lossy(&output.stderr).trim());
    let anchored = disclosure::anchored(stage.reader(), &operator).await?;
    ensure!(!anchored.is_empty(), "no root is on the chain");
    let read = async || disclosure::audit(&stage.api, anchored.clone(), &|_| {}).await;
    let entries = read().await?.context("the log is not what was anchored")?;

    let mut database = PgConnection::connect(&stage.settings.database_url).await?;
    let last = anchored.last().map_or(0, |stated| stated.size) - 1;
    let place = format!("WHERE index = {last}");
    let query = format!("SELECT encode(commitment, 'hex') FROM protected.disclosure {place}");
    let before: String = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut database).await?;
    let mut change = async |to: String| {
        let change = format!(
            "ALTER TABLE protected.disclosure DISABLE TRIGGER append_only;
             UPDATE protected.disclosure SET commitment = {to} {place};
             ALTER TABLE protected.disclosure ENABLE TRIGGER append_only"
        );
        sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut database).await
    };
    change("sha256(commitment)".into()).await?;
    let found = read().await?;
    change(format!("decode('{before}', 'hex')")).await?;
    read().await?.context("the line was put back, and the log does not pass")?;
    ensure!(matches!(found, Err(AuditFault::Altered { .. })), "a line was changed, and the log passes: {found:?}");
    Ok((format!("{entries} entries"), ()))
}
