//! To which keys may be encrypted for whom, whatever the server says.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::state::{Consent, Credential, CredentialStatus, Vault};
use aegle_decision::Key;
use aegle_envelope::{Binding, EncryptionKey, Wrap};
use rand::{CryptoRng, RngCore};
use serde::Serialize;

use crate::{
    Error, Secrets,
    consent::in_effect,
    wire::{HeldConsent, HeldRecord, NewWrap, WrappedKey},
};

/// A wrapped content key of a record, as the server stores it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RecordWrap {
    pub record: Key,
    pub wrap: NewWrap,
}

impl RecordWrap {
    /// The content key of `held` for a `holder`.
    ///
    /// # Errors
    /// No key at hand opens it, or a recipient of low order.
    pub fn new(
        held: &HeldRecord,
        secrets: &Secrets,
        holder: Key,
        recipient: EncryptionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, Error> {
        let (record, key) = (held.record, held.content_key(secrets)?);
        let wrapped_key = WrappedKey(Wrap::seal(&key, &Binding::Record(record), &recipient, rng)?);
        Ok(Self { record, wrap: NewWrap { holder, recipient, wrapped_key } })
    }
}

/// Whom the consents in effect on chain name, with the keys to encrypt to that their policies name. What the
/// server keeps of them is believed as far as it opens what the chain committed to. `now` is in seconds since the
/// Unix epoch, by the ledger's clock.
pub fn allowed<'a>(
    consents: impl IntoIterator<Item = (&'a HeldConsent, &'a Consent)>,
    (vault, state): (Key, &Vault),
    now: i64,
) -> BTreeMap<Key, BTreeSet<EncryptionKey>> {
    let mut allowed: BTreeMap<Key, BTreeSet<EncryptionKey>> = BTreeMap::new();
    for (held, on_chain) in consents {
        let Some(policy) = held.opened(on_chain) else { continue };
        if held.vault == vault && in_effect(on_chain, state, now) {
            allowed.entry(held.grantee).or_default().extend(policy.value().recipient.map(EncryptionKey));
        }
    }
    allowed
}

/// The keys that registrars attest for `subject`, by the credentials on chain.
pub fn attested<'a>(credentials: impl IntoIterator<Item = &'a Credential>, subject: &Key) -> Vec<EncryptionKey> {
    let mut keys = Vec::new();
    for credential in credentials {
        let is_theirs = credential.subject.to_bytes() == subject.0 && credential.status == CredentialStatus::Active;
        let key = EncryptionKey(credential.encryption_key);
        if is_theirs && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The keys of somebody whom a consent names with the `signed` ones: those that a registrar attests, or, for
/// somebody whom none attests, the ones in the policies that were signed.
pub fn keys(signed: BTreeSet<EncryptionKey>, attested: Vec<EncryptionKey>) -> Vec<EncryptionKey> {
    if attested.is_empty() { signed.into_iter().collect() } else { attested }
}
