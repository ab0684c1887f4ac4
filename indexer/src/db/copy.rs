//! Rows into a table by binary COPY, the fastest way that Postgres has. It knows no ON CONFLICT: a row
//! that is there already fails the whole, and the caller inserts row by row instead.

use sqlx::PgConnection;

use super::Position;

/// What stands before the first row: signature, flags, length of an extension.
const START: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last row, in place of a number of fields.
const END: i16 = -1;
/// Bytes to send at once: the server works on them while the next are written.
const PART: usize = 1 << 16;

/// A row that COPY takes.
pub(super) trait Row {
    /// `COPY table (columns) FROM STDIN (FORMAT binary)`, the columns in the order of [`Row::write`].
    const COPY: &'static str;

    fn write(&self, fields: &mut Fields);
}

/// A value as Postgres's binary format has it, without its length.
pub(super) trait Field {
    fn put(&self, bytes: &mut Vec<u8>);
}

/// The fields of one row.
pub(super) struct Fields<'b> {
    bytes: &'b mut Vec<u8>,
    count: i16,
}

impl Fields<'_> {
    pub fn put(&mut self, value: &(impl Field + ?Sized)) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; size_of::<i32>()]);
        value.put(self.bytes);
        // No field is near 2 GiB.
        let length = (self.bytes.len() - at - size_of::<i32>()) as i32;
        self.bytes[at..at + size_of::<i32>()].copy_from_slice(&length.to_be_bytes());
        self.count += 1;
        self
    }

    pub fn put_or_null(&mut self, value: Option<&(impl Field + ?Sized)>) -> &mut Self {
        match value {
            Some(value) => self.put(value),
            None => {
                self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
                self.count += 1;
                self
            }
        }
    }

    /// The columns `signature, instruction_index, inner_index, slot, tx_index`.
    pub fn put_position(&mut self, position: &Position) -> &mut Self {
        let Position { signature, instruction_index, inner_index, slot, tx_index } = position;
        self.put(&signature[..]).put(instruction_index).put(inner_index).put(slot).put(tx_index)
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Field for $number {
            fn put(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }
        }
    )+};
}

numbers!(i16, i32, i64);

impl Field for [u8] {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self);
    }
}

impl Field for [u8; 32] {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self);
    }
}

impl Field for str {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
    }
}

/// Inserts the rows and says how many they were.
///
/// # Errors
/// A row that is there already, or contradicts one that is; then none is inserted.
pub(super) async fn copy<R: Row>(rows: &[R], connection: &mut PgConnection) -> sqlx::Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut stream = connection.copy_in_raw(R::COPY).await?;
    let mut bytes = START.to_vec();
    for row in rows {
        let at = bytes.len();
        bytes.extend_from_slice(&[0; size_of::<i16>()]);
        let mut fields = Fields { bytes: &mut bytes, count: 0 };
        row.write(&mut fields);
        let count = fields.count;
        bytes[at..at + size_of::<i16>()].copy_from_slice(&count.to_be_bytes());
        if bytes.len() > PART {
            stream.send(&bytes[..]).await?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&END.to_be_bytes());
    stream.send(bytes).await?;
    stream.finish().await
}
