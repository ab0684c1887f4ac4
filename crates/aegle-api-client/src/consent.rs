//! Allowing somebody, and stopping to.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::{
    Pubkey, Reader, SendError, Sent,
    aegle::GrantConsentParams,
    instruction::{self, Authority},
    state::{Consent, Purpose},
};
use aegle_decision::{Key, Policy, purpose_code};
use aegle_envelope::EncryptionKey;
use aegle_exchange::recipients::allowed;
use rand::{CryptoRng, RngCore};
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Error, Pay, Session, Unlocked, chain,
    wire::{DraftPreview, Explained, HeldConsent},
    wrap,
};

pub use aegle_exchange::consent::{Grant, Shown};

/// A consent that was granted.
#[derive(Clone, Debug)]
pub struct Granted {
    pub consent: Key,
    pub sent: Sent,
    /// Content keys that were encrypted to the grantee.
    pub wrapped: usize,
}

/// Shows what `policy` would open in `vault`.
///
/// # Errors
/// The server's; a preview that is not of this vault and these purposes, or not what its hash covers.
pub async fn draft(session: &Session, vault: Key, purposes: u16, policy: &Policy) -> Result<Shown, Error> {
    let asked = json!({"vault": vault, "purposes": purposes, "policy": policy});
    let shown: DraftPreview = session.post("/v1/consents/draft", &asked).await?;
    Ok(Shown::read(shown, vault, purposes)?)
}

/// The key that a registrar attests for `grantee`; none where the chain has none, or several.
///
/// # Errors
/// The server's or the node's.
pub async fn key_of(session: &Session, pay: &Pay<'_>, grantee: &Key) -> Result<Option<EncryptionKey>, Error> {
    let keys = chain::attested_keys(session.api(), pay.reader(), grantee).await?;
    Ok(match keys[..] {
        [key] => Some(key),
        _ => None,
    })
}

/// Allows: keeps what opens the consent at the server, grants it on chain, and encrypts to the grantee what
/// was shown.
///
/// # Errors
/// The server's or the program's. An opening without its consent permits nothing.
pub async fn grant(
    session: &Session,
    pay: &Pay<'_>,
    signer: &Keypair,
    unlocked: &Unlocked,
    grant: Grant,
    shown: &Shown,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Granted, Error> {
    let (new, terms) = grant.make(unlocked, shown, rng)?;
    let address = Pubkey::from(new.vault.0);
    let state = chain::vault(pay.reader(), &new.vault).await?;
    session.post::<HeldConsent>("/v1/consents", &new).await?;
    let params = GrantConsentParams {
        handle: terms.handle.0,
        policy_commitment: terms.policy_commitment.0,
        purposes: terms.purposes,
        actions: terms.actions,
        from_day: terms.from_day,
        until_day: terms.until_day,
        expected: instruction::expected(&state),
    };
    let authority = authority(&state.owner, signer);
    let granting = instruction::grant_consent(address, authority, pay.payer(), terms.consent_id.0, params);
    let sent = pay.send(&[granting], &[signer]).await?;
    let wrapped = wrap::give(session, unlocked, &shown.records, new.grantee, new.encryption_key, rng).await?;
    Ok(Granted { consent: terms.consent, sent, wrapped })
}

/// Stops allowing.
///
/// # Errors
/// The program's.
pub async fn revoke(pay: &Pay<'_>, signer: &Keypair, vault: Key, consent: Key) -> Result<Sent, Error> {
    let state = chain::vault(pay.reader(), &vault).await?;
    let authority = authority(&state.owner, signer);
    pay.send(&[instruction::revoke_consent(vault.0.into(), authority, consent.0.into())], &[signer]).await
}

/// The openings of a patient's consents: all for the patient, a grantee's own for the grantee.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, vault: Key) -> Result<Vec<HeldConsent>, Error> {
    session.list("/v1/consents", &[("patient", vault.to_string())]).await
}

/// Whom the consents in effect on chain name, with the keys to encrypt to that their policies name. What the
/// server keeps of them is believed as far as it opens what the chain committed to.
///
/// # Errors
/// The server's or the node's.
pub(crate) async fn recipients(
    session: &Session,
    reader: &Reader,
    vault: Key,
) -> Result<BTreeMap<Key, BTreeSet<EncryptionKey>>, Error> {
    let state = chain::vault(reader, &vault).await?;
    let now = reader.now().await?;
    let mut consents = Vec::new();
    for held in list(session, vault).await?.into_iter().filter(|held| held.opened && !held.revoked) {
        match reader.account::<Consent>("consent", &held.consent.0.into()).await {
            Err(SendError::NotFound { .. }) => continue,
            read => consents.push((held, read?)),
        }
    }
    Ok(allowed(consents.iter().map(|(held, on_chain)| (held, on_chain)), (vault, &state), now))
}

/// What `grantee` would see now, and what says so. For the patient.
///
/// # Errors
/// The server's.
pub async fn explain(session: &Session, vault: Key, grantee: Key, purpose: Purpose) -> Result<Explained, Error> {
    let query = [
        ("patient", vault.to_string()),
        ("grantee", grantee.to_string()),
        ("purpose", purpose_code(purpose).to_owned()),
    ];
    session.get("/v1/explain", &query).await
}

fn authority(owner: &Pubkey, signer: &Keypair) -> Authority {
    let key = signer.pubkey();
    if *owner == key { Authority::Owner(key) } else { Authority::Delegate(key) }
}
