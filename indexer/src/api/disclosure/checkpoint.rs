//! Signs, from time to time, what the log has come to.

use std::{sync::Arc, time::Duration};

use aegle_decision::Key;
use aegle_disclosure::{Checkpoint, Digest, Head, HeadProof, Heads, LogKey, Stated, Tree};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::api::store::disclosure::{self, SignedCheckpoint};

/// Rows read at once.
const CHUNK: i64 = 10_000;

/// Makes checkpoints. Any process may; one at a time does.
#[derive(Clone)]
pub struct Checkpoints {
    pool: PgPool,
    key: Arc<LogKey>,
}

impl Checkpoints {
    pub fn new(pool: PgPool, key: Arc<LogKey>) -> Self {
        Self { pool, key }
    }

    /// A checkpoint of all that is logged by now: the newest, or a new one.
    ///
    /// # Errors
    /// Of the database.
    pub async fn make(&self) -> sqlx::Result<SignedCheckpoint> {
        self.make_with_ends().await.map(|(checkpoint, _)| checkpoint)
    }

    /// [`Checkpoints::make`], with what a new one was made of.
    ///
    /// # Errors
    /// Of the database.
    pub async fn make_with_ends(&self) -> sqlx::Result<(SignedCheckpoint, Option<Ends>)> {
        // What is appended meanwhile is for the next one; rows and heads are of one moment.
        let begin = AssertSqlSafe("BEGIN ISOLATION LEVEL REPEATABLE READ");
        let mut guard = self.pool.begin().await?;
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('aegle disclosure checkpoint'))")
            .fetch_one(&mut *guard)
            .await?;
        let mut transaction = self.pool.begin_with(begin).await?;
        let size = disclosure::size(&mut transaction).await?;
        let last = disclosure::checkpoint(&mut transaction, size).await?;
        let made = match last {
            Some(last) if last.size == size => (last, None),
            last => {
                let (new, ends) = self.extend(&mut transaction, last.map_or(0, |last| last.size), size).await?;
                disclosure::store_checkpoint(&mut transaction, &new).await?;
                (new, Some(ends))
            }
        };
        transaction.commit().await?;
        guard.commit().await?;
        Ok(made)
    }

    async fn extend(&self, conn: &mut PgConnection, from: i64, size: i64) -> sqlx::Result<(SignedCheckpoint, Ends)> {
        let edge = Tree::edge_of(from.unsigned_abs());
        let nodes = disclosure::nodes(conn, &edge).await?;
        let mut tree = Tree::resume(from.unsigned_abs(), &nodes).ok_or_else(|| corrupt("a node is missing"))?;
        let mut at = from;
        while at < size {
            let leaves = disclosure::leaves(conn, at, size, CHUNK).await?;
            if leaves.is_empty() {
                return Err(corrupt("a row is missing"));
            }
            at += leaves.len() as i64;
            let nodes: Vec<_> = leaves.iter().flat_map(|leaf| tree.append(leaf)).collect();
            disclosure::store_nodes(conn, &nodes).await?;
        }
        let ends = Ends::at(conn, size).await?;
        Ok((self.sign(size, tree.root(), ends.tree.root())?, ends))
    }

    fn sign(&self, size: i64, root: Digest, heads: Digest) -> sqlx::Result<SignedCheckpoint> {
        let checkpoint = Checkpoint { tree: Stated { size: size.unsigned_abs(), root }, heads };
        let note = self.key.sign(&checkpoint).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(SignedCheckpoint { size, root, heads, note })
    }
}

/// Where every patient's log ended at a checkpoint.
pub struct Ends {
    heads: Vec<(Key, Head, Digest)>,
    tree: Heads,
}

impl Ends {
    /// When the log had `size` entries.
    pub async fn at(conn: &mut PgConnection, size: i64) -> sqlx::Result<Self> {
        let heads = disclosure::heads_at(conn, size).await?;
        Ok(Self { tree: Heads::new(heads.iter().copied()), heads })
    }

    /// Shows where a vault's log ended, or that it had none.
    pub fn prove(&self, vault: &Key) -> HeadProof {
        let own = self.heads.iter().find(|(of, _, _)| of == vault);
        let (head, salt) = own.map_or((None, Digest::default()), |(_, head, salt)| (Some(*head), *salt));
        self.tree.prove(vault, head, salt)
    }
}

fn corrupt(reason: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("the disclosure log is damaged: {reason}").into())
}

/// Makes checkpoints until `shutdown`.
pub async fn keep_checkpoints(checkpoints: Checkpoints, every: Duration, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        if let Err(error) = checkpoints.make().await {
            tracing::warn!(%error, "no checkpoint of the disclosure log was made");
        }
    }
}
