//! What an earlier release stored in clear.

use sqlx::{PgPool, Postgres, Transaction};

use super::{ErasureError, ErasureKey, ErasureKeys, KeyId, Part};

/// Rows sealed in one transaction.
const BATCH: i64 = 100;

/// Seals every opening and wrapped key that is stored in clear, and gives how many records and mailbox items
/// there were. Others may do the same at the same time.
///
/// # Errors
/// What database or store say; what was done stays done.
pub async fn seal_stored(pool: &PgPool, keys: &ErasureKeys) -> Result<u64, ErasureError> {
    let mut sealed = 0;
    loop {
        let mut transaction = pool.begin().await?;
        let count = seal_contents(&mut transaction, keys).await? + seal_items(&mut transaction, keys).await?;
        transaction.commit().await?;
        if count == 0 {
            return Ok(sealed);
        }
        sealed += count;
    }
}

async fn seal_contents(transaction: &mut Transaction<'_, Postgres>, keys: &ErasureKeys) -> Result<u64, ErasureError> {
    let rows = sqlx::query!(
        r#"
        SELECT record AS "record: [u8; 32]", salt AS "salt!: [u8; 32]", labels_salt AS "labels_salt!: [u8; 32]",
               details_commitment AS "details_commitment!: [u8; 32]"
        FROM protected.content WHERE opening IS NULL LIMIT $1 FOR UPDATE SKIP LOCKED
        "#,
        BATCH
    )
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let (id, key) = keys.create().await?;
        let opening = seal_opening(&key, [row.salt, row.labels_salt, row.details_commitment])?;
        sqlx::query!(
            "UPDATE protected.content SET erasure_key = $2, opening = $3, salt = NULL, labels_salt = NULL,
                                          details_commitment = NULL
             WHERE record = $1",
            &row.record[..] as _,
            &id.0[..] as _,
            opening
        )
        .execute(&mut **transaction)
        .await?;
        let wraps = sqlx::query!(
            r#"SELECT recipient AS "recipient: [u8; 32]", wrapped_key FROM protected.wrap
               WHERE record = $1 AND octet_length(wrapped_key) = 80 FOR UPDATE"#,
            &row.record[..] as _
        )
        .fetch_all(&mut **transaction)
        .await?;
        for wrap in wraps {
            sqlx::query!(
                "UPDATE protected.wrap SET wrapped_key = $3 WHERE record = $1 AND recipient = $2",
                &row.record[..] as _,
                &wrap.recipient[..] as _,
                key.seal(Part::Wrap(&wrap.recipient), &wrap.wrapped_key)?
            )
            .execute(&mut **transaction)
            .await?;
        }
        seal_shares(transaction, row.record, id, &key).await?;
    }
    Ok(rows.len() as u64)
}

/// Shares of a record's key: those that custodians keep, and those that they released.
async fn seal_shares(
    transaction: &mut Transaction<'_, Postgres>,
    record: [u8; 32],
    id: KeyId,
    key: &ErasureKey,
) -> Result<(), ErasureError> {
    let dealt = sqlx::query!(
        r#"SELECT custodian AS "custodian: [u8; 32]", recipient AS "recipient: [u8; 32]", share
           FROM protected.custodian_share WHERE record = $1 AND erasure_key IS NULL FOR UPDATE"#,
        &record[..] as _
    )
    .fetch_all(&mut **transaction)
    .await?;
    for share in dealt {
        sqlx::query!(
            "UPDATE protected.custodian_share SET erasure_key = $3, share = $4 WHERE record = $1 AND custodian = $2",
            &record[..] as _,
            &share.custodian[..] as _,
            &id.0[..] as _,
            key.seal(Part::Share(&share.recipient), &share.share)?
        )
        .execute(&mut **transaction)
        .await?;
    }
    let released = sqlx::query!(
        r#"SELECT break_glass AS "break_glass: [u8; 32]", custodian AS "custodian: [u8; 32]", share
           FROM protected.released_share WHERE record = $1 AND erasure_key IS NULL FOR UPDATE"#,
        &record[..] as _
    )
    .fetch_all(&mut **transaction)
    .await?;
    for share in released {
        sqlx::query!(
            "UPDATE protected.released_share SET erasure_key = $4, share = $5
             WHERE record = $1 AND custodian = $2 AND break_glass = $3",
            &record[..] as _,
            &share.custodian[..] as _,
            &share.break_glass[..] as _,
            &id.0[..] as _,
            key.seal(Part::Release(&share.break_glass), &share.share)?
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

async fn seal_items(transaction: &mut Transaction<'_, Postgres>, keys: &ErasureKeys) -> Result<u64, ErasureError> {
    let rows = sqlx::query!(
        r#"
        SELECT item AS "item: [u8; 32]", salt AS "salt!: [u8; 32]", labels_salt AS "labels_salt!: [u8; 32]",
               details_commitment AS "details_commitment!: [u8; 32]", recipient AS "recipient: [u8; 32]", wrapped_key
        FROM protected.mailbox_item WHERE opening IS NULL LIMIT $1 FOR UPDATE SKIP LOCKED
        "#,
        BATCH
    )
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let (id, key) = keys.create().await?;
        sqlx::query!(
            "UPDATE protected.mailbox_item SET erasure_key = $2, opening = $3, wrapped_key = $4, salt = NULL,
                                               labels_salt = NULL, details_commitment = NULL
             WHERE item = $1",
            &row.item[..] as _,
            &id.0[..] as _,
            seal_opening(&key, [row.salt, row.labels_salt, row.details_commitment])?,
            key.seal(Part::Wrap(&row.recipient), &row.wrapped_key)?
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(rows.len() as u64)
}

fn seal_opening(key: &ErasureKey, parts: [[u8; 32]; 3]) -> Result<Vec<u8>, ErasureError> {
    key.seal(Part::Opening, parts.as_flattened())
}
