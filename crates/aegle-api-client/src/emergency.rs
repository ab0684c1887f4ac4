//! Records opened in an emergency: by a clinician who says why, for a limited time, and reviewed by the
//! patient's side.

use std::io::{Seek, Write};

use aegle_client::{
    Pubkey, Reader, Sent,
    instruction::{self, Authority},
    state::{BreakGlass, Credential, EMERGENCIES_ALLOWED, Purpose},
};
use aegle_decision::Key;
use aegle_envelope::{Expected, SecretKey};
pub use aegle_exchange::emergency::{Collected, OpenedEmergency, Opening};
use aegle_exchange::emergency::{NewEmergency, ReleasedShare};
use rand::{CryptoRng, RngCore};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{Error, Pay, Progress, Session, api, chain, download, record, record::Opened, wire::Page};

/// Signs a statement and has the server's relay open it on chain, confirmed.
///
/// # Errors
/// A vault that forbids it, the server's refusal, or an opening that the chain has not.
pub async fn open(
    session: &Session,
    reader: &Reader,
    clinician: &Keypair,
    opening: Opening,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<OpenedEmergency, Error> {
    if chain::vault(reader, &opening.vault).await?.emergency_policy != EMERGENCIES_ALLOWED {
        return Err(Error::Forbidden);
    }
    let attested: Credential = reader.account("credential", &Pubkey::from(opening.credential.0)).await?;
    let statement = opening.statement(Key(clinician.pubkey().to_bytes()), &attested, reader.now().await?, rng)?;
    let signature = clinician.try_sign_message(statement.bytes())?.into();
    let body = NewEmergency::new(statement.bytes().to_vec(), signature, rng)?;
    let opened: OpenedEmergency = session.post_for(Purpose::EmergencyTreatment, "/v1/emergencies", &body).await?;
    let on_chain: BreakGlass = reader.account("emergency opening", &Pubkey::from(opened.break_glass.0)).await?;
    if opened.check(&on_chain)?.bytes() != statement.bytes() {
        return Err(Error::Chain("the opening is not that of the statement"));
    }
    Ok(opened)
}

/// What was opened in `vault`, for whoever acts for the patient; without one, what the caller opened.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, vault: Option<Key>) -> Result<Vec<OpenedEmergency>, Error> {
    let query: Vec<_> = vault.map(|vault| ("patient", vault.to_string())).into_iter().collect();
    session.pages(None, "/v1/emergencies", &query).await
}

/// Says on chain that the patient's side has looked at an opening, which lets its clinician open others.
///
/// # Errors
/// The program's.
pub async fn review(pay: &Pay<'_>, signer: &Keypair, vault: Key, break_glass: Key) -> Result<Sent, Error> {
    let (owner, key) = (chain::vault(pay.reader(), &vault).await?.owner, signer.pubkey());
    let authority = if owner == key { Authority::Owner(key) } else { Authority::Delegate(key) };
    pay.send(&[instruction::review_break_glass(vault.0.into(), authority, break_glass.0.into())], &[signer]).await
}

/// Gets what custodians have released of a record's key, as often as it takes until it is enough.
///
/// # Errors
/// The server's refusal.
pub async fn collect(session: &Session, secret: &SecretKey, break_glass: Key, record: Key) -> Result<Collected, Error> {
    let path = format!("/v1/emergencies/{break_glass}/shares");
    let released: Page<ReleasedShare> = api::json(session.read(Purpose::EmergencyTreatment, &path, &[])?).await?;
    Ok(Collected::new(&released.data, break_glass, record, &[secret]))
}

/// Opens a record with what was [`collect`]ed: fetches, decrypts into `out` and checks it as
/// [`record::open`] does.
///
/// # Errors
/// Too few shares, the server's refusal, or content that is not what it should be.
pub async fn read(
    session: &Session,
    reader: &Reader,
    collected: &Collected,
    record: Key,
    out: &mut impl Write,
    progress: Progress<'_>,
) -> Result<Opened, Error> {
    let purpose = Purpose::EmergencyTreatment;
    let held = record::get(session, purpose, record).await?;
    let on_chain = record::on_chain(reader, &held).await?;
    let path = format!("/v1/records/{record}/content");
    let (mut ciphertext, receipt) =
        download::download(|| session.read(purpose, &path, &[]), held.size, progress).await?;
    let expected = Expected { vault: held.vault, commitment: Some(on_chain.commitment) };
    for key in collected.keys() {
        ciphertext.rewind()?;
        // A key that is not the content's opens nothing of it, so nothing was written.
        if aegle_envelope::open_record(&key, &mut ciphertext, &expected).is_err() {
            continue;
        }
        ciphertext.rewind()?;
        let manifest = record::decrypt(&key, &mut ciphertext, &expected, &held.opening, out)?;
        let issuer = record::issuance(session.api(), &manifest, on_chain.minted_slot).await?;
        return Ok(Opened { held, manifest, issuer, receipt });
    }
    Err(Error::NoKey("too few custodians have released their shares of it yet"))
}
