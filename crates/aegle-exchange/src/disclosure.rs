//! A patient's log, believed only where it proves itself.

use std::collections::{HashMap, HashSet};

use aegle_decision::{Document, Key};
use aegle_disclosure::{
    Chain, ChainFault, Checkpoint, Digest, Head, HeadProof, Link, Log, Logged, SignIn, SignedFault,
};
use serde::{Deserialize, Serialize};

use crate::Error;

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

/// One entry with everything that opens its commitment, as the server gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    index: u64,
    number: u64,
    pub entry: String,
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
