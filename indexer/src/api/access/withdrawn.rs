//! What is deleted once it is over for good: keys of those who lost their permission, contents that no
//! record claimed, and mail that was discarded.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(5);
/// How long a content waits for its record, in seconds.
const UNCLAIMED: f64 = 86_400.0;

/// Looks again and again until `shutdown`.
pub async fn run(pool: PgPool, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_some() {
        match delete(&pool).await {
            Ok(0) => {}
            Ok(deleted) => {
                metrics::counter!("aegle_withdrawn_keys_total").increment(deleted);
                tracing::info!(deleted, "deleted keys and contents that are over");
            }
            Err(error) => tracing::warn!(%error, "what is over could not be deleted; trying again"),
        }
    }
}

/// Deletes the wrapped keys of holders who are neither the patient nor, by a consent or a delegation
/// that stands at the finalized slot or is younger, anybody to the vault; unclaimed contents and discarded
/// mail, unless a legal hold keeps them; and of emergencies that are over what was released, and what was
/// never opened. Gives how many.
///
/// What is refused at once by the decision is deleted only here: a deletion cannot be taken back, so
/// it waits for finality.
#[tracing::instrument(name = "db.withdrawn.delete", skip_all)]
pub async fn delete(pool: &PgPool) -> sqlx::Result<u64> {
    let mut transaction = pool.begin().await?;
    let keys = sqlx::query!(
        r#"
        WITH now AS (SELECT finalized_slot AS slot FROM checkpoint), gone AS (
        DELETE FROM protected.wrap w USING now
        WHERE w.holder <> w.vault
            AND NOT EXISTS (
                SELECT FROM protected.opening o
                JOIN consent c ON c.consent = o.consent
                LEFT JOIN LATERAL (SELECT * FROM vault_at(now.slot)) v ON v.vault = o.vault
                WHERE o.vault = w.vault AND o.grantee = w.holder
                    AND (c.slot > now.slot OR c.consent_epoch = v.consent_epoch)
                    AND NOT EXISTS (
                        SELECT FROM consent_revocation r WHERE r.consent = o.consent AND r.slot <= now.slot
                    )
            )
            AND NOT EXISTS (
                SELECT FROM protected.opening o
                WHERE o.vault = w.vault AND o.grantee = w.holder
                    AND NOT EXISTS (SELECT FROM consent c WHERE c.consent = o.consent)
            )
            AND NOT EXISTS (
                SELECT FROM delegate d
                LEFT JOIN LATERAL (SELECT * FROM vault_at(now.slot)) v ON v.vault = d.vault
                WHERE d.vault = w.vault AND d.key = w.holder
                    AND (d.slot > now.slot OR d.delegate_epoch = v.delegate_epoch)
                    AND NOT EXISTS (
                        SELECT FROM delegate_removal r WHERE r.delegate = d.delegate AND r.slot <= now.slot
                    )
            )
        RETURNING w.record, w.holder, w.vault, w.key_given_at, w.content_given_at
        ), kept AS (
            INSERT INTO protected.past_wrap (record, holder, vault, content_given_at)
            SELECT record, holder, vault, content_given_at FROM gone WHERE key_given_at IS NOT NULL
        )
        SELECT count(*) AS "count!" FROM gone
        "#
    )
    .fetch_one(&mut *transaction)
    .await?;
    // Nobody places a hold from here on.
    sqlx::query!("LOCK TABLE protected.hold IN SHARE MODE").execute(&mut *transaction).await?;
    let contents = sqlx::query!(
        r#"
        WITH unclaimed AS MATERIALIZED (
            SELECT c.record, c.vault FROM protected.content c
            WHERE c.stored_at < now() - make_interval(secs => $1)
                AND NOT EXISTS (SELECT FROM record r WHERE r.record = c.record AND r.commitment = c.commitment)
        ), gone AS (
            DELETE FROM protected.content c USING unclaimed u
            WHERE c.record = u.record AND NOT protected.is_held(u.vault, u.record)
            RETURNING c.blob, c.erasure_key
        ), ended AS (
            INSERT INTO protected.ended_key (erasure_key) SELECT erasure_key FROM gone WHERE erasure_key IS NOT NULL
        )
        SELECT count(protected.release_blob(blob)) AS "count!" FROM gone
        "#,
        UNCLAIMED
    )
    .fetch_one(&mut *transaction)
    .await?;
    let mail = sqlx::query!(
        r#"
        WITH gone AS (
            DELETE FROM protected.mailbox_item m
            WHERE m.discarded_at IS NOT NULL AND NOT protected.is_held(m.vault, NULL)
            RETURNING m.blob, m.erasure_key
        ), ended AS (
            INSERT INTO protected.ended_key (erasure_key) SELECT erasure_key FROM gone WHERE erasure_key IS NOT NULL
        )
        SELECT count(protected.release_blob(blob)) AS "count!" FROM gone
        "#
    )
    .fetch_one(&mut *transaction)
    .await?;
    let emergencies = sqlx::query!(
        r#"
        WITH released AS (
            DELETE FROM protected.released_share r USING protected.emergency e
            WHERE e.break_glass = r.break_glass AND e.expires_at <= extract(epoch FROM now())
            RETURNING 1
        ), unopened AS (
            DELETE FROM protected.emergency e
            WHERE e.expires_at <= extract(epoch FROM now()) - 3600
                AND NOT EXISTS (SELECT FROM break_glass b WHERE b.break_glass = e.break_glass)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM released) + (SELECT count(*) FROM unopened) AS "count!"
        "#
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok([keys.count, contents.count, mail.count, emergencies.count].into_iter().map(i64::unsigned_abs).sum())
}
