//! A patient takes everything along to another operator, where those who read before read on.

use std::path::Path;

use aegle_api_client::{
    Api, Origin, Session, export,
    keyring::{self, Way},
    record,
};
use aegle_client::state::Purpose;
use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::erasure::{Family, KEPT, PURPOSE, WITHIN, run};
use crate::{indexer::Settings, operator::Operator, postgres::Postgres};

/// Everything of the family's is exported and taken in by a second server of the same ledger, which has nothing of
/// the first: no database, no blobs, no keys.
pub async fn leave(
    family: &Family,
    operator: &Operator,
    settings: &Settings,
    postgres: &Postgres,
    folder: &Path,
    seed: u64,
) -> anyhow::Result<String> {
    let Family { owner, session, unlocked, kin, kins, kept, .. } = family;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let reader = operator.sender.reader();
    let number = std::process::id();
    let place = folder.join(format!("second-{number}"));
    let mut second = settings.another("second", "both")?;
    (second.blobs, second.erasure_keys) = (place.join("blobs"), place.join("erasure-keys"));
    let foreign = ["AEGLE_API__LOG__ANCHOR_KEYPAIR", "AEGLE_API__LOG__KEY", "AEGLE_API__RELAY__KEYPAIR"];
    second.environment.retain(|(name, _)| !foreign.contains(&name.as_str()));
    let name = format!("aegle_second_{number}");
    second.database_url = postgres.create(&name).await?;
    second.migrate().await?;
    let mut server = second.start()?;

    // The patient signs in again: the first session may have expired meanwhile.
    let session = Session::sign_in(session.api(), owner, None).await?;
    let site = Origin::of(&server.api.url)?;
    let files = place.join("export");
    let site_of_owner = Some((&site, owner as &dyn solana_signer::Signer));
    let quiet = &|_, _| {};
    let exported = export::export(&session, reader, unlocked, site_of_owner, &files, &mut rng, quiet).await?;
    ensure!(exported.unreadable.is_empty() && exported.records == 1, "{exported:?}");
    let at = export::Export::open(&files)?.confirmed_slot;
    let log = export::disclosures(&files)?.check(unlocked.vault())?.context("the exported log")?;

    server.ready(WITHIN).await?;
    let api = Api::new(&server.api.url, site)?;
    api.reached(at, true, WITHIN).await?;
    let adopted = run(&second, &["adopt", files.to_str().context("a path that is no text")?]).await?;
    ensure!(adopted["records"] == 1 && adopted["left_out"] == serde_json::json!([]), "taken in: {adopted}");

    let patient = Session::sign_in(&api, owner, None).await?;
    let by_wallet = keyring::unlock(&patient, reader, unlocked.vault(), Way::Wallet(owner)).await?;
    let kin_there = Session::sign_in(&api, kin, None).await?;
    let readers = [(&patient, &by_wallet.secrets(), Purpose::PatientRequest), (&kin_there, kins, PURPOSE)];
    for (session, secrets, purpose) in readers {
        let mut content = Vec::new();
        record::open(session, reader, secrets, purpose, *kept, &mut content, quiet).await?;
        ensure!(content == KEPT, "the record reads otherwise there");
    }
    ensure!(server.stop().await?.success(), "the second server did not end well");
    postgres.remove(&name).await?;
    std::fs::remove_dir_all(&place)?;
    Ok(format!("{} bytes, {} log entries", exported.bytes, log.entries.len()))
}
