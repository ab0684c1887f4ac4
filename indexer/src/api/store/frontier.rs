use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, BlockHash},
    time::Time,
};

/// How far the mirror has come, and how far its node is.
#[derive(Clone, Debug)]
pub struct Frontier {
    pub genesis_hash: BlockHash,
    pub program: Address,
    pub first_slot: i64,
    pub finalized_slot: i64,
    pub finalized_hash: BlockHash,
    pub confirmed_slot: i64,
    pub confirmed_hash: BlockHash,
    /// Time of the newest confirmed block.
    pub confirmed_time: Option<i64>,
    pub updated_at: Time,
    pub node: Option<NodeTip>,
}

/// The node's newest confirmed slot when the ingester last asked.
#[derive(Clone, Copy, Debug)]
pub struct NodeTip {
    pub slot: i64,
    pub block_time: Option<i64>,
    /// Seconds since it was asked, by the database's clock.
    pub age: i64,
}

/// None before the first ingested block.
#[tracing::instrument(name = "db.frontier.read", skip_all)]
pub async fn read(conn: &mut PgConnection) -> sqlx::Result<Option<Frontier>> {
    let row = sqlx::query!(
        r#"
        SELECT
            c.genesis_hash AS "genesis_hash: BlockHash", c.program AS "program: Address", c.first_slot,
            c.finalized_slot, c.finalized_hash AS "finalized_hash: BlockHash",
            c.confirmed_slot, c.confirmed_hash AS "confirmed_hash: BlockHash",
            extract(epoch FROM c.updated_at)::bigint AS "updated_at!: Time",
            (SELECT block_time FROM slot WHERE slot <= c.confirmed_slot AND block_time IS NOT NULL
             ORDER BY slot DESC LIMIT 1) AS confirmed_time,
            t.slot AS "tip_slot?", t.block_time AS "tip_time?",
            extract(epoch FROM clock_timestamp() - t.observed_at)::bigint AS tip_age
        FROM checkpoint c LEFT JOIN node_tip t ON true
        "#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Frontier {
        genesis_hash: row.genesis_hash,
        program: row.program,
        first_slot: row.first_slot,
        finalized_slot: row.finalized_slot,
        finalized_hash: row.finalized_hash,
        confirmed_slot: row.confirmed_slot,
        confirmed_hash: row.confirmed_hash,
        confirmed_time: row.confirmed_time,
        updated_at: row.updated_at,
        node: row.tip_slot.zip(row.tip_age).map(|(slot, age)| NodeTip { slot, block_time: row.tip_time, age }),
    }))
}

/// Hash of the chain's first block. None before the first ingested block.
#[tracing::instrument(name = "db.frontier.genesis", skip_all)]
pub async fn genesis(conn: &mut PgConnection) -> sqlx::Result<Option<BlockHash>> {
    sqlx::query_scalar!(r#"SELECT genesis_hash AS "genesis_hash: BlockHash" FROM checkpoint"#)
        .fetch_optional(conn)
        .await
}

/// Time of the newest block at or before a slot.
#[tracing::instrument(name = "db.frontier.block_time", skip_all)]
pub async fn block_time(conn: &mut PgConnection, slot: i64) -> sqlx::Result<Option<Time>> {
    sqlx::query_scalar!(
        r#"
        SELECT block_time AS "block_time!: Time" FROM slot
        WHERE slot <= $1 AND block_time IS NOT NULL
        ORDER BY slot DESC LIMIT 1
        "#,
        slot
    )
    .fetch_optional(conn)
    .await
}
