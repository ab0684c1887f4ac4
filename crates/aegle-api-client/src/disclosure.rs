//! Who looked: the own log, and the whole log of an operator, believed only where they prove themselves.

use std::collections::{BTreeSet, HashMap, HashSet};

use aegle_client::{Reader, SendError, pda, state::AuditRoot};
use aegle_decision::{Document, Key};
use aegle_disclosure::{
    Audit, AuditFault, Chain, ChainFault, Checkpoint, Digest, Head, HeadProof, Link, Log, Logged, SignIn, SignedFault,
    Stated,
};
use serde::{Deserialize, Serialize};

use crate::{Api, Error, Session, api};

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

/// A patient's log.
pub struct Own {
    pub vault: Key,
    /// In their order.
    pub entries: Vec<Logged>,
    /// Where it ended when it began to be read, under a checkpoint that the log signed.
    pub head: Option<Head>,
    pub checkpoint: Checkpoint,
    /// The checkpoint as the log signed it.
    pub note: String,
    pub log: Log,
}

/// Why a patient's log cannot be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Chain(#[from] ChainFault),
    #[error("the log's checkpoint has another end of your log than the server shows")]
    Head,
    #[error("entry {number} of your log names somebody who did not ask for it: {fault}")]
    Asked { number: u64, fault: SignedFault },
    #[error("entry {number} of your log has the signature of an earlier one")]
    Repeated { number: u64 },
    #[error("your log has {stated} entries under the log's checkpoint, and {shown} are shown")]
    Short { stated: u64, shown: u64 },
}

#[derive(Deserialize)]
struct DisclosureHead {
    checkpoint: String,
    proof: HeadProof,
}

/// One entry with everything that opens its commitment, as the server gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    index: u64,
    number: u64,
    entry: String,
    salt: Digest,
    link_salt: Digest,
}

/// A patient's log as it can be kept, to be checked without the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The log's name and key (C2SP signed-note), to be compared by whoever knows them from elsewhere.
    pub verifier: String,
    /// A signed note, and where the patient's entries end under it.
    pub checkpoint: String,
    pub head: HeadProof,
    pub entries: Vec<Row>,
    /// What was signed to sign in, where entries name it.
    pub sign_ins: Vec<SignIn>,
}

impl Kept {
    /// Whether this can be everything that was decided about the records of `vault`.
    ///
    /// # Errors
    /// What is no log at all; what does not fit together is the inner error.
    pub fn check(self, vault: Key) -> Result<Result<Own, Fault>, Error> {
        let log: Log = self.verifier.parse().map_err(|_| Error::Answer("the log's key is none"))?;
        let checkpoint = log.read(&self.checkpoint).map_err(|_| Error::Answer("the checkpoint is not the log's"))?;
        let sign_ins = self.sign_ins.iter().map(|sign_in| (sign_in.digest(), sign_in)).collect();
        let mut asked = Asked { sign_ins, signatures: HashSet::new() };
        let (mut chain, mut entries) = (Chain::new(vault), Vec::with_capacity(self.entries.len()));
        let mut end = None;
        for row in self.entries {
            let previous = chain.head().map_or(Digest::default(), |head| head.commitment);
            let logged = Logged {
                index: row.index,
                link: Link { vault, number: row.number, previous },
                link_salt: row.link_salt.0,
                entry: Document::read(row.entry.into_bytes())?,
                salt: row.salt.0,
            };
            if let Err(fault) = chain.push(&logged) {
                return Ok(Err(fault.into()));
            }
            if self.head.head.is_some_and(|head| head.entries == chain.len()) {
                end = chain.head();
            }
            if let Err(fault) = asked.check(&logged) {
                return Ok(Err(fault));
            }
            entries.push(logged);
        }
        let stated = self.head.head.map_or(0, |head| head.entries);
        if !self.head.holds(&vault, &checkpoint.heads) || end.is_some() && end != self.head.head {
            return Ok(Err(Fault::Head));
        }
        if chain.len() < stated {
            return Ok(Err(Fault::Short { stated, shown: chain.len() }));
        }
        Ok(Ok(Own { vault, entries, head: self.head.head, checkpoint, note: self.checkpoint, log }))
    }
}

/// What shows that those who are named asked.
struct Asked<'a> {
    sign_ins: HashMap<Digest, &'a SignIn>,
    /// Of the requests before: no signature counts twice.
    signatures: HashSet<[u8; 64]>,
}

impl Asked<'_> {
    fn check(&mut self, logged: &Logged) -> Result<(), Fault> {
        let (entry, number) = (logged.entry.value(), logged.link.number);
        let sign_in = match &entry.signed {
            None => None,
            Some(signed) if !self.signatures.insert(signed.signature) => return Err(Fault::Repeated { number }),
            Some(signed) => self.sign_ins.get(&signed.sign_in).copied(),
        };
        entry.check_signed(sign_in).map_err(|fault| Fault::Asked { number, fault })
    }
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
    fetch(session, vault).await?.check(vault)
}
