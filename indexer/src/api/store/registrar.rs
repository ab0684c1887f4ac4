use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, Transaction},
    time::Time,
};

pub struct RegistrarRow {
    pub registrar: Address,
    pub authority: Address,
    pub kinds: i16,
    pub profile_commitment: Digest,
    pub rent_payer: Address,
    pub added: Change,
    pub removed: Option<Change>,
}

struct Row {
    registrar: Address,
    registrar_authority: Address,
    kinds: i16,
    profile_commitment: Digest,
    rent_payer: Address,
    added_slot: i64,
    added_at: Time,
    added_signature: Signature,
    added_by: Address,
    removed_slot: Option<i64>,
    removed_at: Option<Time>,
    removed_signature: Option<Signature>,
    removed_by: Option<Address>,
}

impl From<Row> for RegistrarRow {
    fn from(row: Row) -> Self {
        let removed = Transaction::if_any(row.removed_signature, row.removed_slot, row.removed_at);
        Self {
            registrar: row.registrar,
            authority: row.registrar_authority,
            kinds: row.kinds,
            profile_commitment: row.profile_commitment,
            rent_payer: row.rent_payer,
            added: Change {
                transaction: Transaction { signature: row.added_signature, slot: row.added_slot, at: row.added_at },
                authority: row.added_by,
            },
            removed: removed.zip(row.removed_by).map(|(transaction, authority)| Change { transaction, authority }),
        }
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                registrar AS "registrar!: Address", registrar_authority AS "registrar_authority!: Address",
                kinds AS "kinds!", profile_commitment AS "profile_commitment!: Digest",
                rent_payer AS "rent_payer!: Address", added_slot AS "added_slot!", added_at AS "added_at!: Time",
                added_signature AS "added_signature!: Signature", added_by AS "added_by!: Address", removed_slot,
                removed_at AS "removed_at: Time", removed_signature AS "removed_signature: Signature",
                removed_by AS "removed_by: Address"
            FROM registrar_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.registrar.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, registrar: Address) -> sqlx::Result<Option<RegistrarRow>> {
    Ok(select!("registrar = $2", slot, registrar as _).fetch_optional(conn).await?.map(Into::into))
}

/// Registrars by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.registrar.list", skip_all)]
pub async fn list(conn: &mut PgConnection, slot: i64, after: &[u8], limit: i64) -> sqlx::Result<Vec<RegistrarRow>> {
    let rows = select!("registrar > $2 ORDER BY registrar LIMIT $3", slot, after, limit).fetch_all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
