use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Signature},
    model::Transaction,
    time::{Day, Time},
};

pub struct DelegateRow {
    pub delegate: Address,
    pub vault: Address,
    pub key: Address,
    pub rent_payer: Address,
    pub rights: i16,
    pub until: Day,
    pub delegate_epoch: i64,
    pub added: Transaction,
    pub removed: Option<Transaction>,
}

/// Delegates of a vault by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.delegate.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Address,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<DelegateRow>> {
    let rows = sqlx::query!(
        r#"
        SELECT
            delegate AS "delegate!: Address", vault AS "vault!: Address", key AS "key!: Address",
            rent_payer AS "rent_payer!: Address", rights AS "rights!", until_day AS "until!: Day",
            delegate_epoch AS "delegate_epoch!", added_slot AS "added_slot!", added_at AS "added_at!: Time",
            added_signature AS "added_signature!: Signature", removed_slot, removed_at AS "removed_at: Time",
            removed_signature AS "removed_signature: Signature"
        FROM delegate_at($1) WHERE vault = $2 AND delegate > $3
        ORDER BY delegate LIMIT $4
        "#,
        slot,
        vault as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DelegateRow {
            delegate: row.delegate,
            vault: row.vault,
            key: row.key,
            rent_payer: row.rent_payer,
            rights: row.rights,
            until: row.until,
            delegate_epoch: row.delegate_epoch,
            added: Transaction { signature: row.added_signature, slot: row.added_slot, at: row.added_at },
            removed: Transaction::if_any(row.removed_signature, row.removed_slot, row.removed_at),
        })
        .collect())
}
