//! Who keeps shares of a patient's content keys, the shares, and what was released of them.

use aegle_decision::Key;
use sqlx::PgConnection;

use crate::{
    api::bytes::{Address, Digest},
    erasure::KeyId,
};

/// What the owner signed of who keeps shares.
pub struct Plan {
    pub plan: String,
    pub signature: Vec<u8>,
}

#[tracing::instrument(name = "db.custodian_plan.find", skip_all)]
pub async fn plan(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Option<Plan>> {
    sqlx::query_as!(Plan, "SELECT plan, signature FROM protected.custodian_plan WHERE vault = $1", &vault.0[..] as _)
        .fetch_optional(conn)
        .await
}

/// Keeps a plan in the place of an earlier one, whose shares end with it.
#[tracing::instrument(name = "db.custodian_plan.put", skip_all)]
pub async fn put_plan(conn: &mut PgConnection, vault: Key, plan: &Plan) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.custodian_plan (vault, plan, signature) VALUES ($1, $2, $3)
         ON CONFLICT (vault) DO UPDATE
         SET plan = excluded.plan, signature = excluded.signature, stored_at = now()",
        &vault.0[..] as _,
        plan.plan,
        plan.signature
    )
    .execute(&mut *conn)
    .await?;
    end_shares(conn, vault).await
}

/// Ends the plan and every share that was dealt by it.
#[tracing::instrument(name = "db.custodian_plan.delete", skip_all)]
pub async fn delete_plan(conn: &mut PgConnection, vault: Key) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM protected.custodian_plan WHERE vault = $1", &vault.0[..] as _)
        .execute(&mut *conn)
        .await?;
    end_shares(conn, vault).await
}

async fn end_shares(conn: &mut PgConnection, vault: Key) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM protected.custodian_share WHERE vault = $1", &vault.0[..] as _).execute(conn).await?;
    Ok(())
}

/// A share of a record's content key, encrypted to a custodian.
pub struct Share<'a> {
    pub record: Address,
    pub custodian: Address,
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    pub threshold: i16,
    /// Sealed under the record's erasure key.
    pub share: &'a [u8],
}

/// Stores a share in the place of the custodian's earlier one. False where the record has no content here
/// under this erasure key.
#[tracing::instrument(name = "db.custodian_share.put", skip_all)]
pub async fn put_share(
    conn: &mut PgConnection,
    vault: Key,
    erasure_key: KeyId,
    share: &Share<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.custodian_share (record, custodian, vault, recipient, threshold, share, erasure_key)
         SELECT c.record, $3, c.vault, $4, $5, $6, c.erasure_key FROM protected.content c
         WHERE c.record = $1 AND c.vault = $2 AND c.erasure_key = $7
         ON CONFLICT (record, custodian) DO UPDATE
         SET recipient = excluded.recipient, threshold = excluded.threshold, share = excluded.share,
             erasure_key = excluded.erasure_key, dealt_at = now()",
        share.record as _,
        &vault.0[..] as _,
        share.custodian as _,
        share.recipient as _,
        share.threshold,
        share.share,
        &erasure_key.0[..] as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the shares of a record whose content has another key by now, released ones too.
#[tracing::instrument(name = "db.custodian_share.end", skip_all)]
pub async fn end_record(conn: &mut PgConnection, record: Address) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM protected.custodian_share WHERE record = $1", record as _).execute(&mut *conn).await?;
    sqlx::query!("DELETE FROM protected.released_share WHERE record = $1", record as _).execute(conn).await?;
    Ok(())
}

/// A custodian that has a share of a record, without the share.
pub struct Dealt {
    pub record: Address,
    pub custodian: Address,
    pub recipient: Digest,
    pub threshold: i16,
}

/// Who has a share of which of a vault's records.
#[tracing::instrument(name = "db.custodian_share.list", skip_all)]
pub async fn dealt(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<Dealt>> {
    sqlx::query_as!(
        Dealt,
        r#"SELECT record AS "record!: Address", custodian AS "custodian!: Address",
                  recipient AS "recipient!: Digest", threshold
           FROM protected.custodian_share WHERE vault = $1 ORDER BY record, custodian"#,
        &vault.0[..] as _
    )
    .fetch_all(conn)
    .await
}

/// A custodian's share of a record that an opening names.
pub struct Kept {
    pub record: Address,
    pub recipient: Digest,
    pub erasure_key: Digest,
    /// Sealed under that key.
    pub share: Vec<u8>,
}

/// The caller's shares of the records that an opening names.
#[tracing::instrument(name = "db.custodian_share.kept", skip_all)]
pub async fn kept(conn: &mut PgConnection, break_glass: Address, custodian: Key) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        r#"SELECT s.record AS "record!: Address", s.recipient AS "recipient!: Digest", s.share,
                  s.erasure_key AS "erasure_key!: Digest"
           FROM protected.emergency e
           JOIN protected.custodian_share s ON s.vault = e.vault AND s.record = ANY (e.records)
           WHERE e.break_glass = $1 AND s.custodian = $2 ORDER BY s.record"#,
        break_glass as _,
        &custodian.0[..] as _
    )
    .fetch_all(conn)
    .await
}

/// Hands the caller's share, encrypted anew and sealed under the erasure key of the one kept, to the clinician
/// of an opening. False where the caller keeps none of that record, or the opening does not name it.
#[tracing::instrument(name = "db.released_share.put", skip_all)]
pub async fn release(
    conn: &mut PgConnection,
    break_glass: Address,
    record: Address,
    custodian: Key,
    share: &[u8],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.released_share (break_glass, record, custodian, vault, threshold, share, erasure_key)
         SELECT e.break_glass, s.record, s.custodian, s.vault, s.threshold, $4, s.erasure_key
         FROM protected.emergency e
         JOIN protected.custodian_share s ON s.vault = e.vault AND s.record = ANY (e.records)
         WHERE e.break_glass = $1 AND s.record = $2 AND s.custodian = $3
         ON CONFLICT (break_glass, record, custodian) DO NOTHING",
        break_glass as _,
        record as _,
        &custodian.0[..] as _,
        share
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A share for the clinician of an opening.
pub struct Released {
    pub record: Address,
    pub custodian: Address,
    pub threshold: i16,
    pub erasure_key: Digest,
    /// Sealed under that key.
    pub share: Vec<u8>,
}

/// What custodians released for an opening.
#[tracing::instrument(name = "db.released_share.list", skip_all)]
pub async fn released(conn: &mut PgConnection, break_glass: Address) -> sqlx::Result<Vec<Released>> {
    sqlx::query_as!(
        Released,
        r#"SELECT record AS "record!: Address", custodian AS "custodian!: Address", threshold, share,
                  erasure_key AS "erasure_key!: Digest"
           FROM protected.released_share WHERE break_glass = $1 ORDER BY record, custodian"#,
        break_glass as _
    )
    .fetch_all(conn)
    .await
}
