//! Recoveries of vaults.

use aegle_client::state::RecoveryStatus;
use sqlx::PgConnection;

use super::{Position, column};

/// A recovery as proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRow {
    pub position: Position,
    pub recovery: [u8; 32],
    pub vault: [u8; 32],
    pub recovery_id: [u8; 32],
    pub bump: i16,
    pub new_owner: [u8; 32],
    pub new_encryption_key: [u8; 32],
    pub guardian_epoch: i64,
    pub delegate_epoch: i64,
    pub approvals: i32,
    pub status: RecoveryStatus,
    pub executable_at: i64,
    pub lapses_at: i64,
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// A recovery's new status, and what an approval changed besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryChangeRow {
    pub position: Position,
    pub recovery: [u8; 32],
    pub status: RecoveryStatus,
    pub approval: Option<Approval>,
    pub authority: [u8; 32],
    pub at: i64,
}

/// What an approval changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    pub approvals: i32,
    pub executable_at: i64,
    pub lapses_at: i64,
}

pub(super) async fn insert(rows: &[RecoveryRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO recovery (
            recovery, vault, recovery_id, bump, new_owner, new_encryption_key, guardian_epoch, delegate_epoch,
            approvals, status, executable_at, lapses_at, authority, rent_payer, at, signature, instruction_index,
            inner_index, slot, tx_index
         )
         SELECT
            recovery, vault, recovery_id, bump, new_owner, new_encryption_key, guardian_epoch, delegate_epoch,
            approvals, status::recovery_status, executable_at, lapses_at, authority, rent_payer, at, signature,
            instruction_index, inner_index, slot, tx_index
         FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::bytea[], $6::bytea[], $7::bigint[],
            $8::bigint[], $9::integer[], $10::text[], $11::bigint[], $12::bigint[], $13::bytea[], $14::bytea[],
            $15::bigint[], $16::bytea[], $17::smallint[], $18::smallint[], $19::bigint[], $20::integer[]
         ) AS rows (
            recovery, vault, recovery_id, bump, new_owner, new_encryption_key, guardian_epoch, delegate_epoch,
            approvals, status, executable_at, lapses_at, authority, rent_payer, at, signature, instruction_index,
            inner_index, slot, tx_index
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.recovery) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.recovery_id) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.new_owner) as _,
        &column(rows, |row| row.new_encryption_key) as _,
        &column(rows, |row| row.guardian_epoch) as _,
        &column(rows, |row| row.delegate_epoch) as _,
        &column(rows, |row| row.approvals) as _,
        &column(rows, |row| status_name(row.status)) as _,
        &column(rows, |row| row.executable_at) as _,
        &column(rows, |row| row.lapses_at) as _,
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

pub(super) async fn insert_changes(rows: &[RecoveryChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO recovery_change (
            recovery, status, approvals, executable_at, lapses_at, authority, at, signature, instruction_index,
            inner_index, slot, tx_index
         )
         SELECT
            recovery, status::recovery_status, approvals, executable_at, lapses_at, authority, at, signature,
            instruction_index, inner_index, slot, tx_index
         FROM UNNEST(
            $1::bytea[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[],
            $8::bytea[], $9::smallint[], $10::smallint[], $11::bigint[], $12::integer[]
         ) AS rows (
            recovery, status, approvals, executable_at, lapses_at, authority, at, signature, instruction_index,
            inner_index, slot, tx_index
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.recovery) as _,
        &column(rows, |row| status_name(row.status)) as _,
        &column(rows, |row| row.approval.map(|approval| approval.approvals)) as _,
        &column(rows, |row| row.approval.map(|approval| approval.executable_at)) as _,
        &column(rows, |row| row.approval.map(|approval| approval.lapses_at)) as _,
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
fn status_name(status: RecoveryStatus) -> &'static str {
    match status {
        RecoveryStatus::Proposed => "proposed",
        RecoveryStatus::Pending => "pending",
        RecoveryStatus::Vetoed => "vetoed",
        RecoveryStatus::Executed => "executed",
    }
}
