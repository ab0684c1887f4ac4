//! Who looked: the patient's own log, and the operator's whole one, which forgets nothing unseen.

use aegle_api_client::disclosure;
use aegle_client::Pubkey;
use aegle_disclosure::{AuditFault, Outcome};
use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    Stage,
    people::{Patient, Staff},
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
