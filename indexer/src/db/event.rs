//! Events as in the ledger.

use sqlx::PgConnection;

use super::{
    Position, column,
    copy::{Fields, Row},
};

/// An event, raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    pub position: Position,
    pub name: &'static str,
    pub account: [u8; 32],
    pub vault: Option<[u8; 32]>,
    pub authority: Option<[u8; 32]>,
    pub data: Vec<u8>,
}

impl Row for EventRow {
    const COPY: &'static str = "COPY event (
         name, account, vault, authority, data, signature, instruction_index, inner_index, slot,
         tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(self.name)
            .put(&self.account)
            .put_or_null(self.vault.as_ref())
            .put_or_null(self.authority.as_ref())
            .put(&self.data[..])
            .put_position(&self.position);
    }
}

pub(super) async fn insert(rows: &[EventRow], connection: &mut PgConnection) -> sqlx::Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query!(
        "INSERT INTO event (
            name, account, vault, authority, data, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::text[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::smallint[],
            $8::smallint[], $9::bigint[], $10::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.name) as _,
        &column(rows, |row| row.account) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.data.clone()) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
