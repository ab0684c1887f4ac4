//! Delegates of vaults.

use sqlx::PgConnection;

use super::{Position, column};

/// A delegate as added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateRow {
    pub position: Position,
    pub delegate: [u8; 32],
    pub vault: [u8; 32],
    pub key: [u8; 32],
    pub bump: i16,
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub rights: i16,
    pub until_day: i64,
    pub delegate_epoch: i64,
    pub at: i64,
}

/// A delegate's removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegateRemovalRow {
    pub position: Position,
    pub delegate: [u8; 32],
    pub authority: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[DelegateRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO delegate (
            delegate, vault, key, bump, authority, rent_payer, rights, until_day, delegate_epoch, at, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::bytea[], $6::bytea[], $7::smallint[],
            $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[], $12::smallint[], $13::smallint[],
            $14::bigint[], $15::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.delegate) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.key) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.rights) as _,
        &column(rows, |row| row.until_day) as _,
        &column(rows, |row| row.delegate_epoch) as _,
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

pub(super) async fn insert_removals(rows: &[DelegateRemovalRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO delegate_removal (
            delegate, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::smallint[], $6::smallint[], $7::bigint[],
            $8::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.delegate) as _,
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
