//! Queries of lists whose cursors are the caller's alone.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::{
    bytes::Address, cursor::List, error::ApiError, extract::Limit, routes::walk::Walk, session::Bearer, state::ApiState,
};

/// Query of what is a patient's.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PatientsQuery {
    /// Address of the patient's vault.
    pub patient: Address,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl PatientsQuery {
    /// # Errors
    /// [`ApiError::InvalidCursor`] for a cursor of another list, or of another caller's.
    pub fn walk(&self, state: &ApiState, bearer: &Bearer, route: &'static str) -> Result<Walk, ApiError> {
        walk(state, bearer, route, Some(self.patient), self.cursor.as_deref(), self.limit)
    }
}

/// Query of what is a patient's, or else the caller's own.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnQuery {
    /// Address of a vault of the caller's; without it, what is the caller's own.
    pub patient: Option<Address>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl OwnQuery {
    /// # Errors
    /// As those of [`PatientsQuery::walk`].
    pub fn walk(&self, state: &ApiState, bearer: &Bearer, route: &'static str) -> Result<Walk, ApiError> {
        walk(state, bearer, route, self.patient, self.cursor.as_deref(), self.limit)
    }
}

fn walk(
    state: &ApiState,
    bearer: &Bearer,
    route: &'static str,
    patient: Option<Address>,
    cursor: Option<&str>,
    limit: Option<Limit>,
) -> Result<Walk, ApiError> {
    let filter = format!("{:?}|{patient:?}", bearer.caller).into_bytes();
    Walk::new(&state.cursors, List { route, filter: &[&filter] }, cursor, limit.unwrap_or_default())
}
