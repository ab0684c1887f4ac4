use super::reply::Reply;
use crate::api::{
    cursor::{CursorKey, List, ListKey},
    error::ApiError,
    extract::Limit,
    model::{Meta, Page},
};

/// A step through a list by its keys.
pub struct Walk {
    key: ListKey,
    limit: usize,
    /// Position after which it continues; empty at the start.
    pub after: Vec<u8>,
}

impl Walk {
    /// # Errors
    /// [`ApiError::InvalidCursor`] for a cursor of another list.
    pub fn new(cursors: &CursorKey, list: List<'_>, cursor: Option<&str>, limit: Limit) -> Result<Self, ApiError> {
        let key = cursors.of(&list);
        let after = cursor.map(|cursor| key.open(cursor)).transpose()?.unwrap_or_default();
        Ok(Self { key, limit: limit.rows(), after })
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

    /// The page of these rows.
    pub fn page<R, T: From<R>>(
        &self,
        meta: Meta,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> Vec<u8>,
    ) -> Reply<Page<T>> {
        let next = self.cut(&mut rows, position);
        Reply(Page { meta, data: rows.into_iter().map(Into::into).collect(), next })
    }

    pub fn seal(&self, position: &[u8]) -> String {
        self.key.seal(position)
    }
}
