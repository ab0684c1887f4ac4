//! The disclosure log. Writing and what is public about it goes by the server's own connections; what
//! is a patient's by those of callers.

use std::collections::HashMap;

use aegle_decision::Key;
use aegle_disclosure::{Digest, Head, Inclusion, Position};
use sqlx::PgConnection;

use crate::api::bytes;

/// A row that joins the log.
pub struct NewRow {
    pub vault: Key,
    pub number: i64,
    pub commitment: Digest,
    pub link: Digest,
    pub link_salt: [u8; 32],
    pub salt: [u8; 32],
    pub entry: String,
    pub caller: Key,
    pub permitted: bool,
}

/// How many rows the log has, and where these vaults' chains end, at one moment.
#[tracing::instrument(name = "db.disclosure.tail", skip_all)]
pub async fn tail(conn: &mut PgConnection, vaults: &[Vec<u8>]) -> sqlx::Result<(i64, HashMap<Key, Head>)> {
    let rows = sqlx::query!(
        r#"SELECT l.size, h.vault AS "vault?: bytes::Digest", h.entries AS "entries?",
                  h.commitment AS "commitment?: bytes::Digest"
           FROM protected.disclosure_log l LEFT JOIN protected.disclosure_head h ON h.vault = ANY ($1::bytea[])"#,
        vaults
    );
    let rows = rows.fetch_all(conn).await?;
    let size = rows.first().map_or(0, |row| row.size);
    let heads = rows.into_iter().filter_map(|row| {
        let (vault, entries, commitment) = (row.vault?, row.entries?, row.commitment?);
        Some((Key(vault.0), Head { entries: entries.unsigned_abs(), commitment: Digest(commitment.0) }))
    });
    Ok((size, heads.collect()))
}

/// Appends rows from `first` on and moves the heads of their vaults, durably when this returns. `salts`
/// are those of vaults that have no head yet. False where the log does not end at `first`: somebody else
/// appended.
#[tracing::instrument(name = "db.disclosure.append", skip_all)]
pub async fn append(
    conn: &mut PgConnection,
    first: i64,
    rows: &[NewRow],
    heads: &HashMap<Key, (Head, [u8; 32])>,
) -> sqlx::Result<bool> {
    let column = |of: fn(&NewRow) -> &[u8; 32]| rows.iter().map(|row| of(row).to_vec()).collect::<Vec<_>>();
    let (mut vaults, mut entries, mut commitments, mut salts) = (vec![], vec![], vec![], vec![]);
    for (vault, (head, salt)) in heads {
        vaults.push(vault.0.to_vec());
        entries.push(i64::try_from(head.entries).unwrap_or(i64::MAX));
        commitments.push(head.commitment.0.to_vec());
        salts.push(salt.to_vec());
    }
    // Whoever comes second waits for the first, then finds another size.
    let moved = sqlx::query_scalar!(
        r#"
        WITH moved AS (
            UPDATE protected.disclosure_log SET size = size + cardinality($2::bytea[]) WHERE size = $1 RETURNING size
        ), appended AS (
            INSERT INTO protected.disclosure (index, vault, number, commitment, link, link_salt, salt, entry, caller,
                                              permitted)
            SELECT $1 + row.place - 1, row.vault, row.number, row.commitment, row.link, row.link_salt, row.salt,
                   row.entry, row.caller, row.permitted
            FROM unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[],
                        $9::bytea[], $10::boolean[]) WITH ORDINALITY
                 row (vault, number, commitment, link, link_salt, salt, entry, caller, permitted, place)
            WHERE EXISTS (SELECT FROM moved)
        ), ended AS (
            INSERT INTO protected.disclosure_head (vault, entries, commitment, salt)
            SELECT head.* FROM unnest($11::bytea[], $12::bigint[], $13::bytea[], $14::bytea[]) head
            WHERE EXISTS (SELECT FROM moved)
            ON CONFLICT (vault) DO UPDATE SET entries = excluded.entries, commitment = excluded.commitment
        )
        SELECT size FROM moved
        "#,
        first,
        &column(|row| &row.vault.0),
        &rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        &column(|row| &row.commitment.0),
        &column(|row| &row.link.0),
        &column(|row| &row.link_salt),
        &column(|row| &row.salt),
        &rows.iter().map(|row| row.entry.clone()).collect::<Vec<_>>(),
        &column(|row| &row.caller.0),
        &rows.iter().map(|row| row.permitted).collect::<Vec<_>>(),
        &vaults,
        &entries,
        &commitments,
        &salts
    );
    Ok(moved.fetch_optional(conn).await?.is_some())
}

/// How many rows the log has, as the transaction sees it.
#[tracing::instrument(name = "db.disclosure.size", skip_all)]
pub async fn size(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("SELECT size FROM protected.disclosure_log").fetch_one(conn).await
}

/// Commitments of the rows from `first` on, at most `most`.
#[tracing::instrument(name = "db.disclosure.leaves", skip_all)]
pub async fn leaves(conn: &mut PgConnection, first: i64, end: i64, most: i64) -> sqlx::Result<Vec<Digest>> {
    let leaves = sqlx::query_scalar!(
        r#"SELECT commitment AS "commitment!: bytes::Digest" FROM protected.disclosure
           WHERE index >= $1 AND index < $2 ORDER BY index LIMIT $3"#,
        first,
        end,
        most
    );
    Ok(leaves.fetch_all(conn).await?.into_iter().map(|leaf| Digest(leaf.0)).collect())
}

/// Where the chain of every vault ended when the log had `size` rows, with the salt of its value.
#[tracing::instrument(name = "db.disclosure.heads_at", skip_all)]
pub async fn heads_at(conn: &mut PgConnection, size: i64) -> sqlx::Result<Vec<(Key, Head, Digest)>> {
    let rows = sqlx::query!(
        r#"SELECT h.vault AS "vault!: bytes::Digest", d.number AS "number!",
                  d.commitment AS "commitment!: bytes::Digest", h.salt AS "salt!: bytes::Digest"
           FROM protected.disclosure_head h
           CROSS JOIN LATERAL (
               SELECT number, commitment FROM protected.disclosure
               WHERE disclosure.vault = h.vault AND index < $1 ORDER BY number DESC LIMIT 1
           ) d"#,
        size
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let head = Head { entries: row.number.unsigned_abs() + 1, commitment: Digest(row.commitment.0) };
            (Key(row.vault.0), head, Digest(row.salt.0))
        })
        .collect())
}

#[tracing::instrument(name = "db.disclosure.store_nodes", skip_all)]
pub async fn store_nodes(conn: &mut PgConnection, nodes: &[(Position, Digest)]) -> sqlx::Result<()> {
    let positions: Vec<i64> = nodes.iter().map(|(position, _)| *position as i64).collect();
    let digests: Vec<Vec<u8>> = nodes.iter().map(|(_, node)| node.0.to_vec()).collect();
    sqlx::query!(
        "INSERT INTO protected.disclosure_node (position, node) SELECT * FROM unnest($1::bigint[], $2::bytea[])",
        &positions,
        &digests
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[tracing::instrument(name = "db.disclosure.nodes", skip_all)]
pub async fn nodes(conn: &mut PgConnection, positions: &[Position]) -> sqlx::Result<HashMap<Position, Digest>> {
    let positions: Vec<i64> = positions.iter().map(|position| *position as i64).collect();
    let rows = sqlx::query!(
        r#"SELECT position, node AS "node!: bytes::Digest" FROM protected.disclosure_node
           WHERE position = ANY ($1)"#,
        &positions
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.position.unsigned_abs(), Digest(row.node.0))).collect())
}

/// Shows that a checkpoint of `size` entries has the one at `index`; none where none that was made does.
pub async fn inclusion(conn: &mut PgConnection, index: u64, size: u64) -> sqlx::Result<Option<Inclusion>> {
    let Some(needs) = Inclusion::needs(index, size) else { return Ok(None) };
    Ok(Inclusion::new(index, size, &nodes(conn, &needs).await?))
}

/// A checkpoint that was signed.
pub struct SignedCheckpoint {
    pub size: i64,
    pub root: Digest,
    pub heads: Digest,
    pub note: String,
}

/// False where another process has signed one of this size.
#[tracing::instrument(name = "db.disclosure.store_checkpoint", skip_all)]
pub async fn store_checkpoint(conn: &mut PgConnection, new: &SignedCheckpoint) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.disclosure_checkpoint (size, root, heads, note) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        new.size,
        &new.root.0[..] as _,
        &new.heads.0[..] as _,
        new.note
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// The newest checkpoint of at most `size` rows.
#[tracing::instrument(name = "db.disclosure.checkpoint", skip_all)]
pub async fn checkpoint(conn: &mut PgConnection, size: i64) -> sqlx::Result<Option<SignedCheckpoint>> {
    let row = sqlx::query!(
        r#"SELECT size, root AS "root!: bytes::Digest", heads AS "heads!: bytes::Digest", note
           FROM protected.disclosure_checkpoint WHERE size <= $1 ORDER BY size DESC LIMIT 1"#,
        size
    );
    let row = row.fetch_optional(conn).await?;
    Ok(row.map(|row| SignedCheckpoint {
        size: row.size,
        root: Digest(row.root.0),
        heads: Digest(row.heads.0),
        note: row.note,
    }))
}

/// One entry with what opens its commitment.
pub struct Opened {
    pub index: i64,
    pub number: i64,
    pub entry: String,
    pub salt: Digest,
    pub link: Digest,
    pub link_salt: Digest,
}

macro_rules! opened {
    ($condition:tt, $executor:ident, $($argument:expr),*) => {{
        let rows = sqlx::query!(
            r#"SELECT index, number, entry, salt AS "salt!: bytes::Digest", link AS "link!: bytes::Digest",
                      link_salt AS "link_salt!: bytes::Digest"
               FROM protected.disclosure WHERE "# + $condition + " ORDER BY number",
            $($argument),*
        );
        rows.fetch_all($executor).await?.into_iter().map(|row| Opened {
            index: row.index,
            number: row.number,
            entry: row.entry,
            salt: Digest(row.salt.0),
            link: Digest(row.link.0),
            link_salt: Digest(row.link_salt.0),
        })
    }};
}

/// Entries of a vault from `number` on, at most `most`.
#[tracing::instrument(name = "db.disclosure.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key, number: i64, most: i64) -> sqlx::Result<Vec<Opened>> {
    let rows = opened!("vault = $1 AND number >= $2 AND number < $2 + $3", conn, &vault.0[..] as _, number, most);
    Ok(rows.collect())
}

/// The entry at a place of the log, if row-level security shows it to the caller.
#[tracing::instrument(name = "db.disclosure.find", skip_all)]
pub async fn find(conn: &mut PgConnection, index: i64) -> sqlx::Result<Option<Opened>> {
    Ok(opened!("index = $1", conn, index).next())
}

/// A permitted decision, for the accounting.
pub struct Accounted {
    pub index: i64,
    pub number: i64,
    pub commitment: Digest,
    pub entry: String,
}

/// What was permitted in a vault from one second until before another, in order, at most `most`.
#[tracing::instrument(name = "db.disclosure.accounted", skip_all)]
pub async fn accounted(
    conn: &mut PgConnection,
    vault: Key,
    (from, until): (i64, i64),
    most: i64,
) -> sqlx::Result<Vec<Accounted>> {
    let rows = sqlx::query!(
        r#"SELECT index, number, commitment AS "commitment!: bytes::Digest", entry FROM protected.disclosure
           WHERE vault = $1 AND permitted AND (entry::jsonb ->> 'at')::bigint >= $2
             AND (entry::jsonb ->> 'at')::bigint < $3
           ORDER BY number LIMIT $4"#,
        &vault.0[..] as _,
        from,
        until,
        most
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| Accounted {
        index: row.index,
        number: row.number,
        commitment: Digest(row.commitment.0),
        entry: row.entry,
    });
    Ok(rows.collect())
}

/// Where a vault's chain ends; none without an entry.
#[tracing::instrument(name = "db.disclosure.head", skip_all)]
pub async fn head(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Option<Head>> {
    let row = sqlx::query!(
        r#"SELECT entries, commitment AS "commitment!: bytes::Digest" FROM protected.disclosure_head WHERE vault = $1"#,
        &vault.0[..] as _
    );
    let row = row.fetch_optional(conn).await?;
    Ok(row.map(|row| Head { entries: row.entries.unsigned_abs(), commitment: Digest(row.commitment.0) }))
}
