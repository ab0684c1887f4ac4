use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, Transaction},
    time::Time,
};

pub struct BreakGlassRow {
    pub break_glass: Address,
    pub vault: Address,
    pub break_glass_id: Digest,
    pub commitment: Digest,
    pub expires_at: Time,
    pub rent_payer: Address,
    pub opened: Change,
    pub reviewed: Option<Change>,
}

struct Row {
    break_glass: Address,
    vault: Address,
    break_glass_id: Digest,
    commitment: Digest,
    expires_at: Time,
    rent_payer: Address,
    opened_slot: i64,
    opened_at: Time,
    opened_signature: Signature,
    opened_by: Address,
    reviewed_slot: Option<i64>,
    reviewed_at: Option<Time>,
    reviewed_signature: Option<Signature>,
    reviewed_by: Option<Address>,
}

impl From<Row> for BreakGlassRow {
    fn from(row: Row) -> Self {
        let reviewed = Transaction::if_any(row.reviewed_signature, row.reviewed_slot, row.reviewed_at);
        Self {
            break_glass: row.break_glass,
            vault: row.vault,
            break_glass_id: row.break_glass_id,
            commitment: row.commitment,
            expires_at: row.expires_at,
            rent_payer: row.rent_payer,
            opened: Change {
                transaction: Transaction { signature: row.opened_signature, slot: row.opened_slot, at: row.opened_at },
                authority: row.opened_by,
            },
            reviewed: reviewed.zip(row.reviewed_by).map(|(transaction, authority)| Change { transaction, authority }),
        }
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                break_glass AS "break_glass!: Address", vault AS "vault!: Address",
                break_glass_id AS "break_glass_id!: Digest", commitment AS "commitment!: Digest",
                expires_at AS "expires_at!: Time", rent_payer AS "rent_payer!: Address",
                opened_slot AS "opened_slot!", opened_at AS "opened_at!: Time",
                opened_signature AS "opened_signature!: Signature", opened_by AS "opened_by!: Address", reviewed_slot,
                reviewed_at AS "reviewed_at: Time", reviewed_signature AS "reviewed_signature: Signature",
                reviewed_by AS "reviewed_by: Address"
            FROM break_glass_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.break_glass.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, break_glass: Address) -> sqlx::Result<Option<BreakGlassRow>> {
    Ok(select!("break_glass = $2", slot, break_glass as _).fetch_optional(conn).await?.map(Into::into))
}

/// Emergency openings of a vault by address, after `after`, at most `limit`; only reviewed or unreviewed
/// ones where `reviewed` says so.
#[tracing::instrument(name = "db.break_glass.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Address,
    reviewed: Option<bool>,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<BreakGlassRow>> {
    let rows = select!(
        "vault = $2 AND break_glass > $3 AND ($5::boolean IS NULL OR (reviewed_slot IS NOT NULL) = $5)
         ORDER BY break_glass LIMIT $4",
        slot,
        vault as _,
        after,
        limit,
        reviewed
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
