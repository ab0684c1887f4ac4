//! Registrars.

use sqlx::PgConnection;

use super::{Position, column};

/// A registrar as added; `authority` is governance, which added it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrarRow {
    pub position: Position,
    pub registrar: [u8; 32],
    pub registrar_authority: [u8; 32],
    pub bump: i16,
    pub kinds: i16,
    pub profile_commitment: [u8; 32],
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// A registrar's removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrarRemovalRow {
    pub position: Position,
    pub registrar: [u8; 32],
    pub authority: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[RegistrarRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO registrar (
            registrar, registrar_authority, bump, kinds, profile_commitment, authority, rent_payer, at, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::smallint[], $4::smallint[], $5::bytea[], $6::bytea[], $7::bytea[],
            $8::bigint[], $9::bytea[], $10::smallint[], $11::smallint[], $12::bigint[], $13::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.registrar) as _,
        &column(rows, |row| row.registrar_authority) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.kinds) as _,
        &column(rows, |row| row.profile_commitment) as _,
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

pub(super) async fn insert_removals(rows: &[RegistrarRemovalRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO registrar_removal (
            registrar, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::smallint[], $6::smallint[], $7::bigint[],
            $8::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.registrar) as _,
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
