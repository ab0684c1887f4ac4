//! The gate's decisions on emergencies: who opens, and who releases shares for what was opened.

use aegle_decision::{Caller, Emergency, Key, Request, RuleId, Statement, decide_opening, decide_release};
use sqlx::PgConnection;

use super::{Ask, Gate};
use crate::api::{error::ApiError, store::frontier::Frontier};

impl Gate {
    /// Decides whether `caller` may open what `statement` says; the credential that counts.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason.
    pub async fn open_emergency(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        caller: Caller,
        statement: &Statement,
        unreviewed: bool,
        ask: Ask,
    ) -> Result<Key, ApiError> {
        let known = self.known(conn, frontier, caller, statement.vault).await?;
        decide_opening(&known.views, statement, unreviewed, &request(caller, ask)).map_err(denied)
    }

    /// Decides whether `caller` may have and hand on its shares for `emergency`; the credentials that count.
    ///
    /// # Errors
    /// [`ApiError::Denied`], to the caller the same whatever the reason.
    pub async fn release(
        &self,
        conn: &mut PgConnection,
        frontier: &Frontier,
        caller: Caller,
        emergency: &Emergency,
        ask: Ask,
    ) -> Result<Vec<Key>, ApiError> {
        let known = self.known(conn, frontier, caller, emergency.statement.value().vault).await?;
        decide_release(&known.views, emergency, &request(caller, ask)).map_err(denied)
    }
}

fn request(caller: Caller, Ask { purpose, action, now }: Ask) -> Request {
    Request { caller, purpose, action, now }
}

fn denied(rule: RuleId) -> ApiError {
    ApiError::Denied { rule, consent: None }
}
