//! A request on patients' data: one transaction in the caller's name, one frontier, one answer.

use std::{ops::DerefMut, time::Duration};

use aegle_client::state::Right;
use aegle_decision::{Action, Emergency, Key, Purpose, Statement};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::{Ask, At, Opened, Serving};
use crate::api::{
    error::ApiError,
    model::Meta,
    session::Bearer,
    snapshot::Lag,
    state::ApiState,
    store::frontier::{self, Frontier},
};

const ACQUIRE: Duration = Duration::from_secs(3);

pub struct Served<'a> {
    state: &'a ApiState,
    bearer: &'a Bearer,
    transaction: Transaction<'static, Postgres>,
    frontier: Frontier,
    lag: Lag,
    now: i64,
}

impl<'a> Served<'a> {
    /// # Errors
    /// The mirror is empty or behind (INV-10), or its database cannot be reached.
    pub async fn begin(state: &'a ApiState, bearer: &'a Bearer) -> Result<Self, ApiError> {
        let statement = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = {}; SET LOCAL aegle.caller = '{}'",
            state.request_timeout.as_millis(),
            hex::encode(bearer.caller.key.0)
        );
        let mut transaction = tokio::time::timeout(ACQUIRE, state.protected.begin_with(AssertSqlSafe(statement)))
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)??;
        let frontier = frontier::read(&mut transaction).await?.ok_or(ApiError::NotReady)?;
        let lag = state.max_lag.require(&frontier)?;
        Ok(Self { state, bearer, transaction, frontier, lag, now: (state.now)() })
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.transaction.deref_mut()
    }

    pub fn now(&self) -> i64 {
        self.now
    }

    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Says which vault the rest of the transaction is about, without which no row of it is seen.
    pub async fn about(&mut self, vault: Key) -> sqlx::Result<()> {
        name_vault(self.conn(), vault).await
    }

    /// Decides whether the caller may do this in the vault, and lets the database show its rows.
    ///
    /// # Errors
    /// [`ApiError::NotPermitted`], whatever the reason.
    pub async fn open(&mut self, vault: Key, purpose: Purpose, action: Action) -> Result<Opened, ApiError> {
        self.about(vault).await?;
        let ask = Ask { purpose, action, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        state.gate.open(transaction.deref_mut(), frontier, state.max_lag, bearer.caller, vault, ask).await
    }

    /// Checks that the caller acts for the patient of `vault` (without a right, that it is the owner),
    /// and lets the database show its rows.
    ///
    /// # Errors
    /// [`ApiError::NotPermitted`], whatever the reason.
    pub async fn serve(&mut self, vault: Key, right: Option<Right>) -> Result<Serving, ApiError> {
        self.about(vault).await?;
        let Self { state, bearer, transaction, frontier, now, .. } = self;
        state.gate.serve(transaction.deref_mut(), frontier, bearer.caller, vault, right, *now).await
    }

    /// [`Served::serve`] where others may go on, too: says whether the caller acts for the patient.
    pub async fn serves(&mut self, vault: Key, right: Right) -> Result<bool, ApiError> {
        match self.serve(vault, Some(right)).await {
            Ok(_) => Ok(true),
            Err(ApiError::NotPermitted) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Checks that the caller is one who may post to a mailbox.
    ///
    /// # Errors
    /// [`ApiError::NotPermitted`].
    pub async fn require_attested(&mut self, vault: Key) -> Result<(), ApiError> {
        let Self { state, bearer, transaction, frontier, now, .. } = self;
        state.gate.require_attested(transaction.deref_mut(), frontier, bearer.caller, vault, *now).await
    }

    /// Decides whether the caller may open what `statement` says; gives the credential that counts. See
    /// [`super::Gate::open_emergency`].
    ///
    /// # Errors
    /// [`ApiError::Denied`].
    pub async fn open_emergency(
        &mut self,
        statement: &Statement,
        purpose: Purpose,
        unreviewed: bool,
    ) -> Result<Key, ApiError> {
        self.about(statement.vault).await?;
        let ask = Ask { purpose, action: Action::Read, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        let conn = transaction.deref_mut();
        state.gate.open_emergency(conn, frontier, bearer.caller, statement, unreviewed, ask).await
    }

    /// Decides whether the caller, a custodian, may release shares; gives the credentials that count.
    ///
    /// # Errors
    /// [`ApiError::Denied`].
    pub async fn release(&mut self, emergency: &Emergency, purpose: Purpose) -> Result<Vec<Key>, ApiError> {
        self.about(emergency.statement.value().vault).await?;
        let ask = Ask { purpose, action: Action::Read, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        state.gate.release(transaction.deref_mut(), frontier, bearer.caller, emergency, ask).await
    }

    /// Ends the transaction and gives what the answer reflects.
    pub async fn close(self) -> Result<Meta, ApiError> {
        self.transaction.commit().await?;
        Ok(At::of(&self.frontier).meta(self.lag, self.now))
    }
}

/// Says which vault the rest of a transaction is about.
pub async fn name_vault(conn: &mut PgConnection, vault: Key) -> sqlx::Result<()> {
    sqlx::query_scalar!("SELECT set_config('aegle.vault', $1, true)", hex::encode(vault.0)).fetch_one(conn).await?;
    Ok(())
}
