//! Vaults and what changed of them.

use aegle_client::Pubkey;
use sqlx::PgConnection;

use super::{
    Position, column,
    copy::{Fields, Row},
};

/// A vault as created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultRow {
    pub position: Position,
    pub vault: [u8; 32],
    pub vault_id: [u8; 32],
    pub bump: i16,
    pub owner: [u8; 32],
    pub rent_payer: [u8; 32],
    pub encryption_key: [u8; 32],
    pub delegate_mint_cap: i64,
    pub at: i64,
}

/// New values of a vault; `None` where the event leaves the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultChangeRow {
    pub position: Position,
    pub vault: [u8; 32],
    pub encryption_key: Option<[u8; 32]>,
    pub key_epoch: Option<i64>,
    pub consent_epoch: Option<i64>,
    pub record_count: Option<i64>,
    pub delegate_mints: Option<i64>,
    pub owner: Option<[u8; 32]>,
    pub delegate_epoch: Option<i64>,
    pub delegate_mint_cap: Option<i64>,
    pub emergency_policy: Option<i16>,
    pub authority: [u8; 32],
    pub at: i64,
}

impl VaultChangeRow {
    /// A change that leaves every value as it is.
    pub fn new(position: Position, vault: &Pubkey, authority: &Pubkey, at: i64) -> Self {
        Self {
            position,
            vault: vault.to_bytes(),
            encryption_key: None,
            key_epoch: None,
            consent_epoch: None,
            record_count: None,
            delegate_mints: None,
            owner: None,
            delegate_epoch: None,
            delegate_mint_cap: None,
            emergency_policy: None,
            authority: authority.to_bytes(),
            at,
        }
    }
}

impl Row for VaultRow {
    const COPY: &'static str = "COPY vault (
         vault, vault_id, bump, owner, rent_payer, encryption_key, delegate_mint_cap, at, signature,
         instruction_index, inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.vault)
            .put(&self.vault_id)
            .put(&self.bump)
            .put(&self.owner)
            .put(&self.rent_payer)
            .put(&self.encryption_key)
            .put(&self.delegate_mint_cap)
            .put(&self.at)
            .put_position(&self.position);
    }
}

impl Row for VaultChangeRow {
    const COPY: &'static str = "COPY vault_change (
         vault, encryption_key, key_epoch, consent_epoch, record_count, delegate_mints, owner, delegate_epoch,
         delegate_mint_cap, emergency_policy, authority, at, signature, instruction_index, inner_index, slot, tx_index
         ) FROM STDIN (FORMAT binary)";

    fn write(&self, fields: &mut Fields) {
        fields
            .put(&self.vault)
            .put_or_null(self.encryption_key.as_ref())
            .put_or_null(self.key_epoch.as_ref())
            .put_or_null(self.consent_epoch.as_ref())
            .put_or_null(self.record_count.as_ref())
            .put_or_null(self.delegate_mints.as_ref())
            .put_or_null(self.owner.as_ref())
            .put_or_null(self.delegate_epoch.as_ref())
            .put_or_null(self.delegate_mint_cap.as_ref())
            .put_or_null(self.emergency_policy.as_ref())
            .put(&self.authority)
            .put(&self.at)
            .put_position(&self.position);
    }
}

pub(super) async fn insert(rows: &[VaultRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO vault (
            vault, vault_id, bump, owner, rent_payer, encryption_key, delegate_mint_cap, at, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bigint[],
            $8::bigint[], $9::bytea[], $10::smallint[], $11::smallint[], $12::bigint[], $13::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.vault_id) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| row.owner) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.encryption_key) as _,
        &column(rows, |row| row.delegate_mint_cap) as _,
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

pub(super) async fn insert_changes(rows: &[VaultChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO vault_change (
            vault, encryption_key, key_epoch, consent_epoch, record_count, delegate_mints, owner, delegate_epoch,
            delegate_mint_cap, emergency_policy, authority, at, signature, instruction_index, inner_index, slot,
            tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[],
            $8::bigint[], $9::bigint[], $10::smallint[], $11::bytea[], $12::bigint[], $13::bytea[], $14::smallint[],
            $15::smallint[], $16::bigint[], $17::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.encryption_key) as _,
        &column(rows, |row| row.key_epoch) as _,
        &column(rows, |row| row.consent_epoch) as _,
        &column(rows, |row| row.record_count) as _,
        &column(rows, |row| row.delegate_mints) as _,
        &column(rows, |row| row.owner) as _,
        &column(rows, |row| row.delegate_epoch) as _,
        &column(rows, |row| row.delegate_mint_cap) as _,
        &column(rows, |row| row.emergency_policy) as _,
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
