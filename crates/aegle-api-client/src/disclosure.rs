//! Who looked: the own log, and the whole log of an operator, believed only where they prove themselves.

use std::collections::BTreeSet;

use aegle_client::{Reader, SendError, pda, state::AuditRoot};
use aegle_decision::{Document, Key};
use aegle_disclosure::{Audit, AuditFault, Checkpoint, Digest, HeadProof, Log, SignIn, Stated};
use serde::Deserialize;

use crate::{Api, Error, Session, api};

pub use aegle_exchange::disclosure::{Fault, Kept, Own, Row};

/// A log, and what it last said of itself.
#[derive(Clone, Debug)]
pub struct Published {
    /// As the server names it. Whoever knows the log's key from elsewhere compares.
    pub log: Log,
    /// None before the first.
    pub checkpoint: Option<Checkpoint>,
}

#[derive(Deserialize)]
pub(crate) struct LogStatus {
    pub verifier: String,
    pub checkpoint: Option<String>,
}

/// # Errors
/// The server's; a checkpoint that the log's key did not sign.
pub async fn log(api: &Api) -> Result<Published, Error> {
    let status: LogStatus = api.get("/v1/log", &[]).await?;
    let log: Log = status.verifier.parse().map_err(|_| Error::Answer("the log's key is none"))?;
    let checkpoint = status.checkpoint.map(|note| log.read(&note)).transpose();
    let checkpoint = checkpoint.map_err(|_| Error::Answer("the checkpoint is not the log's"))?;
    Ok(Published { log, checkpoint })
}

#[derive(Deserialize)]
struct Leaves {
    leaves: Vec<Digest>,
}

/// Reads the whole log and compares it with what was stated of it, in bounded memory. Gives how many
/// entries it has, or why it is not what was stated; `seen` is told how far it got.
///
/// # Errors
/// The server's.
pub async fn audit(api: &Api, stated: Vec<Stated>, seen: &dyn Fn(u64)) -> Result<Result<u64, AuditFault>, Error> {
    let mut audit = match Audit::new(stated) {
        Ok(audit) => audit,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut from = 0_u64;
    loop {
        let page: Leaves = api.get("/v1/log/leaves", &[("from", from.to_string())]).await?;
        if page.leaves.is_empty() {
            return Ok(audit.finish().map(|tree| tree.size()));
        }
        for leaf in &page.leaves {
            if let Err(fault) = audit.push(leaf) {
                return Ok(Err(fault));
            }
        }
        from += page.leaves.len() as u64;
        seen(from);
    }
}

/// What an operator's log was, as the chain has it, from the first on.
///
/// # Errors
/// The node's.
pub async fn anchored(reader: &Reader, operator: &aegle_client::Pubkey) -> Result<Vec<Stated>, Error> {
    let mut stated = Vec::new();
    loop {
        let (address, _) = pda::find_audit_root(operator, stated.len() as u64);
        match reader.account::<AuditRoot>("audit root", &address).await {
            Ok(root) => stated.push(Stated { size: root.tree_size, root: Digest(root.root) }),
            Err(SendError::NotFound { .. }) => return Ok(stated),
            Err(error) => return Err(error.into()),
        }
    }
}

#[derive(Deserialize)]
struct DisclosureHead {
    checkpoint: String,
    proof: HeadProof,
}

/// What was signed to sign in; none where the server does not have it.
pub(crate) async fn sign_in(api: &Api, digest: &Digest) -> Result<Option<SignIn>, Error> {
    match api.get(&format!("/v1/log/sign-ins/{digest}"), &[]).await {
        Ok(sign_in) => Ok(Some(sign_in)),
        Err(error) if error.is("not_found") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The patient's log, as the server gives it: nothing of it is believed yet.
///
/// # Errors
/// The server's.
pub async fn fetch(session: &Session, vault: Key) -> Result<Kept, Error> {
    use aegle_client::state::Purpose::PatientRequest;
    let Published { log, .. } = self::log(session.api()).await?;
    let patient = [("patient", vault.to_string())];
    let head = session.read(PatientRequest, "/v1/disclosures/head", &patient)?;
    let DisclosureHead { checkpoint, proof } = api::json(head).await?;
    let entries: Vec<Row> = session.pages(Some(PatientRequest), "/v1/disclosures", &patient).await?;
    let mut named = BTreeSet::new();
    for row in &entries {
        let entry = Document::<aegle_disclosure::Entry>::read(row.entry.clone().into_bytes())?;
        named.extend(entry.value().signed.as_ref().map(|signed| signed.sign_in));
    }
    let mut sign_ins = Vec::new();
    for digest in named {
        sign_ins.extend(sign_in(session.api(), &digest).await?);
    }
    Ok(Kept { verifier: log.verifier(), checkpoint, head: proof, entries, sign_ins })
}

/// Everything that was decided about a patient's records, and whether that can be everything.
///
/// # Errors
/// The server's. What does not fit together is the inner error.
pub async fn own(session: &Session, vault: Key) -> Result<Result<Own, Fault>, Error> {
    Ok(fetch(session, vault).await?.check(vault)?)
}
