//! What the mirror must hold in the end, from the true branch alone.

use aegle_client::PROGRAM_ID;
use aegle_indexer::{
    db::checkpoint::{BlockId, Checkpoint},
    decode::{Block, Header, LedgerEvent},
    ingest::{Step, apply},
};

use crate::{
    chain::{Chain, GENESIS},
    mirror::{Database, Line, Snapshot},
};

pub struct Oracle {
    slots: Vec<Line>,
    events: Vec<Line>,
    steps: Vec<Step>,
    finalized: i64,
    /// How often the finalized slot was seen to move.
    pub moves: u64,
}

impl Oracle {
    pub fn of(chain: &Chain) -> Self {
        let (mut slots, mut events, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        for block in chain.truth[1..].iter().map(|block| &chain.blocks[*block]) {
            let parent = &chain.blocks[block.parent];
            let (slot, parent_slot) = (block.slot as i64, parent.slot as i64);
            slots.extend((parent_slot + 1..slot).map(|skipped| (skipped, String::new())));
            let (hash, parent_hash) = (hex::encode(block.hash), hex::encode(parent.hash));
            slots.push((slot, format!("{hash} {parent_slot} {parent_hash} {} {}", block.height, block.time)));
            let happened = happened(block);
            events.extend(happened.iter().map(|event| (slot, line(&hash, event))));
            let header = Header {
                slot,
                hash: block.hash,
                parent_slot,
                parent_hash: parent.hash,
                height: Some(block.height as i64),
                time: Some(block.time),
            };
            steps.push(Step::Block(Block { header, events: happened }));
        }
        Self { slots, events, steps, finalized: 0, moves: 0 }
    }

    /// Names of the events that happened.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let blocks =
            self.steps.iter().filter_map(|step| if let Step::Block(block) = step { Some(block) } else { None });
        blocks.flat_map(|block| &block.events).map(|ledger| ledger.event.name())
    }

    /// Checks what the mirror says at any time: the checkpoint never goes back, what is final is true
    /// and complete, and what is stored is one branch.
    pub fn check(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        let Snapshot { first, finalized: (finalized, hash), .. } = snapshot;
        if *first != 1 {
            return Err(format!("the mirror begins at slot {first}"));
        }
        if *finalized < self.finalized {
            return Err(format!("the finalized slot went back from {} to {finalized}", self.finalized));
        }
        self.moves += u64::from(*finalized > self.finalized);
        self.finalized = *finalized;
        if snapshot.unlinked + snapshot.beyond > 0 {
            return Err(format!("{} blocks unlinked, {} slots beyond", snapshot.unlinked, snapshot.beyond));
        }
        if *finalized > 0 && !self.slots.iter().any(|(slot, line)| slot == finalized && line.starts_with(hash)) {
            return Err(format!("the orphaned or invented block {hash} of slot {finalized} is final"));
        }
        same("slots", &snapshot.slots, self.slots.iter().take_while(|(slot, _)| slot <= finalized))?;
        same("events", &snapshot.events, self.events.iter().take_while(|(slot, _)| slot <= finalized))
    }

    /// Checks the end: both frontiers are there, and every table is as replaying the true branch from
    /// the first slot into an empty one gives it.
    pub async fn check_end(&mut self, database: &Database) -> Result<(), String> {
        let snapshot = database.snapshot().await.ok_or("no checkpoint")?;
        self.check(&snapshot)?;
        if snapshot.confirmed != snapshot.finalized || snapshot.slots.len() != self.slots.len() {
            return Err("the mirror did not reach the end".into());
        }
        let mirrored = database.dump().await;
        database.clear().await;
        let mut connection = database.pool.acquire().await.expect("connection");
        let genesis = BlockId { slot: 0, hash: GENESIS };
        let checkpoint = Checkpoint::before_first(GENESIS, PROGRAM_ID.to_bytes(), genesis);
        aegle_indexer::db::checkpoint::create(&checkpoint, &mut connection).await.expect("checkpoint");
        apply(&self.steps, &mut connection).await.map_err(|error| format!("the truth cannot be stored: {error}"))?;
        drop(connection);
        let replayed = database.dump().await;
        if mirrored != replayed {
            let lost = replayed.iter().filter(|row| !mirrored.contains(row));
            let phantom = mirrored.iter().filter(|row| !replayed.contains(row));
            return Err(format!(
                "the tables are not those of a replay; lost {:#?}, phantom {:#?}",
                lost.collect::<Vec<_>>(),
                phantom.collect::<Vec<_>>()
            ));
        }
        Ok(())
    }
}

/// The events of a block in the ledger's order.
fn happened(block: &crate::chain::Block) -> Vec<LedgerEvent> {
    let mut events = Vec::new();
    for (tx_index, transaction) in block.transactions.iter().enumerate().filter(|(_, transaction)| !transaction.failed)
    {
        for (instruction_index, instruction) in transaction.instructions.iter().enumerate() {
            for (inner_index, inner) in instruction.inner.iter().enumerate() {
                if let Some(event) = &inner.event {
                    events.push(LedgerEvent {
                        signature: transaction.signature,
                        tx_index: tx_index as i32,
                        instruction_index: instruction_index as i16,
                        inner_index: inner_index as i16,
                        event: event.clone(),
                        data: inner.call.data.clone(),
                    });
                }
            }
        }
    }
    events
}

/// An event as [`Database::snapshot`] writes it.
fn line(block: &str, ledger: &LedgerEvent) -> String {
    let LedgerEvent { signature, tx_index, instruction_index, inner_index, event, data } = ledger;
    let key = |key: Option<aegle_client::Pubkey>| key.map_or("-".into(), |key| hex::encode(key.to_bytes()));
    let signature = hex::encode(signature);
    format!(
        "{block} {tx_index} {signature} {instruction_index} {inner_index} {} {} {} {} {}",
        event.name(),
        hex::encode(event.account().to_bytes()),
        key(event.vault()),
        key(event.authority()),
        hex::encode(data)
    )
}

fn same<'a>(what: &str, mirrored: &[Line], truth: impl Iterator<Item = &'a Line>) -> Result<(), String> {
    let truth: Vec<&Line> = truth.collect();
    if mirrored.iter().eq(truth.iter().copied()) {
        return Ok(());
    }
    let lost: Vec<_> = truth.iter().filter(|line| !mirrored.contains(line)).collect();
    let phantom: Vec<_> = mirrored.iter().filter(|line| !truth.contains(line)).collect();
    Err(format!("final {what} are not the true ones; lost {lost:#?}, phantom or repeated {phantom:#?}"))
}
