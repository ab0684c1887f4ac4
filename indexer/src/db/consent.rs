//! Consents.

use sqlx::PgConnection;

use super::{
    Position, column,
    copy::{Fields, Row},
};

/// A consent as granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    pub position: Position,
    pub consent: [u8; 32],
    pub vault: [u8; 32],
    pub consent_id: [u8; 32],
    pub bump: i16,
    pub handle: [u8; 32],
    pub policy_commitment: [u8; 32],
    pub purposes: i32,
    pub actions: i16,
    pub from_day: i64,
    pub until_day: i64,
    pub consent_epoch: i64,
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// A consent's revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRevocationRow {
    pub position: Position,
    pub consent: [u8; 32],
    pub authority: [u8; 32],
    pub at: i64,
}

impl Row for ConsentRow {
    const COPY: &'static str = "COPY consent (
         consent, vault, consent_id, bump, handle, policy_commitment, purposes, actions, from_day,
         until_day, consent_epoch, authority, rent_payer, at, signature, instruction_index,
         inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.consent)
            .put(&self.vault)
            .put(&self.consent_id)
            .put(&self.bump)
            .put(&self.handle)
            .put(&self.policy_commitment)
            .put(&self.purposes)
            .put(&self.actions)
            .put(&self.from_day)
            .put(&self.until_day)
            .put(&self.consent_epoch)
            .put(&self.authority)
            .put(&self.rent_payer)
            .put(&self.at)
            .put_position(&self.position);
    }
}

impl Row for ConsentRevocationRow {
    const COPY: &'static str = "COPY consent_revocation (
         consent, authority, at, signature, instruction_index, inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields.put(&self.consent).put(&self.authority).put(&self.at).put_position(&self.position);
    }
}

pub(super) async fn insert(rows: &[ConsentRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO consent (
            consent, vault, consent_id, bump, handle, policy_commitment, purposes, actions, from_day, until_day,
            consent_epoch, authority, rent_payer, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::bytea[], $6::bytea[], $7::integer[],
            $8::smallint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bytea[], $13::bytea[],
            $14::bigint[], $15::bytea[], $16::smallint[], $17::smallint[], $18::bigint[], $19::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.consent) as _,
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.consent_id) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.handle) as _,
        &column(rows, |row| row.policy_commitment) as _,
        &column(rows, |row| row.purposes) as _,
        &column(rows, |row| row.actions) as _,
        &column(rows, |row| row.from_day) as _,
        &column(rows, |row| row.until_day) as _,
        &column(rows, |row| row.consent_epoch) as _,
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

pub(super) async fn insert_revocations(
    rows: &[ConsentRevocationRow],
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO consent_revocation (
            consent, authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::smallint[], $6::smallint[], $7::bigint[],
            $8::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.consent) as _,
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
