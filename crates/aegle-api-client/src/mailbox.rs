//! Results that providers send to patients.

use std::io::Write;

use aegle_client::{
    Reader, SendError, Sent,
    aegle::NewRecordParams,
    instruction::{self, Authority},
    state::Record,
};
use aegle_decision::Key;
use aegle_envelope::{Expected, Manifest};
use rand::{CryptoRng, RngCore};
use reqwest::Method;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Error, Pay, Progress, Secrets, Session, chain, download,
    record::{self, Issuance, Sealed, Unminted},
    wire::{Digest, MailboxItem, StoredRecord},
};

/// Posts a sealed result to the vault it was sealed for, encrypted to the key that the chain has of it.
///
/// # Errors
/// The server's or the node's; `key_changed` where the patient replaces the key at that moment.
pub async fn post(
    session: &Session,
    reader: &Reader,
    mut sealed: Sealed,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<MailboxItem, Error> {
    let vault = sealed.manifest().details().value().vault;
    let state = chain::vault(reader, &vault).await?;
    let upload = sealed.upload(session, progress).await?;
    session.post("/v1/mailbox", &sealed.record.new_item(&state, upload, rng)?).await
}

/// What waits for the patient of `vault`; without one, what the caller posted and nobody took.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, vault: Option<Key>) -> Result<Vec<MailboxItem>, Error> {
    let query: Vec<_> = vault.iter().map(|vault| ("patient", vault.to_string())).collect();
    session.pages(None, "/v1/mailbox", &query).await
}

/// As the patient: reads an item before it is taken. Its signature is judged as of now.
///
/// # Errors
/// The server's, or content that is not what it should be.
pub async fn open(
    session: &Session,
    item: &MailboxItem,
    secrets: &Secrets,
    out: &mut impl Write,
    progress: Progress<'_>,
) -> Result<(Manifest, Issuance), Error> {
    let key = item.content_key(secrets)?;
    let path = format!("{}/content", path(item));
    let (ciphertext, _) = download::download(|| Ok(session.request(Method::GET, &path)), item.size, progress).await?;
    let expected = Expected { vault: item.vault, commitment: None };
    let manifest = record::decrypt(&key, ciphertext, &expected, &item.opening, out)?;
    let slot = session.api().mirror().await?.confirmed_slot;
    let issuer = record::issuance(session.api(), &manifest, slot).await?;
    Ok((manifest, issuer))
}

/// Whether the ledger has the record that an item becomes already.
///
/// # Errors
/// The node's; [`Error::Chain`] where the record there is not the item's.
pub async fn is_minted(reader: &Reader, item: &MailboxItem) -> Result<bool, Error> {
    match reader.account::<Record>("record", &item.record().record.0.into()).await {
        Ok(minted) if minted.commitment == item.opening.commitment() => Ok(true),
        Ok(_) => Err(Error::Chain("the item's record is another one")),
        Err(SendError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A record made of an item.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    pub record: Key,
    /// None where it was minted before, by an attempt that was cut off.
    pub sent: Option<Sent>,
}

/// Makes a record of an item, as the vault's owner or as a delegate with the right to mint, who need not be
/// able to read it.
///
/// The record's id follows from the item's, so that an attempt that was cut off is completed by the next, and
/// two attempts at once, even by different keys, make one record.
///
/// # Errors
/// The server's or the program's.
pub async fn accept(session: &Session, pay: &Pay<'_>, signer: &Keypair, item: &MailboxItem) -> Result<Accepted, Error> {
    let Unminted { record, record_id, commitment, .. } = item.record();
    let sent = if is_minted(pay.reader(), item).await? {
        None
    } else {
        let state = chain::vault(pay.reader(), &item.vault).await?;
        let key = signer.pubkey();
        let authority = if state.owner == key { Authority::Owner(key) } else { Authority::Delegate(key) };
        let params = NewRecordParams { record_id, commitment, expected: instruction::expected(&state) };
        let mint = instruction::mint_record(item.vault.0.into(), authority, pay.payer(), params);
        Some(pay.send(&[mint], &[signer]).await?)
    };
    let accepted: StoredRecord =
        session.post(&format!("{}/accept", path(item)), &json!({"record_id": Digest(record_id)})).await?;
    if (accepted.record, accepted.commitment.0) != (record, commitment) {
        return Err(Error::Answer("another item than the one accepted"));
    }
    Ok(Accepted { record: accepted.record, sent })
}

/// Takes an item out of the mailbox for good.
///
/// # Errors
/// The server's.
pub async fn discard(session: &Session, item: &MailboxItem) -> Result<(), Error> {
    session.delete(&path(item)).await
}

fn path(item: &MailboxItem) -> String {
    format!("/v1/mailbox/{}/{}", item.vault, hex::encode(item.item.0))
}
