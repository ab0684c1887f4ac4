//! What patients are told. Writing is not done in a caller's name.

use aegle_decision::Key;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::api::{
    bytes::{Address, Signature},
    model::Position,
    time::Time,
};

/// What somebody wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Consents and delegations that were given.
    Grants,
    /// Those that were taken back.
    Revocations,
    /// What went out to somebody other than the patient.
    Disclosures,
    /// Emergencies that were opened, reviewed or undone.
    Emergencies,
    /// Storage that ends or ended without the patient, and holds that keep what is erased.
    Storage,
}

impl Topic {
    pub const ALL: [Self; 5] = [Self::Grants, Self::Revocations, Self::Disclosures, Self::Emergencies, Self::Storage];

    /// Its place in a set of them.
    pub fn bit(self) -> i16 {
        match self {
            Self::Grants => 1,
            Self::Revocations => 2,
            Self::Disclosures => 4,
            Self::Emergencies => 8,
            Self::Storage => 16,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// Somebody was allowed something.
    Grant,
    /// Somebody is allowed something no longer.
    Revocation,
    /// Something went out to somebody other than the patient.
    Disclosure,
    /// An emergency was opened.
    Emergency,
    /// An emergency was looked at by the patient's side.
    EmergencyReviewed,
    /// An emergency that was told is not on the chain.
    EmergencyUndone,
    /// A subscription ended, since its receiver did not answer.
    SubscriptionEnded,
    /// The storage of contents ends, by the operator's retention schedule.
    StorageEnding,
    /// It ended.
    StorageEnded,
    /// A legal hold keeps contents, also if they are erased.
    HoldPlaced,
    HoldLifted,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revocation => "revocation",
            Self::Disclosure => "disclosure",
            Self::Emergency => "emergency",
            Self::EmergencyReviewed => "emergency_reviewed",
            Self::EmergencyUndone => "emergency_undone",
            Self::SubscriptionEnded => "subscription_ended",
            Self::StorageEnding => "storage_ending",
            Self::StorageEnded => "storage_ended",
            Self::HoldPlaced => "hold_placed",
            Self::HoldLifted => "hold_lifted",
        }
    }

    /// How subscriptions name it; what is about subscriptions themselves stays in the inbox.
    fn topic(self) -> Option<Topic> {
        match self {
            Self::Grant => Some(Topic::Grants),
            Self::Revocation => Some(Topic::Revocations),
            Self::Disclosure => Some(Topic::Disclosures),
            Self::Emergency | Self::EmergencyReviewed | Self::EmergencyUndone => Some(Topic::Emergencies),
            Self::StorageEnding | Self::StorageEnded | Self::HoldPlaced | Self::HoldLifted => Some(Topic::Storage),
            Self::SubscriptionEnded => None,
        }
    }
}

/// Up to where chain and log were told, and how far they are.
pub struct Feed {
    position: Position,
    pub disclosures: i64,
    pub log_size: i64,
    pub finalized_slot: i64,
}

/// An event of the chain.
pub struct ChainEvent {
    pub name: String,
    pub vault: Address,
    pub at: i64,
    pub signature: Signature,
    pub position: Position,
}

/// A permitted entry of the log.
pub struct DisclosedRow {
    pub index: i64,
    pub vault: Address,
    pub entry: String,
}

/// A notice that joins.
pub struct NewNotice {
    vault: Key,
    kind: Kind,
    at: i64,
    event: Option<(Signature, Position)>,
    settled: bool,
    disclosure: Option<i64>,
}

impl NewNotice {
    /// `settled` where the event is final.
    pub fn of_event(kind: Kind, event: &ChainEvent, settled: bool) -> Self {
        let of = Some((event.signature, event.position));
        Self { vault: Key(event.vault.0), kind, at: event.at, event: of, settled, disclosure: None }
    }

    pub fn of_disclosure(vault: Address, at: i64, index: i64) -> Self {
        let disclosure = Some(index);
        Self { vault: Key(vault.0), kind: Kind::Disclosure, at, event: None, settled: true, disclosure }
    }

    /// Of something that is neither on the chain nor in the log.
    pub fn of(kind: Kind, vault: Key, at: i64) -> Self {
        Self { vault, kind, at, event: None, settled: true, disclosure: None }
    }
}

/// Keeps others from appending until the transaction ends, and says where the feed is. None while the
/// mirror is empty.
#[tracing::instrument(name = "db.notice.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<Option<Feed>> {
    let row = sqlx::query!(
        "SELECT f.slot, f.tx_index, f.instruction_index, f.inner_index, f.disclosures, l.size, c.finalized_slot
         FROM protected.notice_feed f, protected.disclosure_log l, checkpoint c FOR UPDATE OF f"
    );
    Ok(row.fetch_optional(conn).await?.map(|row| Feed {
        position: Position {
            slot: row.slot,
            tx_index: row.tx_index,
            instruction_index: row.instruction_index,
            inner_index: row.inner_index,
        },
        disclosures: row.disclosures,
        log_size: row.size,
        finalized_slot: row.finalized_slot,
    }))
}

/// Seconds since the Unix epoch, as the database has them.
pub async fn now(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT extract(epoch FROM now())::bigint AS "now!""#).fetch_one(conn).await
}

macro_rules! events {
    ($condition:tt, $conn:expr $(, $argument:expr)*) => {{
        let rows = sqlx::query!(
            r#"SELECT e.signature AS "signature: Signature", e.slot, e.tx_index, e.instruction_index, e.inner_index,
                      e.name, e.vault AS "vault!: Address",
                      coalesce(s.block_time, extract(epoch FROM now())::bigint) AS "at!"
               FROM event e JOIN slot s USING (slot) WHERE e.vault IS NOT NULL AND "# + $condition,
            $($argument),*
        );
        rows.fetch_all($conn).await?.into_iter().map(|row| ChainEvent {
            name: row.name,
            vault: row.vault,
            at: row.at,
            signature: row.signature,
            position: Position {
                slot: row.slot,
                tx_index: row.tx_index,
                instruction_index: row.instruction_index,
                inner_index: row.inner_index,
            },
        }).collect()
    }};
}

/// Final events that were not told, in the order of the ledger, at most `most`.
#[tracing::instrument(name = "db.notice.final_events", skip_all)]
pub async fn final_events(conn: &mut PgConnection, feed: &Feed, most: i64) -> sqlx::Result<Vec<ChainEvent>> {
    Ok(events!(
        "(e.slot, e.tx_index, e.instruction_index, e.inner_index) > ($1, $2, $3, $4) AND e.slot <= $5
         ORDER BY e.slot, e.tx_index, e.instruction_index, e.inner_index LIMIT $6",
        conn,
        feed.position.slot,
        feed.position.tx_index,
        feed.position.instruction_index,
        feed.position.inner_index,
        feed.finalized_slot,
        most
    ))
}

/// Emergencies that are confirmed and not final, in the order of the ledger.
#[tracing::instrument(name = "db.notice.confirmed_emergencies", skip_all)]
pub async fn confirmed_emergencies(conn: &mut PgConnection, finalized_slot: i64) -> sqlx::Result<Vec<ChainEvent>> {
    Ok(events!(
        "e.name = 'BreakGlassOpened' AND e.slot > $1
         ORDER BY e.slot, e.tx_index, e.instruction_index, e.inner_index",
        conn,
        finalized_slot
    ))
}

/// Permitted entries of vaults from one place of the log until before another.
#[tracing::instrument(name = "db.notice.disclosed", skip_all)]
pub async fn disclosed(conn: &mut PgConnection, from: i64, until: i64) -> sqlx::Result<Vec<DisclosedRow>> {
    let rows = sqlx::query_as!(
        DisclosedRow,
        r#"SELECT index, vault AS "vault!: Address", entry FROM protected.disclosure
           WHERE index >= $1 AND index < $2 AND permitted AND vault <> decode(repeat('00', 32), 'hex') ORDER BY index"#,
        from,
        until
    );
    rows.fetch_all(conn).await
}

/// Looks again at what was told before it was final and finality has passed: it is settled, elsewhere by
/// now, or gone. Gives the vaults of what is gone.
#[tracing::instrument(name = "db.notice.settle", skip_all)]
pub async fn settle(conn: &mut PgConnection) -> sqlx::Result<Vec<Address>> {
    let gone = sqlx::query_scalar!(
        r#"
        WITH passed AS (
            SELECT n.vault, n.number, e.slot, c.finalized_slot
            FROM protected.notice n CROSS JOIN checkpoint c
            LEFT JOIN event e USING (signature, instruction_index, inner_index)
            WHERE NOT n.settled AND n.slot <= c.finalized_slot
        ), looked AS (
            UPDATE protected.notice n
            SET settled = p.slot IS NULL OR p.slot <= p.finalized_slot,
                slot = coalesce(p.slot, n.slot),
                signature = CASE WHEN p.slot IS NOT NULL THEN n.signature END
            FROM passed p WHERE p.vault = n.vault AND p.number = n.number
            RETURNING n.vault, n.number, n.signature
        )
        SELECT vault AS "vault!: Address" FROM looked WHERE signature IS NULL ORDER BY vault, number
        "#
    );
    gone.fetch_all(conn).await
}

/// Appends notices, each with the next number of its vault, but for those whose event or entry was told.
/// Gives how many joined.
#[tracing::instrument(name = "db.notice.append", skip_all)]
pub async fn append(conn: &mut PgConnection, new: &[NewNotice]) -> sqlx::Result<u64> {
    if new.is_empty() {
        return Ok(0);
    }
    fn column<T>(new: &[NewNotice], of: impl Fn(&NewNotice) -> T) -> Vec<T> {
        new.iter().map(of).collect()
    }
    sqlx::query!("SELECT FROM protected.notice_feed FOR UPDATE").fetch_one(&mut *conn).await?;
    let position = |notice: &NewNotice| notice.event.map(|(_, position)| position);
    let done = sqlx::query!(
        r#"
        WITH fresh AS (
            SELECT n.*
            FROM unnest($1::bytea[], $2::text[], $3::smallint[], $4::bigint[], $5::bytea[], $6::smallint[],
                        $7::smallint[], $8::bigint[], $9::boolean[], $10::bigint[]) WITH ORDINALITY
                 n (vault, kind, topic, at, signature, instruction_index, inner_index, slot, settled, disclosure,
                    ordinality)
            WHERE NOT EXISTS (
                SELECT FROM protected.notice o
                WHERE o.signature = n.signature AND o.instruction_index = n.instruction_index
                    AND o.inner_index = n.inner_index
            ) AND NOT EXISTS (SELECT FROM protected.notice o WHERE o.disclosure = n.disclosure)
        ), counted AS (
            UPDATE protected.notice_feed SET notices = notices + (SELECT count(*) FROM fresh)
            RETURNING notices - (SELECT count(*) FROM fresh) AS before
        )
        INSERT INTO protected.notice (vault, number, place, kind, topic, at, signature, instruction_index, inner_index,
                                      slot, settled, disclosure)
        SELECT f.vault,
               coalesce((SELECT max(o.number) FROM protected.notice o WHERE o.vault = f.vault), 0)
                   + row_number() OVER (PARTITION BY f.vault ORDER BY f.ordinality),
               (SELECT before FROM counted) + row_number() OVER (ORDER BY f.ordinality),
               f.kind, f.topic, f.at, f.signature, f.instruction_index, f.inner_index, f.slot, f.settled, f.disclosure
        FROM fresh f
        "#,
        &column(new, |notice| notice.vault.0.to_vec()),
        &column(new, |notice| notice.kind.as_str().to_owned()),
        &column(new, |notice| notice.kind.topic().map_or(0, Topic::bit)),
        &column(new, |notice| notice.at),
        &column(new, |notice| notice.event.map(|(signature, _)| signature.0.to_vec())) as _,
        &column(new, |notice| position(notice).map(|position| position.instruction_index)) as _,
        &column(new, |notice| position(notice).map(|position| position.inner_index)) as _,
        &column(new, |notice| position(notice).map(|position| position.slot)) as _,
        &column(new, |notice| notice.settled),
        &column(new, |notice| notice.disclosure) as _
    );
    Ok(done.execute(conn).await?.rows_affected())
}

/// Says up to where chain and log were told: to a position, or else to the end of a slot.
#[tracing::instrument(name = "db.notice.advance", skip_all)]
pub async fn advance(
    conn: &mut PgConnection,
    position: Option<Position>,
    slot: i64,
    disclosures: i64,
) -> sqlx::Result<()> {
    let position = position.unwrap_or(Position::end_of(slot));
    sqlx::query!(
        "UPDATE protected.notice_feed
         SET slot = $1, tx_index = $2, instruction_index = $3, inner_index = $4, disclosures = $5",
        position.slot,
        position.tx_index,
        position.instruction_index,
        position.inner_index,
        disclosures
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A notice as its patient reads it.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    pub number: i64,
    pub kind: Kind,
    pub at: Time,
}

/// Notices of a vault after a number, oldest first, at most `most`.
#[tracing::instrument(name = "db.notice.after", skip_all)]
pub async fn after(conn: &mut PgConnection, vault: Key, number: i64, most: i64) -> sqlx::Result<Vec<Notice>> {
    let rows = sqlx::query_as!(
        Notice,
        r#"SELECT number, kind AS "kind!: Kind", at AS "at!: Time" FROM protected.notice
           WHERE vault = $1 AND number > $2 ORDER BY number LIMIT $3"#,
        &vault.0[..] as _,
        number,
        most
    );
    rows.fetch_all(conn).await
}

/// Notices of a vault before a number and after another, newest first, at most `most`.
#[tracing::instrument(name = "db.notice.before", skip_all)]
pub async fn before(
    conn: &mut PgConnection,
    vault: Key,
    number: i64,
    after: i64,
    most: i64,
) -> sqlx::Result<Vec<Notice>> {
    let rows = sqlx::query_as!(
        Notice,
        r#"SELECT number, kind AS "kind!: Kind", at AS "at!: Time" FROM protected.notice
           WHERE vault = $1 AND number < $2 AND number > $3 ORDER BY number DESC LIMIT $4"#,
        &vault.0[..] as _,
        number,
        after,
        most
    );
    rows.fetch_all(conn).await
}

/// The number of a vault's newest notice; 0 where there is none.
#[tracing::instrument(name = "db.notice.newest", skip_all)]
pub async fn newest(conn: &mut PgConnection, vault: Key) -> sqlx::Result<i64> {
    let newest = sqlx::query_scalar!(
        r#"SELECT coalesce(max(number), 0) AS "newest!" FROM protected.notice WHERE vault = $1"#,
        &vault.0[..] as _
    );
    newest.fetch_one(conn).await
}

/// Up to which number the transaction's caller has read.
#[tracing::instrument(name = "db.notice.read_until", skip_all)]
pub async fn read_until(conn: &mut PgConnection, vault: Key) -> sqlx::Result<i64> {
    let number = sqlx::query_scalar!("SELECT number FROM protected.notice_read WHERE vault = $1", &vault.0[..] as _);
    Ok(number.fetch_optional(conn).await?.unwrap_or(0))
}

/// Says that the caller has read up to a number. Gives up to which that makes it.
#[tracing::instrument(name = "db.notice.mark_read", skip_all)]
pub async fn mark_read(conn: &mut PgConnection, vault: Key, wallet: Key, number: i64) -> sqlx::Result<i64> {
    let read = sqlx::query_scalar!(
        "INSERT INTO protected.notice_read (vault, wallet, number) VALUES ($1, $2, $3)
         ON CONFLICT (vault, wallet) DO UPDATE SET number = greatest(notice_read.number, excluded.number)
         RETURNING number",
        &vault.0[..] as _,
        &wallet.0[..] as _,
        number
    );
    read.fetch_one(conn).await
}

/// Vaults that were told something after a place of all notices, each with that place, in order.
#[tracing::instrument(name = "db.notice.told", skip_all)]
pub async fn told(conn: &mut PgConnection, place: i64, most: i64) -> sqlx::Result<Vec<(i64, Key)>> {
    let rows = sqlx::query!(
        r#"SELECT place, vault AS "vault!: Address" FROM protected.notice WHERE place > $1 ORDER BY place LIMIT $2"#,
        place,
        most
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.place, Key(row.vault.0))).collect())
}

/// How many notices there are.
#[tracing::instrument(name = "db.notice.count", skip_all)]
pub async fn count(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("SELECT notices FROM protected.notice_feed").fetch_one(conn).await
}
