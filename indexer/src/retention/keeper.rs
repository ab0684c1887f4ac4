use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{RetentionConfig, RetentionError, class::Class, content, rows, schedule::Schedule};
use crate::{blob::Sweeper, erasure::ErasureKeys};

/// Rows deleted in one transaction.
const BATCH: i64 = 500;

/// What a look deleted, or a look at another time would.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Contents of which the patient was told that their storage ends.
    pub announced: u64,
    /// Rows by class, where there were any.
    pub deleted: BTreeMap<Class, u64>,
}

/// Deletes what the schedule says is over. Any number of processes may do so at once.
pub struct Keeper {
    keys: ErasureKeys,
    /// Connections that see every row.
    pool: PgPool,
    sweeper: Sweeper,
    schedule: Schedule,
    notice: SignedDuration,
    interval: Duration,
}

impl Keeper {
    /// # Errors
    /// A schedule that cannot be read or says what it may not; nothing is deleted then.
    pub fn new(
        keys: ErasureKeys,
        pool: PgPool,
        sweeper: Sweeper,
        config: &RetentionConfig,
    ) -> Result<Self, RetentionError> {
        let notice = notice(config);
        let interval = Duration::from_secs(config.sweep_interval.into());
        Ok(Self { keys, pool, sweeper, schedule: Schedule::load(config)?, notice, interval })
    }

    /// Looks again and again until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        while let Some(swept) = stop.run_until_cancelled(self.look()).await {
            match swept {
                Ok(swept) if swept == Swept::default() => {}
                Ok(swept) => tracing::info!(?swept, "deleted what the retention schedule says is over"),
                Err(error) => tracing::error!(%error, "what is over could not be deleted; trying again"),
            }
            if stop.run_until_cancelled(tokio::time::sleep(self.interval)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&self) -> Result<Swept, RetentionError> {
        self.sweep(database_time(&self.pool).await?).await
    }

    /// Deletes what is over at `now`, and announces what will be.
    ///
    /// # Errors
    /// The database's; what was done stays done, and the rest is for the next look.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, RetentionError> {
        let mut swept = Swept::default();
        for class in Class::ALL {
            let Some(before) = self.schedule.period(class).and_then(|period| period.before(now)) else { continue };
            if class == Class::Content {
                continue;
            }
            let mut deleted = 0;
            loop {
                let batch = rows::delete(&self.pool, class, before.as_second(), BATCH).await?;
                deleted += batch;
                if batch < BATCH.unsigned_abs() {
                    break;
                }
            }
            swept.note(class, deleted);
        }
        let content = content::sweep(&self.pool, &self.keys, &self.schedule, self.notice, now).await?;
        swept.announced = content.announced;
        swept.note(Class::Content, content.ended);
        for (class, deleted) in &swept.deleted {
            metrics::counter!("aegle_retention_deleted_total", "data" => class.as_str()).increment(*deleted);
        }
        metrics::counter!("aegle_retention_announced_total").increment(swept.announced);
        let holds = sqlx::query_scalar!(r#"SELECT count(*) AS "holds!" FROM protected.hold WHERE lifted_at IS NULL"#);
        metrics::gauge!("aegle_holds").set(holds.fetch_one(&self.pool).await? as f64);
        self.sweeper.wake();
        Ok(swept)
    }
}

impl Swept {
    pub(super) fn note(&mut self, class: Class, rows: u64) {
        if rows > 0 {
            self.deleted.insert(class, rows);
        }
    }
}

fn notice(config: &RetentionConfig) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(config.notice_days))
}

/// The time by which rows are stamped.
pub(super) async fn database_time(pool: &PgPool) -> Result<Timestamp, RetentionError> {
    let now = sqlx::query_scalar!(r#"SELECT extract(epoch FROM now())::bigint AS "now!""#).fetch_one(pool).await?;
    Timestamp::from_second(now).map_err(|_| RetentionError::Time)
}

/// What [`Keeper::sweep`] would do at `now`; changes nothing.
///
/// # Errors
/// A schedule that cannot be read, or the database's.
pub async fn due(pool: &PgPool, config: &RetentionConfig, now: Timestamp) -> Result<Swept, RetentionError> {
    let schedule = Schedule::load(config)?;
    let mut due = Swept::default();
    for class in Class::ALL {
        if let Some(before) = schedule.period(class).and_then(|period| period.before(now)) {
            due.note(class, rows::due(pool, class, before.as_second()).await?.unsigned_abs());
        }
    }
    let contents = content::due(pool, &schedule, notice(config), now).await?;
    due.announced = contents.announced;
    due.note(Class::Content, contents.ended);
    Ok(due)
}
