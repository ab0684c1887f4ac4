//! Appends what many requests decided in one transaction; while it commits, the next ones gather.

use std::{collections::HashMap, sync::Arc};

use aegle_client::commitment::random_bytes;
use aegle_decision::{Document, Key};
use aegle_disclosure::{Digest, Entry, EntryVersion, Head, Link, LogKey, Logged, Outcome, Receipt};
use rand::rngs::OsRng;
use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;

use super::{Appended, Appending, Draft, draft::Asking};
use crate::api::{
    routes::purpose_code,
    store::disclosure::{self, NewRow},
};

/// Entries of one transaction.
const BATCH: usize = 256;
/// Heads kept at most, for the next entries of their vaults.
const HEADS: usize = 100_000;

pub async fn run(pool: PgPool, key: Arc<LogKey>, mut drafted: mpsc::Receiver<Appending>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut tail = Tail::default();
    while drafted.recv_many(&mut batch, BATCH).await > 0 {
        match tail.append(&pool, &key, batch.iter().map(|(draft, _)| draft)).await {
            Ok(appended) => {
                metrics::counter!("aegle_disclosures_total").increment(appended.len() as u64);
                for ((_, waiting), appended) in batch.drain(..).zip(appended) {
                    // Whoever went away has been logged all the same.
                    let _ = waiting.send(appended);
                }
            }
            Err(error) => {
                tracing::error!(%error, "disclosures could not be logged; what they are about is not served");
                // What became of them is not known.
                tail = Tail::default();
                batch.clear();
            }
        }
    }
}

/// The end of the log, as long as nobody else appends.
#[derive(Default)]
struct Tail {
    size: Option<i64>,
    /// Of vaults that were looked up; none for those without an entry.
    heads: HashMap<Key, Option<Head>>,
}

impl Tail {
    async fn append(
        &mut self,
        pool: &PgPool,
        key: &LogKey,
        drafts: impl ExactSizeIterator<Item = &Draft> + Clone,
    ) -> sqlx::Result<Vec<Appended>> {
        let mut conn = pool.acquire().await?;
        loop {
            let first = self.look_up(&mut conn, drafts.clone()).await?;
            let (mut rows, mut appended) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
            let mut heads = HashMap::new();
            for (index, draft) in (first.unsigned_abs()..).zip(drafts.clone()) {
                let before = heads.get(&draft.vault).map(|(head, _)| *head);
                let before = before.or_else(|| self.heads.get(&draft.vault).copied().flatten());
                let (row, entry) = write(draft, index, before, key);
                let entries = row.number.unsigned_abs() + 1;
                heads.insert(draft.vault, (Head { entries, commitment: row.commitment }, random_bytes(&mut OsRng)));
                rows.push(row);
                appended.push(entry);
            }
            if disclosure::append(&mut conn, first, &rows, &heads).await? {
                self.size = Some(first + rows.len() as i64);
                self.heads.extend(heads.into_iter().map(|(vault, (head, _))| (vault, Some(head))));
                return Ok(appended);
            }
            *self = Self::default();
        }
    }

    /// Gives the size of the log, and knows the heads of the vaults that the drafts are about.
    async fn look_up(
        &mut self,
        conn: &mut PgConnection,
        drafts: impl Iterator<Item = &Draft> + Clone,
    ) -> sqlx::Result<i64> {
        if let Some(size) = self.size
            && drafts.clone().all(|draft| self.heads.contains_key(&draft.vault))
        {
            return Ok(size);
        }
        let mut vaults: Vec<_> = drafts.map(|draft| draft.vault).collect();
        vaults.sort_unstable();
        vaults.dedup();
        let asked: Vec<_> = vaults.iter().map(|vault| vault.0.to_vec()).collect();
        let (size, found) = disclosure::tail(conn, &asked).await?;
        if self.size != Some(size) || self.heads.len() > HEADS {
            self.heads.clear();
        }
        self.size = Some(size);
        self.heads.extend(vaults.into_iter().map(|vault| (vault, found.get(&vault).copied())));
        Ok(size)
    }
}

/// The row of a draft at a place of the log, and its entry with the receipt.
fn write(draft: &Draft, index: u64, before: Option<Head>, key: &LogKey) -> (NewRow, Appended) {
    let (number, previous) = before.map_or((0, Digest::default()), |head| (head.entries, head.commitment));
    let link = Link { vault: draft.vault, number, previous };
    let (link_salt, salt) = (random_bytes(&mut OsRng), random_bytes(&mut OsRng));
    let logged = Logged { index, link, link_salt, entry: Document::new(entry(draft)), salt };
    let commitment = logged.commitment();
    let receipt = key.receipt(Receipt {
        index,
        commitment,
        request: draft.asking.request,
        at: draft.at,
        finalized_slot: draft.finalized_slot,
        confirmed_slot: draft.confirmed_slot,
    });
    let row = NewRow {
        vault: draft.vault,
        number: i64::try_from(number).unwrap_or(i64::MAX),
        commitment,
        link: logged.link.commitment(&logged.link_salt),
        link_salt: logged.link_salt,
        salt: logged.salt,
        entry: String::from_utf8_lossy(logged.entry.bytes()).into_owned(),
        caller: draft.asking.caller.key,
        permitted: matches!(draft.outcome, Outcome::Permit { .. }),
    };
    (row, Appended { receipt, logged })
}

fn entry(draft: &Draft) -> Entry {
    let Asking { caller, asked, request, signed } = &draft.asking;
    Entry {
        version: EntryVersion::V1,
        vault: draft.vault,
        at: draft.at,
        finalized_slot: draft.finalized_slot,
        confirmed_slot: draft.confirmed_slot,
        confirmed_hash: draft.confirmed_hash,
        caller: *caller,
        purpose: asked.purpose.map(purpose_code).unwrap_or_default().to_owned(),
        operation: asked.operation,
        record: asked.record.map(|record| Key(record.0)),
        request: *request,
        signed: signed.clone(),
        outcome: draft.outcome.clone(),
    }
}
