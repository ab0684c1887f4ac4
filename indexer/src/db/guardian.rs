//! What changed of vaults' guardians and of their pending recoveries.

use aegle_client::{Pubkey, state::Guardians};
use sqlx::PgConnection;

use super::{Position, column};

/// New values of a vault; `None` where the event leaves the old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianChangeRow {
    pub position: Position,
    pub vault: [u8; 32],
    pub in_effect: Option<InEffect>,
    pub pending: Option<Pending>,
    pub recovery: Option<PendingRecovery>,
    pub authority: [u8; 32],
    pub at: i64,
}

/// Guardians in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InEffect {
    pub guardian_epoch: i64,
    pub guardians: Guardians,
}

/// Guardians that are to be in effect; due at 0 where there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pending {
    pub due_at: i64,
    pub guardians: Guardians,
}

/// The pending recovery; zeros where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PendingRecovery {
    pub recovery: [u8; 32],
    pub lapses_at: i64,
}

impl GuardianChangeRow {
    /// A change that leaves every value as it is.
    pub fn new(position: Position, vault: &Pubkey, authority: &Pubkey, at: i64) -> Self {
        Self {
            position,
            vault: vault.to_bytes(),
            in_effect: None,
            pending: None,
            recovery: None,
            authority: authority.to_bytes(),
            at,
        }
    }

    /// A recovery that became pending: it is the vault's, and a pending change of guardians is void.
    pub fn awaiting(self, recovery: [u8; 32], lapses_at: i64) -> Self {
        let recovery = Some(PendingRecovery { recovery, lapses_at });
        Self { pending: Some(Pending::default()), recovery, ..self }
    }
}

pub(super) async fn insert(rows: &[GuardianChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO vault_guardian_change (
            vault, guardian_epoch, guardian_count, guardian_threshold, guardian_commitment, recovery_delay,
            guardians_due_at, pending_guardian_count, pending_guardian_threshold, pending_guardian_commitment,
            pending_recovery_delay, pending_recovery, recovery_lapses_at, authority, at, signature,
            instruction_index, inner_index, slot, tx_index
         )
         SELECT * FROM UNNEST(
            $1::bytea[], $2::bigint[], $3::smallint[], $4::smallint[], $5::bytea[], $6::bigint[], $7::bigint[],
            $8::smallint[], $9::smallint[], $10::bytea[], $11::bigint[], $12::bytea[], $13::bigint[], $14::bytea[],
            $15::bigint[], $16::bytea[], $17::smallint[], $18::smallint[], $19::bigint[], $20::integer[]
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.vault) as _,
        &column(rows, |row| row.in_effect.map(|new| new.guardian_epoch)) as _,
        &column(rows, |row| row.in_effect.map(|new| i16::from(new.guardians.count))) as _,
        &column(rows, |row| row.in_effect.map(|new| i16::from(new.guardians.threshold))) as _,
        &column(rows, |row| row.in_effect.map(|new| new.guardians.commitment)) as _,
        &column(rows, |row| row.in_effect.map(|new| new.guardians.recovery_delay)) as _,
        &column(rows, |row| row.pending.map(|new| new.due_at)) as _,
        &column(rows, |row| row.pending.map(|new| i16::from(new.guardians.count))) as _,
        &column(rows, |row| row.pending.map(|new| i16::from(new.guardians.threshold))) as _,
        &column(rows, |row| row.pending.map(|new| new.guardians.commitment)) as _,
        &column(rows, |row| row.pending.map(|new| new.guardians.recovery_delay)) as _,
        &column(rows, |row| row.recovery.map(|new| new.recovery)) as _,
        &column(rows, |row| row.recovery.map(|new| new.lapses_at)) as _,
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
