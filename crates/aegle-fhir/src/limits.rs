/// What is read at most, so that memory stays bounded whatever a file claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one resource; a document Bundle is one. A Bundle of any other kind may be larger: what
    /// it contains is read one entry at a time then.
    pub resource: usize,
    /// Folders inside one another.
    pub folders: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { resource: 32 << 20, folders: 32 }
    }
}

/// Deepest nesting of a resource. Real ones stay below 20.
const MAX_DEPTH: usize = 64;
/// Most values in one resource: each costs far more memory than its bytes.
const MAX_VALUES: usize = 1 << 20;
/// Most members of one object. Checking that none is there twice costs their square.
pub(crate) const MAX_MEMBERS: usize = 1_024;

/// Whether JSON stays within the limits on depth and values; a scan, before anything is built of it.
pub(crate) fn is_simple(json: &str) -> bool {
    let (mut depth, mut values, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => (depth, values) = (depth + 1, values + 1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH || values > MAX_VALUES {
            return false;
        }
    }
    true
}
