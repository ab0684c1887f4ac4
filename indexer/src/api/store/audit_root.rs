use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{AuditRoot, Transaction},
    time::Time,
};

struct Row {
    audit_root: Address,
    operator: Address,
    index: i64,
    tree_size: i64,
    root: Digest,
    heads: Digest,
    rent_payer: Address,
    anchored_slot: i64,
    anchored_at: Time,
    anchored_signature: Signature,
}

impl From<Row> for AuditRoot {
    fn from(row: Row) -> Self {
        Self {
            audit_root: row.audit_root,
            operator: row.operator,
            index: row.index,
            tree_size: row.tree_size,
            root: row.root,
            heads: row.heads,
            rent_payer: row.rent_payer,
            anchored: Transaction { signature: row.anchored_signature, slot: row.anchored_slot, at: row.anchored_at },
        }
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                audit_root AS "audit_root!: Address", operator AS "operator!: Address", index AS "index!",
                tree_size AS "tree_size!", root AS "root!: Digest", heads AS "heads!: Digest",
                rent_payer AS "rent_payer!: Address", anchored_slot AS "anchored_slot!",
                anchored_at AS "anchored_at!: Time", anchored_signature AS "anchored_signature!: Signature"
            FROM audit_root_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.audit_root.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, audit_root: Address) -> sqlx::Result<Option<AuditRoot>> {
    Ok(select!("audit_root = $2", slot, audit_root as _).fetch_optional(conn).await?.map(Into::into))
}

/// Roots of an operator, newest first, those below number `before`, at most `limit`.
#[tracing::instrument(name = "db.audit_root.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    operator: Address,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<AuditRoot>> {
    let rows = select!("operator = $2 AND index < $3 ORDER BY index DESC LIMIT $4", slot, operator as _, before, limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
