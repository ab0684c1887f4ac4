//! Names that people show.

use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest},
    time::Time,
};

pub struct Profile {
    pub account: Address,
    pub subject: Address,
    pub salt: Digest,
    pub document: String,
    pub published_at: Time,
}

pub struct NewProfile<'a> {
    pub account: Address,
    pub subject: Address,
    pub salt: Digest,
    pub document: &'a str,
    pub commitment: Digest,
    /// In lower case.
    pub words: String,
    pub published_at: i64,
}

/// Those that the chain commits to as of a slot.
macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Profile,
            r#"
            SELECT p.account AS "account: Address", p.subject AS "subject: Address", p.salt AS "salt: Digest",
                   p.document, p.published_at AS "published_at: Time"
            FROM protected.profile p
            WHERE (EXISTS (SELECT FROM credential_at($1) c
                           WHERE c.credential = p.account AND c.profile_commitment = p.commitment)
                   OR EXISTS (SELECT FROM registrar_at($1) g
                              WHERE g.registrar = p.account AND g.profile_commitment = p.commitment)) AND
            "# + $condition,
            $($argument),+
        )
    };
}

/// Whom the words name, by name, at most `limit`; registrars are not among them.
#[tracing::instrument(name = "db.profile.search", skip_all)]
pub async fn search(conn: &mut PgConnection, slot: i64, words: &str, limit: i64) -> sqlx::Result<Vec<Profile>> {
    let rows = select!(
        "strpos(p.words, lower($2)) > 0
         AND EXISTS (SELECT FROM credential_at($1) c WHERE c.credential = p.account)
         ORDER BY p.words, p.account LIMIT $3",
        slot,
        words,
        limit
    );
    rows.fetch_all(conn).await
}

/// What these accounts show.
#[tracing::instrument(name = "db.profile.of", skip_all)]
pub async fn of(conn: &mut PgConnection, slot: i64, accounts: &[Vec<u8>]) -> sqlx::Result<Vec<Profile>> {
    select!("p.account = ANY ($2::bytea[]) ORDER BY p.account", slot, accounts).fetch_all(conn).await
}

/// Takes the place of what the account showed before.
#[tracing::instrument(name = "db.profile.put", skip_all)]
pub async fn put(conn: &mut PgConnection, new: &NewProfile<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.profile (account, subject, salt, document, commitment, words, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (account) DO UPDATE
         SET subject = excluded.subject, salt = excluded.salt, document = excluded.document,
             commitment = excluded.commitment, words = excluded.words, published_at = excluded.published_at",
        new.account as _,
        new.subject as _,
        new.salt as _,
        new.document,
        new.commitment as _,
        new.words,
        new.published_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// False where there is none.
#[tracing::instrument(name = "db.profile.delete", skip_all)]
pub async fn delete(conn: &mut PgConnection, account: Address) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM protected.profile WHERE account = $1", account as _).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
