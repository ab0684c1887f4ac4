//! What the tables hold of each class, and what of it is over. Contents are apart: their end is announced.

use sqlx::{PgConnection, PgPool};

use super::class::Class;

/// How much there is of a class.
pub struct Stock {
    pub class: Class,
    pub rows: i64,
    /// Time of the oldest, in seconds since the Unix epoch.
    pub oldest: Option<i64>,
}

/// How much there is of every class.
#[tracing::instrument(name = "db.retention.stock", skip_all)]
pub async fn stock(conn: &mut PgConnection) -> sqlx::Result<Vec<Stock>> {
    let rows = sqlx::query!(
        r#"
        SELECT class AS "class!", count AS "count!", oldest FROM (
            SELECT 'content' AS class, count(*), extract(epoch FROM min(stored_at))::bigint AS oldest
            FROM protected.content
            UNION ALL SELECT 'mailbox_item', count(*), extract(epoch FROM min(posted_at))::bigint
            FROM protected.mailbox_item
            UNION ALL SELECT 'access_request', count(*), extract(epoch FROM min(requested_at))::bigint
            FROM protected.access_request
            UNION ALL SELECT 'notice', count(*), min(at) FROM protected.notice
            UNION ALL SELECT 'subscription', count(*), extract(epoch FROM min(created_at))::bigint
            FROM protected.subscription
            UNION ALL SELECT 'invitation', count(*), min(created_at) FROM protected.invitation
            UNION ALL SELECT 'key', sum(rows)::bigint, extract(epoch FROM min(oldest))::bigint FROM (
                SELECT count(*) AS rows, min(stored_at) AS oldest FROM protected.keyring
                UNION ALL SELECT count(*), min(stored_at) FROM protected.guardian_share
                UNION ALL SELECT count(*), min(stored_at) FROM protected.custodian_plan
            ) keys
            UNION ALL SELECT 'consent_opening', count(*), extract(epoch FROM min(stored_at))::bigint
            FROM protected.opening
            UNION ALL SELECT 'emergency', count(*), extract(epoch FROM min(stored_at))::bigint
            FROM protected.emergency
            UNION ALL SELECT 'disclosure_log', count(*),
                (SELECT (entry::jsonb ->> 'at')::bigint FROM protected.disclosure ORDER BY index LIMIT 1)
            FROM protected.disclosure
            UNION ALL SELECT 'erasure', count(*), extract(epoch FROM min(destroyed_at))::bigint
            FROM protected.erasure
            UNION ALL SELECT 'hold', count(*), extract(epoch FROM min(placed_at))::bigint FROM protected.hold
            UNION ALL SELECT 'chain', count(*), (SELECT min(block_time) FROM slot) FROM event
        ) stock
        "#
    )
    .fetch_all(conn)
    .await?;
    let of = |class: Class| {
        rows.iter().find(|row| row.class == class.as_str()).map(|row| Stock {
            class,
            rows: row.count,
            oldest: row.oldest,
        })
    };
    Ok(Class::ALL.into_iter().filter_map(of).collect())
}

/// How much there is of what ends by a setting, by the name that the report has for it.
#[tracing::instrument(name = "db.retention.of_settings", skip_all)]
pub async fn of_settings(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"
        SELECT 'sessions' AS "data!", count(*) AS "count!" FROM protected.session
        UNION ALL SELECT 'challenges of sign-in', count(*) FROM protected.used_challenge
        UNION ALL SELECT 'uploads that nothing claimed', count(*) FROM protected.upload WHERE state <> 'claimed'
        UNION ALL SELECT 'transactions that the relay paid for', count(*) FROM protected.relayed
        "#
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.data, row.count)).collect())
}

// Each class is a table, in which rows are over by a condition and in an order, and how they end.
macro_rules! over {
    ($run:ident, MailboxItem) => {
        $run!(
            "mailbox_item",
            "discarded_at IS NULL AND posted_at <= to_timestamp($1::bigint) AND NOT protected.is_held(d.vault, NULL)",
            "posted_at",
            // It is destroyed with what patients and senders discard.
            "UPDATE protected.mailbox_item o SET discarded_at = now() FROM"
        )
    };
    ($run:ident, AccessRequest) => {
        $run!(
            "access_request",
            "requested_at <= to_timestamp($1::bigint) AND NOT protected.is_held(d.vault, NULL)",
            "requested_at",
            "DELETE FROM protected.access_request o USING"
        )
    };
    // The newest stays, so that numbers go on, and what somebody has still to be sent.
    ($run:ident, Notice) => {
        $run!(
            "notice",
            "at <= $1::bigint AND settled AND NOT protected.is_held(d.vault, NULL)
                 AND EXISTS (SELECT FROM protected.notice n WHERE n.vault = d.vault AND n.number > d.number)
                 AND NOT EXISTS (
                     SELECT FROM protected.subscription s
                     WHERE s.vault = d.vault AND s.ended_at IS NULL AND s.next_number <= d.number
                 )",
            "at",
            "DELETE FROM protected.notice o USING"
        )
    };
    ($run:ident, Subscription) => {
        $run!(
            "subscription",
            "ended_at <= to_timestamp($1::bigint)",
            "ended_at",
            "DELETE FROM protected.subscription o USING"
        )
    };
    ($run:ident, Invitation) => {
        $run!("invitation", "expires_at <= $1::bigint", "expires_at", "DELETE FROM protected.invitation o USING")
    };
}

/// How much of a class is over whose period counts from `before`, in seconds since the Unix epoch, or earlier.
/// Zero for contents and for what never ends.
#[tracing::instrument(name = "db.retention.due", skip_all)]
pub async fn due(pool: &PgPool, class: Class, before: i64) -> sqlx::Result<i64> {
    macro_rules! count {
        ($table:tt, $condition:tt, $order:tt, $end:tt) => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "due!" FROM protected."# + $table + " d WHERE " + $condition,
                before
            )
            .fetch_one(pool)
            .await
        };
    }
    match class {
        Class::MailboxItem => over!(count, MailboxItem),
        Class::AccessRequest => over!(count, AccessRequest),
        Class::Notice => over!(count, Notice),
        Class::Subscription => over!(count, Subscription),
        Class::Invitation => over!(count, Invitation),
        _ => Ok(0),
    }
}

/// Ends a batch of what is over, oldest first, and gives how much that was. Rows that another process has in
/// hand are left to it; nobody places a hold meanwhile.
///
/// # Errors
/// The database's; then nothing was deleted.
#[tracing::instrument(name = "db.retention.delete", skip_all)]
pub async fn delete(pool: &PgPool, class: Class, before: i64, most: i64) -> sqlx::Result<u64> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("LOCK TABLE protected.hold IN SHARE MODE").execute(&mut *transaction).await?;
    macro_rules! end {
        ($table:tt, $condition:tt, $order:tt, $end:tt) => {
            sqlx::query!(
                "WITH due AS (SELECT d.ctid AS place FROM protected."
                    + $table
                    + " d WHERE "
                    + $condition
                    + " ORDER BY "
                    + $order
                    + " LIMIT $2 FOR UPDATE OF d SKIP LOCKED) "
                    + $end
                    + " due WHERE o.ctid = due.place",
                before,
                most
            )
            .execute(&mut *transaction)
            .await?
            .rows_affected()
        };
    }
    let ended = match class {
        Class::MailboxItem => over!(end, MailboxItem),
        Class::AccessRequest => over!(end, AccessRequest),
        Class::Notice => over!(end, Notice),
        Class::Subscription => over!(end, Subscription),
        Class::Invitation => over!(end, Invitation),
        _ => 0,
    };
    transaction.commit().await?;
    Ok(ended)
}
