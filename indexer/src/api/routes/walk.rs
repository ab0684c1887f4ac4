use crate::api::{
    cursor::{CursorKey, List},
    error::ApiError,
    extract::Limit,
};

/// A step through a list by its keys.
pub struct Walk<'a> {
    cursors: &'a CursorKey,
    list: List<'a>,
    limit: usize,
    /// Position after which it continues; empty at the start.
    pub after: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// # Errors
    /// [`ApiError::InvalidCursor`] for a cursor of another list.
    pub fn new(cursors: &'a CursorKey, list: List<'a>, cursor: Option<&str>, limit: Limit) -> Result<Self, ApiError> {
        let after = cursor.map(|cursor| cursors.open(&list, cursor)).transpose()?.unwrap_or_default();
        Ok(Self { cursors, list, limit: limit.rows(), after })
    }

    /// Rows to read: one more than is answered shows whether there are more.
    pub fn rows(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Cuts the rows to the page. Gives the cursor of the next one, where there is one.
    pub fn cut<T>(&self, rows: &mut Vec<T>, position: impl Fn(&T) -> Vec<u8>) -> Option<String> {
        if rows.len() <= self.limit {
            return None;
        }
        rows.truncate(self.limit);
        rows.last().map(|last| self.seal(&position(last)))
    }

    pub fn seal(&self, position: &[u8]) -> String {
        self.cursors.seal(&self.list, position)
    }
}
