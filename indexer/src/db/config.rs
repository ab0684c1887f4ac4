//! Settings of the deployment.

use sqlx::PgConnection;

use super::{Position, column};

/// The configuration as initialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRow {
    pub position: Position,
    pub config: [u8; 32],
    pub bump: i16,
    pub governance: [u8; 32],
    pub rent_payer: [u8; 32],
    pub min_recovery_delay: i64,
    pub max_recovery_delay: i64,
    pub record_uri: String,
}

/// A pause or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChangeRow {
    pub position: Position,
    pub config: [u8; 32],
    pub paused: bool,
    pub authority: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[ConfigRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO config (
            config, bump, governance, rent_payer, min_recovery_delay, max_recovery_delay, record_uri, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[], $7::text[],
            $8::bytea[], $9::smallint[], $10::smallint[], $11::bigint[], $12::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.config) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.governance) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.min_recovery_delay) as _,
        &column(rows, |row| row.max_recovery_delay) as _,
        &column(rows, |row| row.record_uri.clone()) as _,
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

pub(super) async fn insert_changes(rows: &[ConfigChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO config_change (
            config, paused, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::boolean[], $3::bytea[], $4::bigint[], $5::bytea[], $6::smallint[], $7::smallint[],
            $8::bigint[], $9::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.config) as _,
        &column(rows, |row| row.paused) as _,
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
