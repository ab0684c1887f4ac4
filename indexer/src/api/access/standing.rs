//! Who asks, and where the mirror is, for all requests that ask at once.
//!
//! Both are read anew for every request: a session that ended and a revocation that was confirmed count
//! from the next request on. What many need at the same moment is read in one statement that starts
//! after the last of them asked, so that the database does less the busier the server is.

use std::{collections::HashMap, sync::Arc};

use aegle_decision::{Caller, Key};
use sqlx::PgPool;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{At, Slots};
use crate::api::{
    bytes::{Address, BlockHash, Digest, SessionId},
    session::Bearer,
    snapshot::Lag,
    store::frontier::NodeTip,
    time::Time,
};

/// Statements at once. While they run, requests gather for the next.
const READERS: usize = 2;
/// Requests that one statement answers.
const BATCH: usize = 256;
/// Requests that may wait to be gathered; those that come on top wait to wait.
const WAITING: usize = 1_024;

/// All that changes from one request to the next of a slot.
#[derive(Clone, Copy)]
pub struct Standing {
    pub bearer: Bearer,
    pub ended_at: Option<Time>,
    pub at: At,
    pub lag: Option<Lag>,
}

type TokenHash = [u8; 32];
type Asked = (TokenHash, oneshot::Sender<Option<Standing>>);

/// Reads standings, for many requests at a time.
#[derive(Clone)]
pub struct Standings {
    pool: PgPool,
    asks: mpsc::Sender<Asked>,
}

impl Standings {
    /// The readers end with the last clone.
    pub fn new(pool: PgPool) -> Self {
        let (asks, asked) = mpsc::channel(WAITING);
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..READERS {
            tokio::spawn(read_on(pool.clone(), asked.clone()));
        }
        Self { pool, asks }
    }

    /// The session of a token and the mirror's state, as of now. None where the token is nobody's, or
    /// the mirror is empty.
    ///
    /// # Errors
    /// Of the database.
    pub async fn of(&self, token_hash: TokenHash) -> sqlx::Result<Option<Standing>> {
        let (answer, answered) = oneshot::channel();
        if self.asks.send((token_hash, answer)).await.is_ok()
            && let Ok(standing) = answered.await
        {
            return Ok(standing);
        }
        // The statement for many failed: each asks alone, and learns why.
        Ok(read(&self.pool, &[token_hash]).await?.remove(&token_hash))
    }
}

async fn read_on(pool: PgPool, asked: Arc<Mutex<mpsc::Receiver<Asked>>>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        if asked.lock().await.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        let mut hashes: Vec<_> = batch.iter().map(|(hash, _)| *hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        match read(&pool, &hashes).await {
            Ok(standings) => {
                for (hash, answer) in batch.drain(..) {
                    // Whoever went away needs no answer.
                    let _ = answer.send(standings.get(&hash).copied());
                }
            }
            Err(_) => batch.clear(),
        }
    }
}

#[tracing::instrument(name = "db.standing.read", skip_all)]
async fn read(pool: &PgPool, token_hashes: &[TokenHash]) -> sqlx::Result<HashMap<TokenHash, Standing>> {
    let hashes: Vec<Vec<u8>> = token_hashes.iter().map(|hash| hash.to_vec()).collect();
    let found = sqlx::query!(
        r#"
        SELECT s.token_hash AS "token_hash: Digest", s.id AS "session: SessionId", s.wallet AS "wallet: Address",
               s.practitioner AS "practitioner: Address", s.request_key AS "request_key: Address",
               s.sign_in AS "sign_in: Digest", s.expires_at, s.ended_at AS "ended_at: Time",
               c.finalized_slot, c.confirmed_slot, c.confirmed_hash AS "confirmed_hash: BlockHash",
               c.confirmed_time, t.slot AS "tip_slot?", t.block_time AS "tip_time?",
               extract(epoch FROM clock_timestamp() - t.observed_at)::bigint AS tip_age
        FROM (SELECT finalized_slot, confirmed_slot, confirmed_hash,
                     (SELECT block_time FROM slot WHERE slot <= checkpoint.confirmed_slot AND block_time IS NOT NULL
                      ORDER BY slot DESC LIMIT 1) AS confirmed_time
              FROM checkpoint) c
        LEFT JOIN node_tip t ON true
        CROSS JOIN protected.session s
        WHERE s.token_hash = ANY ($1::bytea[])
        "#,
        &hashes
    )
    .fetch_all(pool)
    .await?;
    let standings = found.into_iter().map(|found| {
        let tip = found.tip_slot.zip(found.tip_age);
        let tip = tip.map(|(slot, age)| NodeTip { slot, block_time: found.tip_time, age });
        let standing = Standing {
            bearer: Bearer {
                session: found.session,
                caller: Caller { key: Key(found.wallet.0), practitioner: found.practitioner.map(|key| Key(key.0)) },
                request_key: Key(found.request_key.0),
                sign_in: aegle_disclosure::Digest(found.sign_in.0),
                expires_at: found.expires_at,
            },
            ended_at: found.ended_at,
            at: At {
                slots: Slots { finalized: found.finalized_slot, confirmed: found.confirmed_slot },
                confirmed_hash: found.confirmed_hash,
            },
            lag: Lag::behind(tip, found.confirmed_slot, found.confirmed_time),
        };
        (found.token_hash.0, standing)
    });
    Ok(standings.collect())
}
