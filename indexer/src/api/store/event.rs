use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, BlockHash, Signature},
    model::{Event, Position},
    time::Time,
};

/// Which events; each that is given must hold.
#[derive(Clone, Copy, Debug)]
pub struct EventFilter {
    pub vault: Option<Address>,
    pub account: Option<Address>,
    pub name: Option<&'static str>,
}

struct Row {
    signature: Signature,
    instruction_index: i16,
    inner_index: i16,
    slot: i64,
    tx_index: i32,
    block_hash: BlockHash,
    block_time: Option<Time>,
    name: String,
    account: Address,
    vault: Option<Address>,
    authority: Option<Address>,
    data: Vec<u8>,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            signature: row.signature,
            position: Position {
                slot: row.slot,
                tx_index: row.tx_index,
                instruction_index: row.instruction_index,
                inner_index: row.inner_index,
            },
            block_hash: row.block_hash,
            block_time: row.block_time,
            name: row.name,
            account: row.account,
            vault: row.vault,
            authority: row.authority,
            data: hex::encode(row.data),
        }
    }
}

/// One query for each index, so that none is planned for all of them. The limits keep the planner from
/// merging the events with every slot before them.
macro_rules! select {
    ($conn:expr, $condition:tt, $after:expr, $until:expr, $name:expr, $limit:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                e.signature AS "signature: Signature", e.instruction_index, e.inner_index, e.slot, e.tx_index,
                s.block_hash AS "block_hash!: BlockHash", s.block_time AS "block_time: Time", e.name,
                e.account AS "account: Address", e.vault AS "vault: Address", e.authority AS "authority: Address",
                e.data
            FROM (
                SELECT * FROM event
                WHERE (slot, tx_index, instruction_index, inner_index) > ($1, $2, $3, $4)
                    AND slot <= $5 AND ($6::text IS NULL OR name = $6)
            "# + $condition + r#"
                ORDER BY slot, tx_index, instruction_index, inner_index LIMIT $7
            ) e CROSS JOIN LATERAL (SELECT block_hash, block_time FROM slot WHERE slot.slot = e.slot LIMIT 1) s
            ORDER BY e.slot, e.tx_index, e.instruction_index, e.inner_index
            "#,
            $after.slot,
            $after.tx_index,
            $after.instruction_index,
            $after.inner_index,
            $until,
            $name,
            $limit
            $(, $argument)*
        )
        .fetch_all($conn)
        .await?
    };
}

/// Events in ledger order after a position, up to and including a slot, at most `limit`.
#[tracing::instrument(name = "db.event.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: EventFilter,
    after: Position,
    until: i64,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let name = filter.name;
    let rows = match (filter.account, filter.vault) {
        (None, None) => select!(conn, "", after, until, name, limit),
        (None, Some(vault)) => select!(conn, "AND vault = $8", after, until, name, limit, vault as _),
        (Some(account), None) => select!(conn, "AND account = $8", after, until, name, limit, account as _),
        (Some(account), Some(vault)) => {
            select!(conn, "AND account = $8 AND vault = $9", after, until, name, limit, account as _, vault as _)
        }
    };
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The slot of the newest event up to and including a slot.
#[tracing::instrument(name = "db.event.newest_slot", skip_all)]
pub async fn newest_slot(conn: &mut PgConnection, until: i64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("SELECT slot FROM event WHERE slot <= $1 ORDER BY slot DESC LIMIT 1", until)
        .fetch_optional(conn)
        .await
}
