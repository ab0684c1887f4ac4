//! Emergency openings of vaults.

use sqlx::PgConnection;

use super::{Position, column};

/// An opening; `authority` submitted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassRow {
    pub position: Position,
    pub break_glass: [u8; 32],
    pub vault: [u8; 32],
    pub break_glass_id: [u8; 32],
    pub bump: i16,
    pub commitment: [u8; 32],
    pub expires_at: i64,
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// An opening's review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassReviewRow {
    pub position: Position,
    pub break_glass: [u8; 32],
    pub authority: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[BreakGlassRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO break_glass (
            break_glass, vault, break_glass_id, bump, commitment, expires_at, authority, rent_payer, at, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::bytea[], $6::bigint[], $7::bytea[],
            $8::bytea[], $9::bigint[], $10::bytea[], $11::smallint[], $12::smallint[], $13::bigint[], $14::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.break_glass) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.break_glass_id) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.commitment) as _,
        &column(rows, |row| row.expires_at) as _,
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

pub(super) async fn insert_reviews(rows: &[BreakGlassReviewRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO break_glass_review (
            break_glass, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::smallint[], $6::smallint[], $7::bigint[],
            $8::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.break_glass) as _,
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
