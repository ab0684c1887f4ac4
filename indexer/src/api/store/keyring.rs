use aegle_decision::Key;
use sqlx::PgConnection;

use crate::api::bytes::Address;

/// The keyrings of a vault, by key epoch from the newest.
#[tracing::instrument(name = "db.keyring.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        "SELECT key_epoch, keyring FROM protected.keyring WHERE vault = $1 ORDER BY key_epoch DESC",
        &vault.0[..] as _
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key_epoch, row.keyring)).collect())
}

/// Stores the keyring of an epoch, in the place of an earlier one.
#[tracing::instrument(name = "db.keyring.put", skip_all)]
pub async fn put(conn: &mut PgConnection, vault: Key, key_epoch: i64, keyring: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.keyring (vault, key_epoch, keyring) VALUES ($1, $2, $3)
         ON CONFLICT (vault, key_epoch) DO UPDATE SET keyring = excluded.keyring, stored_at = now()",
        &vault.0[..] as _,
        key_epoch,
        keyring
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A guardian's share of a root secret, encrypted to `holder`.
pub struct Share {
    pub vault: Address,
    pub key_epoch: i64,
    pub guardian: Address,
    pub holder: Address,
    pub share: String,
}

/// Shares that `caller` gave or may open, of all vaults.
#[tracing::instrument(name = "db.guardian_share.list", skip_all)]
pub async fn shares(conn: &mut PgConnection, caller: Key) -> sqlx::Result<Vec<Share>> {
    sqlx::query_as!(
        Share,
        r#"SELECT vault AS "vault!: Address", key_epoch, guardian AS "guardian!: Address",
                  holder AS "holder!: Address", share
           FROM protected.guardian_share WHERE holder = $1 OR guardian = $1
           ORDER BY vault, key_epoch, guardian, holder LIMIT 1000"#,
        &caller.0[..] as _
    )
    .fetch_all(conn)
    .await
}

/// Stores a share, in the place of an earlier one. False where the caller may not.
#[tracing::instrument(name = "db.guardian_share.put", skip_all)]
pub async fn put_share(conn: &mut PgConnection, share: &Share) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.guardian_share (vault, key_epoch, guardian, holder, share) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (vault, key_epoch, guardian, holder) DO UPDATE SET share = excluded.share, stored_at = now()",
        share.vault as _,
        share.key_epoch,
        share.guardian as _,
        share.holder as _,
        share.share
    )
    .execute(conn)
    .await?;
    Ok(())
}
