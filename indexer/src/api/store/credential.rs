use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, CredentialKind, CredentialStatus, Transaction},
    time::{Day, Time},
};

pub struct CredentialRow {
    pub credential: Address,
    pub registrar: Address,
    /// None where the mirror lacks the registrar.
    pub registrar_removed: Option<bool>,
    pub subject: Address,
    pub kind: CredentialKind,
    pub status: CredentialStatus,
    pub emergency: bool,
    pub encryption_key: Digest,
    pub profile_commitment: Digest,
    pub from: Day,
    pub until: Day,
    pub revision: i64,
    pub rent_payer: Address,
    pub issued: Change,
    pub changed: Change,
}

/// Which credentials; each that is given must hold.
#[derive(Clone, Copy, Debug)]
pub struct CredentialFilter {
    pub registrar: Option<Address>,
    pub subject: Option<Address>,
    pub kind: Option<CredentialKind>,
}

struct Row {
    credential: Address,
    registrar: Address,
    registrar_removed: Option<bool>,
    subject: Address,
    kind: CredentialKind,
    status: CredentialStatus,
    emergency: bool,
    encryption_key: Digest,
    profile_commitment: Digest,
    from: Day,
    until: Day,
    revision: i64,
    rent_payer: Address,
    issued_slot: i64,
    issued_at: Time,
    issued_signature: Signature,
    issued_by: Address,
    changed_slot: i64,
    changed_at: Time,
    changed_signature: Signature,
    changed_by: Address,
}

impl From<Row> for CredentialRow {
    fn from(row: Row) -> Self {
        Self {
            credential: row.credential,
            registrar: row.registrar,
            registrar_removed: row.registrar_removed,
            subject: row.subject,
            kind: row.kind,
            status: row.status,
            emergency: row.emergency,
            encryption_key: row.encryption_key,
            profile_commitment: row.profile_commitment,
            from: row.from,
            until: row.until,
            revision: row.revision,
            rent_payer: row.rent_payer,
            issued: Change {
                transaction: Transaction { signature: row.issued_signature, slot: row.issued_slot, at: row.issued_at },
                authority: row.issued_by,
            },
            changed: Change {
                transaction: Transaction {
                    signature: row.changed_signature,
                    slot: row.changed_slot,
                    at: row.changed_at,
                },
                authority: row.changed_by,
            },
        }
    }
}

/// The registrar is looked up for each credential, so that a page reads no more of them than it has.
macro_rules! select {
    ([$($condition:tt)+], $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                c.credential AS "credential!: Address", c.registrar AS "registrar!: Address",
                (SELECT g.removed_slot IS NOT NULL FROM registrar_at($1) g WHERE g.registrar = c.registrar)
                    AS registrar_removed,
                c.subject AS "subject!: Address", c.kind AS "kind!: CredentialKind",
                c.status AS "status!: CredentialStatus", c.emergency AS "emergency!",
                c.encryption_key AS "encryption_key!: Digest", c.profile_commitment AS "profile_commitment!: Digest",
                c.from_day AS "from!: Day", c.until_day AS "until!: Day", c.revision AS "revision!",
                c.rent_payer AS "rent_payer!: Address", c.issued_slot AS "issued_slot!",
                c.issued_at AS "issued_at!: Time", c.issued_signature AS "issued_signature!: Signature",
                c.issued_by AS "issued_by!: Address", c.changed_slot AS "changed_slot!",
                c.changed_at AS "changed_at!: Time", c.changed_signature AS "changed_signature!: Signature",
                c.changed_by AS "changed_by!: Address"
            FROM credential_at($1) c WHERE
            "# + $($condition)+,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.credential.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, credential: Address) -> sqlx::Result<Option<CredentialRow>> {
    Ok(select!(["c.credential = $2"], slot, credential as _).fetch_optional(conn).await?.map(Into::into))
}

/// One query for each index, so that none is planned for all of them.
macro_rules! list {
    ($conn:expr, $condition:tt, $slot:expr, $after:expr, $limit:expr $(, $argument:expr)*) => {
        select!(
            ["c.credential > $2 " + $condition + " ORDER BY c.credential LIMIT $3"],
            $slot, $after, $limit $(, $argument)*
        )
        .fetch_all($conn)
        .await?
    };
}

/// Credentials by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.credential.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    filter: CredentialFilter,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<CredentialRow>> {
    let rows = match (filter.registrar, filter.subject, filter.kind) {
        (None, None, None) => list!(conn, "", slot, after, limit),
        (None, None, Some(kind)) => list!(conn, "AND c.kind = $4", slot, after, limit, kind as _),
        (Some(registrar), None, kind) => {
            list!(
                conn,
                "AND c.registrar = $4 AND coalesce(c.kind = $5, true)",
                slot,
                after,
                limit,
                registrar as _,
                kind as _
            )
        }
        (None, Some(subject), kind) => {
            list!(
                conn,
                "AND c.subject = $4 AND coalesce(c.kind = $5, true)",
                slot,
                after,
                limit,
                subject as _,
                kind as _
            )
        }
        (Some(registrar), Some(subject), kind) => {
            list!(
                conn,
                "AND c.registrar = $4 AND c.subject = $5 AND coalesce(c.kind = $6, true)",
                slot,
                after,
                limit,
                registrar as _,
                subject as _,
                kind as _
            )
        }
    };
    Ok(rows.into_iter().map(Into::into).collect())
}
