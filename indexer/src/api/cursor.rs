//! Opaque cursors: a position in a list, signed for that list alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use rand::{RngCore, rngs::OsRng};
use sha2::Sha256;

use super::error::ApiError;

const DOMAIN: &[u8] = b"aegle:cursor:v1";
const TAG: usize = 32;
/// Longest cursor accepted, in characters.
const MAX_TEXT: usize = 256;

/// The list a cursor walks: its route and everything that filters it.
pub struct List<'a> {
    pub route: &'static str,
    pub filter: &'a [&'a [u8]],
}

/// The key that signs cursors.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC fills a short key up to its block with zeros, RFC 2104 section 2.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        Self(Hmac::new(&block.into()))
    }

    /// A key for one process: cursors of another process, or of the one before, are refused.
    pub fn random() -> Self {
        let mut key = [0; 32];
        OsRng.fill_bytes(&mut key);
        Self::new(key)
    }

    /// What signs the cursors of one list.
    pub fn of(&self, list: &List<'_>) -> ListKey {
        let parts = [DOMAIN, list.route.as_bytes()].into_iter().chain(list.filter.iter().copied());
        ListKey(parts.fold(self.0.clone(), with))
    }

    pub fn seal(&self, list: &List<'_>, position: &[u8]) -> String {
        self.of(list).seal(position)
    }

    /// # Errors
    /// As those of [`ListKey::open`].
    pub fn open(&self, list: &List<'_>, text: &str) -> Result<Vec<u8>, ApiError> {
        self.of(list).open(text)
    }
}

/// The key that signs the cursors of one list.
pub struct ListKey(Hmac<Sha256>);

impl ListKey {
    pub fn seal(&self, position: &[u8]) -> String {
        let tag = with(self.0.clone(), position).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([position, tag.as_slice()].concat())
    }

    /// # Errors
    /// [`ApiError::InvalidCursor`] unless this key sealed it for this list. The comparison takes the
    /// same time for every wrong tag.
    pub fn open(&self, text: &str) -> Result<Vec<u8>, ApiError> {
        if text.len() > MAX_TEXT {
            return Err(ApiError::InvalidCursor);
        }
        let mut sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| ApiError::InvalidCursor)?;
        let position = sealed.len().checked_sub(TAG).ok_or(ApiError::InvalidCursor)?;
        let tag = sealed.split_off(position);
        with(self.0.clone(), &sealed).verify_slice(&tag).map_err(|_| ApiError::InvalidCursor)?;
        Ok(sealed)
    }
}

/// One part more. Lengths keep two lists from giving the same bytes.
fn with(mut mac: Hmac<Sha256>, part: &[u8]) -> Hmac<Sha256> {
    mac.update(&(part.len() as u64).to_le_bytes());
    mac.update(part);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: List<'_> = List { route: "/list", filter: &[b"ab", b"c"] };

    #[test]
    fn a_cursor_opens_only_for_its_list_and_key() {
        let key = CursorKey::new([7; 32]);
        let text = key.seal(&LIST, b"position");
        assert_eq!(key.open(&LIST, &text).unwrap(), b"position");
        for (route, filter) in [("/other", [&b"ab"[..], b"c"]), ("/list", [b"a", b"bc"]), ("/list", [b"", b"abc"])] {
            assert!(key.open(&List { route, filter: &filter }, &text).is_err(), "{route} {filter:?}");
        }
        assert!(CursorKey::new([8; 32]).open(&LIST, &text).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_cursor_is_refused(index in 0usize..53, with in "[A-Za-z0-9_-]") {
            let key = CursorKey::new([7; 32]);
            let text = key.seal(&LIST, b"position");
            let mut changed = text.clone();
            changed.replace_range(index..=index, &with);
            prop_assert!(changed == text || key.open(&LIST, &changed).is_err());
        }

        #[test]
        fn anything_else_is_refused(text in ".*") {
            prop_assert!(CursorKey::new([7; 32]).open(&LIST, &text).is_err());
        }
    }
}
