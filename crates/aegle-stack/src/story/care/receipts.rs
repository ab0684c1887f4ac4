//! A receipt that the practitioner keeps, and what the chain alone says of it later.

use aegle_api_client::{disclosure, receipt, record};
use aegle_client::state::Purpose;
use aegle_disclosure::Outcome;
use aegle_receipt::Bundle;
use anyhow::{Context, ensure};

use super::{
    Stage,
    people::{Patient, Staff},
    quiet,
    sharing::Share,
};

/// The practitioner reads the result, and keeps the receipt with everything that opens it.
pub async fn keep(stage: &Stage<'_>, patient: &Patient, staff: &Staff, share: &Share) -> anyhow::Result<Bundle> {
    let (session, secrets, purpose) = (&share.practitioner, &staff.practitioner.secrets, Purpose::Treatment);
    let mut content = Vec::new();
    let opened = record::open(session, stage.reader(), secrets, purpose, share.result, &mut content, &quiet).await?;
    let signed = opened.receipt.context("the answer had no receipt")?;
    // The log makes a checkpoint when its patient looks.
    disclosure::own(&patient.session, patient.vault()).await?.context("the patient's log")?;
    Ok(receipt::save(session, signed.receipt.index, Some(&signed)).await?)
}

/// Whoever has the practitioner's receipt and the patient's copy of a later refusal decides both again from the
/// chain, as a node has it. The server is not asked; the consent is revoked by now.
pub async fn replay(
    stage: &Stage<'_>,
    patient: &Patient,
    staff: &Staff,
    kept: &Bundle,
) -> anyhow::Result<(String, ())> {
    let own = disclosure::own(&patient.session, patient.vault()).await?.context("the patient's log")?;
    let refused = own.entries.iter().rev().map(|logged| (logged.index, logged.entry.value())).find(|(_, entry)| {
        entry.caller.key == staff.practitioner.key() && matches!(entry.outcome, Outcome::Deny { .. })
    });
    let (index, _) = refused.context("the practitioner was not refused")?;
    let refused = receipt::save_own(&patient.session, &own, index).await?;
    let mut steps = 0;
    for bundle in [kept, &refused] {
        let report = receipt::verify(stage.reader(), bundle, Some(&own.log)).await?;
        ensure!(report.holds() && report.replayed, "{:#?}", report.checks);
        steps += report.checks.len();
    }
    let mut forged = kept.clone();
    for opening in &mut forged.consents {
        opening.policy = opening.policy.replace("all-normal", "deny");
    }
    let report = receipt::verify(stage.reader(), &forged, Some(&own.log)).await?;
    ensure!(!report.holds(), "another policy was put in its place, and the receipt passes");
    Ok((format!("a permit and a refusal in {steps} steps, a forged policy caught"), ()))
}
