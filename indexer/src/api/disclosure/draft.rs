use aegle_decision::{Caller, Key, RuleId, Verdict};
use aegle_disclosure::{Digest, Operation, Outcome, Released, SignedRequest};

use super::Requested;
use crate::api::{
    access::{At, Opened},
    bytes::Address,
    error::ApiError,
    routes::purpose_code,
    session::Bearer,
    state::ApiState,
};

/// A decision on its way into the log: all of an entry but its place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The vault of zeros until the request is known to be about another.
    pub vault: Key,
    /// When it was decided, in seconds since the Unix epoch.
    pub at: i64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
    pub confirmed_hash: Key,
    pub caller: Caller,
    pub purpose: &'static str,
    pub operation: Operation,
    pub record: Option<Key>,
    pub request: Digest,
    pub signed: Option<SignedRequest>,
    pub outcome: Outcome,
}

impl Draft {
    /// # Errors
    /// A request that has to be signed and is not, or whose signature does not count.
    pub fn new(
        state: &ApiState,
        operation: Operation,
        bearer: &Bearer,
        purpose: aegle_decision::Purpose,
        record: Option<Address>,
        requested: &Requested,
    ) -> Result<Self, ApiError> {
        let signed = if state.disclosures.is_on() { requested.signed(bearer, (state.now)())? } else { None };
        if operation.releases() && signed.is_none() && state.disclosures.is_on() {
            return Err(ApiError::RequestUnsigned);
        }
        Ok(Self {
            vault: Key::default(),
            at: 0,
            finalized_slot: 0,
            confirmed_slot: 0,
            confirmed_hash: Key::default(),
            caller: bearer.caller,
            purpose: purpose_code(purpose),
            operation,
            record: record.map(|record| Key(record.0)),
            request: signed.as_ref().map_or_else(|| requested.digest(), SignedRequest::digest),
            signed,
            outcome: Outcome::Permit { consents: Vec::new(), credentials: Vec::new(), records: Vec::new() },
        })
    }

    /// States when and of which state of the chain is decided, and about which vault.
    pub fn decide(&mut self, at: At, now: i64, vault: Key) {
        self.at = now;
        self.vault = vault;
        self.finalized_slot = at.slots.finalized.unsigned_abs();
        self.confirmed_slot = at.slots.confirmed.unsigned_abs();
        self.confirmed_hash = Key(at.confirmed_hash.0);
    }

    /// States what goes out under a permission.
    pub fn release(&mut self, opened: &Opened, released: impl IntoIterator<Item = (Address, Verdict)>) {
        let records = released.into_iter().map(|(record, verdict)| Released {
            record: Key(record.0),
            rule: verdict.rule(),
            consent: verdict.consent(),
        });
        self.outcome = Outcome::Permit {
            consents: opened.consents.clone(),
            credentials: opened.permit.credentials.clone(),
            records: records.collect(),
        };
    }

    /// States what is done under an opening in an emergency: the credentials that count, and the records.
    pub fn release_in_emergency(
        &mut self,
        break_glass: Key,
        credentials: Vec<Key>,
        records: impl IntoIterator<Item = Key>,
    ) {
        let rule = RuleId::BreakGlass { break_glass };
        let records = records.into_iter().map(|record| Released { record, rule, consent: None });
        self.outcome = Outcome::Permit { consents: Vec::new(), credentials, records: records.collect() };
    }

    /// Logs what the request came to, and then lets it go on. What is no decision is not logged: a
    /// mirror behind, a request that makes no sense.
    ///
    /// # Errors
    /// That of the decision, or that it could not be logged.
    pub async fn conclude<T>(
        mut self,
        state: &ApiState,
        requested: &Requested,
        decided: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        match &decided {
            Ok(_) | Err(ApiError::KeyPending) => {}
            Err(ApiError::Denied { rule, consent }) => {
                if *rule == RuleId::NoVault {
                    // Whoever makes vaults up does not make the log's map grow.
                    self.vault = Key::default();
                }
                self.outcome = Outcome::Deny { rule: *rule, consent: *consent };
            }
            Err(_) => return decided,
        }
        if let Some(receipt) = state.disclosures.append(self).await? {
            requested.hand(receipt);
        }
        decided
    }
}
