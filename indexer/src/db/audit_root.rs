//! Anchored roots of operators' disclosure logs.

use sqlx::PgConnection;

use super::{Position, column};

/// A root as anchored by its operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRootRow {
    pub position: Position,
    pub audit_root: [u8; 32],
    pub operator: [u8; 32],
    pub index: i64,
    pub bump: i16,
    pub tree_size: i64,
    pub root: [u8; 32],
    pub heads: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[AuditRootRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO audit_root (
            audit_root, operator, index, bump, tree_size, root, heads, rent_payer, at, signature, instruction_index,
            inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bytea[], $7::bytea[],
            $8::bytea[], $9::bigint[], $10::bytea[], $11::smallint[], $12::smallint[], $13::bigint[], $14::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.audit_root) as _,
        &column(rows, |row| row.operator) as _,
        &column(rows, |row| row.index) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.tree_size) as _,
        &column(rows, |row| row.root) as _,
        &column(rows, |row| row.heads) as _,
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
