//! Content keys for whom they are open to.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use aegle_client::{Reader, state::Purpose};
use aegle_decision::Key;
use aegle_envelope::EncryptionKey;
use aegle_exchange::recipients::{self, RecordWrap};
use rand::{CryptoRng, RngCore};
use serde::Serialize;

use crate::{
    Error, Session, Unlocked, chain, consent, record,
    wire::{HeldRecord, HeldWrap, PendingWrap, Stored},
};

/// Most wrapped keys in one request.
const BATCH: usize = 200;
/// Rounds of asking what is pending: the server tells of 1,000 at a time.
const ROUNDS: usize = 1_000;

#[derive(Serialize)]
struct NewWraps<'a> {
    vault: Key,
    wraps: &'a [RecordWrap],
}

/// What became of wraps that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub stored: usize,
    /// Keys that the server asked to encrypt to, and neither the chain nor what the patient signed has for
    /// their holder: nothing was encrypted to them.
    pub unproven: Vec<(Key, EncryptionKey)>,
    /// Records of which no key at hand opens the content.
    pub unreadable: Vec<Key>,
}

/// What is permitted and not encrypted yet.
///
/// # Errors
/// The server's.
pub async fn pending(session: &Session, vault: Key) -> Result<Vec<PendingWrap>, Error> {
    session.list("/v1/wraps/pending", &[("patient", vault.to_string())]).await
}

/// Who has which key, and what they got.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, vault: Key) -> Result<Vec<HeldWrap>, Error> {
    session.list("/v1/wraps", &[("patient", vault.to_string())]).await
}

/// Records whose key somebody got and lost without fetching the content: worth encrypting anew.
///
/// # Errors
/// The server's.
pub async fn exposed(session: &Session, vault: Key) -> Result<BTreeSet<Key>, Error> {
    let lost = |wrap: &HeldWrap| wrap.recipient.is_none() && !wrap.content_given && !wrap.replaced;
    Ok(list(session, vault).await?.iter().filter(|wrap| lost(wrap)).map(|wrap| wrap.record).collect())
}

/// To which keys may be encrypted for whom, whatever the server says.
pub(crate) struct Recipients<'a> {
    session: &'a Session,
    reader: &'a Reader,
    vault: Key,
    proven: BTreeMap<Key, Vec<EncryptionKey>>,
    /// By the consents in effect; read once it is needed.
    allowed: Option<BTreeMap<Key, BTreeSet<EncryptionKey>>>,
}

impl<'a> Recipients<'a> {
    pub(crate) async fn new(
        session: &'a Session,
        reader: &'a Reader,
        vault: Key,
        known: &[(Key, EncryptionKey)],
    ) -> Result<Self, Error> {
        let own = EncryptionKey(chain::vault(reader, &vault).await?.encryption_key);
        let mut proven: BTreeMap<Key, Vec<EncryptionKey>> = BTreeMap::from([(vault, vec![own])]);
        for (holder, key) in known {
            proven.entry(*holder).or_default().push(*key);
        }
        Ok(Self { session, reader, vault, proven, allowed: None })
    }

    pub(crate) async fn keys(&mut self, holder: Key) -> Result<&[EncryptionKey], Error> {
        let Self { session, reader, vault, .. } = *self;
        Ok(match self.proven.entry(holder) {
            Entry::Occupied(keys) => keys.into_mut(),
            Entry::Vacant(keys) => {
                let allowed = match &mut self.allowed {
                    Some(allowed) => allowed,
                    None => self.allowed.insert(consent::recipients(session, reader, vault).await?),
                };
                keys.insert(match allowed.remove(&holder) {
                    None => Vec::new(),
                    Some(signed) => {
                        recipients::keys(signed, chain::attested_keys(session.api(), reader, &holder).await?)
                    }
                })
            }
        })
    }
}

/// Encrypts every key that is pending. A holder is believed where it is the vault, or a consent in effect on
/// chain names it; a key where it is the vault's on chain, or one that a registrar attests for the holder, or,
/// for somebody whom none attests, the one in the policy that was signed. `known` names others that the caller
/// knows, for consents whose policy names no key. A server that lies gets nothing.
///
/// # Errors
/// The server's or the node's.
pub async fn fill(
    session: &Session,
    reader: &Reader,
    unlocked: &Unlocked,
    known: &[(Key, EncryptionKey)],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Filled, Error> {
    let vault = unlocked.vault();
    let mut recipients = Recipients::new(session, reader, vault, known).await?;
    let mut filled = Filled::default();
    let mut held: Option<BTreeMap<Key, HeldRecord>> = None;
    for _ in 0..ROUNDS {
        let pending = pending(session, vault).await?;
        let mut wraps = Vec::new();
        for PendingWrap { record, holder, recipient } in pending {
            if filled.unproven.contains(&(holder, recipient)) || filled.unreadable.contains(&record) {
                continue;
            }
            if !recipients.keys(holder).await?.contains(&recipient) {
                filled.unproven.push((holder, recipient));
                continue;
            }
            let records = match &mut held {
                Some(records) => records,
                None => held.insert(own_records(session, vault).await?),
            };
            let wrap =
                records.get(&record).map(|held| RecordWrap::new(held, &unlocked.secrets(), holder, recipient, rng));
            match wrap.and_then(Result::ok) {
                Some(wrap) => wraps.push(wrap),
                None => filled.unreadable.push(record),
            }
        }
        if wraps.is_empty() {
            break;
        }
        filled.stored += store(session, vault, &wraps).await?;
    }
    Ok(filled)
}

/// Encrypts the keys of `records` to a grantee's key.
///
/// # Errors
/// The server's.
pub(crate) async fn give(
    session: &Session,
    unlocked: &Unlocked,
    records: &[Key],
    holder: Key,
    recipient: EncryptionKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<usize, Error> {
    let vault = unlocked.vault();
    let held = own_records(session, vault).await?;
    let secrets = unlocked.secrets();
    let mut wraps = Vec::new();
    for record in records {
        let wrap = held.get(record).map(|held| RecordWrap::new(held, &secrets, holder, recipient, rng));
        wraps.extend(wrap.and_then(Result::ok));
    }
    store(session, vault, &wraps).await
}

async fn store(session: &Session, vault: Key, wraps: &[RecordWrap]) -> Result<usize, Error> {
    let mut stored = 0;
    for wraps in wraps.chunks(BATCH) {
        stored += session.post::<Stored>("/v1/wraps", &NewWraps { vault, wraps }).await?.stored;
    }
    Ok(stored)
}

pub(crate) async fn own_records(session: &Session, vault: Key) -> Result<BTreeMap<Key, HeldRecord>, Error> {
    let records = record::list(session, Purpose::PatientRequest, vault, &record::Query::default()).await?;
    Ok(records.into_iter().map(|held| (held.record, held)).collect())
}
