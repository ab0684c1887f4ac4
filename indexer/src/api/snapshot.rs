//! One consistent look at the mirror: all that an answer says is read in one transaction.

use std::{ops::DerefMut, time::Duration};

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

use super::{
    error::ApiError,
    extract::{At, Commitment},
    model::Meta,
    state::ApiState,
    store::frontier::{self, Frontier, NodeTip},
    time::Time,
};

/// Milliseconds between slots, nominally; used where the node did not tell a time.
const SLOT_MILLIS: i64 = 400;
/// How long to wait for the database before it counts as unreachable.
const ACQUIRE: Duration = Duration::from_secs(3);

/// How far the mirror is behind its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    pub slots: i64,
    pub seconds: i64,
}

impl Lag {
    /// None while the node's slot is not known. An observation of the node that is old counts as lag:
    /// the node has moved on since.
    pub fn of(frontier: &Frontier) -> Option<Self> {
        Self::behind(frontier.node, frontier.confirmed_slot, frontier.confirmed_time)
    }

    /// [`Lag::of`] a mirror that has come as far as this slot, whose block has this time.
    pub fn behind(node: Option<NodeTip>, confirmed_slot: i64, confirmed_time: Option<i64>) -> Option<Self> {
        let node = node?;
        let slots = node.slot.saturating_sub(confirmed_slot).max(0);
        let behind = match (node.block_time, confirmed_time) {
            (Some(node), Some(mirror)) => node.saturating_sub(mirror).max(0),
            _ => slots.saturating_mul(SLOT_MILLIS) / 1_000,
        };
        Some(Self { slots, seconds: behind.saturating_add(node.age.max(0)) })
    }
}

/// The greatest lag at which the mirror still answers.
#[derive(Clone, Copy, Debug)]
pub struct MaxLag {
    pub slots: i64,
    pub seconds: i64,
}

impl MaxLag {
    pub fn admits(&self, lag: Lag) -> bool {
        lag.slots <= self.slots && lag.seconds <= self.seconds
    }

    /// # Errors
    /// [`ApiError::Behind`], or [`ApiError::NotReady`] while the lag is not known.
    pub fn require(&self, frontier: &Frontier) -> Result<Lag, ApiError> {
        self.check(Lag::of(frontier))
    }

    /// # Errors
    /// [`ApiError::Behind`], or [`ApiError::NotReady`] while the lag is not known.
    pub fn check(&self, lag: Option<Lag>) -> Result<Lag, ApiError> {
        let lag = lag.ok_or(ApiError::NotReady)?;
        if self.admits(lag) { Ok(lag) } else { Err(ApiError::Behind { slots: lag.slots, seconds: lag.seconds }) }
    }
}

pub struct Snapshot {
    transaction: Transaction<'static, Postgres>,
    pub meta: Meta,
}

impl Snapshot {
    /// # Errors
    /// The mirror is empty or behind (INV-10), or does not have the slot.
    pub async fn open(state: &ApiState, at: At) -> Result<Self, ApiError> {
        let (mut transaction, frontier) = begin(&state.pool, state.request_timeout).await?;
        let lag = state.max_lag.require(&frontier)?;
        let slot = choose(&frontier, at)?;
        let evaluated_at = match at.as_of_slot {
            Some(_) => frontier::block_time(&mut transaction, slot).await?,
            None => Some(Time((state.now)())),
        };
        let commitment = if slot <= frontier.finalized_slot { Commitment::Finalized } else { Commitment::Confirmed };
        let meta = Meta {
            slot,
            commitment,
            evaluated_at,
            finalized_slot: frontier.finalized_slot,
            confirmed_slot: frontier.confirmed_slot,
            lag_slots: lag.slots,
            lag_seconds: lag.seconds,
        };
        Ok(Self { transaction, meta })
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.transaction.deref_mut()
    }

    /// Ends the transaction and gives what the answer reflects.
    pub async fn close(self) -> Result<Meta, ApiError> {
        self.transaction.commit().await?;
        Ok(self.meta)
    }
}

/// A transaction that sees one state of the database, and how far the mirror has come in it.
pub async fn begin(
    pool: &PgPool,
    statement_timeout: Duration,
) -> Result<(Transaction<'static, Postgres>, Frontier), ApiError> {
    // Whoever stops waiting leaves the statement running, so the database stops it too.
    let statement = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
        statement_timeout.as_millis()
    );
    let mut transaction = tokio::time::timeout(ACQUIRE, pool.begin_with(AssertSqlSafe(statement)))
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    let frontier = frontier::read(&mut transaction).await?.ok_or(ApiError::NotReady)?;
    Ok((transaction, frontier))
}

fn choose(frontier: &Frontier, at: At) -> Result<i64, ApiError> {
    let newest = match (at.commitment, at.as_of_slot) {
        (Some(Commitment::Confirmed), _) | (None, Some(_)) => frontier.confirmed_slot,
        (Some(Commitment::Finalized), _) | (None, None) => frontier.finalized_slot,
    };
    let range = frontier.first_slot..=newest;
    match at.as_of_slot {
        None => Ok(newest),
        Some(slot) => i64::try_from(slot)
            .ok()
            .filter(|slot| range.contains(slot))
            .ok_or(ApiError::SlotOutOfRange { first: frontier.first_slot, last: newest }),
    }
}
