//! Receipts: kept with everything that opens them, and checked against a node, without the server.

use std::{collections::BTreeSet, time::Duration};

use aegle_client::{
    Reader, SendError,
    state::{Purpose, Registrar, Vault},
};
use aegle_decision::{Document, Key, purpose_of};
use aegle_disclosure::{Digest, Entry, Inclusion, Log, Logged, Operation, Outcome, SignIn, SignedReceipt};
use aegle_exchange::receipt::Gathering;
use aegle_receipt::{Bundle, Ledger, OpenedEmergency, OpenedRecord, Opening, Report};
use reqwest::Method;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    Api, Error, Session, api, consent,
    disclosure::{LogStatus, Own},
    record::{self, Query},
};

pub use aegle_exchange::receipt::open_refused;

/// Longest wait for a checkpoint that has an entry; the log makes one every few seconds.
const CHECKPOINT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct OpenedReceipt {
    entry: String,
    salt: Digest,
    link: Digest,
    inclusion: Option<Inclusion>,
}

/// The receipt at a place of the log with everything that opens it, for who asked and was permitted.
///
/// # Errors
/// The server's.
pub async fn save(session: &Session, index: u64, receipt: Option<&SignedReceipt>) -> Result<Bundle, Error> {
    let path = format!("/v1/receipts/{index}");
    let deadline = Instant::now() + CHECKPOINT;
    let opened = loop {
        let opened: OpenedReceipt = api::json(session.request(Method::GET, &path)).await?;
        if opened.inclusion.is_some() || Instant::now() > deadline {
            break opened;
        }
        sleep(POLL).await;
    };
    let size = opened.inclusion.as_ref().map_or(0, |inclusion| inclusion.size);
    let LogStatus { verifier, checkpoint } = session.api().get("/v1/log", &[("size", size.to_string())]).await?;
    let entry = Document::<Entry>::read(opened.entry.clone().into_bytes())?;
    let purpose = purpose_of(&entry.value().purpose).unwrap_or(Purpose::PatientRequest);
    let Openings { consents, emergencies, records } = openings(session, entry.value(), purpose).await?;
    Ok(Bundle {
        receipt: receipt.map(SignedReceipt::to_text),
        sign_in: sign_in(session.api(), entry.value()).await?,
        entry: Some(opened.entry),
        salt: Some(opened.salt),
        link: Some(opened.link),
        checkpoint: opened.inclusion.is_some().then_some(checkpoint).flatten(),
        inclusion: opened.inclusion,
        consents,
        emergencies,
        records,
        ..Bundle::new(verifier)
    })
}

/// The same for the patient, of any entry of the own log, refusals included.
///
/// # Errors
/// The server's; an entry that the log does not have.
pub async fn save_own(session: &Session, own: &Own, index: u64) -> Result<Bundle, Error> {
    let logged = own.entries.iter().find(|logged| logged.index == index);
    let logged = logged.ok_or(Error::Answer("your log has no entry at this place"))?;
    let size = own.checkpoint.tree.size;
    let inclusion = match index < size {
        true => Some(inclusion(session.api(), index, size).await?),
        false => None,
    };
    let opened = openings(session, logged.entry.value(), Purpose::PatientRequest).await?;
    let Openings { consents, emergencies, records } = opened;
    Ok(Bundle {
        sign_in: sign_in(session.api(), logged.entry.value()).await?,
        checkpoint: inclusion.is_some().then(|| own.note.clone()),
        inclusion,
        consents,
        emergencies,
        records,
        ..Bundle::new(own.log.verifier()).opened(logged)
    })
}

/// What whoever was refused keeps: the receipt, and what the patient can read of it.
///
/// # Errors
/// An error that is no refusal by a decision; the server's.
pub async fn save_refused(api: &Api, refused: &Error) -> Result<Bundle, Error> {
    let Error::Problem(problem) = refused else { return Err(Error::Answer("no refusal")) };
    let receipt = problem.receipt.as_ref().ok_or(Error::Answer("the refusal has no receipt"))?;
    let log = crate::disclosure::log(api).await?.log;
    Ok(Bundle { receipt: Some(receipt.to_text()), sealed: problem.sealed.clone(), ..Bundle::new(log.verifier()) })
}

/// Adds to a bundle what the patient may have of what opens the decision.
///
/// # Errors
/// The server's.
pub async fn complete(session: &Session, bundle: Bundle, logged: &Logged) -> Result<Bundle, Error> {
    let entry = logged.entry.value();
    let Openings { consents, emergencies, records } = openings(session, entry, Purpose::PatientRequest).await?;
    Ok(Bundle { sign_in: sign_in(session.api(), entry).await?, consents, emergencies, records, ..bundle })
}

/// What who asked had signed to sign in.
async fn sign_in(api: &Api, entry: &Entry) -> Result<Option<SignIn>, Error> {
    match &entry.signed {
        Some(signed) => crate::disclosure::sign_in(api, &signed.sign_in).await,
        None => Ok(None),
    }
}

async fn inclusion(api: &Api, index: u64, size: u64) -> Result<Inclusion, Error> {
    #[derive(Deserialize)]
    struct Proof {
        path: Vec<Digest>,
    }
    let query = [("index", index.to_string()), ("size", size.to_string())];
    let Proof { path } = api.get("/v1/log/inclusion", &query).await?;
    Ok(Inclusion { index, size, path })
}

/// What opens the consents, emergencies and records of an entry.
#[derive(Default)]
struct Openings {
    consents: Vec<Opening>,
    emergencies: Vec<OpenedEmergency>,
    records: Vec<OpenedRecord>,
}

/// As much of it as the caller may have.
async fn openings(session: &Session, entry: &Entry, purpose: Purpose) -> Result<Openings, Error> {
    if entry.vault == Key::default() {
        return Ok(Openings::default());
    }
    let mut emergencies = Vec::new();
    if purpose_of(&entry.purpose) == Some(Purpose::EmergencyTreatment) {
        // The patient lists those of the vault, a custodian what there is to release, a clinician the own ones.
        let asked = session.wallet() == entry.caller.key;
        let releases = matches!(entry.operation, Operation::FetchShares | Operation::ReleaseShares);
        emergencies = match (asked, releases) {
            (true, true) => crate::release::pending(session).await?,
            (true, false) => crate::emergency::list(session, None).await?,
            (false, _) => crate::emergency::list(session, Some(entry.vault)).await?,
        };
        emergencies.retain(|opened| opened.vault == entry.vault && (releases || opened.clinician == entry.caller.key));
    }
    let emergencies = emergencies.into_iter().map(|opened| OpenedEmergency {
        break_glass: opened.break_glass,
        statement: opened.statement,
        signature: opened.signature.0,
        salt: Digest(opened.salt.0),
    });
    let held = consent::list(session, entry.vault).await?.into_iter();
    let consents = held.filter(|held| held.grantee == entry.caller.key).map(|held| Opening {
        consent: held.consent,
        grantee: held.grantee,
        salt: Digest(held.salt.0),
        policy: held.policy,
        policy_salt: Digest(held.policy_salt.0),
    });
    let records = match (entry.operation, entry.record) {
        (Operation::ListRecords | Operation::CollectShares, _) => {
            let released: BTreeSet<Key> = match &entry.outcome {
                Outcome::Permit { records, .. } => records.iter().map(|released| released.record).collect(),
                Outcome::Deny { .. } => BTreeSet::new(),
            };
            if released.is_empty() {
                Vec::new()
            } else {
                let mut held = record::list(session, purpose, entry.vault, &Query::default()).await?;
                held.retain(|held| released.contains(&held.record));
                held
            }
        }
        (_, Some(asked)) => match record::get(session, purpose, asked).await {
            Ok(held) => vec![held],
            Err(error) if error.is("not_permitted") => Vec::new(),
            Err(error) => return Err(error),
        },
        (_, None) => Vec::new(),
    };
    let records = records.into_iter().map(|held| OpenedRecord { record: held.record, opening: held.opening });
    Ok(Openings { consents: consents.collect(), emergencies: emergencies.collect(), records: records.collect() })
}

/// Checks a bundle against the chain as the node has it. `trusted` is the log's key where it is known from
/// elsewhere. No server is asked.
///
/// # Errors
/// The node's; one that has not come that far, or that does not keep what happened.
pub async fn verify(reader: &Reader, bundle: &Bundle, trusted: Option<&Log>) -> Result<Report, Error> {
    let offline = aegle_receipt::verify(bundle, trusted, None);
    let Some(entry) = &offline.entry else { return Ok(offline) };
    let ledger = ledger(reader, entry).await?;
    Ok(aegle_receipt::verify(bundle, trusted, Some(&ledger)))
}

/// What the chain says that a decision rests on.
///
/// # Errors
/// As those of [`verify`].
pub async fn ledger(reader: &Reader, entry: &Entry) -> Result<Ledger, Error> {
    let newest = reader.rpc().get_slot_with_commitment(reader.commitment()).await;
    if newest.map_err(|error| reader.node_error(error))? < entry.confirmed_slot {
        return Err(Error::Chain("the node has not come as far as the receipt; try again, or another node"));
    }
    let registrars = reader.registrars().await.ok();
    let mut gathering = Gathering::new(entry.clone(), registrars);
    let existing = reader.existing(&gathering.credentials()).await?;
    gathering.add(reader.history(&gathering.accounts(existing), entry.confirmed_slot).await?);
    if let Some(vault) = gathering.vault_missing() {
        match reader.account::<Vault>("vault", &vault).await {
            Ok(state) => gathering.check_kept(Some(&state))?,
            Err(SendError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for address in gathering.registrars_missing() {
        let registrar: Registrar = reader.account("registrar", &address).await?;
        gathering.add_registrar(address, registrar);
    }
    let block = match reader.block(entry.confirmed_slot).await {
        Ok(block) => Some(block),
        Err(SendError::Node { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(gathering.ledger(block))
}
