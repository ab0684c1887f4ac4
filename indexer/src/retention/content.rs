//! The end of storage of contents: announced, and then carried out as an erasure is.

use std::collections::BTreeMap;

use aegle_decision::{Document, Key, Labels};
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool};

use super::{RetentionError, schedule::Schedule};
use crate::{
    api::notice::{self, Kind, NewNotice},
    erasure::{Cause, ErasureError, ErasureKeys, KeyId, destroy},
};

/// Contents looked at in one query, and destroyed in one transaction at most.
const BATCH: i64 = 200;

/// A content whose period may be over.
struct Candidate {
    record: [u8; 32],
    vault: [u8; 32],
    key: KeyId,
    /// Whether its period is over, or will be within the notice period.
    ends: Option<Timestamp>,
    announced: Option<Timestamp>,
    /// The end that was announced.
    ends_at: Option<Timestamp>,
    is_held: bool,
}

/// What has to be done about a content now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Announce,
    /// By another schedule it stays after all.
    TakeBack,
    End,
}

impl Candidate {
    fn step(&self, now: Timestamp, notice: SignedDuration) -> Step {
        let over_by = |time: Timestamp| self.ends.is_some_and(|ends| ends <= time);
        let announceable = now.checked_add(notice).is_ok_and(over_by);
        match (self.announced, self.ends_at) {
            (Some(_), _) if !announceable => Step::TakeBack,
            (Some(announced), Some(ends_at)) => {
                let was_told = announced.checked_add(notice).is_ok_and(|told| told <= now);
                if was_told && ends_at <= now && over_by(now) && !self.is_held { Step::End } else { Step::Nothing }
            }
            _ if announceable && !self.is_held => Step::Announce,
            _ => Step::Nothing,
        }
    }
}

/// How many contents were announced, and how many ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub announced: u64,
    pub ended: u64,
}

/// How many contents would be announced at `now`, and how many would end; changes nothing.
///
/// # Errors
/// The database's.
pub async fn due(
    pool: &PgPool,
    schedule: &Schedule,
    notice: SignedDuration,
    now: Timestamp,
) -> Result<Ended, RetentionError> {
    let mut due = Ended::default();
    let mut after = Vec::new();
    while let Some(page) = page(pool, schedule, notice, now, &after).await? {
        for candidate in &page {
            match candidate.step(now, notice) {
                Step::Announce => due.announced += 1,
                Step::End => due.ended += 1,
                Step::TakeBack | Step::Nothing => {}
            }
        }
        after = page.last().map(|last| last.record.to_vec()).unwrap_or_default();
    }
    Ok(due)
}

/// Announces the end of contents, and ends those of which the patient was told long enough before.
///
/// # Errors
/// The database's; what was done stays done.
pub async fn sweep(
    pool: &PgPool,
    keys: &ErasureKeys,
    schedule: &Schedule,
    notice: SignedDuration,
    now: Timestamp,
) -> Result<Ended, RetentionError> {
    let mut done = Ended::default();
    let mut after = Vec::new();
    while let Some(page) = page(pool, schedule, notice, now, &after).await? {
        after = page.last().map(|last| last.record.to_vec()).unwrap_or_default();
        let (mut announce, mut take_back) = (Vec::new(), Vec::new());
        let mut end: BTreeMap<[u8; 32], Vec<_>> = BTreeMap::new();
        for candidate in page {
            match candidate.step(now, notice) {
                Step::Nothing => {}
                // It ended before the backup was restored that it comes from.
                Step::Announce if matches!(keys.get(candidate.key).await, Err(ErasureError::Missing)) => {
                    end.entry(candidate.vault).or_default().push((candidate.record, candidate.key));
                }
                Step::Announce => announce.push(candidate),
                Step::TakeBack => take_back.push(candidate.record.to_vec()),
                Step::End => end.entry(candidate.vault).or_default().push((candidate.record, candidate.key)),
            }
        }
        let mut transaction = pool.begin().await?;
        sqlx::query!("DELETE FROM protected.content_end WHERE record = ANY ($1::bytea[])", &take_back)
            .execute(&mut *transaction)
            .await?;
        done.announced += self::announce(&mut transaction, &announce, notice, now).await?;
        transaction.commit().await?;
        for (vault, contents) in end {
            let mut transaction = pool.begin().await?;
            let ended = destroy(&mut transaction, &contents, Cause::Retention).await?;
            if ended > 0 {
                let told = NewNotice::of(Kind::StorageEnded, Key(vault), now.as_second());
                notice::append(&mut transaction, &[told]).await?;
            }
            transaction.commit().await?;
            done.ended += ended;
        }
    }
    Ok(done)
}

/// Contents whose period may be over, and those that were announced, by record; none after the last.
async fn page(
    pool: &PgPool,
    schedule: &Schedule,
    notice: SignedDuration,
    now: Timestamp,
    after: &[u8],
) -> Result<Option<Vec<Candidate>>, RetentionError> {
    let horizon = now.checked_add(notice).map_err(|_| RetentionError::Time)?;
    let shortest = schedule.shortest_of_contents().and_then(|period| period.before(horizon));
    let rows = sqlx::query!(
        r#"
        SELECT c.record AS "record!: [u8; 32]", c.vault AS "vault!: [u8; 32]", c.erasure_key AS "key!: [u8; 32]",
               c.labels, extract(epoch FROM c.stored_at)::bigint AS "stored!",
               extract(epoch FROM e.announced_at)::bigint AS announced, extract(epoch FROM e.ends_at)::bigint AS ends,
               protected.is_held(c.vault, c.record) AS "is_held!"
        FROM (
            (
                SELECT record FROM protected.content
                WHERE $1::bigint IS NOT NULL AND stored_at <= to_timestamp($1::bigint) AND record > $2
                    AND erasure_key IS NOT NULL
                ORDER BY record LIMIT $3
            )
            UNION (SELECT record FROM protected.content_end WHERE record > $2 ORDER BY record LIMIT $3)
            ORDER BY record LIMIT $3
        ) page
        JOIN protected.content c USING (record)
        LEFT JOIN protected.content_end e USING (record)
        ORDER BY record
        "#,
        shortest.map(Timestamp::as_second),
        after,
        BATCH
    )
    .fetch_all(pool)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|_| RetentionError::Time);
    let candidates = rows.into_iter().map(|row| {
        let labels: Option<Document<Labels>> = Document::read(row.labels.into_bytes()).ok();
        Ok(Candidate {
            record: row.record,
            vault: row.vault,
            key: KeyId(row.key),
            ends: schedule.content_ends(time(row.stored)?, labels.as_ref().map(Document::value)),
            announced: row.announced.map(time).transpose()?,
            ends_at: row.ends.map(time).transpose()?,
            is_held: row.is_held,
        })
    });
    candidates.collect::<Result<_, _>>().map(Some)
}

/// Says of contents that they end, once for each vault. Gives of how many that was new.
async fn announce(
    transaction: &mut PgConnection,
    contents: &[Candidate],
    notice: SignedDuration,
    now: Timestamp,
) -> Result<u64, RetentionError> {
    if contents.is_empty() {
        return Ok(0);
    }
    let earliest = now.checked_add(notice).map_err(|_| RetentionError::Time)?;
    let ends = |content: &Candidate| content.ends.map_or(earliest, |ends| ends.max(earliest)).as_second();
    let records: Vec<_> = contents.iter().map(|content| content.record.to_vec()).collect();
    let vaults: Vec<_> = contents.iter().map(|content| content.vault.to_vec()).collect();
    let ends: Vec<_> = contents.iter().map(ends).collect();
    let told = sqlx::query!(
        r#"
        WITH told AS (
            INSERT INTO protected.content_end (record, vault, announced_at, ends_at)
            SELECT a.record, a.vault, to_timestamp($4::bigint), to_timestamp(a.ends)
            FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) a (record, vault, ends)
            WHERE EXISTS (SELECT FROM protected.content c WHERE c.record = a.record)
            ON CONFLICT (record) DO NOTHING
            RETURNING vault
        )
        SELECT vault AS "vault!: [u8; 32]", count(*) AS "count!" FROM told GROUP BY vault ORDER BY vault
        "#,
        &records,
        &vaults,
        &ends,
        now.as_second()
    )
    .fetch_all(&mut *transaction)
    .await?;
    let notices: Vec<_> =
        told.iter().map(|row| NewNotice::of(Kind::StorageEnding, Key(row.vault), now.as_second())).collect();
    notice::append(transaction, &notices).await?;
    Ok(told.iter().map(|row| row.count.unsigned_abs()).sum())
}
