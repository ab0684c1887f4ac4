use aegle_decision::Key;
use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest},
    time::Time,
};

/// A result that somebody sent a patient and that is no record yet.
pub struct Item {
    pub item: Digest,
    pub vault: Address,
    pub sender: Address,
    pub practitioner: Option<Address>,
    pub blob: Digest,
    pub size: i64,
    pub salt: Digest,
    pub labels: String,
    pub labels_salt: Digest,
    pub details_commitment: Digest,
    pub recipient: Digest,
    pub wrapped_key: Vec<u8>,
    pub posted_at: Time,
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Item,
            r#"
            SELECT item AS "item!: Digest", vault AS "vault!: Address", sender AS "sender!: Address",
                   practitioner AS "practitioner?: Address", blob AS "blob!: Digest", size, salt AS "salt!: Digest",
                   labels, labels_salt AS "labels_salt!: Digest", details_commitment AS "details_commitment!: Digest",
                   recipient AS "recipient!: Digest", wrapped_key,
                   extract(epoch FROM posted_at)::bigint AS "posted_at!: Time"
            FROM protected.mailbox_item WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

/// What lies in a vault's mailbox, by item after `after`, at most `limit`.
#[tracing::instrument(name = "db.mailbox.of_vault", skip_all)]
pub async fn of_vault(conn: &mut PgConnection, vault: Key, after: &[u8], limit: i64) -> sqlx::Result<Vec<Item>> {
    select!("vault = $1 AND item > $2 ORDER BY item LIMIT $3", &vault.0[..] as _, after, limit).fetch_all(conn).await
}

/// What a sender posted and nobody took, by item after `after`, at most `limit`.
#[tracing::instrument(name = "db.mailbox.of_sender", skip_all)]
pub async fn of_sender(conn: &mut PgConnection, sender: Key, after: &[u8], limit: i64) -> sqlx::Result<Vec<Item>> {
    select!("sender = $1 AND item > $2 ORDER BY item LIMIT $3", &sender.0[..] as _, after, limit).fetch_all(conn).await
}

/// The item, where the transaction's caller may see it.
#[tracing::instrument(name = "db.mailbox.find", skip_all)]
pub async fn find(conn: &mut PgConnection, item: Digest) -> sqlx::Result<Option<Item>> {
    select!("item = $1", item as _).fetch_optional(conn).await
}

/// Keeps an item.
#[tracing::instrument(name = "db.mailbox.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, item: &Item) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.mailbox_item (item, vault, sender, practitioner, blob, size, salt, labels, labels_salt,
                                             details_commitment, recipient, wrapped_key, posted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, to_timestamp($13))",
        item.item as _,
        item.vault as _,
        item.sender as _,
        item.practitioner as _,
        item.blob as _,
        item.size,
        item.salt as _,
        item.labels,
        item.labels_salt as _,
        item.details_commitment as _,
        item.recipient as _,
        item.wrapped_key,
        item.posted_at.0 as f64
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the item out. False where there is none that the caller may take.
#[tracing::instrument(name = "db.mailbox.delete", skip_all)]
pub async fn delete(conn: &mut PgConnection, item: Digest) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM protected.mailbox_item WHERE item = $1", item as _).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
