use super::{
    cursor::{CursorKey, List},
    error::ApiError,
    extract::{At, Commitment},
    model::Position,
    store::event::EventFilter,
};

/// Positions among the events of a filter, sealed. Pages and streams of final events have the same, so
/// that each continues the other.
pub struct EventCursor {
    key: CursorKey,
    filter: EventFilter,
    at: At,
}

impl EventCursor {
    pub fn new(key: CursorKey, filter: EventFilter, mut at: At) -> Self {
        // What is meant where nothing is said.
        if at.as_of_slot.is_none() && at.commitment == Some(Commitment::Finalized) {
            at.commitment = None;
        }
        Self { key, filter, at }
    }

    pub fn seal(&self, position: Position) -> String {
        self.with_list(|list| self.key.seal(list, &position.to_bytes()))
    }

    /// # Errors
    /// [`ApiError::InvalidCursor`] for a cursor of another filter, state or key.
    pub fn open(&self, text: &str) -> Result<Position, ApiError> {
        let position = self.with_list(|list| self.key.open(list, text))?;
        Position::from_bytes(&position).ok_or(ApiError::InvalidCursor)
    }

    fn with_list<T>(&self, run: impl FnOnce(&List<'_>) -> T) -> T {
        let EventFilter { vault, account, name } = &self.filter;
        let vault = vault.as_ref().map_or(&[][..], |address| &address.0);
        let account = account.as_ref().map_or(&[][..], |address| &address.0);
        let filter = [vault, account, name.unwrap_or_default().as_bytes(), &self.at.to_bytes()];
        run(&List { route: "events", filter: &filter })
    }
}
