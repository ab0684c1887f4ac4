//! The gate's decisions on emergencies: who opens, and who releases shares for what was opened.

use aegle_decision::{
    Action, Caller, Emergency, Key, Purpose, Request, RuleId, Statement, decide_opening, decide_release,
};
use sqlx::PgConnection;

use super::Gate;
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
        now: i64,
    ) -> Result<Key, ApiError> {
        let known = self.known(conn, frontier, caller, statement.vault).await?;
        decide_opening(&known.views, statement, unreviewed, &treating(caller, now)).map_err(denied)
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
        now: i64,
    ) -> Result<Vec<Key>, ApiError> {
        let known = self.known(conn, frontier, caller, emergency.statement.value().vault).await?;
        decide_release(&known.views, emergency, &treating(caller, now)).map_err(denied)
    }
}

fn treating(caller: Caller, now: i64) -> Request {
    Request { caller, purpose: Purpose::EmergencyTreatment, action: Action::Read, now }
}

fn denied(rule: RuleId) -> ApiError {
    ApiError::Denied { rule, consent: None }
}
