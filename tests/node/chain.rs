//! A chain from a seed: a tree of blocks of which one branch is true, and what a node believes from
//! moment to moment until it knows.

use std::{collections::BTreeMap, ops::RangeInclusive};

use aegle_client::{Event, PROGRAM_ID, Pubkey, event::event_authority};
use anchor_lang::event::EVENT_IX_TAG_LE;
use rand::{Rng, RngCore, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{
    blocks::{Call, Inner, Instruction, Transaction, Version},
    story::{AT, Story},
};

pub const GENESIS: [u8; 32] = [9; 32];
/// As many blocks as a fork may have before the cluster has finalized what is below it.
pub const DEEPEST: usize = 32;

pub struct Block {
    pub slot: u64,
    pub hash: [u8; 32],
    /// Where it is in [`Chain::blocks`]; the first is its own.
    pub parent: usize,
    pub height: u64,
    pub time: i64,
    pub transactions: Vec<Transaction>,
}

/// What a node believes for a while.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The newest confirmed block.
    pub head: usize,
    /// The newest final block, always one of the true branch.
    pub finalized: usize,
    /// Whether it lasts until the mirror has followed, if that doesn't take too long.
    pub lasts: bool,
}

pub struct Chain {
    /// Parents before children; the first is the genesis block.
    pub blocks: Vec<Block>,
    /// The true branch, from the genesis block to the last.
    pub truth: Vec<usize>,
    pub moments: Vec<Moment>,
    /// The program's accounts at the end.
    pub accounts: Vec<(Pubkey, Vec<u8>)>,
}

/// The end of a branch, and what is known there.
#[derive(Clone)]
struct Tip {
    block: usize,
    story: Story,
    /// Signatures of transactions that landed on other branches and may land here too.
    adrift: Vec<[u8; 64]>,
}

impl Chain {
    pub fn generate(seed: u64) -> Self {
        Builder::new(seed).build()
    }

    /// The branch that ends in `head`, by slot.
    pub fn branch(&self, head: usize) -> BTreeMap<u64, usize> {
        let mut branch = BTreeMap::new();
        let mut block = head;
        loop {
            branch.insert(self.blocks[block].slot, block);
            if block == 0 {
                return branch;
            }
            block = self.blocks[block].parent;
        }
    }

    /// The block that the node is sure of in the end.
    pub fn last(&self) -> &Block {
        &self.blocks[self.truth[self.truth.len() - 1]]
    }
}

struct Builder {
    rng: ChaCha8Rng,
    blocks: Vec<Block>,
    /// What look-alikes look like.
    event: Vec<u8>,
}

impl Builder {
    fn new(seed: u64) -> Self {
        let genesis = Block { slot: 0, hash: GENESIS, parent: 0, height: 0, time: AT, transactions: Vec::new() };
        let (_, event) = Story::new().ledger.pop().expect("a vault");
        Self { rng: ChaCha8Rng::seed_from_u64(seed), blocks: vec![genesis], event: event.data }
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.gen_ratio(1, n)
    }

    fn build(mut self) -> Chain {
        let (mut tip, opening) = self.opening();
        let mut truth = vec![0];
        truth.extend(opening);
        let mut forks: Vec<(usize, Vec<usize>)> = Vec::new();
        let blocks = self.rng.gen_range(6..20);
        // One chain in eight has a fork as deep as forks get.
        let deep_at = if self.one_in(8) { self.rng.gen_range(3..blocks) } else { 0 };
        for number in 0..blocks {
            self.extend(&mut tip);
            truth.push(tip.block);
            let depth = match number {
                _ if number == deep_at && deep_at > 0 => DEEPEST,
                _ if self.one_in(6) => *[1, 1, 1, 2, 2, 3, 5, 8].choose(&mut self.rng).expect("depths"),
                _ => continue,
            };
            let branch = self.orphans(&mut tip, depth);
            forks.push((truth.len() - 1, branch));
        }
        // The truth wins: it ends above every other branch.
        let highest = self.blocks.iter().map(|block| block.slot).max().expect("blocks");
        while self.blocks[tip.block].slot <= highest || truth.len() < 8 {
            self.extend(&mut tip);
            truth.push(tip.block);
        }
        let moments = self.moments(&truth, &forks);
        Chain { blocks: self.blocks, truth, moments, accounts: tip.story.accounts() }
    }

    /// The configuration and the first vault, with which every story begins.
    fn opening(&mut self) -> (Tip, Vec<usize>) {
        let mut story = Story::new();
        let events = std::mem::take(&mut story.ledger);
        let mut opening = Vec::new();
        for (slot, event) in events {
            let transaction = self.transaction(vec![(event.event, event.data)], None);
            let parent = opening.last().copied().unwrap_or(0);
            opening.push(self.push(parent, slot as u64, vec![transaction]));
        }
        let block = opening[opening.len() - 1];
        (Tip { block, story, adrift: Vec::new() }, opening)
    }

    /// A branch of `depth` blocks on `tip` that will be abandoned. What it held may land on the true
    /// one again.
    fn orphans(&mut self, tip: &mut Tip, depth: usize) -> Vec<usize> {
        let mut other = tip.clone();
        let mut branch = Vec::new();
        for _ in 0..depth {
            self.extend(&mut other);
            branch.push(other.block);
        }
        let landed = branch.iter().flat_map(|block| &self.blocks[*block].transactions);
        for transaction in landed {
            if !tip.adrift.contains(&transaction.signature) {
                tip.adrift.push(transaction.signature);
            }
        }
        branch
    }

    fn extend(&mut self, tip: &mut Tip) {
        let skipped = if self.one_in(5) { self.rng.gen_range(1..=4) } else { 0 };
        let slot = self.blocks[tip.block].slot + 1 + skipped;
        tip.story.move_to(slot);
        let count = *[0, 0, 1, 1, 2, 3, 4].choose(&mut self.rng).expect("counts");
        let transactions = (0..count).map(|_| self.next_transaction(tip)).collect();
        tip.block = self.push(tip.block, slot, transactions);
    }

    fn push(&mut self, parent: usize, slot: u64, transactions: Vec<Transaction>) -> usize {
        let mut hash = [0; 32];
        self.rng.fill_bytes(&mut hash);
        let height = self.blocks[parent].height + 1;
        let time = AT + slot as i64;
        self.blocks.push(Block { slot, hash, parent, height, time, transactions });
        self.blocks.len() - 1
    }

    fn next_transaction(&mut self, tip: &mut Tip) -> Transaction {
        let again = self.one_in(2).then(|| tip.adrift.pop()).flatten();
        match self.rng.gen_range(0..10) {
            // It changes nothing: what its events say did not happen.
            0 | 1 => {
                let events = self.tell(&mut tip.story.clone());
                Transaction { failed: true, ..self.transaction(events, again) }
            }
            2 => self.transaction(Vec::new(), again),
            _ => {
                let events = self.tell(&mut tip.story);
                self.transaction(events, again)
            }
        }
    }

    /// One to three things that happen in the story's slot.
    fn tell(&mut self, story: &mut Story) -> Vec<(Event, Vec<u8>)> {
        for _ in 0..self.rng.gen_range(1..=3) {
            // An even choice stays in the slot.
            story.tell(self.rng.r#gen::<u8>() & !1);
        }
        story.ledger.drain(..).map(|(_, event)| (event.event, event.data)).collect()
    }

    /// A transaction with the events in that order, among calls that are none.
    fn transaction(&mut self, events: Vec<(Event, Vec<u8>)>, signature: Option<[u8; 64]>) -> Transaction {
        let signature = signature.unwrap_or_else(|| {
            let mut signature = [0; 64];
            self.rng.fill_bytes(&mut signature);
            signature
        });
        let version = *[Version::Legacy, Version::Legacy, Version::Tables, Version::Tables, Version::One]
            .choose(&mut self.rng)
            .expect("versions");
        let mut events = events.into_iter().peekable();
        let mut instructions = Vec::new();
        for _ in 0..self.rng.gen_range(0..2) {
            instructions.push(self.noise(0..=2));
        }
        while events.peek().is_some() {
            let mut instruction = self.noise(0..=3);
            if self.one_in(12) {
                // As deep and as long as calls get.
                let deep = self.noise(20..=40);
                instruction.inner.extend(deep.inner);
            }
            // The program was called, by the transaction or by another program, at some depth.
            let height = if self.one_in(3) { self.rng.gen_range(2..=4) } else { 1 };
            let call = Call { program: PROGRAM_ID, accounts: vec![key(1), key(2)], data: vec![7; 12] };
            match height {
                1 => instruction.call = call,
                _ => instruction.inner.push(Inner { call, height, event: None }),
            }
            for _ in 0..self.rng.gen_range(1..=2) {
                if let Some((event, data)) = events.next() {
                    let call = Call { program: PROGRAM_ID, accounts: vec![event_authority()], data };
                    instruction.inner.push(Inner { call, height: height + 1, event: Some(event) });
                }
            }
            let tail = self.noise(0..=2);
            instruction.inner.extend(tail.inner);
            instructions.push(instruction);
        }
        instructions.push(self.noise(0..=2));
        Transaction { signature, failed: false, version, instructions }
    }

    /// An instruction of another program with calls that look like events and are none.
    fn noise(&mut self, calls: RangeInclusive<usize>) -> Instruction {
        let calls = self.rng.gen_range(calls);
        let mut height = 2;
        let mut inner = Vec::new();
        for _ in 0..calls {
            let call = if self.one_in(3) { self.look_alike() } else { other() };
            inner.push(Inner { call, height, event: None });
            // Down by one at most, up by any number.
            height = self.rng.gen_range(2..=(height + 1).min(9));
        }
        Instruction { call: Call { program: key(50), accounts: vec![key(3)], data: vec![1] }, inner }
    }

    fn look_alike(&mut self) -> Call {
        let (program, accounts) = (PROGRAM_ID, vec![event_authority()]);
        let data = self.event.clone();
        let tag = EVENT_IX_TAG_LE.len();
        match self.rng.gen_range(0..8) {
            // Another program's.
            0 => Call { program: key(50), accounts, data },
            // Signed by another authority, by more than one, or by none.
            1 => Call { program, accounts: vec![key(51)], data },
            2 => Call { program, accounts: vec![event_authority(), key(51)], data },
            3 => Call { program, accounts: Vec::new(), data },
            // Without the tag, with half of it, with another one.
            4 => Call { program, accounts, data: data[tag..].to_vec() },
            5 => Call { program, accounts, data: data[..tag / 2].to_vec() },
            6 => Call { program, accounts, data: [&[0xAB; 8], &data[tag..]].concat() },
            _ => other(),
        }
    }

    /// How the node comes to know: it follows the true branch, and every other one for a while.
    fn moments(&mut self, truth: &[usize], forks: &[(usize, Vec<usize>)]) -> Vec<Moment> {
        let mut moments = Vec::new();
        let mut finalized = 0;
        let last = truth.len() - 1;
        // A mirror begins where there are two blocks.
        let mut at = 2;
        moments.push(Moment { head: truth[at], finalized: truth[0], lasts: true });
        while at < last {
            // Bursts, so that the mirror sometimes has to catch up.
            let stride = *[1, 1, 2, 3, 5, 9].choose(&mut self.rng).expect("strides");
            let stop = forks.iter().map(|(fork, _)| *fork).filter(|fork| *fork > at).min().unwrap_or(last);
            at = (at + stride).min(stop).min(last);
            let lasts = self.one_in(3);
            moments.push(Moment { head: truth[at], finalized: truth[finalized], lasts });
            for (fork, branch) in forks {
                if *fork == at {
                    self.stray(truth, at, branch, finalized, &mut moments);
                }
            }
            // Nothing is final above a fork that is still to come back to.
            finalized = self.rng.gen_range(finalized..=at);
            if self.one_in(4) {
                moments.push(Moment { head: truth[at], finalized: truth[finalized], lasts: true });
            }
        }
        moments.push(Moment { head: truth[last], finalized: truth[last], lasts: false });
        moments
    }

    /// Follows `branch`, which leaves the truth at `at`, goes back and forth between the two, and
    /// leaves it for good.
    fn stray(&mut self, truth: &[usize], at: usize, branch: &[usize], finalized: usize, moments: &mut Vec<Moment>) {
        let finalized = truth[finalized];
        let mut reached = 0;
        while reached < branch.len() {
            reached = (reached + self.rng.gen_range(1..=8)).min(branch.len());
            // Its end is always seen, else the fork would not be one.
            let lasts = reached == branch.len() || self.one_in(4);
            moments.push(Moment { head: branch[reached - 1], finalized, lasts });
            if self.one_in(5) {
                let back = (at + self.rng.gen_range(0..=3)).min(truth.len() - 1);
                moments.push(Moment { head: truth[back], finalized, lasts: self.one_in(2) });
            }
        }
        if self.one_in(3) {
            let back = (at + self.rng.gen_range(1..=3)).min(truth.len() - 1);
            moments.push(Moment { head: truth[back], finalized, lasts: true });
            moments.push(Moment { head: branch[branch.len() - 1], finalized, lasts: true });
        }
    }
}

/// Something else altogether.
fn other() -> Call {
    Call { program: key(52), accounts: vec![key(3), key(51)], data: vec![3; 9] }
}

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}
