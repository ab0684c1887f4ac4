//! Slots: one branch of the chain, linked by parents.

use futures::{Stream, TryStreamExt};
use sqlx::PgConnection;

use super::{
    checkpoint::BlockId,
    column,
    copy::{Fields, Row},
    state::bytes,
};
use crate::decode::Header;

/// A slot with its block, or proven to have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRow {
    pub slot: i64,
    pub block_hash: Option<[u8; 32]>,
    pub parent_slot: Option<i64>,
    pub parent_hash: Option<[u8; 32]>,
    pub block_height: Option<i64>,
    pub block_time: Option<i64>,
}

impl SlotRow {
    /// A slot that a later block's parent link jumps over.
    pub fn skipped(slot: i64) -> Self {
        Self { slot, block_hash: None, parent_slot: None, parent_hash: None, block_height: None, block_time: None }
    }

    pub fn of(header: &Header) -> Self {
        Self {
            slot: header.slot,
            block_hash: Some(header.hash),
            parent_slot: Some(header.parent_slot),
            parent_hash: Some(header.parent_hash),
            block_height: header.height,
            block_time: header.time,
        }
    }
}

impl Row for SlotRow {
    const COPY: &'static str = "COPY slot (
         slot, block_hash, parent_slot, parent_hash, block_height, block_time
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.slot)
            .put_or_null(self.block_hash.as_ref())
            .put_or_null(self.parent_slot.as_ref())
            .put_or_null(self.parent_hash.as_ref())
            .put_or_null(self.block_height.as_ref())
            .put_or_null(self.block_time.as_ref());
    }
}

pub(super) async fn insert(rows: &[SlotRow], connection: &mut PgConnection) -> sqlx::Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query!(
        "INSERT INTO slot (slot, block_hash, parent_slot, parent_hash, block_height, block_time)
         SELECT * FROM UNNEST(
            $1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[]
         )
         ON CONFLICT (slot) DO NOTHING",
        &column(rows, |row| row.slot) as _,
        &column(rows, |row| row.block_hash) as _,
        &column(rows, |row| row.parent_slot) as _,
        &column(rows, |row| row.parent_hash) as _,
        &column(rows, |row| row.block_height) as _,
        &column(rows, |row| row.block_time) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// The stored blocks of `from..=to` by slot.
pub async fn blocks(from: i64, to: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(i64, [u8; 32])>> {
    let rows = sqlx::query!(
        r#"SELECT slot, block_hash AS "block_hash!" FROM slot
           WHERE slot BETWEEN $1 AND $2 AND block_hash IS NOT NULL ORDER BY slot"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.slot, bytes(row.block_hash)?))).collect()
}

/// The stored slots from `from` on, ascending, one by one.
pub fn from(from: i64, connection: &mut PgConnection) -> impl Stream<Item = sqlx::Result<SlotRow>> {
    let rows = sqlx::query!(
        "SELECT slot, block_hash AS \"block_hash: Vec<u8>\", parent_slot, parent_hash AS \"parent_hash: Vec<u8>\",
                block_height, block_time
         FROM slot WHERE slot >= $1 ORDER BY slot",
        from
    );
    rows.fetch(connection).and_then(async |row| {
        Ok(SlotRow {
            slot: row.slot,
            block_hash: row.block_hash.map(bytes).transpose()?,
            parent_slot: row.parent_slot,
            parent_hash: row.parent_hash.map(bytes).transpose()?,
            block_height: row.block_height,
            block_time: row.block_time,
        })
    })
}

/// Whether the block `hash` is stored at `slot`.
pub async fn holds(slot: i64, hash: &[u8; 32], connection: &mut PgConnection) -> sqlx::Result<bool> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM slot WHERE slot = $1 AND block_hash = $2::bytea) AS "holds!""#,
        slot,
        hash as _
    )
    .fetch_one(connection)
    .await?;
    Ok(row.holds)
}

/// Whether the block is stored, on the same parent. Its hash alone does not say so: what the node said of
/// its parent may have been wrong.
pub async fn links(header: &Header, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (
               SELECT FROM slot
               WHERE slot = $1 AND block_hash = $2::bytea AND parent_slot = $3 AND parent_hash = $4::bytea
           ) AS "links!""#,
        header.slot,
        &header.hash as _,
        header.parent_slot,
        &header.parent_hash as _
    )
    .fetch_one(connection)
    .await?;
    Ok(row.links)
}

/// The parent of the first stored block from `slot` on.
pub async fn first_parent(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Option<BlockId>> {
    let row = sqlx::query!(
        r#"SELECT parent_slot AS "parent_slot!", parent_hash AS "parent_hash!" FROM slot
           WHERE slot >= $1 AND block_hash IS NOT NULL ORDER BY slot LIMIT 1"#,
        slot
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(BlockId { slot: row.parent_slot, hash: bytes(row.parent_hash)? })).transpose()
}

/// When the stored block of `slot` was made, in seconds since the Unix epoch.
pub async fn time(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let row = sqlx::query!("SELECT block_time FROM slot WHERE slot = $1", slot).fetch_optional(connection).await?;
    Ok(row.and_then(|row| row.block_time))
}

/// Deletes every slot above `slot`, with the facts of their blocks. Returns how many.
pub async fn delete_above(slot: i64, connection: &mut PgConnection) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM slot WHERE slot > $1", slot).execute(connection).await?;
    Ok(done.rows_affected())
}
