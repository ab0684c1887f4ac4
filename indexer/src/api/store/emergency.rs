use aegle_decision::{BreakGlassView, Document, Emergency, Key, Statement};
use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest},
    time::Time,
};

/// A clinician's signed statement, and what the chain has of its opening.
pub struct Row {
    pub break_glass: Address,
    pub vault: Address,
    pub clinician: Address,
    pub statement: String,
    pub signature: Vec<u8>,
    pub salt: Digest,
    pub opened: Option<Opened>,
    pub reviewed: bool,
    pub stored_at: Time,
}

#[derive(Clone, Copy)]
pub struct Opened {
    pub vault: Digest,
    pub break_glass_id: Digest,
    pub commitment: Digest,
    pub expires_at: Time,
}

struct Found {
    break_glass: Address,
    vault: Address,
    clinician: Address,
    statement: String,
    signature: Vec<u8>,
    salt: Digest,
    stored_at: Time,
    opened_vault: Option<Digest>,
    break_glass_id: Option<Digest>,
    commitment: Option<Digest>,
    expires_at: Option<Time>,
    reviewed: bool,
}

impl From<Found> for Row {
    fn from(found: Found) -> Self {
        let opened = found.opened_vault.zip(found.break_glass_id).zip(found.commitment).zip(found.expires_at);
        Self {
            break_glass: found.break_glass,
            vault: found.vault,
            clinician: found.clinician,
            statement: found.statement,
            signature: found.signature,
            salt: found.salt,
            opened: opened.map(|(((vault, break_glass_id), commitment), expires_at)| Opened {
                vault,
                break_glass_id,
                commitment,
                expires_at,
            }),
            reviewed: found.reviewed,
            stored_at: found.stored_at,
        }
    }
}

impl Row {
    /// As the engine takes it; none for a statement that cannot be read, which opens nothing.
    pub fn emergency(&self) -> Option<Emergency> {
        Some(Emergency {
            break_glass: Key(self.break_glass.0),
            statement: Document::read(self.statement.clone().into_bytes()).ok()?,
            signature: self.signature.as_slice().try_into().ok()?,
            salt: self.salt.0,
            opened: self.opened.map(|opened| BreakGlassView {
                vault: Key(opened.vault.0),
                break_glass_id: opened.break_glass_id.0,
                commitment: opened.commitment.0,
                expires_at: opened.expires_at.0,
            }),
        })
    }
}

macro_rules! select {
    ($condition:tt, $slot:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            Found,
            r#"
            SELECT e.break_glass AS "break_glass!: Address", e.vault AS "vault!: Address",
                   e.clinician AS "clinician!: Address", e.statement, e.signature, e.salt AS "salt!: Digest",
                   extract(epoch FROM e.stored_at)::bigint AS "stored_at!: Time",
                   b.vault AS "opened_vault?: Digest", b.break_glass_id AS "break_glass_id?: Digest",
                   b.commitment AS "commitment?: Digest", b.expires_at AS "expires_at?: Time",
                   b.reviewed_slot IS NOT NULL AS "reviewed!"
            FROM protected.emergency e
            LEFT JOIN LATERAL (SELECT * FROM break_glass_at($1)) b ON b.break_glass = e.break_glass
            WHERE
            "# + $condition,
            $slot
            $(, $argument)*
        )
    };
}

/// The statement, where the transaction's caller may see it, as of a slot.
#[tracing::instrument(name = "db.emergency.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, break_glass: Address) -> sqlx::Result<Option<Row>> {
    Ok(select!("e.break_glass = $2", slot, break_glass as _).fetch_optional(conn).await?.map(Into::into))
}

/// Statements of one clinician on one vault, as of a slot.
#[tracing::instrument(name = "db.emergency.of_clinician_in", skip_all)]
pub async fn of_clinician_in(conn: &mut PgConnection, slot: i64, vault: Key, clinician: Key) -> sqlx::Result<Vec<Row>> {
    let rows = select!(
        "e.vault = $2 AND e.clinician = $3 ORDER BY e.break_glass",
        slot,
        &vault.0[..] as _,
        &clinician.0[..] as _
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Into::into).collect())
}

/// Statements by their account, after `after`, at most `limit`: those on one vault, or of one clinician.
#[tracing::instrument(name = "db.emergency.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Option<Key>,
    clinician: Option<Key>,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    let bytes = |key: Option<Key>| key.map(|key| key.0.to_vec());
    let rows = select!(
        "($2::bytea IS NULL OR e.vault = $2) AND ($3::bytea IS NULL OR e.clinician = $3) AND e.break_glass > $4
         ORDER BY e.break_glass LIMIT $5",
        slot,
        bytes(vault),
        bytes(clinician),
        after,
        limit
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Into::into).collect())
}

/// Statements whose opening is on chain and not over at `now`, of which `custodian` keeps a share that it
/// has not released; at most 100.
#[tracing::instrument(name = "db.emergency.to_release", skip_all)]
pub async fn to_release(conn: &mut PgConnection, slot: i64, custodian: Key, now: i64) -> sqlx::Result<Vec<Row>> {
    let rows = select!(
        "b.expires_at > $3 AND EXISTS (
             SELECT FROM protected.custodian_share s
             WHERE s.custodian = $2 AND s.vault = e.vault AND s.record = ANY (e.records) AND NOT EXISTS (
                 SELECT FROM protected.released_share r
                 WHERE r.break_glass = e.break_glass AND r.record = s.record AND r.custodian = s.custodian
             )
         ) ORDER BY e.break_glass LIMIT 100",
        slot,
        &custodian.0[..] as _,
        now
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Into::into).collect())
}

/// Whether another opening of the clinician's, in whatever vault, waits for its review, or may be about to
/// land.
#[tracing::instrument(name = "db.emergency.unreviewed", skip_all)]
pub async fn unreviewed(conn: &mut PgConnection, slot: i64, clinician: Key, but: Address) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM protected.emergency e
            LEFT JOIN LATERAL (SELECT * FROM break_glass_at($1)) b ON b.break_glass = e.break_glass
            WHERE e.clinician = $2 AND e.break_glass <> $3
                AND CASE WHEN b.break_glass IS NULL THEN e.stored_at > now() - interval '2 minutes'
                         ELSE b.reviewed_slot IS NULL END
        ) AS "unreviewed!"
        "#,
        slot,
        &clinician.0[..] as _,
        but as _
    )
    .fetch_one(conn)
    .await
}

/// Keeps a statement as the clinician's latest.
#[tracing::instrument(name = "db.emergency.insert", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    break_glass: Address,
    statement: &Document<Statement>,
    signature: &[u8; 64],
    salt: Digest,
) -> sqlx::Result<()> {
    let stated = statement.value();
    let records: Vec<Vec<u8>> = stated.records.iter().map(|record| record.0.to_vec()).collect();
    sqlx::query!(
        "INSERT INTO protected.latest_emergency (clinician, break_glass) VALUES ($1, $2)
         ON CONFLICT (clinician) DO UPDATE SET break_glass = excluded.break_glass",
        &stated.clinician.0[..] as _,
        break_glass as _
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO protected.emergency (break_glass, vault, clinician, statement, records, signature, salt,
                                          commitment, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        break_glass as _,
        &stated.vault.0[..] as _,
        &stated.clinician.0[..] as _,
        String::from_utf8_lossy(statement.bytes()).into_owned(),
        &records,
        &signature[..],
        salt as _,
        &Emergency::commitment(statement, signature, &salt.0)[..] as _,
        stated.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}
