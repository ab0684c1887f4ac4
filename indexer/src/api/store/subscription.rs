//! Who is told of notices elsewhere. What is sent, and what became of it, is not written in a caller's name.

use aegle_decision::Key;
use sqlx::PgConnection;

use super::notice::Kind;
use crate::api::{
    bytes::{Address, SubscriptionId},
    time::Time,
};

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Channel {
    Webhook,
    Email,
}

impl Channel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }
}

/// A subscription as its wallet reads it.
pub struct Subscription {
    pub subscription: SubscriptionId,
    pub vault: Address,
    pub channel: Channel,
    pub target: String,
    pub kinds: i16,
    pub confirmed: bool,
    pub created_at: Time,
    pub failing_since: Option<Time>,
    pub ended_at: Option<Time>,
}

pub struct NewSubscription {
    pub subscription: SubscriptionId,
    pub vault: Key,
    pub wallet: Key,
    pub channel: Channel,
    pub target: String,
    pub kinds: i16,
    pub secret: [u8; 32],
    pub code: Option<String>,
}

/// Keeps a subscription to what comes from now on, unless the wallet has `most` for the vault, or made
/// `most_a_day` in a day. False where that is so.
#[tracing::instrument(name = "db.subscription.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, new: &NewSubscription, most: i64, most_a_day: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.subscription (subscription, vault, wallet, channel, target, kinds, secret, code,
                                             next_number)
         SELECT $1, $2::bytea, $3, $4, $5, $6, $7, $8,
                (SELECT coalesce(max(number), 0) + 1 FROM protected.notice WHERE vault = $2::bytea)
         WHERE (SELECT count(*) FROM protected.subscription WHERE NOT removed) < $9
           AND (SELECT count(*) FROM protected.subscription WHERE created_at > now() - interval '1 day') < $10",
        new.subscription as _,
        &new.vault.0[..] as _,
        &new.wallet.0[..] as _,
        new.channel.as_str(),
        new.target,
        new.kinds,
        &new.secret[..] as _,
        new.code,
        most,
        most_a_day
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// The caller's subscriptions to the transaction's vault, oldest first; those that were removed are not
/// among them.
#[tracing::instrument(name = "db.subscription.list", skip_all)]
pub async fn list(conn: &mut PgConnection, vault: Key) -> sqlx::Result<Vec<Subscription>> {
    let rows = sqlx::query_as!(
        Subscription,
        r#"SELECT subscription AS "subscription!: SubscriptionId", vault AS "vault!: Address",
                  channel AS "channel!: Channel", target, kinds, code IS NULL AS "confirmed!",
                  extract(epoch FROM created_at)::bigint AS "created_at!: Time",
                  extract(epoch FROM failing_since)::bigint AS "failing_since: Time",
                  extract(epoch FROM ended_at)::bigint AS "ended_at: Time"
           FROM protected.subscription WHERE vault = $1 AND NOT removed ORDER BY created_at, subscription"#,
        &vault.0[..] as _
    );
    rows.fetch_all(conn).await
}

/// Ends a subscription of the caller's and forgets where it went. False where there is none.
#[tracing::instrument(name = "db.subscription.remove", skip_all)]
pub async fn remove(conn: &mut PgConnection, vault: Key, id: SubscriptionId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE protected.subscription SET removed = true, target = '', ended_at = coalesce(ended_at, now())
         WHERE vault = $1 AND subscription = $2 AND NOT removed",
        &vault.0[..] as _,
        id as _
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// Takes the code that was sent to an address, which tries are counted of and which holds for a day. True
/// where it is the one; what happened since the subscription was made is not told.
#[tracing::instrument(name = "db.subscription.confirm", skip_all)]
pub async fn confirm(
    conn: &mut PgConnection,
    vault: Key,
    id: SubscriptionId,
    code: &str,
    tries: i16,
) -> sqlx::Result<bool> {
    let right = sqlx::query_scalar!(
        r#"UPDATE protected.subscription s
           SET code_tries = code_tries + 1, code = nullif(code, $3),
               next_number = (SELECT coalesce(max(n.number), 0) + 1 FROM protected.notice n WHERE n.vault = s.vault)
           WHERE vault = $1 AND subscription = $2 AND ended_at IS NULL AND code IS NOT NULL AND code_tries < $4
             AND created_at > now() - interval '1 day'
           RETURNING code IS NULL AS "right!""#,
        &vault.0[..] as _,
        id as _,
        code,
        tries
    );
    Ok(right.fetch_optional(conn).await?.unwrap_or(false))
}

/// Something to send.
#[derive(Clone)]
pub struct Due {
    pub subscription: SubscriptionId,
    pub vault: Address,
    pub wallet: Address,
    pub channel: Channel,
    pub target: String,
    pub secret: Vec<u8>,
    pub attempts: i32,
    /// What the address's owner has to repeat.
    pub code: Option<String>,
    /// The next notice; none where there is a code.
    pub number: Option<i64>,
    pub kind: Option<Kind>,
    pub at: Option<i64>,
}

/// What is to be sent now, at most one thing for each subscription, and nothing for those `under_way`.
#[tracing::instrument(name = "db.subscription.due", skip_all)]
pub async fn due(conn: &mut PgConnection, under_way: &[Vec<u8>], most: i64) -> sqlx::Result<Vec<Due>> {
    let rows = sqlx::query_as!(
        Due,
        r#"SELECT s.subscription AS "subscription!: SubscriptionId", s.vault AS "vault!: Address",
                  s.wallet AS "wallet!: Address", s.channel AS "channel!: Channel", s.target, s.secret, s.attempts,
                  s.code, n.number AS "number?", n.kind AS "kind?: Kind", n.at AS "at?"
           FROM protected.subscription s
           LEFT JOIN LATERAL (
               SELECT number, kind, at FROM protected.notice n
               WHERE n.vault = s.vault AND n.number >= s.next_number AND n.topic & s.kinds <> 0
               ORDER BY number LIMIT 1
           ) n ON s.code IS NULL
           WHERE s.ended_at IS NULL AND s.retry_at <= now() AND s.subscription <> ALL ($1::bytea[])
             AND CASE WHEN s.code IS NULL THEN n.number IS NOT NULL ELSE NOT s.code_sent END
           ORDER BY s.retry_at LIMIT $2"#,
        under_way,
        most
    );
    rows.fetch_all(conn).await
}

/// Says that the receiver has taken what was due.
#[tracing::instrument(name = "db.subscription.taken", skip_all)]
pub async fn taken(conn: &mut PgConnection, due: &Due) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE protected.subscription
         SET next_number = greatest(next_number, $2), code_sent = code_sent OR $3, attempts = 0, failing_since = NULL,
             retry_at = now()
         WHERE subscription = $1",
        due.subscription as _,
        due.number.map_or(0, |number| number + 1),
        due.code.is_some()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that it has not, and is to be tried again in so many seconds; `given_up` in so many days since it
/// first did not. True where it is given up.
#[tracing::instrument(name = "db.subscription.failed", skip_all)]
pub async fn failed(conn: &mut PgConnection, due: &Due, retry_seconds: f64, give_up_days: i32) -> sqlx::Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"UPDATE protected.subscription
           SET attempts = attempts + 1, failing_since = coalesce(failing_since, now()),
               retry_at = now() + make_interval(secs => $2),
               ended_at = CASE WHEN failing_since <= now() - make_interval(days => $3) THEN now() END
           WHERE subscription = $1 AND ended_at IS NULL
           RETURNING ended_at IS NOT NULL AS "ended!""#,
        due.subscription as _,
        retry_seconds,
        give_up_days
    );
    Ok(ended.fetch_optional(conn).await?.unwrap_or(false))
}
