//! A ledger that the tests write: what a node would answer, with forks, gaps and lies as told.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use aegle_client::{PROGRAM_ID, Pubkey, event::event_authority};
use aegle_indexer::{
    decode::{Block, Header},
    ingest::Step,
    source::{Accounts, Finality, Source, SourceError},
};
use solana_transaction_status_client_types::UiConfirmedBlock;

use crate::{
    blocks::{GENESIS, Tx, block, block_with},
    mirror::id,
    story::Story,
};

#[derive(Default)]
pub struct Script {
    pub genesis: [u8; 32],
    /// The branch that the node follows.
    pub blocks: BTreeMap<u64, UiConfirmedBlock>,
    /// Slots whose block the node lists and does not give.
    pub absent: HashSet<u64>,
    /// Slots whose block the node does not list.
    pub unlisted: HashSet<u64>,
    pub finalized: u64,
    pub accounts: Vec<(Pubkey, Vec<u8>)>,
    /// What the next question for accounts is answered with, once, in place of them.
    pub early_accounts: Option<Vec<(Pubkey, Vec<u8>)>>,
    /// How often the next questions fail before they are answered.
    pub failures: u32,
}

pub struct Ledger(Mutex<Script>);

impl Ledger {
    /// Empty blocks at the slots 1 to `last`, none final.
    pub fn new(last: u64) -> Self {
        let blocks = (1..=last).map(|slot| (slot, block(slot, 0, (slot - 1, 0)))).collect();
        Self(Mutex::new(Script { genesis: GENESIS, blocks, ..Default::default() }))
    }

    /// The story's events in its slots, one transaction each; slots without any are skipped. Ends with
    /// a skipped slot and an empty block. Everything is final.
    pub fn telling(story: &Story) -> Self {
        let last = story.last_slot() as u64 + 2;
        let mut script = Script { genesis: GENESIS, finalized: last, accounts: story.accounts(), ..Default::default() };
        let mut parent = 0;
        for slot in 1..=last {
            let events = story.ledger.iter().filter(|(at, _)| *at == slot as i64).map(|(_, event)| event);
            let txs: Vec<Tx> = events
                .map(|event| {
                    let (program, own) = (Pubkey::new_from_array([8; 32]), (PROGRAM_ID, vec![event_authority()]));
                    let mut tx = Tx::new(0).inner(program, Vec::new(), vec![1]).inner(own.0, own.1, event.data.clone());
                    tx.signature = event.signature.into();
                    tx
                })
                .collect();
            if slot == last || !txs.is_empty() {
                script.blocks.insert(slot, block_with(slot, 0, (parent, 0), txs));
                parent = slot;
            }
        }
        Self(Mutex::new(script))
    }

    /// The blocks as ingestion takes them, with their finality.
    pub fn steps(&self) -> Vec<Step> {
        let script = self.script();
        let blocks = script.blocks.iter().map(|(slot, block)| Block::decode(*slot, block).expect("a block"));
        let mut steps: Vec<Step> = blocks.map(Step::Block).collect();
        steps.push(Step::Finalized(id(script.finalized, 0)));
        steps
    }

    pub fn last(&self) -> u64 {
        self.script().blocks.last_key_value().map_or(0, |(slot, _)| *slot)
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().expect("no test panicked with it")
    }

    fn answer<T>(&self, answer: impl FnOnce(&Script) -> T) -> Result<T, SourceError> {
        let mut script = self.script();
        if script.failures > 0 {
            script.failures -= 1;
            return Err(SourceError::Unavailable("busy".into()));
        }
        Ok(answer(&script))
    }
}

impl Source for Ledger {
    async fn genesis_hash(&self) -> Result<[u8; 32], SourceError> {
        self.answer(|script| script.genesis)
    }

    async fn first_slot(&self) -> Result<u64, SourceError> {
        self.answer(|script| script.blocks.first_key_value().map_or(0, |(slot, _)| *slot))
    }

    async fn tip(&self, finality: Finality) -> Result<u64, SourceError> {
        self.answer(|script| match finality {
            Finality::Finalized => script.finalized,
            Finality::Confirmed => script.blocks.last_key_value().map_or(0, |(slot, _)| *slot),
        })
    }

    async fn slots(&self, from: u64, limit: usize) -> Result<Vec<u64>, SourceError> {
        self.answer(|script| {
            let slots = script.blocks.range(from..).map(|(slot, _)| *slot);
            slots.filter(|slot| !script.unlisted.contains(slot)).take(limit).collect()
        })
    }

    async fn block(&self, slot: u64) -> Result<Option<UiConfirmedBlock>, SourceError> {
        self.answer(|script| script.blocks.get(&slot).filter(|_| !script.absent.contains(&slot)).cloned())
    }

    async fn header(&self, slot: u64, finality: Finality) -> Result<Option<Header>, SourceError> {
        self.answer(|script| {
            let known = finality == Finality::Confirmed || slot <= script.finalized;
            script.blocks.get(&slot).filter(|_| known).map(|block| Header::of(slot, block).expect("header"))
        })
    }

    async fn accounts(&self) -> Result<Accounts, SourceError> {
        let early = self.script().early_accounts.take();
        self.answer(|script| Accounts {
            slot: script.blocks.last_key_value().map_or(0, |(slot, _)| *slot),
            accounts: early.unwrap_or_else(|| script.accounts.clone()),
        })
    }

    async fn hint(&self) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
