//! A request on patients' data: one transaction in the caller's name, one frontier, one answer.

use std::{collections::BTreeMap, ops::DerefMut, sync::Arc, time::Duration};

use aegle_client::state::Right;
use aegle_decision::{Action, Emergency, Key, Purpose, RuleId, Statement};
use aegle_disclosure::Outcome;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::{Ask, At, Opened, Serving, content};
use crate::{
    api::{
        bytes::Address,
        disclosure::{Asked, Requested},
        error::ApiError,
        model::Meta,
        session::Bearer,
        snapshot::Lag,
        state::ApiState,
        store::{
            self,
            frontier::{self, Frontier},
        },
    },
    erasure::{ErasureKey, KeyId},
};

const ACQUIRE: Duration = Duration::from_secs(3);

pub struct Served<'a> {
    state: &'a ApiState,
    bearer: &'a Bearer,
    transaction: Transaction<'static, Postgres>,
    frontier: Frontier,
    lag: Lag,
    now: i64,
    /// None for what is asked again of a decision that is logged, or is nobody's but the caller's.
    logged: Option<&'a Requested>,
}

impl<'a> Served<'a> {
    /// A request whose decision is logged, however it ends.
    ///
    /// # Errors
    /// As those of [`Served::begin`]; a request that has to be signed and is not.
    pub async fn logged(
        state: &'a ApiState,
        bearer: &'a Bearer,
        requested: &'a Requested,
        asked: impl Into<Asked>,
    ) -> Result<Self, ApiError> {
        requested.ask(state, bearer, asked.into())?;
        Ok(Self { logged: Some(requested), ..Self::begin(state, bearer).await? })
    }

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
        Ok(Self { state, bearer, transaction, frontier, lag, now: (state.now)(), logged: None })
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.transaction.deref_mut()
    }

    /// The erasure keys of those of these records of the vault that have content here, with their names.
    ///
    /// # Errors
    /// Of the database, or of the store of keys.
    pub async fn erasure_keys(
        &mut self,
        vault: Key,
        records: &[Address],
    ) -> Result<BTreeMap<Address, (KeyId, Arc<ErasureKey>)>, ApiError> {
        let ids = content::erasure_keys(self.conn(), vault, records).await?;
        let keys = self.state.erasure.get_all(ids.values().copied()).await?;
        let named = |(record, id): (Address, KeyId)| Some((record, (id, keys.get(&id)?.clone())));
        Ok(ids.into_iter().filter_map(named).collect())
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

    /// Notes what is decided about this vault.
    fn note(&self, vault: Key) {
        if let Some(requested) = self.logged {
            requested.decide(At::of(&self.frontier), self.now, vault);
        }
    }

    /// Notes whom a refusal about this vault is sealed to, once it was decided.
    fn seal_to(&self, vault: Key) {
        if let Some(requested) = self.logged {
            let key = self.state.gate.encryption_key(At::of(&self.frontier), self.bearer.caller, vault);
            requested.seal_to(key);
        }
    }

    /// Says which vault the request is about where nothing on the chain decides it: whose something is. It is
    /// logged as nobody's where there is no such vault.
    ///
    /// # Errors
    /// Of the database.
    pub async fn concerns(&mut self, vault: Key) -> sqlx::Result<()> {
        self.about(vault).await?;
        let slot = self.frontier.confirmed_slot;
        let known = store::vault::find(self.conn(), slot, Address(vault.0)).await?;
        self.note(if known.is_some() { vault } else { Key::default() });
        if let Some(requested) = self.logged {
            requested.seal_to(known.map(|known| known.encryption_key));
        }
        Ok(())
    }

    /// Says that the request is about nobody, or about several, who are yet to be found.
    pub fn concerns_nobody_yet(&self) {
        self.note(Key::default());
    }

    /// Decides whether the caller may do this in the vault, and lets the database show its rows.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason.
    pub async fn open(&mut self, vault: Key, purpose: Purpose, action: Action) -> Result<Opened, ApiError> {
        self.about(vault).await?;
        self.note(vault);
        let ask = Ask { purpose, action, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        let gate = &state.gate;
        let decided = gate.open(transaction.deref_mut(), frontier, state.max_lag, bearer.caller, vault, ask).await;
        self.seal_to(vault);
        decided
    }

    /// Checks that the caller acts for the patient of `vault` (without a right, that it is the owner),
    /// and lets the database show its rows.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason.
    pub async fn serve(&mut self, vault: Key, right: Option<Right>) -> Result<Serving, ApiError> {
        self.about(vault).await?;
        self.note(vault);
        let Self { state, bearer, transaction, frontier, now, .. } = self;
        let decided = state.gate.serve(transaction.deref_mut(), frontier, bearer.caller, vault, right, *now).await;
        self.seal_to(vault);
        decided
    }

    /// [`Served::serve`] where others may go on, too: says whether the caller acts for the patient.
    pub async fn serves(&mut self, vault: Key, right: Right) -> Result<bool, ApiError> {
        match self.serve(vault, Some(right)).await {
            Ok(_) => Ok(true),
            Err(ApiError::Denied { rule, .. }) => {
                if rule == RuleId::NoVault {
                    self.note(Key::default());
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Checks that the caller is one who may post to a mailbox.
    ///
    /// # Errors
    /// [`ApiError::Denied`].
    pub async fn require_attested(&mut self, vault: Key) -> Result<(), ApiError> {
        self.note(vault);
        let Self { state, bearer, transaction, frontier, now, logged, .. } = self;
        let gate = &state.gate;
        let decided = gate.require_attested(transaction.deref_mut(), frontier, bearer.caller, vault, *now).await;
        let logged = *logged;
        self.seal_to(vault);
        let credentials = decided?;
        if let Some(requested) = logged {
            requested.permit(Outcome::Permit { consents: Vec::new(), credentials, records: Vec::new() });
        }
        Ok(())
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
        self.note(statement.vault);
        let ask = Ask { purpose, action: Action::Read, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        let conn = transaction.deref_mut();
        let decided = state.gate.open_emergency(conn, frontier, bearer.caller, statement, unreviewed, ask).await;
        self.seal_to(statement.vault);
        decided
    }

    /// Decides whether the caller, a custodian, may release shares; gives the credentials that count.
    ///
    /// # Errors
    /// [`ApiError::Denied`].
    pub async fn release(&mut self, emergency: &Emergency, purpose: Purpose) -> Result<Vec<Key>, ApiError> {
        self.about(emergency.statement.value().vault).await?;
        self.note(emergency.statement.value().vault);
        let ask = Ask { purpose, action: Action::Read, now: self.now };
        let Self { state, bearer, transaction, frontier, .. } = self;
        let decided = state.gate.release(transaction.deref_mut(), frontier, bearer.caller, emergency, ask).await;
        self.seal_to(emergency.statement.value().vault);
        decided
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
