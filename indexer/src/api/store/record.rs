use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, Record, RecordChange, RecordStatus, Transaction},
    time::Time,
};

struct Row {
    record: Address,
    vault: Address,
    record_id: Digest,
    mint_bump: i16,
    commitment: Digest,
    record_version: i64,
    previous: Option<Address>,
    rent_payer: Address,
    status: RecordStatus,
    issues: i64,
    holder: Address,
    minted_slot: i64,
    minted_at: Time,
    minted_signature: Signature,
    minted_by: Address,
    changed_slot: i64,
    changed_at: Time,
    changed_signature: Signature,
    changed_by: Address,
}

impl From<Row> for Record {
    fn from(row: Row) -> Self {
        let mint = Self::mint_address(row.record, row.mint_bump);
        Self {
            record: row.record,
            vault: row.vault,
            record_id: row.record_id,
            mint,
            issues: row.issues,
            holder: row.holder,
            token: mint.map(|mint| Self::token_address(mint, row.holder)),
            commitment: row.commitment,
            version: row.record_version,
            previous: row.previous,
            status: row.status,
            rent_payer: row.rent_payer,
            minted: Change {
                transaction: Transaction { signature: row.minted_signature, slot: row.minted_slot, at: row.minted_at },
                authority: row.minted_by,
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

macro_rules! select {
    ($with:tt, $condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            $with + r#"
            SELECT
                record AS "record!: Address", vault AS "vault!: Address", record_id AS "record_id!: Digest",
                mint_bump AS "mint_bump!", commitment AS "commitment!: Digest",
                record_version AS "record_version!", previous AS "previous: Address",
                rent_payer AS "rent_payer!: Address", status AS "status!: RecordStatus",
                issues AS "issues!", holder AS "holder!: Address",
                minted_slot AS "minted_slot!", minted_at AS "minted_at!: Time",
                minted_signature AS "minted_signature!: Signature", minted_by AS "minted_by!: Address",
                changed_slot AS "changed_slot!", changed_at AS "changed_at!: Time",
                changed_signature AS "changed_signature!: Signature", changed_by AS "changed_by!: Address"
            FROM record_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.record.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, record: Address) -> sqlx::Result<Option<Record>> {
    Ok(select!("", "record = $2", slot, record as _).fetch_optional(conn).await?.map(Into::into))
}

/// Records of a vault by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.record.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Address,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    let rows = select!("", "vault = $2 AND record > $3 ORDER BY record LIMIT $4", slot, vault as _, after, limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The versions that a record amends and that amend it, itself included, oldest first, after version
/// `after`, at most `limit`.
#[tracing::instrument(name = "db.record.versions", skip_all)]
pub async fn versions(
    conn: &mut PgConnection,
    slot: i64,
    record: Address,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    let rows = select!(
        r#"
        WITH RECURSIVE
        earlier AS (
            SELECT record, previous FROM record WHERE record = $2 AND slot <= $1
            UNION
            SELECT r.record, r.previous FROM record r JOIN earlier ON r.record = earlier.previous WHERE r.slot <= $1
        ),
        later AS (
            SELECT record FROM record WHERE record = $2 AND slot <= $1
            UNION
            SELECT r.record FROM record r JOIN later ON r.previous = later.record WHERE r.slot <= $1
        )
        "#,
        r#"
            record = ANY(ARRAY(SELECT record::bytea FROM earlier UNION SELECT record::bytea FROM later))
            AND record_version > $3
        ORDER BY record_version LIMIT $4
        "#,
        slot,
        record as _,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Every change of status of the records, in ledger order; minting is the first.
#[tracing::instrument(name = "db.record.changes", skip_all)]
pub async fn changes(
    conn: &mut PgConnection,
    slot: i64,
    records: &[Address],
) -> sqlx::Result<Vec<(Address, RecordChange)>> {
    let records: Vec<Vec<u8>> = records.iter().map(|record| record.0.to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT
            record AS "record!: Address", status AS "status!: RecordStatus", signature AS "signature!: Signature",
            slot AS "slot!", at AS "at!: Time", authority AS "authority!: Address"
        FROM (
            SELECT record, 'active'::record_status AS status, signature, slot, at, authority,
                   tx_index, instruction_index, inner_index
            FROM record WHERE slot <= $1 AND record = ANY($2::bytea[])
            UNION ALL
            SELECT record, status, signature, slot, at, authority, tx_index, instruction_index, inner_index
            FROM record_change WHERE slot <= $1 AND record = ANY($2::bytea[])
        ) change
        ORDER BY slot, tx_index, instruction_index, inner_index
        "#,
        slot,
        &records
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let transaction = Transaction { signature: row.signature, slot: row.slot, at: row.at };
            let change = Change { transaction, authority: row.authority };
            (row.record, RecordChange { status: row.status, change })
        })
        .collect())
}

/// The commitment of a record, as soon as it is on chain.
#[tracing::instrument(name = "db.record.commitment", skip_all)]
pub async fn commitment(conn: &mut PgConnection, record: Address) -> sqlx::Result<Option<Digest>> {
    sqlx::query_scalar!(r#"SELECT commitment AS "commitment!: Digest" FROM record WHERE record = $1"#, record as _)
        .fetch_optional(conn)
        .await
}

/// Whether the record was erased, as soon as that is on chain.
#[tracing::instrument(name = "db.record.is_erased", skip_all)]
pub async fn is_erased(conn: &mut PgConnection, record: Address) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM record_change WHERE record = $1 AND status = 'erased') AS "erased!""#,
        record as _
    )
    .fetch_one(conn)
    .await
}
