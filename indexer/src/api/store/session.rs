use sqlx::{PgConnection, PgExecutor};

use crate::api::{
    bytes::{Address, Digest, SessionId},
    time::Time,
};

/// Sessions that a wallet may have at once; the oldest give way.
const MAX_SESSIONS: i64 = 64;

#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    pub wallet: Address,
    pub practitioner: Option<Address>,
    /// Signs the session's requests.
    pub request_key: Address,
    /// Digest of the text that says so.
    pub sign_in: Digest,
    pub created_at: Time,
    pub expires_at: Time,
    pub ends_at: Time,
    pub ended_at: Option<Time>,
}

impl SessionRow {
    pub fn counts_at(&self, now: i64) -> bool {
        self.ended_at.is_none() && self.expires_at.0 > now
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            SessionRow,
            r#"
            SELECT
                id AS "id: SessionId", wallet AS "wallet: Address", practitioner AS "practitioner: Address",
                request_key AS "request_key: Address", sign_in AS "sign_in: Digest",
                created_at AS "created_at: Time", expires_at AS "expires_at: Time", ends_at AS "ends_at: Time",
                ended_at AS "ended_at: Time"
            FROM protected.session WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

/// Stores a session, and removes what is over and what gives way to it.
#[tracing::instrument(name = "db.session.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, session: &SessionRow, token_hash: [u8; 32]) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM protected.session WHERE ends_at <= $1 OR id IN (
             SELECT id FROM protected.session WHERE wallet = $2 ORDER BY created_at DESC, id OFFSET $3
         )",
        session.created_at.0,
        session.wallet as _,
        MAX_SESSIONS - 1
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO protected.session (id, token_hash, wallet, practitioner, request_key, sign_in, created_at,
                                        expires_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        session.id as _,
        &token_hash,
        session.wallet as _,
        session.practitioner as _,
        session.request_key as _,
        session.sign_in as _,
        session.created_at.0,
        session.expires_at.0,
        session.ends_at.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The session of a token, over or not.
#[tracing::instrument(name = "db.session.find", skip_all)]
pub async fn find(executor: impl PgExecutor<'_>, token_hash: [u8; 32]) -> sqlx::Result<Option<SessionRow>> {
    select!("token_hash = $1", &token_hash).fetch_optional(executor).await
}

/// The sessions of a wallet that count, newest first; with a practitioner only those of the same one.
#[tracing::instrument(name = "db.session.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    wallet: Address,
    practitioner: Option<Address>,
    now: i64,
) -> sqlx::Result<Vec<SessionRow>> {
    select!(
        "wallet = $1 AND ($2::bytea IS NULL OR practitioner = $2) AND ended_at IS NULL AND expires_at > $3
         ORDER BY created_at DESC, id",
        wallet as _,
        practitioner as _,
        now
    )
    .fetch_all(conn)
    .await
}

/// Puts the end off to `expires_at`, not beyond the session's last moment; gives the new end. None where
/// the session no longer counts.
#[tracing::instrument(name = "db.session.renew", skip_all)]
pub async fn renew(conn: &mut PgConnection, id: SessionId, now: i64, expires_at: i64) -> sqlx::Result<Option<Time>> {
    sqlx::query_scalar!(
        r#"
        UPDATE protected.session SET expires_at = greatest(expires_at, least($3, ends_at))
        WHERE id = $1 AND ended_at IS NULL AND expires_at > $2
        RETURNING expires_at AS "expires_at: Time"
        "#,
        id as _,
        now,
        expires_at
    )
    .fetch_optional(conn)
    .await
}

/// Ends sessions of a wallet that count, all or one; with a practitioner only those of the same one.
/// Gives how many.
#[tracing::instrument(name = "db.session.end", skip_all)]
pub async fn end(
    conn: &mut PgConnection,
    wallet: Address,
    practitioner: Option<Address>,
    id: Option<SessionId>,
    now: i64,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "UPDATE protected.session SET ended_at = $4
         WHERE wallet = $1 AND ($2::bytea IS NULL OR practitioner = $2) AND ($3::bytea IS NULL OR id = $3)
           AND ended_at IS NULL AND expires_at > $4",
        wallet as _,
        practitioner as _,
        id as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected())
}

/// Ends every session that counts, or those in which a wallet takes part. Gives how many.
#[tracing::instrument(name = "db.session.end_all", skip_all)]
pub async fn end_all(executor: impl PgExecutor<'_>, wallet: Option<Address>, now: i64) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "UPDATE protected.session SET ended_at = $2
         WHERE ($1::bytea IS NULL OR $1 IN (wallet, practitioner)) AND ended_at IS NULL AND expires_at > $2",
        wallet as _,
        now
    );
    Ok(ended.execute(executor).await?.rows_affected())
}

/// Whether a session still counts.
#[tracing::instrument(name = "db.session.is_open", skip_all)]
pub async fn is_open(executor: impl PgExecutor<'_>, id: SessionId, now: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM protected.session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2
           ) AS "open!""#,
        id as _,
        now
    )
    .fetch_one(executor)
    .await
}
