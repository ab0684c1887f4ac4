use aegle_decision::{Caller, Key, RuleId};
use aegle_disclosure::{Digest, Operation, Outcome, SignedRequest};

use crate::api::{access::At, bytes::Address};

/// What a request asks for, as it is logged.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub operation: Operation,
    /// None for operations that none is stated for.
    pub purpose: Option<aegle_decision::Purpose>,
    pub record: Option<Address>,
}

impl From<Operation> for Asked {
    fn from(operation: Operation) -> Self {
        Self { operation, purpose: None, record: None }
    }
}

/// Who asks for what, before anything is decided.
#[derive(Clone, Debug)]
pub struct Asking {
    pub caller: Caller,
    pub asked: Asked,
    pub request: Digest,
    pub signed: Option<SignedRequest>,
}

/// A decision on its way into the log: all of an entry but its place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The vault of zeros where the request is about none that exists.
    pub vault: Key,
    /// When it was decided, in seconds since the Unix epoch.
    pub at: i64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
    pub confirmed_hash: Key,
    pub asking: Asking,
    pub outcome: Outcome,
}

impl Draft {
    pub fn new(asking: Asking, at: At, now: i64, vault: Key) -> Self {
        Self {
            vault,
            at: now,
            finalized_slot: at.slots.finalized.unsigned_abs(),
            confirmed_slot: at.slots.confirmed.unsigned_abs(),
            confirmed_hash: Key(at.confirmed_hash.0),
            asking,
            outcome: Outcome::Permit { consents: Vec::new(), credentials: Vec::new(), records: Vec::new() },
        }
    }

    pub fn deny(&mut self, rule: RuleId, consent: Option<Key>) {
        if rule == RuleId::NoVault {
            // Whoever makes vaults up does not make the log's map grow.
            self.vault = Key::default();
        }
        self.outcome = Outcome::Deny { rule, consent };
    }
}
