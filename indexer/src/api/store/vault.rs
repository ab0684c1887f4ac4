use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{EmergencyPolicy, Guardians, PendingGuardians, PendingRecovery, Transaction, Vault},
    time::Time,
};

/// Addresses of the vaults that `owner` has, after `after`, in their order.
#[tracing::instrument(name = "db.vault.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    owner: Address,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<Address>> {
    sqlx::query_scalar!(
        r#"
        SELECT v.vault AS "vault!: Address"
        FROM (SELECT vault FROM vault WHERE owner = $2 UNION SELECT vault FROM recovery WHERE new_owner = $2) candidate
        CROSS JOIN LATERAL (SELECT vault, owner FROM vault_at($1) WHERE vault = candidate.vault) v
        WHERE v.owner = $2 AND v.vault > $3
        ORDER BY v.vault LIMIT $4
        "#,
        slot,
        owner as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

#[tracing::instrument(name = "db.vault.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, vault: Address) -> sqlx::Result<Option<Vault>> {
    let row = sqlx::query!(
        r#"
        SELECT
            vault AS "vault!: Address", vault_id AS "vault_id!: Digest", owner AS "owner!: Address",
            rent_payer AS "rent_payer!: Address", encryption_key AS "encryption_key!: Digest",
            key_epoch AS "key_epoch!", consent_epoch AS "consent_epoch!", delegate_epoch AS "delegate_epoch!",
            delegate_mints AS "delegate_mints!", delegate_mint_cap AS "delegate_mint_cap!",
            record_count AS "record_count!", emergency_policy AS "emergency_policy!", created_slot AS "created_slot!",
            created_at AS "created_at!: Time", created_signature AS "created_signature!: Signature",
            guardian_epoch AS "guardian_epoch!", guardian_count AS "guardian_count!",
            guardian_threshold AS "guardian_threshold!", recovery_delay AS "recovery_delay!",
            nullif(guardians_due_at, 0) AS "guardians_due_at: Time",
            pending_guardian_count AS "pending_guardian_count!",
            pending_guardian_threshold AS "pending_guardian_threshold!",
            pending_recovery_delay AS "pending_recovery_delay!", pending_recovery AS "pending_recovery: Address",
            nullif(recovery_lapses_at, 0) AS "recovery_lapses_at: Time"
        FROM vault_at($1) WHERE vault = $2
        "#,
        slot,
        vault as _
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Vault {
        vault: row.vault,
        vault_id: row.vault_id,
        owner: row.owner,
        rent_payer: row.rent_payer,
        encryption_key: row.encryption_key,
        key_epoch: row.key_epoch,
        consent_epoch: row.consent_epoch,
        delegate_epoch: row.delegate_epoch,
        delegate_mints: row.delegate_mints,
        delegate_mint_cap: row.delegate_mint_cap,
        record_count: row.record_count,
        emergency_policy: EmergencyPolicy::of(row.emergency_policy),
        guardian_epoch: row.guardian_epoch,
        guardians: guardians(row.guardian_count, row.guardian_threshold, row.recovery_delay),
        pending_guardians: row.guardians_due_at.map(|due_at| PendingGuardians {
            guardians: guardians(
                row.pending_guardian_count,
                row.pending_guardian_threshold,
                row.pending_recovery_delay,
            ),
            due_at,
        }),
        pending_recovery: row
            .pending_recovery
            .zip(row.recovery_lapses_at)
            .map(|(recovery, lapses_at)| PendingRecovery { recovery, lapses_at }),
        created: Transaction { signature: row.created_signature, slot: row.created_slot, at: row.created_at },
    }))
}

fn guardians(count: i16, threshold: i16, recovery_delay: i64) -> Option<Guardians> {
    (count != 0).then_some(Guardians { count, threshold, recovery_delay })
}
