use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, RecoveryStatus, Transaction},
    time::Time,
};

pub struct RecoveryRow {
    pub recovery: Address,
    pub vault: Address,
    pub recovery_id: Digest,
    pub new_owner: Address,
    pub new_encryption_key: Digest,
    pub guardian_epoch: i64,
    pub delegate_epoch: i64,
    /// One bit for each guardian.
    pub approvals: i32,
    pub status: RecoveryStatus,
    pub executable_at: Option<Time>,
    pub lapses_at: Time,
    pub rent_payer: Address,
    pub proposed: Change,
    pub changed: Change,
}

struct Row {
    recovery: Address,
    vault: Address,
    recovery_id: Digest,
    new_owner: Address,
    new_encryption_key: Digest,
    guardian_epoch: i64,
    delegate_epoch: i64,
    approvals: i32,
    status: RecoveryStatus,
    executable_at: Option<Time>,
    lapses_at: Time,
    rent_payer: Address,
    proposed_slot: i64,
    proposed_at: Time,
    proposed_signature: Signature,
    proposed_by: Address,
    changed_slot: i64,
    changed_at: Time,
    changed_signature: Signature,
    changed_by: Address,
}

impl From<Row> for RecoveryRow {
    fn from(row: Row) -> Self {
        Self {
            recovery: row.recovery,
            vault: row.vault,
            recovery_id: row.recovery_id,
            new_owner: row.new_owner,
            new_encryption_key: row.new_encryption_key,
            guardian_epoch: row.guardian_epoch,
            delegate_epoch: row.delegate_epoch,
            approvals: row.approvals,
            status: row.status,
            executable_at: row.executable_at,
            lapses_at: row.lapses_at,
            rent_payer: row.rent_payer,
            proposed: Change {
                transaction: Transaction {
                    signature: row.proposed_signature,
                    slot: row.proposed_slot,
                    at: row.proposed_at,
                },
                authority: row.proposed_by,
            },
            changed: Change {
                transaction: Transaction {
                    signature: row.changed_signature,
                    slot: row.changed_slot,
                    at: row.changed_at,
                },
                authority: row.changed_by,
            },
        }
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                recovery AS "recovery!: Address", vault AS "vault!: Address", recovery_id AS "recovery_id!: Digest",
                new_owner AS "new_owner!: Address", new_encryption_key AS "new_encryption_key!: Digest",
                guardian_epoch AS "guardian_epoch!", delegate_epoch AS "delegate_epoch!", approvals AS "approvals!",
                status AS "status!: RecoveryStatus", nullif(executable_at, 0) AS "executable_at: Time",
                lapses_at AS "lapses_at!: Time", rent_payer AS "rent_payer!: Address",
                proposed_slot AS "proposed_slot!", proposed_at AS "proposed_at!: Time",
                proposed_signature AS "proposed_signature!: Signature", proposed_by AS "proposed_by!: Address",
                changed_slot AS "changed_slot!", changed_at AS "changed_at!: Time",
                changed_signature AS "changed_signature!: Signature", changed_by AS "changed_by!: Address"
            FROM recovery_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.recovery.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, recovery: Address) -> sqlx::Result<Option<RecoveryRow>> {
    Ok(select!("recovery = $2", slot, recovery as _).fetch_optional(conn).await?.map(Into::into))
}

/// Recoveries of a vault by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.recovery.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Address,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<RecoveryRow>> {
    let rows = select!("vault = $2 AND recovery > $3 ORDER BY recovery LIMIT $4", slot, vault as _, after, limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whether a recovery of the vault was proposed that names this new owner.
#[tracing::instrument(name = "db.recovery.names", skip_all)]
pub async fn names(conn: &mut PgConnection, vault: Address, new_owner: Address) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM recovery WHERE vault = $1 AND new_owner = $2) AS "names!""#,
        vault as _,
        new_owner as _
    )
    .fetch_one(conn)
    .await
}
