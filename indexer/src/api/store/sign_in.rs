use aegle_disclosure::{Digest, SignIn};
use sqlx::{PgConnection, PgPool};

use crate::api::{bytes::Nonce, time::Time};

/// Seconds that an answered challenge is remembered after its end: more than clocks differ.
const REMEMBERED: i64 = 60 * 60;

/// Uses a challenge up, and forgets those that are long over. Of any number of parallel attempts one is
/// told true.
#[tracing::instrument(name = "db.used_challenge.insert", skip_all)]
pub async fn use_up(conn: &mut PgConnection, nonce: Nonce, expires_at: Time, now: i64) -> sqlx::Result<bool> {
    sqlx::query!("DELETE FROM protected.used_challenge WHERE expires_at <= $1", now - REMEMBERED)
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query!(
        "INSERT INTO protected.used_challenge (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING",
        nonce as _,
        expires_at.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what was signed to sign in, for as long as the log names it.
#[tracing::instrument(name = "db.sign_in.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, sign_in: &SignIn, at: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.sign_in (digest, message, signature, practitioner_signature, at)
         VALUES ($1, $2, $3, $4, $5)",
        &sign_in.digest().0[..] as _,
        sign_in.message,
        &sign_in.signature[..],
        sign_in.practitioner_signature.as_ref().map(|signature| &signature[..]),
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts a sign-in that was refused. Its commit is not waited for, so many at once do not hold each other up.
#[tracing::instrument(name = "db.refused_sign_in.count", skip_all)]
pub async fn count_refused(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
         INSERT INTO protected.refused_sign_in (day, refused) SELECT (now() AT TIME ZONE 'UTC')::date, 1 FROM quick
         ON CONFLICT (day) DO UPDATE SET refused = refused_sign_in.refused + 1"
    )
    .execute(pool)
    .await?;
    Ok(())
}

#[tracing::instrument(name = "db.sign_in.find", skip_all)]
pub async fn find(conn: &mut PgConnection, digest: Digest) -> sqlx::Result<Option<SignIn>> {
    let row = sqlx::query!(
        "SELECT message, signature, practitioner_signature FROM protected.sign_in WHERE digest = $1",
        &digest.0[..] as _
    )
    .fetch_optional(conn)
    .await?;
    let signature = |bytes: Vec<u8>| {
        <[u8; 64]>::try_from(bytes).map_err(|_| sqlx::Error::Decode("a signature of another length".into()))
    };
    let read = row.map(|row| {
        Ok(SignIn {
            message: row.message,
            signature: signature(row.signature)?,
            practitioner_signature: row.practitioner_signature.map(signature).transpose()?,
        })
    });
    read.transpose()
}
