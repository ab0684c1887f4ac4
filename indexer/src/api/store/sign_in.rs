use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Nonce},
    time::Time,
};

/// Challenges of one address that one network may have waiting; older ones give way.
const MAX_WAITING: i64 = 8;

/// What a wallet is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub nonce: Nonce,
    pub address: Address,
    pub practitioner: Option<Address>,
    pub issued_at: Time,
    pub expires_at: Time,
}

/// Stores a challenge, and removes what gives way to it and what has expired.
#[tracing::instrument(name = "db.sign_in_challenge.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, challenge: &Challenge, requester: [u8; 8]) -> sqlx::Result<()> {
    let Challenge { nonce, address, practitioner, issued_at, expires_at } = challenge;
    sqlx::query!(
        "DELETE FROM protected.sign_in_challenge WHERE expires_at <= $1 OR nonce IN (
             SELECT nonce FROM protected.sign_in_challenge WHERE address = $2 AND requester = $3
             ORDER BY issued_at DESC, nonce OFFSET $4
         )",
        issued_at.0,
        *address as _,
        &requester,
        MAX_WAITING - 1
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO protected.sign_in_challenge (nonce, address, practitioner, requester, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        *nonce as _,
        *address as _,
        *practitioner as _,
        &requester,
        issued_at.0,
        expires_at.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses a challenge up. None where nothing waits: of any number of parallel attempts one gets it.
#[tracing::instrument(name = "db.sign_in_challenge.consume", skip_all)]
pub async fn consume(conn: &mut PgConnection, nonce: Nonce, now: i64) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        r#"
        UPDATE protected.sign_in_challenge SET used_at = $2
        WHERE nonce = $1 AND used_at IS NULL AND expires_at > $2
        RETURNING
            nonce AS "nonce: Nonce", address AS "address: Address", practitioner AS "practitioner: Address",
            issued_at AS "issued_at: Time", expires_at AS "expires_at: Time"
        "#,
        nonce as _,
        now
    )
    .fetch_optional(conn)
    .await
}
