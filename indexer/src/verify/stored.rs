//! History against itself: stored events decoded and projected again, and slots linked by parents.

use aegle_client::{Event, PROGRAM_ID};
use futures::TryStreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{
    NEAR, VerifyError,
    tables::{Comparison, Coverage, RowDifference, Shadow, StoredEvent},
};
use crate::{
    db::{
        Facts,
        checkpoint::{self, BlockId},
        slot::{self, SlotRow},
    },
    decode::LedgerEvent,
    project::project_event,
    source::SourceError,
};

/// Events compared at once, about.
const EVENTS: i64 = 4_096;

/// Compares the rows of every stored event from slot `from` on with what it gives when projected
/// again. Returns how many events.
///
/// # Errors
/// A database that does not answer, or that `stop` came first.
pub async fn compare_events(
    from: i64,
    shadow: &mut Shadow,
    stop: &CancellationToken,
    mut found: impl FnMut(RowDifference),
) -> Result<u64, VerifyError> {
    let mut count = 0;
    if from == i64::MIN {
        let mut comparison = shadow.read().await?;
        comparison.orphans().await?.into_iter().for_each(&mut found);
        comparison.end().await?;
    }
    let mut next = Some(from);
    while let Some(from) = next {
        if stop.is_cancelled() {
            return Err(SourceError::Stopped.into());
        }
        let mut comparison = shadow.read().await?;
        let to = match comparison.slot_after(from, EVENTS).await? {
            Some(beyond) if beyond > from => beyond - 1,
            Some(single) => single,
            None => i64::MAX,
        };
        count += expect_stored(from, to, &mut comparison).await?;
        comparison.differences(from, to, Coverage::ButSlots).await?.into_iter().for_each(&mut found);
        comparison.end().await?;
        next = to.checked_add(1);
    }
    Ok(count)
}

/// Projects the stored events of `from..=to` again. What cannot be read gives no expected row.
async fn expect_stored(from: i64, to: i64, comparison: &mut Comparison<'_>) -> sqlx::Result<u64> {
    let events = comparison.events(from, to).await?;
    let mut facts = Facts::default();
    for event in &events {
        // Tried apart: one that fails leaves some of its rows.
        if let Some((slot, event)) = decode(event)
            && project_event(slot, &event, &mut Facts::default()).is_ok()
        {
            project_event(slot, &event, &mut facts).ok();
        }
    }
    comparison.expect(facts).await?;
    Ok(events.len() as u64)
}

fn decode(stored: &StoredEvent) -> Option<(i64, LedgerEvent)> {
    let event = LedgerEvent {
        signature: stored.signature.as_slice().try_into().ok()?,
        tx_index: stored.tx_index,
        instruction_index: stored.instruction_index,
        inner_index: stored.inner_index,
        event: Event::decode(&stored.data).ok()??,
        data: stored.data.clone(),
    };
    Some((stored.slot, event))
}

/// Checks that the slots from `from` on are all there, linked by parents, and end at the checkpoint.
/// Returns how many.
///
/// # Errors
/// A database that does not answer, or a mirror without a checkpoint.
pub async fn compare_slots(from: i64, pool: &PgPool, mut found: impl FnMut(RowDifference)) -> Result<u64, VerifyError> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let checkpoint = checkpoint::read(&mut transaction).await?.ok_or(VerifyError::NoCheckpoint)?;
    let missing = |slot: i64, before: i64, found: &mut dyn FnMut(RowDifference)| {
        if slot > before {
            let expected = json!({ "slots": format!("{before} to {}", slot - 1) });
            // Near enough for a repair of all of them.
            let named = (before..slot).step_by(NEAR as usize).chain([slot - 1]).collect();
            found(difference(before, named, Some(expected), None));
        }
    };
    let (mut count, mut next, mut parent) = (0, from.max(checkpoint.first_slot), None);
    let (mut finalized, mut confirmed) = (None, None);
    let mut rows = std::pin::pin!(slot::from(from, &mut transaction));
    while let Some(row) = rows.try_next().await? {
        count += 1;
        let SlotRow { slot, block_hash, parent_slot, parent_hash, .. } = row;
        if slot < checkpoint.first_slot || slot > checkpoint.confirmed.slot {
            found(difference(slot, vec![slot], None, Some(json!({ "slot": slot }))));
            continue;
        }
        missing(slot, next, &mut found);
        next = slot + 1;
        let (Some(hash), Some(parent_slot), Some(parent_hash)) = (block_hash, parent_slot, parent_hash) else {
            continue;
        };
        let named = BlockId { slot: parent_slot, hash: parent_hash };
        let linked = match parent {
            Some(parent) => parent == named,
            // The first block's parent is not stored.
            None if from <= checkpoint.first_slot => parent_slot + 1 == checkpoint.first_slot,
            None => true,
        };
        if !linked {
            let expected = parent.map(link);
            found(difference(slot, vec![parent_slot, slot], expected, Some(link(named))));
        }
        let block = BlockId { slot, hash };
        finalized = (slot <= checkpoint.finalized.slot).then_some(block).or(finalized);
        confirmed = Some(block);
        parent = confirmed;
    }
    missing(checkpoint.confirmed.slot + 1, next, &mut found);
    for (name, stated, stored) in
        [("finalized", checkpoint.finalized, finalized), ("confirmed", checkpoint.confirmed, confirmed)]
    {
        // Before the first block, they are its parent, which is not stored.
        if stated.slot >= from.max(checkpoint.first_slot) && stored != Some(stated) {
            let slots = [stored.map(|stored| stored.slot), Some(stated.slot)].into_iter().flatten().collect();
            let key = json!({ "block": name });
            let (expected, stored) = (stored.map(link), Some(link(stated)));
            found(RowDifference { table: "checkpoint".into(), key, slots, expected, stored });
        }
    }
    if checkpoint.program != PROGRAM_ID.to_bytes() {
        let (expected, stored) = (json!(PROGRAM_ID.to_string()), json!(bs58::encode(checkpoint.program).into_string()));
        let (table, key, slots) = ("checkpoint".into(), json!({ "column": "program" }), Vec::new());
        found(RowDifference { table, key, slots, expected: Some(expected), stored: Some(stored) });
    }
    Ok(count)
}

fn difference(slot: i64, slots: Vec<i64>, expected: Option<Value>, stored: Option<Value>) -> RowDifference {
    RowDifference { table: "slot".into(), key: json!({ "slot": slot }), slots, expected, stored }
}

/// A block as JSON names one.
fn link(block: BlockId) -> Value {
    json!({ "slot": block.slot, "hash": bs58::encode(block.hash).into_string() })
}
