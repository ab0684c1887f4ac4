//! The accounting of disclosures, made of entries that were checked and of what the chain commits to.

use std::collections::{BTreeSet, HashMap, HashSet};

use aegle_accounting::{Account, Accounted, Known, LogState, Period, Profile, Standing};
use aegle_client::{
    Reader,
    commitment::commit,
    state::{Credential, Purpose},
};
use aegle_decision::{Category, Key};
use aegle_disclosure::Outcome;

use crate::{
    Error, Session, chain,
    disclosure::Own,
    record::{self, Query},
};

/// What a registrar wrote about somebody, with what opens the commitment of their credential.
#[derive(Clone, Debug)]
pub struct Attested {
    pub credential: Key,
    pub salt: [u8; 32],
    pub profile: Vec<u8>,
}

/// Accounts for what is in a patient's log, `now` in seconds since the Unix epoch. Records are described by
/// labels that the chain commits to, and recipients named by profiles that it commits to.
///
/// # Errors
/// The server's or the node's.
pub async fn account(
    session: &Session,
    reader: &Reader,
    own: &Own,
    period: Period,
    attested: &[Attested],
    now: i64,
) -> Result<Account, Error> {
    let known =
        Known { categories: categories(session, reader, own).await?, profiles: profiles(reader, attested).await? };
    let entries = own.entries.iter().map(|logged| Accounted {
        place: logged.index,
        number: logged.link.number,
        commitment: logged.commitment(),
        entry: logged.entry.value(),
    });
    let log = LogState {
        verifier: own.log.verifier(),
        checkpoint: own.note.clone(),
        entries: own.head.map_or(0, |head| head.entries),
        commitment: own.head.map(|head| head.commitment),
    };
    Ok(Account::new(own.vault, period, now, Standing::Checked, log, entries, &known))
}

/// The kinds of the records that went out, as far as they are there and their labels are what the chain
/// commits to.
async fn categories(session: &Session, reader: &Reader, own: &Own) -> Result<HashMap<Key, BTreeSet<Category>>, Error> {
    let mut gone_out = HashSet::new();
    for logged in &own.entries {
        if let Outcome::Permit { records, .. } = &logged.entry.value().outcome {
            gone_out.extend(records.iter().map(|released| released.record));
        }
    }
    let held = record::list(session, Purpose::PatientRequest, own.vault, &Query::default()).await?;
    let mut categories = HashMap::new();
    for held in held.into_iter().filter(|held| gone_out.contains(&held.record)) {
        if chain::record(reader, &held.record).await?.commitment == held.opening.commitment() {
            categories.insert(held.record, held.opening.labels.value().categories.iter().cloned().collect());
        }
    }
    Ok(categories)
}

/// The profiles that credentials on the chain commit to; others say nothing of anybody.
async fn profiles(reader: &Reader, attested: &[Attested]) -> Result<HashMap<Key, Profile>, Error> {
    let mut profiles = HashMap::new();
    for Attested { credential, salt, profile } in attested {
        let on_chain: Credential = reader.account("credential", &credential.0.into()).await?;
        if on_chain.profile_commitment != commit(salt, profile) {
            continue;
        }
        if let Ok(profile) = Profile::read(*credential, profile) {
            profiles.insert(*credential, profile);
        }
    }
    Ok(profiles)
}
