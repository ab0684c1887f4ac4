//! The one way to what is protected.
//!
//! [`Gate::open`] asks the decision engine and gives an [`Opened`] or a refusal; only with an `Opened`
//! can contents be read, and only through its filter (INV-1). Nothing else reads `protected.content`
//! for a caller.

pub mod content;
mod emergency;
pub mod served;
mod standing;
mod views;
pub mod withdrawn;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aegle_client::state::Right;
use aegle_decision::{
    Action, Basis, Caller, ConsentOpening, Decision, Key, Labels, Permit, Purpose, RecordViews, Request, Verdict, Views,
};
use aegle_disclosure::{Outcome, Released};
use quick_cache::sync::Cache;
use sqlx::PgConnection;

use self::content::Shelved;
pub use self::{
    served::name_vault,
    standing::Standings,
    views::{Slots, load},
};
use super::{
    bytes::{Address, BlockHash, Digest},
    error::ApiError,
    extract::Commitment,
    model::Meta,
    snapshot::{Lag, MaxLag},
    store::{self, frontier::Frontier},
    time::Time,
};

/// What decides. Always [`aegle_decision::decide`], but for the test that shows what its absence does.
pub type Engine = fn(&Views, &[ConsentOpening], &Request) -> Decision;

/// Views kept at once.
const VIEWS: usize = 10_000;
/// Rows of single records kept at once.
const SHELF: usize = 20_000;

/// A vault, and the caller with who acts for it.
type Whom = (Key, Key, Option<Key>);
/// A record, and the caller with who acts for it.
type Whose = (Address, Key, Option<Key>);
/// A row, the state of the mirror it is of, and how often this process had stored something before.
type Kept = (At, u64, Arc<Shelved>);

/// Decides for every protected request.
#[derive(Clone)]
pub struct Gate {
    engine: Engine,
    known: Arc<Cache<Whom, Arc<Known>>>,
    shelf: Arc<Cache<Whose, Kept>>,
    /// Raised with everything that this process stores of records and keys.
    stored: Arc<AtomicU64>,
}

/// A state of the mirror: which slots, and on which branch the newest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub slots: Slots,
    pub confirmed_hash: BlockHash,
}

impl At {
    pub fn of(frontier: &Frontier) -> Self {
        Self {
            slots: Slots { finalized: frontier.finalized_slot, confirmed: frontier.confirmed_slot },
            confirmed_hash: frontier.confirmed_hash,
        }
    }
}

impl At {
    /// What an answer at this state reflects, judged at `now`.
    pub fn meta(&self, lag: Lag, now: i64) -> Meta {
        Meta {
            slot: self.slots.confirmed,
            commitment: Commitment::Confirmed,
            evaluated_at: Some(Time(now)),
            finalized_slot: self.slots.finalized,
            confirmed_slot: self.slots.confirmed,
            lag_slots: lag.slots,
            lag_seconds: lag.seconds,
        }
    }
}

/// What is known of a vault and a caller at one state of the mirror.
struct Known {
    at: At,
    views: Views,
    openings: Vec<ConsentOpening>,
    /// The vault's, to which refusals are sealed; none without a vault.
    encryption_key: Option<Digest>,
}

/// A permission to act on one vault, for one request.
pub struct Opened {
    pub vault: Key,
    pub caller: Caller,
    pub permit: Permit,
    /// The consents that stand, with the policies they have.
    pub consents: Vec<aegle_disclosure::Consent>,
    pub slots: Slots,
}

/// What a caller asks for in a vault.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub purpose: Purpose,
    pub action: Action,
    /// Seconds since the Unix epoch.
    pub now: i64,
}

impl Gate {
    pub fn new(engine: Engine) -> Self {
        Self { engine, known: Arc::new(Cache::new(VIEWS)), shelf: Arc::new(Cache::new(SHELF)), stored: Arc::default() }
    }

    /// Decides whether `caller` may do what it asks in `vault`.
    ///
    /// `frontier` is what `conn` sees in its transaction.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason; [`ApiError::Behind`] where the
    /// mirror cannot say.
    pub async fn open(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        max_lag: MaxLag,
        caller: Caller,
        vault: Key,
        ask: Ask,
    ) -> Result<Opened, ApiError> {
        max_lag.require(frontier)?;
        let known = self.known(conn, frontier, caller, vault).await?;
        self.decide(&known, caller, vault, ask)
    }

    /// Decides by what is kept from an earlier request at the same frontier; none where nothing is.
    pub fn reopen(&self, at: At, caller: Caller, vault: Key, ask: Ask) -> Option<Result<Opened, ApiError>> {
        let known = self.kept(at, caller, vault)?;
        Some(self.decide(&known, caller, vault, ask))
    }

    fn decide(&self, known: &Known, caller: Caller, vault: Key, ask: Ask) -> Result<Opened, ApiError> {
        let request = Request { caller, purpose: ask.purpose, action: ask.action, now: ask.now };
        match (self.engine)(&known.views, &known.openings, &request) {
            Decision::Permit(permit) => {
                Ok(Opened { vault, caller, slots: known.at.slots, consents: known.consents(&permit), permit })
            }
            Decision::Deny(denial) => Err(ApiError::Denied { rule: denial.rule, consent: denial.nearest() }),
        }
    }

    /// The key of a vault about which was decided at `at`, for the caller.
    pub fn encryption_key(&self, at: At, caller: Caller, vault: Key) -> Option<Digest> {
        self.kept(at, caller, vault)?.encryption_key
    }

    fn kept(&self, at: At, caller: Caller, vault: Key) -> Option<Arc<Known>> {
        self.known.get(&(vault, caller.key, caller.practitioner)).filter(|known| known.at == at)
    }

    /// What is known at this frontier: kept from the last request, or loaded.
    async fn known(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        caller: Caller,
        vault: Key,
    ) -> sqlx::Result<Arc<Known>> {
        let at = At::of(frontier);
        if let Some(known) = self.kept(at, caller, vault) {
            return Ok(known);
        }
        let (views, openings) = load(conn, at.slots, vault, &caller).await?;
        let found = store::vault::find(conn, at.slots.confirmed, Address(vault.0)).await?;
        let encryption_key = found.map(|vault| vault.encryption_key);
        let known = Arc::new(Known { at, views, openings, encryption_key });
        self.known.insert((vault, caller.key, caller.practitioner), known.clone());
        Ok(known)
    }

    /// The row of a record that was open to the caller before, as of the same state of the mirror. What
    /// another process stored since shows with the next slot.
    pub fn shelved(&self, at: At, caller: Caller, record: Address) -> Option<Arc<Shelved>> {
        let (then, stored, shelved) = self.shelf.get(&(record, caller.key, caller.practitioner))?;
        (then == at && stored == self.stored.load(Ordering::Acquire)).then_some(shelved)
    }

    /// What [`Gate::shelve`] needs to know of the time before the row was read.
    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Acquire)
    }

    /// Keeps a row that was read at `at`, after `stored` was asked.
    pub fn shelve(&self, at: At, stored: u64, caller: Caller, record: Address, row: Shelved) {
        self.shelf.insert((record, caller.key, caller.practitioner), (at, stored, Arc::new(row)));
    }

    /// Ends what is shelved: something of records or keys was stored, and committed.
    pub fn store(&self) {
        self.stored.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets what is known of a caller of a vault: an opening or a statement joined.
    pub fn forget(&self, vault: Key, whose: Key) {
        self.known.retain(|(of, caller, _), _| *of != vault || *caller != whose);
    }
}

impl Opened {
    /// Whether the vault is the caller's own.
    pub fn is_owner(&self) -> bool {
        matches!(self.permit.basis, Basis::Owner)
    }

    /// Whose wrapped keys the caller opens: the patient's by the vault, everybody else's by their own
    /// wallet.
    pub fn holder(&self) -> Key {
        if self.is_owner() { self.vault } else { self.caller.key }
    }

    /// The permission as it is logged, with what goes out under it.
    pub fn outcome(&self, records: Vec<Released>) -> Outcome {
        Outcome::Permit { consents: self.consents.clone(), credentials: self.permit.credentials.clone(), records }
    }

    pub fn admits(&self, record: &RecordViews, labels: &Labels) -> Verdict {
        self.permit.filter.admits(record, Some(labels))
    }
}

/// Shows that the caller acts for the patient of one vault.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    pub vault: Key,
    pub slots: Slots,
}

impl Known {
    fn consents(&self, permit: &Permit) -> Vec<aegle_disclosure::Consent> {
        let Basis::Consents(standing) = &permit.basis else { return Vec::new() };
        let confirmed = self.views.confirmed.consents.iter().filter(|view| standing.contains(&view.consent));
        confirmed
            .map(|view| aegle_disclosure::Consent {
                consent: view.consent,
                policy_commitment: aegle_disclosure::Digest(view.policy_commitment),
            })
            .collect()
    }
}

impl Gate {
    /// Whether `caller` acts for the patient in `vault`.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason.
    pub async fn serve(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        caller: Caller,
        vault: Key,
        right: Option<Right>,
        now: i64,
    ) -> Result<Serving, ApiError> {
        let known = self.known(conn, frontier, caller, vault).await?;
        match aegle_decision::serve(&known.views, &caller.key, right, now) {
            Ok(()) => Ok(Serving { vault, slots: known.at.slots }),
            Err(rule) => Err(ApiError::Denied { rule, consent: None }),
        }
    }
}

impl Gate {
    /// The credentials by which `caller` may post to the mailbox of `vault`: whoever a registrar attests.
    ///
    /// # Errors
    /// [`ApiError::Denied`].
    pub async fn require_attested(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        caller: Caller,
        vault: Key,
        now: i64,
    ) -> Result<Vec<Key>, ApiError> {
        let known = self.known(conn, frontier, caller, vault).await?;
        let attested = aegle_decision::attested(&known.views, &caller.key, now);
        attested.map_err(|rule| ApiError::Denied { rule, consent: None })
    }
}
