//! Records, one row per version.

use aegle_client::state::RecordStatus;
use sqlx::PgConnection;

use super::{
    Position, column,
    copy::{Fields, Row},
};

/// A record as minted; `previous` is the one it amends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    pub position: Position,
    pub record: [u8; 32],
    pub vault: [u8; 32],
    pub record_id: [u8; 32],
    pub bump: i16,
    pub mint_bump: i16,
    pub commitment: [u8; 32],
    pub record_version: i64,
    pub previous: Option<[u8; 32]>,
    /// In whose name the token account is.
    pub holder: [u8; 32],
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// A record's token issued again, for the `issues`-th time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordReissueRow {
    pub position: Position,
    pub record: [u8; 32],
    pub issues: i64,
    pub holder: [u8; 32],
    pub rent_payer: [u8; 32],
    pub authority: [u8; 32],
    pub at: i64,
}

/// A record's new status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChangeRow {
    pub position: Position,
    pub record: [u8; 32],
    pub status: RecordStatus,
    pub authority: [u8; 32],
    pub at: i64,
}

impl Row for RecordRow {
    const COPY: &'static str = "COPY record (
         record, vault, record_id, bump, mint_bump, commitment, record_version, previous, holder, authority,
         rent_payer, at, signature, instruction_index, inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.record)
            .put(&self.vault)
            .put(&self.record_id)
            .put(&self.bump)
            .put(&self.mint_bump)
            .put(&self.commitment)
            .put(&self.record_version)
            .put_or_null(self.previous.as_ref())
            .put(&self.holder)
            .put(&self.authority)
            .put(&self.rent_payer)
            .put(&self.at)
            .put_position(&self.position);
    }
}

impl Row for RecordChangeRow {
    const COPY: &'static str = "COPY record_change (
         record, status, authority, at, signature, instruction_index, inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.record)
            .put(status_name(self.status))
            .put(&self.authority)
            .put(&self.at)
            .put_position(&self.position);
    }
}

pub(super) async fn insert(rows: &[RecordRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO record (
            record, vault, record_id, bump, mint_bump, commitment, record_version, previous, holder, authority,
            rent_payer, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::smallint[], $6::bytea[], $7::bigint[],
            $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bigint[], $13::bytea[], $14::smallint[],
            $15::smallint[], $16::bigint[], $17::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.record) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.record_id) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.mint_bump) as _,
        &column(rows, |row| row.commitment) as _,
        &column(rows, |row| row.record_version) as _,
        &column(rows, |row| row.previous) as _,
        &column(rows, |row| row.holder) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.at) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_changes(rows: &[RecordChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO record_change (
            record, status, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT record, status::record_status, authority, at, signature, instruction_index, inner_index, slot,
               tx_index
         FROM UNNEST(
            $1::bytea[], $2::text[], $3::bytea[], $4::bigint[], $5::bytea[], $6::smallint[], $7::smallint[],
            $8::bigint[], $9::integer[]
         ) AS rows (record, status, authority, at, signature, instruction_index, inner_index, slot, tx_index)
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.record) as _,
        &column(rows, |row| status_name(row.status)) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.at) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_reissues(rows: &[RecordReissueRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO record_reissue (
            record, issues, holder, rent_payer, authority, at, signature, instruction_index, inner_index, slot,
            tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bytea[],
            $8::smallint[], $9::smallint[], $10::bigint[], $11::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.record) as _,
        &column(rows, |row| row.issues) as _,
        &column(rows, |row| row.holder) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.at) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The status as the database names it.
fn status_name(status: RecordStatus) -> &'static str {
    match status {
        RecordStatus::Active => "active",
        RecordStatus::Amended => "amended",
        RecordStatus::EnteredInError => "entered_in_error",
        RecordStatus::Erased => "erased",
    }
}
