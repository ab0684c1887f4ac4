//! The wallet is lost: guardians, a new wallet, and everything is there again.

use std::time::Duration;

use aegle_api_client::{
    Secrets, Session,
    keyring::{self, Way},
    record::{self, Query},
    recovery::{self, Prepared},
    wrap,
};
use aegle_client::{
    Pubkey,
    aegle::{ApproveRecoveryParams, ProposeRecoveryParams},
    id, instruction, pda,
    state::{Purpose, Recovery},
};
use aegle_decision::Key;
use anyhow::{Context, ensure};
use rand::rngs::OsRng;
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

use super::{
    Stage,
    people::{Patient, relay, threshold},
    sharing::{Share, open, refused},
};
use crate::story::keypair;

const PURPOSE: Purpose = Purpose::PatientRequest;
const POLL: Duration = Duration::from_millis(200);

/// A vault with its new owner.
pub struct Recovered {
    wallet: Keypair,
    session: Session,
    prepared: Prepared,
    recovery: Key,
}

/// Two guardians propose a new wallet, and after the delay it takes the vault; the relay pays for all.
pub async fn recover(stage: &Stage<'_>, patient: &Patient, mut rng: ChaCha20Rng) -> anyhow::Result<Recovered> {
    let (vault, reader) = (patient.vault(), stage.reader());
    let address = Pubkey::from(vault.0);
    let wallet = keypair(&mut rng);
    let prepared = recovery::prepare(reader, vault, &mut rng).await?;
    let state = stage.vault(&vault).await?;
    let recovery_id = id::recovery_id(&mut rng, &address);
    let recovery = pda::find_recovery(&address, &recovery_id).0;
    let [(first, _), (second, _), ..] = &patient.helpers[..] else { anyhow::bail!("two guardians") };
    let opening = |key: &Keypair| patient.list.opening(&key.pubkey()).context("no guardian");

    let session = stage.sign_in(first).await?;
    let pay = relay(&session, stage).await?;
    let params = ProposeRecoveryParams {
        recovery_id,
        new_owner: wallet.pubkey(),
        new_encryption_key: prepared.encryption_key().0,
        opening: opening(first)?,
        guardian_epoch: state.guardian_epoch,
        delegate_epoch: state.delegate_epoch,
    };
    let propose = instruction::propose_recovery(address, first.pubkey(), pay.payer(), params);
    pay.send(&[propose], &[first]).await?;
    let session = stage.sign_in(second).await?;
    let pay = relay(&session, stage).await?;
    let params = ApproveRecoveryParams { opening: opening(second)? };
    pay.send(&[instruction::approve_recovery(address, second.pubkey(), recovery, params)], &[second]).await?;

    let pending: Recovery = reader.account("recovery", &recovery).await?;
    while reader.now().await? < pending.executable_at {
        sleep(POLL).await;
    }
    let session = stage.sign_in(&wallet).await?;
    let pay = relay(&session, stage).await?;
    let execute = instruction::execute_recovery(address, wallet.pubkey(), recovery);
    let executed = pay.send(&[execute], &[&wallet]).await?;
    stage.finalized(&executed).await?;
    drop(pay);
    Ok(Recovered { wallet, session, prepared, recovery: Key(recovery.to_bytes()) })
}

/// The guardians hand their shares over; the new wallet opens the keyring and every record, and wraps all
/// keys anew.
pub async fn read_again(
    stage: &Stage<'_>,
    patient: &mut Patient,
    recovered: anyhow::Result<Recovered>,
    share: &Share,
) -> anyhow::Result<(String, ())> {
    let Recovered { wallet, session, prepared, recovery } = recovered?;
    let (mut rng, vault) = (stage.fork(), patient.vault());
    for (key, secret) in &patient.helpers[..2] {
        let helping = stage.sign_in(key).await?;
        recovery::hand_over(&helping, stage.reader(), secret, recovery, &mut rng).await?;
    }
    let guardians = patient.guardians();
    let (reader, guardians) = (stage.reader(), Some(threshold(&guardians)));
    let (unlocked, made) = recovery::take_over(&session, reader, &wallet, &prepared, guardians, &mut rng).await?;
    let filled = wrap::fill(&session, reader, &unlocked, &[], &mut rng).await?;
    ensure!(filled.unproven.is_empty() && filled.unreadable.is_empty(), "{filled:?}");
    ensure!(filled.stored == share.records(), "{} keys were encrypted anew", filled.stored);
    // What was encrypted anew opens without anything of the old epoch.
    let newest = Secrets::from(prepared.root.vault_key(&vault, prepared.key_epoch));
    let records = record::list(&session, PURPOSE, vault, &Query::default()).await?;
    ensure!(records.len() == share.records(), "{} records are listed", records.len());
    let mut bytes = 0;
    for held in &records {
        bytes += open(stage, &session, &newest, PURPOSE, held.record).await?.0.len();
    }
    stage.plant("the new root secret", &*prepared.root.to_bytes());
    stage.plant("the new recovery code", made.code.text().as_bytes());
    stage.plant("the vault's new key", &*prepared.root.vault_key(&vault, prepared.key_epoch).to_bytes());
    patient.unlocked = unlocked;
    patient.code = made.code;
    patient.heir = Some((wallet, session));
    Ok((format!("{} records, {bytes} bytes", records.len()), ()))
}

/// The old wallet's session lists, reads and unlocks nothing; nor does a new one.
pub async fn old_wallet(patient: &Patient, share: &Share) -> anyhow::Result<()> {
    let old = &patient.session;
    let again = Session::sign_in(old.api(), &patient.wallet, None).await?;
    for session in [old, &again] {
        for record in [share.result, share.psychiatric] {
            refused(session, PURPOSE, record, "the old wallet").await?;
        }
        let listed = record::list(session, PURPOSE, patient.vault(), &Query::default()).await;
        ensure!(listed.is_err_and(|error| error.is("not_permitted")), "the old wallet lists records");
        let keyrings = keyring::list(session, patient.vault()).await;
        ensure!(keyrings.is_err_and(|error| error.is("not_permitted")), "the old wallet gets the keyring");
    }
    Ok(())
}

/// On a new machine, with nothing but the wallet's sign-in and the code on paper.
pub async fn by_code(stage: &Stage<'_>, patient: &Patient, share: &Share) -> anyhow::Result<()> {
    let (wallet, _) = patient.heir.as_ref().context("nobody recovered the vault")?;
    let session = stage.sign_in(wallet).await?;
    let code = patient.code.text().parse()?;
    let unlocked = keyring::unlock(&session, stage.reader(), patient.vault(), Way::Code(&code)).await?;
    let (content, issuer) = open(stage, &session, &unlocked.secrets(), PURPOSE, share.result).await?;
    ensure!(issuer.holds() && !content.is_empty(), "the result is not what it was");
    let other = aegle_envelope::RecoveryCode::generate(&mut OsRng);
    let opened = keyring::unlock(&session, stage.reader(), patient.vault(), Way::Code(&other)).await;
    ensure!(opened.is_err(), "another code opens the keyring");
    Ok(())
}
