use aegle_decision::{ConsentOpening, Document, Key};
use sqlx::PgConnection;

use crate::api::bytes::{Address, Digest};

/// What opens a consent, with the key to which contents are wrapped for its grantee.
#[derive(PartialEq, Eq)]
pub struct Opening {
    pub consent: Address,
    pub vault: Address,
    pub consent_id: Digest,
    pub grantee: Address,
    pub salt: Digest,
    pub policy: String,
    pub policy_salt: Digest,
    pub encryption_key: Digest,
}

impl Opening {
    /// For the engine; none where the policy cannot be read, which opens nothing.
    pub fn to_consent_opening(&self) -> Option<ConsentOpening> {
        Some(ConsentOpening {
            consent: Key(self.consent.0),
            grantee: Key(self.grantee.0),
            salt: self.salt.0,
            policy: Document::read(self.policy.clone().into_bytes()).ok()?,
            policy_salt: self.policy_salt.0,
        })
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Opening,
            r#"
            SELECT consent AS "consent!: Address", vault AS "vault!: Address", consent_id AS "consent_id!: Digest",
                   grantee AS "grantee!: Address", salt AS "salt!: Digest", policy,
                   policy_salt AS "policy_salt!: Digest", encryption_key AS "encryption_key!: Digest"
            FROM protected.opening WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

/// Openings of a vault that the transaction's caller may see, by consent.
#[tracing::instrument(name = "db.opening.of_vault", skip_all)]
pub async fn of_vault(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<Opening>> {
    select!("vault = $1 ORDER BY consent", &vault.0[..] as _).fetch_all(conn).await
}

/// Vaults in which something was granted to `grantee`, after `after`, at most `limit`.
#[tracing::instrument(name = "db.opening.vaults", skip_all)]
pub async fn vaults(conn: &mut PgConnection, grantee: Key, after: &[u8], limit: i64) -> sqlx::Result<Vec<Address>> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT vault AS "vault!: Address" FROM protected.opening
           WHERE grantee = $1 AND vault > $2 ORDER BY 1 LIMIT $3"#,
        &grantee.0[..] as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The consent's opening, where the transaction's caller may see it.
#[tracing::instrument(name = "db.opening.find", skip_all)]
pub async fn find(conn: &mut PgConnection, consent: Address) -> sqlx::Result<Option<Opening>> {
    select!("consent = $1", consent as _).fetch_optional(conn).await
}

/// Keeps an opening. False where the consent has one already.
#[tracing::instrument(name = "db.opening.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, opening: &Opening) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.opening (consent, vault, consent_id, grantee, salt, policy, policy_salt, encryption_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consent) DO NOTHING",
        opening.consent as _,
        opening.vault as _,
        opening.consent_id as _,
        opening.grantee as _,
        opening.salt as _,
        opening.policy,
        opening.policy_salt as _,
        opening.encryption_key as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
