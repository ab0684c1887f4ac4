//! Appends what many requests decided in one transaction; while it commits, the next ones gather.

use std::{collections::HashMap, sync::Arc};

use aegle_decision::{Document, Key};
use aegle_disclosure::{Digest, Entry, EntryVersion, Head, Link, LogKey, Logged, Outcome, Receipt, SignedReceipt};
use rand::{RngCore, rngs::OsRng};
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::{Appending, Draft};
use crate::api::store::disclosure::{self, NewRow};

/// Entries of one transaction.
const BATCH: usize = 256;

pub async fn run(pool: PgPool, key: Arc<LogKey>, mut drafted: mpsc::Receiver<Appending>) {
    let mut batch = Vec::with_capacity(BATCH);
    while drafted.recv_many(&mut batch, BATCH).await > 0 {
        match append(&pool, &key, batch.iter().map(|(draft, _)| draft)).await {
            Ok(receipts) => {
                metrics::counter!("aegle_disclosures_total").increment(receipts.len() as u64);
                for ((_, waiting), receipt) in batch.drain(..).zip(receipts) {
                    // Whoever went away has been logged all the same.
                    let _ = waiting.send(receipt);
                }
            }
            Err(error) => {
                tracing::error!(%error, "disclosures could not be logged; what they are about is not served");
                batch.clear();
            }
        }
    }
}

async fn append(
    pool: &PgPool,
    key: &LogKey,
    drafts: impl ExactSizeIterator<Item = &Draft> + Clone,
) -> sqlx::Result<Vec<SignedReceipt>> {
    let mut transaction = pool.begin().await?;
    let first = disclosure::lock(&mut transaction).await?;
    let mut vaults: Vec<_> = drafts.clone().map(|draft| draft.vault).collect();
    vaults.sort_unstable();
    vaults.dedup();
    let asked: Vec<_> = vaults.iter().map(|vault| vault.0.to_vec()).collect();
    let mut heads = disclosure::heads_of(&mut transaction, &asked).await?;

    let (mut rows, mut receipts) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
    for (index, draft) in (first.unsigned_abs()..).zip(drafts) {
        let head = heads.get(&draft.vault);
        let (number, previous) = head.map_or((0, Digest::default()), |head| (head.entries, head.commitment));
        let link = Link { vault: draft.vault, number, previous };
        let logged = Logged { index, link, link_salt: random(), entry: Document::new(entry(draft)), salt: random() };
        let commitment = logged.commitment();
        heads.insert(draft.vault, Head { entries: number + 1, commitment });
        receipts.push(key.receipt(Receipt {
            index,
            commitment,
            request: draft.request,
            at: draft.at,
            finalized_slot: draft.finalized_slot,
            confirmed_slot: draft.confirmed_slot,
        }));
        rows.push(NewRow {
            vault: draft.vault,
            number: i64::try_from(number).unwrap_or(i64::MAX),
            commitment,
            link: logged.link.commitment(&logged.link_salt),
            link_salt: logged.link_salt,
            salt: logged.salt,
            entry: String::from_utf8_lossy(logged.entry.bytes()).into_owned(),
            caller: draft.caller.key,
            permitted: matches!(draft.outcome, Outcome::Permit { .. }),
        });
    }
    let heads: HashMap<Key, _> = heads.into_iter().map(|(vault, head)| (vault, (head, random()))).collect();
    disclosure::append(&mut transaction, first, &rows, &heads).await?;
    transaction.commit().await?;
    Ok(receipts)
}

fn entry(draft: &Draft) -> Entry {
    Entry {
        version: EntryVersion::V1,
        vault: draft.vault,
        at: draft.at,
        finalized_slot: draft.finalized_slot,
        confirmed_slot: draft.confirmed_slot,
        confirmed_hash: draft.confirmed_hash,
        caller: draft.caller,
        purpose: draft.purpose.to_owned(),
        operation: draft.operation,
        record: draft.record,
        request: draft.request,
        outcome: draft.outcome.clone(),
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
