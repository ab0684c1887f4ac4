use aegle_decision::Key;
use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest},
    time::Time,
};

/// What somebody asks a patient to allow.
pub struct AccessRequest {
    pub request: Digest,
    pub vault: Address,
    pub requester: Address,
    pub practitioner: Option<Address>,
    pub purposes: i32,
    pub actions: i16,
    /// Encrypted to the vault's key.
    pub message: Option<Vec<u8>>,
    pub requested_at: Time,
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            AccessRequest,
            r#"
            SELECT request AS "request!: Digest", vault AS "vault!: Address", requester AS "requester!: Address",
                   practitioner AS "practitioner?: Address", purposes, actions, message,
                   extract(epoch FROM requested_at)::bigint AS "requested_at!: Time"
            FROM protected.access_request WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

/// What a patient is asked, by request after `after`, at most `limit`.
#[tracing::instrument(name = "db.access_request.of_vault", skip_all)]
pub async fn of_vault(
    conn: &mut PgConnection,
    vault: Key,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<AccessRequest>> {
    select!("vault = $1 AND request > $2 ORDER BY request LIMIT $3", &vault.0[..] as _, after, limit)
        .fetch_all(conn)
        .await
}

/// What a caller asks, by request after `after`, at most `limit`.
#[tracing::instrument(name = "db.access_request.of_requester", skip_all)]
pub async fn of_requester(
    conn: &mut PgConnection,
    requester: Key,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<AccessRequest>> {
    select!("requester = $1 AND request > $2 ORDER BY request LIMIT $3", &requester.0[..] as _, after, limit)
        .fetch_all(conn)
        .await
}

/// The request, where the transaction's caller may see it.
#[tracing::instrument(name = "db.access_request.find", skip_all)]
pub async fn find(conn: &mut PgConnection, request: Digest) -> sqlx::Result<Option<AccessRequest>> {
    select!("request = $1", request as _).fetch_optional(conn).await
}

/// Keeps a request, unless its requester has `most` open ones already. False where that is so.
#[tracing::instrument(name = "db.access_request.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, new: &AccessRequest, most: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.access_request (request, vault, requester, practitioner, purposes, actions, message,
                                               requested_at)
         SELECT $1, $2, $3::bytea, $4, $5, $6, $7, to_timestamp($9)
         WHERE (SELECT count(*) FROM protected.access_request WHERE requester = $3::bytea) < $8
         ON CONFLICT (request) DO NOTHING",
        new.request as _,
        new.vault as _,
        &new.requester.0[..],
        new.practitioner as _,
        new.purposes,
        new.actions,
        new.message,
        most,
        new.requested_at.0 as f64
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a request of a vault; with `requester`, only if it is theirs. False where there is none.
#[tracing::instrument(name = "db.access_request.delete", skip_all)]
pub async fn delete(
    conn: &mut PgConnection,
    vault: Key,
    request: Digest,
    requester: Option<Address>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM protected.access_request
         WHERE request = $1 AND vault = $2 AND ($3::bytea IS NULL OR requester = $3)",
        request as _,
        &vault.0[..] as _,
        requester.map(|requester| requester.0.to_vec())
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
