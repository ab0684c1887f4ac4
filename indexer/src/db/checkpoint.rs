//! How far the mirror is: a contiguous frontier whose finalized part never goes back.

use sqlx::PgConnection;

use super::state::bytes;

/// A block by its slot and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockId {
    pub slot: i64,
    pub hash: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub genesis_hash: [u8; 32],
    pub program: [u8; 32],
    /// The first slot that is mirrored.
    pub first_slot: i64,
    pub finalized: BlockId,
    pub confirmed: BlockId,
}

impl Checkpoint {
    /// A mirror that will start with the child of `parent`.
    pub fn before_first(genesis_hash: [u8; 32], program: [u8; 32], parent: BlockId) -> Self {
        Self { genesis_hash, program, first_slot: parent.slot + 1, finalized: parent, confirmed: parent }
    }
}

struct Row {
    genesis_hash: Vec<u8>,
    program: Vec<u8>,
    first_slot: i64,
    finalized_slot: i64,
    finalized_hash: Vec<u8>,
    confirmed_slot: i64,
    confirmed_hash: Vec<u8>,
}

impl TryFrom<Row> for Checkpoint {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            genesis_hash: bytes(row.genesis_hash)?,
            program: bytes(row.program)?,
            first_slot: row.first_slot,
            finalized: BlockId { slot: row.finalized_slot, hash: bytes(row.finalized_hash)? },
            confirmed: BlockId { slot: row.confirmed_slot, hash: bytes(row.confirmed_hash)? },
        })
    }
}

/// The checkpoint; none before the first start.
pub async fn read(connection: &mut PgConnection) -> sqlx::Result<Option<Checkpoint>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT genesis_hash, program, first_slot, finalized_slot, finalized_hash, confirmed_slot, confirmed_hash
         FROM checkpoint"
    );
    row.fetch_optional(connection).await?.map(Checkpoint::try_from).transpose()
}

/// The checkpoint, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<Option<Checkpoint>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT genesis_hash, program, first_slot, finalized_slot, finalized_hash, confirmed_slot, confirmed_hash
         FROM checkpoint FOR UPDATE"
    );
    row.fetch_optional(connection).await?.map(Checkpoint::try_from).transpose()
}

pub async fn create(checkpoint: &Checkpoint, connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO checkpoint
            (genesis_hash, program, first_slot, finalized_slot, finalized_hash, confirmed_slot, confirmed_hash)
         VALUES ($1::bytea, $2::bytea, $3, $4, $5::bytea, $6, $7::bytea)",
        &checkpoint.genesis_hash as _,
        &checkpoint.program as _,
        checkpoint.first_slot,
        checkpoint.finalized.slot,
        &checkpoint.finalized.hash as _,
        checkpoint.confirmed.slot,
        &checkpoint.confirmed.hash as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what has moved.
pub async fn update(checkpoint: &Checkpoint, connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE checkpoint
         SET first_slot = $1, finalized_slot = $2, finalized_hash = $3::bytea,
             confirmed_slot = $4, confirmed_hash = $5::bytea, updated_at = now()",
        checkpoint.first_slot,
        checkpoint.finalized.slot,
        &checkpoint.finalized.hash as _,
        checkpoint.confirmed.slot,
        &checkpoint.confirmed.hash as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
