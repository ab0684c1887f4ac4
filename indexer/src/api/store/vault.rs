use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Transaction, Vault},
    time::Time,
};

#[tracing::instrument(name = "db.vault.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, vault: Address) -> sqlx::Result<Option<Vault>> {
    let row = sqlx::query!(
        r#"
        SELECT
            vault AS "vault!: Address", vault_id AS "vault_id!: Digest", owner AS "owner!: Address",
            rent_payer AS "rent_payer!: Address", encryption_key AS "encryption_key!: Digest",
            key_epoch AS "key_epoch!", consent_epoch AS "consent_epoch!", delegate_epoch AS "delegate_epoch!",
            delegate_mints AS "delegate_mints!", delegate_mint_cap AS "delegate_mint_cap!",
            record_count AS "record_count!", created_slot AS "created_slot!",
            created_at AS "created_at!: Time", created_signature AS "created_signature!: Signature"
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
        created: Transaction { signature: row.created_signature, slot: row.created_slot, at: row.created_at },
    }))
}
