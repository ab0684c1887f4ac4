//! Allowing somebody, and stopping to.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::{
    Pubkey, Reader, SendError, Sent,
    aegle::GrantConsentParams,
    commitment::{Opening, random_bytes},
    id,
    instruction::{self, Authority},
    pda,
    state::{Consent, Purpose, day_of},
};
use aegle_decision::{Document, Key, Policy, PolicyVersion, Preview, purpose_code};
use aegle_envelope::EncryptionKey;
use rand::{CryptoRng, RngCore};
use serde::Serialize;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Error, Pay, Session, Unlocked, chain,
    wire::{Digest, DraftPreview, Explained, HeldConsent},
    wrap,
};

/// What a policy would open now, as the patient is shown it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub records: Vec<Key>,
    /// How many others there are.
    pub withheld: u64,
    hash: [u8; 32],
}

/// What is to be allowed.
#[derive(Clone, Debug)]
pub struct Grant {
    pub grantee: Key,
    /// X25519 key of the grantee; see [`key_of`].
    pub encryption_key: EncryptionKey,
    /// Bits of the purposes and actions.
    pub purposes: u16,
    pub actions: u8,
    /// First day in effect and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    pub policy: Policy,
}

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
    let preview = Document::<Preview>::read(shown.preview.into_bytes())?;
    let Preview { vault: of, purposes: for_what, records, withheld, .. } = preview.value();
    let same = (*of, *for_what, *withheld) == (vault, purposes, shown.withheld)
        && shown.records.iter().eq(records)
        && preview.hash() == shown.hash.0;
    if !same {
        return Err(Error::Answer("a preview that is not what it shows"));
    }
    Ok(Shown { records: shown.records, withheld: shown.withheld, hash: shown.hash.0 })
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

#[derive(Serialize)]
struct NewConsent<'a> {
    vault: Key,
    consent_id: Digest,
    grantee: Key,
    salt: Digest,
    policy: &'a str,
    policy_salt: Digest,
    encryption_key: EncryptionKey,
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
    let Grant { grantee, encryption_key, purposes, actions, from_day, until_day, policy } = grant;
    let recipient = Some(encryption_key.0);
    let policy = Document::new(Policy { kind: PolicyVersion::V2, preview: Some(shown.hash), recipient, ..policy });
    policy.value().validate()?;
    let vault = unlocked.vault();
    let address = Pubkey::from(vault.0);
    let state = chain::vault(pay.reader(), &vault).await?;
    let consent_id = id::consent_id(rng, &address);
    let opening =
        Opening { vault: address, consent_id, grantee: grantee.0.into(), salt: unlocked.grantee_salt(&consent_id)? };
    let policy_salt = random_bytes(rng);
    let text = std::str::from_utf8(policy.bytes()).map_err(|_| Error::Answer("a policy that is no text"))?;
    let new = NewConsent {
        vault,
        consent_id: Digest(consent_id),
        grantee,
        salt: Digest(opening.salt),
        policy: text,
        policy_salt: Digest(policy_salt),
        encryption_key,
    };
    session.post::<HeldConsent>("/v1/consents", &new).await?;
    let params = GrantConsentParams {
        handle: opening.handle(),
        policy_commitment: policy.commitment(&policy_salt),
        purposes,
        actions,
        from_day,
        until_day,
        expected: instruction::expected(&state),
    };
    let authority = authority(&state.owner, signer);
    let granting = instruction::grant_consent(address, authority, pay.payer(), consent_id, params);
    let sent = pay.send(&[granting], &[signer]).await?;
    let wrapped = wrap::give(session, unlocked, &shown.records, grantee, encryption_key, rng).await?;
    let consent = Key(pda::find_consent(&address, &consent_id).0.to_bytes());
    Ok(Granted { consent, sent, wrapped })
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
    let today = day_of(reader.now().await?).unwrap_or(u32::MAX);
    let mut recipients: BTreeMap<Key, BTreeSet<EncryptionKey>> = BTreeMap::new();
    for held in list(session, vault).await?.into_iter().filter(|held| held.opened && !held.revoked) {
        let on_chain: Consent = match reader.account("consent", &held.consent.0.into()).await {
            Err(SendError::NotFound { .. }) => continue,
            read => read?,
        };
        let in_effect = on_chain.revoked_slot == 0
            && on_chain.consent_epoch == state.consent_epoch
            && (on_chain.from_day..on_chain.until_day).contains(&today);
        let Ok(policy) = Document::<Policy>::read(held.policy.into_bytes()) else { continue };
        let opening = Opening {
            vault: vault.0.into(),
            consent_id: on_chain.consent_id,
            grantee: held.grantee.0.into(),
            salt: held.salt.0,
        };
        let opens = on_chain.vault == opening.vault
            && on_chain.handle == opening.handle()
            && on_chain.policy_commitment == policy.commitment(&held.policy_salt.0);
        if in_effect && opens {
            recipients.entry(held.grantee).or_default().extend(policy.value().recipient.map(EncryptionKey));
        }
    }
    Ok(recipients)
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
