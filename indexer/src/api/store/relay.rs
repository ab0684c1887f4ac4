use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

use crate::api::bytes::{Address, Signature};

/// The day of budgets that never end.
pub const ALL_DAYS: i32 = -1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "protected.relay_status", rename_all = "snake_case")]
pub enum RelayStatus {
    /// Sent, and not in a confirmed block yet.
    Pending,
    /// In a confirmed block.
    Landed,
    /// In a confirmed block, without effect.
    Failed,
    /// Too old to land.
    Expired,
}

impl RelayStatus {
    pub fn is_final(self) -> bool {
        self != Self::Pending
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Landed => "landed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// A transaction that is about to be sent.
#[derive(Clone, Debug)]
pub struct Relaying {
    pub signature: Signature,
    pub wallet: Address,
    pub day: i32,
    /// What it is expected to cost, and its fee in it.
    pub lamports: i64,
    pub fee: i64,
    pub last_valid_block_height: i64,
    /// Some where it needs an invitation: the hash of the code that came with it, if one did.
    pub invitation: Option<Option<[u8; 32]>>,
    pub created_at: i64,
}

/// What may be spent, by whom and on which day.
#[derive(Clone, Debug)]
pub struct Budget {
    /// A wallet; empty for everybody.
    pub scope: Vec<u8>,
    pub day: i32,
    pub lamports: i64,
    pub transactions: i64,
    /// What is said where it does not suffice.
    pub refusal: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    Taken,
    /// The same transaction was there already; nothing was taken.
    Known,
    NoInvitation,
    Over(&'static str),
}

/// Writes down a transaction, uses its invitation up and takes what it may cost from every budget. Where
/// the answer is not [`Reserved::Taken`], the database transaction must not be committed.
#[tracing::instrument(name = "db.relayed.reserve", skip_all)]
pub async fn reserve(conn: &mut PgConnection, relaying: &Relaying, budgets: &[Budget]) -> sqlx::Result<Reserved> {
    let Relaying { signature, wallet, day, lamports, fee, last_valid_block_height, invitation, created_at } = relaying;
    let invitation = match invitation {
        None => None,
        Some(None) => return Ok(Reserved::NoInvitation),
        Some(Some(hash)) => Some(hash.as_slice()),
    };
    let inserted = sqlx::query!(
        "INSERT INTO protected.relayed
             (signature, wallet, day, lamports, fee, last_valid_block_height, invitation, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO NOTHING",
        *signature as _,
        *wallet as _,
        day,
        lamports,
        fee,
        last_valid_block_height,
        invitation,
        created_at
    )
    .execute(&mut *conn)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Reserved::Known);
    }
    if invitation.is_some() {
        let used = sqlx::query!(
            "UPDATE protected.invitation SET used_by = $2, used_at = $3
             WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $3",
            invitation,
            *wallet as _,
            created_at
        )
        .execute(&mut *conn)
        .await?;
        if used.rows_affected() == 0 {
            return Ok(Reserved::NoInvitation);
        }
    }
    for budget in budgets {
        if !take(conn, budget, *lamports).await? {
            return Ok(Reserved::Over(budget.refusal));
        }
    }
    Ok(Reserved::Taken)
}

/// Takes lamports and one transaction from a budget; false where they are not there. The row stays locked
/// until the end of the database transaction, so that parallel requests take one after the other.
async fn take(conn: &mut PgConnection, budget: &Budget, lamports: i64) -> sqlx::Result<bool> {
    if lamports > budget.lamports || budget.transactions < 1 {
        return Ok(false);
    }
    let taken = sqlx::query!(
        "INSERT INTO protected.relay_budget AS b (scope, day, lamports, transactions) VALUES ($1, $2, $3, 1)
         ON CONFLICT (scope, day) DO UPDATE SET lamports = b.lamports + $3, transactions = b.transactions + 1
         WHERE b.lamports <= $4 - $3 AND b.transactions < $5",
        budget.scope,
        budget.day,
        lamports,
        budget.lamports,
        budget.transactions
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// What became of a transaction; none where it is none of the caller's.
#[tracing::instrument(name = "db.relayed.status", skip_all)]
pub async fn status(conn: &mut PgConnection, signature: Signature) -> sqlx::Result<Option<RelayStatus>> {
    sqlx::query_scalar!(
        r#"SELECT status AS "status: RelayStatus" FROM protected.relayed WHERE signature = $1"#,
        signature as _
    )
    .fetch_optional(conn)
    .await
}

/// A transaction of which nothing is known yet.
pub struct Pending {
    pub signature: Signature,
    pub last_valid_block_height: i64,
}

/// The oldest pending transactions, at most `limit`, or one of them.
#[tracing::instrument(name = "db.relayed.pending", skip_all)]
pub async fn pending(pool: &PgPool, only: Option<Signature>, limit: i64) -> sqlx::Result<Vec<Pending>> {
    sqlx::query_as!(
        Pending,
        r#"
        SELECT signature AS "signature: Signature", last_valid_block_height FROM protected.relayed
        WHERE status = 'pending' AND ($1::bytea IS NULL OR signature = $1)
        ORDER BY created_at LIMIT $2
        "#,
        only as _,
        limit
    )
    .fetch_all(pool)
    .await
}

/// Writes down what became of a pending transaction, and gives back what it did not cost. False where it
/// was settled already.
#[tracing::instrument(name = "db.relayed.settle", skip_all)]
pub async fn settle(
    conn: &mut PgConnection,
    signature: Signature,
    status: RelayStatus,
    now: i64,
) -> sqlx::Result<bool> {
    let settled = sqlx::query!(
        r#"
        WITH before AS (
            SELECT lamports FROM protected.relayed WHERE signature = $1 AND status = 'pending' FOR UPDATE
        )
        UPDATE protected.relayed r SET
            status = $2::protected.relay_status, settled_at = $3,
            lamports = CASE $2::protected.relay_status WHEN 'landed' THEN r.lamports WHEN 'failed' THEN least(r.fee, r.lamports) ELSE 0 END
        FROM before WHERE r.signature = $1
        RETURNING r.wallet AS "wallet: Address", r.day, r.invitation, before.lamports - r.lamports AS "back!"
        "#,
        signature as _,
        status as _,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(settled) = settled else { return Ok(false) };
    if status == RelayStatus::Landed {
        return Ok(true);
    }
    sqlx::query!(
        "UPDATE protected.invitation SET used_by = NULL, used_at = NULL WHERE code_hash = $1",
        settled.invitation
    )
    .execute(&mut *conn)
    .await?;
    // In the order in which budgets are taken, so that nobody waits for each other.
    for (scope, day) in [(&[][..], settled.day), (&settled.wallet.0, settled.day), (&[], ALL_DAYS)] {
        sqlx::query!(
            "UPDATE protected.relay_budget SET lamports = lamports - $3 WHERE scope = $1 AND day = $2",
            scope,
            day,
            settled.back
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(true)
}

/// Lamports spent on a day, and ever.
#[tracing::instrument(name = "db.relay_budget.spent", skip_all)]
pub async fn spent(pool: &PgPool, day: i32) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"
        SELECT
            coalesce(sum(lamports) FILTER (WHERE day = $1), 0)::bigint AS "today!",
            coalesce(sum(lamports) FILTER (WHERE day = $2), 0)::bigint AS "ever!"
        FROM protected.relay_budget WHERE scope = '' AND day IN ($1, $2)
        "#,
        day,
        ALL_DAYS
    )
    .fetch_one(pool)
    .await?;
    Ok((row.today, row.ever))
}

/// Removes what was settled before `settled_before`, and wallets' budgets of days before yesterday.
#[tracing::instrument(name = "db.relayed.sweep", skip_all)]
pub async fn sweep(pool: &PgPool, settled_before: i64, today: i32) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM protected.relayed WHERE settled_at < $1", settled_before).execute(pool).await?;
    sqlx::query!(
        "DELETE FROM protected.relay_budget b WHERE day <> $1 AND day < $2 - 1
           AND NOT EXISTS (SELECT FROM protected.relayed r WHERE r.status = 'pending' AND r.day = b.day)",
        ALL_DAYS,
        today
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Stores an invitation by the hash of its code.
#[tracing::instrument(name = "db.invitation.insert", skip_all)]
pub async fn invite(pool: &PgPool, code_hash: [u8; 32], now: i64, expires_at: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO protected.invitation (code_hash, created_at, expires_at) VALUES ($1, $2, $3)",
        &code_hash,
        now,
        expires_at
    )
    .execute(pool)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::api::protected;

    fn relaying(number: u8, wallet: u8, invitation: Option<Option<[u8; 32]>>) -> Relaying {
        Relaying {
            signature: Signature([number; 64]),
            wallet: Address([wallet; 32]),
            day: 5,
            lamports: 100,
            fee: 10,
            last_valid_block_height: 1_000,
            invitation,
            created_at: 50,
        }
    }

    fn budget(wallet: Option<u8>, lamports: i64, transactions: i64) -> Budget {
        let scope = wallet.map(|wallet| vec![wallet; 32]).unwrap_or_default();
        Budget { scope, day: if wallet.is_some() { 5 } else { ALL_DAYS }, lamports, transactions, refusal: "spent" }
    }

    async fn reserve_in(pool: &PgPool, relaying: Relaying, budgets: &[Budget]) -> Reserved {
        let mut transaction = protected::begin_for(pool, &relaying.wallet.0).await;
        let reserved = reserve(&mut transaction, &relaying, budgets).await.unwrap();
        if reserved == Reserved::Taken {
            transaction.commit().await.unwrap();
        }
        reserved
    }

    async fn settle_as(pool: &PgPool, number: u8, status: RelayStatus) -> bool {
        let mut transaction = pool.begin().await.unwrap();
        let settled = settle(&mut transaction, Signature([number; 64]), status, 60).await.unwrap();
        transaction.commit().await.unwrap();
        settled
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn parallel_requests_never_spend_more_than_a_budget(pool: PgPool) {
        let protected = protected::connect(&pool, 6);
        // Everybody may spend 1,000, a wallet three transactions: of four wallets' forty, ten fit.
        let requests = (0..40_u8).map(|number| {
            let (wallet, protected) = (number % 4, &protected);
            async move {
                let budgets = [budget(Some(wallet), 10_000, 3), budget(None, 1_000, i64::MAX)];
                reserve_in(protected, relaying(number, wallet, None), &budgets).await
            }
        });
        let reserved = join_all(requests).await;
        assert_eq!(reserved.iter().filter(|one| **one == Reserved::Taken).count(), 10);
        assert!(reserved.iter().all(|one| [Reserved::Taken, Reserved::Over("spent")].contains(one)));
        assert_eq!(spent(&pool, 5).await.unwrap(), (0, 1_000));
        assert_eq!(super::pending(&pool, None, 100).await.unwrap().len(), 10);
        let most: i64 = sqlx::query_scalar("SELECT max(transactions) FROM protected.relay_budget WHERE scope <> ''")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(most, 3);
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn what_is_not_spent_comes_back_once(pool: PgPool) {
        let protected = protected::connect(&pool, 2);
        let budgets = [budget(Some(1), 250, 10), budget(None, 250, 10)];
        for number in [1, 2] {
            assert_eq!(reserve_in(&protected, relaying(number, 1, None), &budgets).await, Reserved::Taken);
        }
        assert_eq!(reserve_in(&protected, relaying(3, 1, None), &budgets).await, Reserved::Over("spent"));
        assert_eq!(reserve_in(&protected, relaying(1, 1, None), &budgets).await, Reserved::Known, "the same again");

        assert!(settle_as(&pool, 1, RelayStatus::Expired).await);
        assert!(!settle_as(&pool, 1, RelayStatus::Expired).await, "it is settled already");
        assert!(!settle_as(&pool, 1, RelayStatus::Failed).await);
        assert_eq!(spent(&pool, 5).await.unwrap().1, 100);
        assert!(settle_as(&pool, 2, RelayStatus::Failed).await);
        assert_eq!(spent(&pool, 5).await.unwrap().1, 10, "a transaction that failed costs its fee");
        assert_eq!(reserve_in(&protected, relaying(4, 1, None), &budgets).await, Reserved::Taken);
        assert!(settle_as(&pool, 4, RelayStatus::Landed).await);
        assert_eq!(spent(&pool, 5).await.unwrap().1, 110, "one that landed costs what was reserved");
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn an_invitation_opens_one_vault_and_comes_back_from_what_failed(pool: PgPool) {
        let protected = protected::connect(&pool, 6);
        let budgets = [budget(None, 10_000, 100)];
        invite(&pool, [1; 32], 0, 100).await.unwrap();
        invite(&pool, [2; 32], 0, 50).await.unwrap();
        let with = async |number, code| reserve_in(&protected, relaying(number, number, Some(code)), &budgets).await;
        assert_eq!(with(1, None).await, Reserved::NoInvitation);
        assert_eq!(with(1, Some([9; 32])).await, Reserved::NoInvitation, "unknown");
        assert_eq!(with(1, Some([2; 32])).await, Reserved::NoInvitation, "expired");

        let all = join_all((1..=20).map(|number| with(number, Some([1; 32])))).await;
        assert_eq!(all.iter().filter(|one| **one == Reserved::Taken).count(), 1);
        assert_eq!(all.iter().filter(|one| **one == Reserved::NoInvitation).count(), 19);
        assert_eq!(spent(&pool, 5).await.unwrap().1, 100);

        let first = super::pending(&pool, None, 10).await.unwrap()[0].signature.0[0];
        assert!(settle_as(&pool, first, RelayStatus::Failed).await);
        assert_eq!(with(30, Some([1; 32])).await, Reserved::Taken);
        assert!(settle_as(&pool, 30, RelayStatus::Landed).await);
        assert_eq!(with(31, Some([1; 32])).await, Reserved::NoInvitation);
        protected.close().await;
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_caller_sees_the_own_transactions_and_old_ones_go(pool: PgPool) {
        let protected = protected::connect(&pool, 2);
        let budgets = [budget(Some(1), 1_000, 10), budget(None, 1_000, 10)];
        for number in [1, 2] {
            reserve_in(&protected, relaying(number, 1, None), &budgets).await;
        }
        for (wallet, seen) in [(1, Some(RelayStatus::Pending)), (2, None)] {
            let mut transaction = protected::begin_for(&protected, &[wallet; 32]).await;
            assert_eq!(status(&mut transaction, Signature([1; 64])).await.unwrap(), seen);
        }
        assert!(settle_as(&pool, 1, RelayStatus::Landed).await);
        sweep(&pool, 61, 100).await.unwrap();
        let count = async |table: &str| -> i64 {
            let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM protected.{table}"));
            sqlx::query_scalar(query).fetch_one(&pool).await.unwrap()
        };
        assert_eq!((count("relayed").await, count("relay_budget").await), (1, 2), "what is pending keeps its budget");
        assert!(settle_as(&pool, 2, RelayStatus::Expired).await);
        sweep(&pool, 61, 100).await.unwrap();
        assert_eq!((count("relayed").await, count("relay_budget").await), (0, 1), "all days stay");
        protected.close().await;
    }
}
