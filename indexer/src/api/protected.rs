//! Connections for what is not on the chain: sessions, records, consents.
//!
//! They take a role that row-level security binds, and each transaction says whom it serves, for
//! itself alone: what a connection carries ends with the transaction, however that ends.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use super::{error::ApiError, session::Bearer, state::ApiState};
use crate::db::{pool_options, quiet};

/// Role of every connection to what is not on the chain.
const ROLE: &str = "aegle_api";
/// How long to wait for the database before it counts as unreachable.
const ACQUIRE: Duration = Duration::from_secs(3);

/// Connections to the database of `pool`, at most `connections`, in the role [`ROLE`]; none is opened
/// before it is needed.
pub fn connect(pool: &PgPool, connections: u32) -> PgPool {
    let options = pool.connect_options().as_ref().clone().options([
        ("role", ROLE),
        // Every statement here looks few rows up by their keys: planning it anew costs more than it does.
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
    ]);
    pool_options().max_connections(connections).acquire_timeout(ACQUIRE).connect_lazy_with(quiet(options))
}

/// A transaction on behalf of a caller: row-level security sees the caller's wallet.
///
/// # Errors
/// The database cannot be reached.
pub async fn begin(state: &ApiState, bearer: &Bearer) -> Result<Transaction<'static, Postgres>, ApiError> {
    begin_as(&state.protected, &bearer.caller.key.0, state.request_timeout).await
}

/// A transaction on behalf of nobody: row-level security shows it no row.
///
/// # Errors
/// The database cannot be reached.
pub async fn begin_unnamed(state: &ApiState) -> Result<Transaction<'static, Postgres>, ApiError> {
    begin_as(&state.protected, &[], state.request_timeout).await
}

async fn begin_as(
    pool: &PgPool,
    caller: &[u8],
    statement_timeout: Duration,
) -> Result<Transaction<'static, Postgres>, ApiError> {
    // One round trip. Whoever stops waiting leaves the statement running, so the database stops it too.
    let statement = format!(
        "BEGIN; SET LOCAL statement_timeout = {}; SET LOCAL aegle.caller = '{}'",
        statement_timeout.as_millis(),
        hex::encode(caller)
    );
    Ok(pool.begin_with(AssertSqlSafe(statement)).await?)
}

/// For tests: a transaction on behalf of a caller by the own pool.
#[cfg(test)]
pub async fn begin_for(pool: &PgPool, caller: &[u8]) -> Transaction<'static, Postgres> {
    begin_as(pool, caller, Duration::from_secs(10)).await.unwrap()
}

#[cfg(test)]
mod tests {
    use futures::{future::join_all, poll};
    use sqlx::PgConnection;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// A table as others of the schema: each caller sees the own rows.
    async fn notes(pool: &PgPool) {
        sqlx::raw_sql(
            "CREATE TABLE protected.note (caller bytea);
             ALTER TABLE protected.note ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON protected.note USING (caller = protected.current_caller());
             GRANT SELECT ON protected.note TO aegle_api;
             INSERT INTO protected.note VALUES ('\\x01'), ('\\x02'), ('\\x02'), (NULL)",
        )
        .execute(pool)
        .await
        .unwrap();
    }

    async fn seen(conn: &mut PgConnection) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM protected.note").fetch_one(conn).await.unwrap()
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_caller_sees_the_own_rows_and_nobody_sees_none(pool: PgPool) {
        notes(&pool).await;
        let protected = connect(&pool, 1);
        for (caller, rows) in [(&[1][..], 1), (&[2], 2), (&[3], 0), (&[], 0)] {
            let mut transaction = begin_as(&protected, caller, TIMEOUT).await.unwrap();
            assert_eq!(seen(&mut transaction).await, rows, "{caller:?}");
            transaction.commit().await.unwrap();
        }
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn the_role_can_neither_bypass_row_level_security_nor_change_it(pool: PgPool) {
        notes(&pool).await;
        let protected = connect(&pool, 1);
        let (role, rises): (String, bool) = sqlx::query_as(
            "SELECT current_user::text, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin
             FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&protected)
        .await
        .unwrap();
        assert_eq!((role.as_str(), rises), (ROLE, false));
        for statement in [
            "SET row_security = off; SELECT * FROM protected.note",
            "ALTER TABLE protected.note DISABLE ROW LEVEL SECURITY",
            "DROP POLICY own ON protected.note",
            "CREATE TABLE protected.other ()",
            "INSERT INTO protected.note VALUES ('\\x03')",
            "DELETE FROM public.checkpoint",
            "UPDATE protected.session SET wallet = token_hash",
        ] {
            assert!(sqlx::raw_sql(statement).execute(&protected).await.is_err(), "{statement}");
        }
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_connection_carries_no_caller_on_however_its_transaction_ended(pool: PgPool) {
        notes(&pool).await;
        let protected = connect(&pool, 1);
        let carried = async || -> (Option<String>, i64) {
            let mut connection = protected.acquire().await.unwrap();
            let caller = sqlx::query_scalar("SELECT nullif(current_setting('aegle.caller', true), '')");
            (caller.fetch_one(&mut *connection).await.unwrap(), seen(&mut connection).await)
        };
        let nobody = (None, 0);

        begin_as(&protected, &[2], TIMEOUT).await.unwrap().commit().await.unwrap();
        assert_eq!(carried().await, nobody, "committed");
        begin_as(&protected, &[2], TIMEOUT).await.unwrap().rollback().await.unwrap();
        assert_eq!(carried().await, nobody, "rolled back");
        drop(begin_as(&protected, &[2], TIMEOUT).await.unwrap());
        assert_eq!(carried().await, nobody, "dropped");

        let mut failed = begin_as(&protected, &[2], TIMEOUT).await.unwrap();
        assert!(sqlx::raw_sql("SELECT 1 / 0").execute(&mut *failed).await.is_err());
        drop(failed);
        assert_eq!(carried().await, nobody, "failed");

        // Whoever goes away does so at any step of a request, such as before the answer to `BEGIN`,
        for steps in (1..12).cycle().take(60) {
            let mut request = Box::pin(async {
                let mut transaction = begin_as(&protected, &[2], TIMEOUT).await.unwrap();
                sqlx::raw_sql("SELECT 1").execute(&mut *transaction).await.unwrap();
                transaction.commit().await.unwrap();
            });
            for _ in 0..steps {
                if poll!(request.as_mut()).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(request);
            assert_eq!(carried().await, nobody, "given up after {steps} steps");
        }
        // or at any moment: while connecting, beginning, reading, or committing.
        for micros in (0..4_000).step_by(100) {
            let request = async {
                let mut transaction = begin_as(&protected, &[2], TIMEOUT).await.unwrap();
                sqlx::raw_sql("SELECT pg_sleep(0.001)").execute(&mut *transaction).await.unwrap();
                transaction.commit().await.unwrap();
            };
            let _ = tokio::time::timeout(Duration::from_micros(micros), request).await;
            assert_eq!(carried().await, nobody, "cancelled after {micros} µs");
        }
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn callers_that_share_few_connections_are_not_mixed_up(pool: PgPool) {
        notes(&pool).await;
        let protected = connect(&pool, 2);
        let requests = (0..60_u8).map(|number| {
            let (protected, caller) = (&protected, number % 3 + 1);
            async move {
                let mut transaction = begin_as(protected, &[caller], TIMEOUT).await.unwrap();
                assert_eq!(seen(&mut transaction).await, [1, 2, 0][usize::from(caller) - 1]);
                if number % 2 == 0 {
                    transaction.commit().await.unwrap();
                }
            }
        });
        join_all(requests).await;
        protected.close().await;
    }
}
