use aegle_decision::Key;
use sqlx::PgConnection;

use crate::{
    api::{
        bytes::{Address, Digest},
        time::Time,
    },
    erasure::KeyId,
};

/// A result that somebody sent a patient and that is no record yet.
pub struct Item {
    pub item: Digest,
    pub vault: Address,
    pub sender: Address,
    pub practitioner: Option<Address>,
    pub blob: Digest,
    pub size: i64,
    pub labels: String,
    /// The key under which the opening and the wrapped key lie.
    pub erasure_key: Digest,
    pub opening: Vec<u8>,
    pub recipient: Digest,
    pub wrapped_key: Vec<u8>,
    pub posted_at: Time,
}

impl Item {
    pub fn key(&self) -> KeyId {
        KeyId(self.erasure_key.0)
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Item,
            r#"
            SELECT item AS "item!: Digest", vault AS "vault!: Address", sender AS "sender!: Address",
                   practitioner AS "practitioner?: Address", blob AS "blob!: Digest", size, labels,
                   erasure_key AS "erasure_key!: Digest", opening AS "opening!",
                   recipient AS "recipient!: Digest", wrapped_key,
                   extract(epoch FROM posted_at)::bigint AS "posted_at!: Time"
            FROM protected.mailbox_item WHERE discarded_at IS NULL AND
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
        "INSERT INTO protected.mailbox_item (item, vault, sender, practitioner, blob, size, labels, erasure_key,
                                             opening, recipient, wrapped_key, posted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12))",
        item.item as _,
        item.vault as _,
        item.sender as _,
        item.practitioner as _,
        item.blob as _,
        item.size,
        item.labels,
        item.erasure_key as _,
        item.opening,
        item.recipient as _,
        item.wrapped_key,
        item.posted_at.0 as f64
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the item out of everybody's sight; it is destroyed soon after, unless a hold keeps it. False where there
/// is none that the caller may discard.
#[tracing::instrument(name = "db.mailbox.discard", skip_all)]
pub async fn discard(conn: &mut PgConnection, item: Digest) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE protected.mailbox_item SET discarded_at = now() WHERE item = $1 AND discarded_at IS NULL",
        item as _
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// Takes an item out of which a record's content was made. False where there is none that the caller may take.
#[tracing::instrument(name = "db.mailbox.delete", skip_all)]
pub async fn delete(conn: &mut PgConnection, item: Digest) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM protected.mailbox_item WHERE item = $1", item as _).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
