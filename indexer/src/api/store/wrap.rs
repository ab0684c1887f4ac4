use aegle_decision::Key;
use sqlx::PgConnection;

use crate::{
    api::bytes::{Address, Digest},
    erasure::KeyId,
};

/// A content key for one recipient, as it is stored.
pub struct Wrap {
    pub holder: Address,
    pub recipient: Digest,
    /// Sealed under the record's erasure key.
    pub wrapped_key: Vec<u8>,
    /// Encrypted as mail, before the record's address was known.
    pub mail: bool,
}

/// Stores a wrapped key, in the place of an earlier one for the same recipient. False where the record
/// has no content here under this erasure key.
#[tracing::instrument(name = "db.wrap.put", skip_all)]
pub async fn put(
    conn: &mut PgConnection,
    vault: Key,
    record: Address,
    erasure_key: KeyId,
    wrap: &Wrap,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.wrap (record, recipient, holder, vault, mail, wrapped_key)
         SELECT c.record, $3, $4, c.vault, $5, $6 FROM protected.content c
         WHERE c.record = $1 AND c.vault = $2 AND c.erasure_key = $7
         ON CONFLICT (record, recipient) DO UPDATE
         SET wrapped_key = excluded.wrapped_key, mail = excluded.mail, wrapped_at = now()
         WHERE wrap.holder = excluded.holder",
        record as _,
        &vault.0[..] as _,
        wrap.recipient as _,
        wrap.holder as _,
        wrap.mail,
        wrap.wrapped_key,
        &erasure_key.0[..] as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the key went out; nothing where there is none.
#[tracing::instrument(name = "db.wrap.note_key_given", skip_all)]
pub async fn note_key_given(conn: &mut PgConnection, record: Address, recipient: Digest) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE protected.wrap SET key_given_at = now() WHERE record = $1 AND recipient = $2 AND key_given_at IS NULL",
        record as _,
        recipient as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that content went out to who has this key.
#[tracing::instrument(name = "db.wrap.note_content_given", skip_all)]
pub async fn note_content_given(conn: &mut PgConnection, record: Address, recipient: Digest) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE protected.wrap SET key_given_at = coalesce(key_given_at, now()), content_given_at = now()
         WHERE record = $1 AND recipient = $2 AND content_given_at IS NULL",
        record as _,
        recipient as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who has a key of which record, and what went out.
pub struct Held {
    pub record: Address,
    pub holder: Address,
    pub recipient: Digest,
    pub mail: bool,
    pub key_given: bool,
    pub content_given: bool,
}

/// Every key of a vault's records.
#[tracing::instrument(name = "db.wrap.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as!(
        Held,
        r#"
        SELECT record AS "record!: Address", holder AS "holder!: Address", recipient AS "recipient!: Digest", mail,
               key_given_at IS NOT NULL AS "key_given!", content_given_at IS NOT NULL AS "content_given!"
        FROM protected.wrap WHERE vault = $1 ORDER BY record, recipient
        "#,
        &vault.0[..] as _
    )
    .fetch_all(conn)
    .await
}

/// A key that somebody had and lost.
pub struct Past {
    pub record: Address,
    pub holder: Address,
    pub content_given: bool,
    pub replaced: bool,
}

/// Every key of a vault's records that was given out and is over.
#[tracing::instrument(name = "db.past_wrap.list", skip_all)]
pub async fn past(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<Past>> {
    sqlx::query_as!(
        Past,
        r#"
        SELECT record AS "record!: Address", holder AS "holder!: Address",
               content_given_at IS NOT NULL AS "content_given!", replaced_at IS NOT NULL AS "replaced!"
        FROM protected.past_wrap WHERE vault = $1 ORDER BY record, holder, ended_at
        "#,
        &vault.0[..] as _
    )
    .fetch_all(conn)
    .await
}

/// Puts another blob in the place of a record's, by `request`, and ends every key of the old one.
#[tracing::instrument(name = "db.wrap.replace", skip_all)]
pub async fn replace(
    conn: &mut PgConnection,
    record: Address,
    blob: Digest,
    size: i64,
    request: Digest,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE protected.content SET blob = $2, size = $3, request = $4 WHERE record = $1",
        record as _,
        blob as _,
        size,
        request as _
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM protected.wrap WHERE record = $1", record as _).execute(&mut *conn).await?;
    super::custodian::end_record(conn, record).await?;
    sqlx::query!(
        "UPDATE protected.past_wrap SET replaced_at = now() WHERE record = $1 AND replaced_at IS NULL",
        record as _
    )
    .execute(conn)
    .await?;
    Ok(())
}
