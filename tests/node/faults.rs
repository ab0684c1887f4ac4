//! What the node lies about: a function of the seed, the question and how often it was asked.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// This and some of the next questions get the status 429.
    Storm,
    /// Status 503.
    Unavailable,
    /// JSON that ends early, in a whole answer.
    Truncated,
    /// A connection that breaks in the middle of an answer.
    Broken,
    /// No answer.
    Stall,
    /// An answer without a result.
    Nothing,
    /// An error of the node's own.
    Internal,
    /// The answer of a replica that is behind, maybe on another fork.
    Replica,

    /// One of the errors that say that there is no block, or null.
    Missing,
    /// Another parent than the block has.
    WrongParent,
    /// Another hash than the block has.
    WrongHash,
    /// The block of another slot.
    OtherBlock,

    NoTransactions,
    NullMeta,
    NoInner,
    NoAddresses,
    UnknownVersion,
    /// The error of a node that does not know a transaction's version.
    RefusedVersion,
    Garbled,

    /// A list in any order, with repetitions.
    Disordered,
    /// A list that begins before what was asked for, as where pages go round in circles.
    Cyclic,
    /// A list that leaves slots out.
    Short,
    /// A list with slots that have no block.
    Invented,

    /// Notifications that never come, or come twice, after the next or late.
    Lost,
    Twice,
    Reordered,
    Late,
    /// A connection that says nothing more.
    Silent,
    /// Frames that are no notifications.
    Malformed,
    /// A connection that the node closes.
    Closed,
}

use Fault::*;

const ANY: &[Fault] = &[Storm, Unavailable, Truncated, Broken, Stall, Nothing, Internal, Replica, Replica];
const LINK: &[Fault] = &[Missing, Missing, WrongParent, WrongParent, WrongHash, OtherBlock];
const BODY: &[Fault] =
    &[NoTransactions, NullMeta, NullMeta, NoInner, NoAddresses, UnknownVersion, RefusedVersion, Garbled];
const LIST: &[Fault] = &[Disordered, Cyclic, Short, Invented];
const NOTIFICATION: &[Fault] = &[Lost, Twice, Reordered, Late, Silent, Malformed, Closed];

/// Every fault there is.
pub fn all() -> impl Iterator<Item = Fault> {
    [ANY, LINK, BODY, LIST, NOTIFICATION].into_iter().flatten().copied()
}

/// What can be lied about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    Genesis,
    First,
    Tip { finalized: bool },
    Slots,
    Accounts,
    Block { slot: u64, whole: bool },
    Notification,
}

impl Question {
    fn faults(self) -> &'static [&'static [Fault]] {
        match self {
            Self::Block { whole: true, .. } => &[ANY, LINK, BODY, BODY],
            Self::Block { whole: false, .. } => &[ANY, LINK],
            Self::Slots => &[ANY, LIST, LIST],
            Self::Notification => &[NOTIFICATION],
            Self::Genesis | Self::First | Self::Tip { .. } => &[ANY],
            // They are the other oracle.
            Self::Accounts => &[],
        }
    }

    /// After how many answers the node is honest. Every lie ends.
    fn patience(self) -> u32 {
        match self {
            Self::Block { .. } | Self::Genesis | Self::First | Self::Accounts => 2,
            Self::Tip { .. } | Self::Slots => 30,
            Self::Notification => u32::MAX,
        }
    }
}

pub struct Faults {
    seed: u64,
    /// Of a hundred answers that may be lies, so many are.
    percent: u32,
    asked: HashMap<Question, u32>,
    /// Questions that are still to be answered with the status 429.
    storm: u32,
    /// The one lie that is told for ever.
    forever: Option<(Question, Fault)>,
    /// How often each was told.
    pub told: BTreeMap<Fault, u64>,
}

impl Faults {
    pub fn transient(seed: u64) -> Self {
        let percent = ChaCha8Rng::seed_from_u64(seed).gen_range(2..=20);
        Self { seed, percent, asked: HashMap::new(), storm: 0, forever: None, told: BTreeMap::new() }
    }

    pub fn none() -> Self {
        Self { percent: 0, ..Self::transient(0) }
    }

    /// The truth, but for that answer.
    pub fn forever(seed: u64, question: Question, fault: Fault) -> Self {
        Self { seed, forever: Some((question, fault)), ..Self::none() }
    }

    /// Whether and how to lie now, and the dice for it.
    pub fn next(&mut self, question: Question) -> (Option<Fault>, ChaCha8Rng) {
        let asked = self.asked.entry(question).or_default();
        *asked += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, question, *asked).hash(&mut hasher);
        let mut dice = ChaCha8Rng::seed_from_u64(hasher.finish());
        let fault = if let Some((about, fault)) = self.forever {
            // The same every time it is asked, with the transactions or without.
            dice = ChaCha8Rng::seed_from_u64(self.seed);
            let same = match (about, question) {
                (Question::Block { slot, .. }, Question::Block { slot: asked, .. }) => slot == asked,
                _ => about == question,
            };
            same.then_some(fault)
        } else if self.storm > 0 && question != Question::Notification {
            self.storm -= 1;
            Some(Storm)
        } else if *asked <= question.patience() && dice.gen_ratio(self.percent, 100) {
            question.faults().choose(&mut dice).and_then(|faults| faults.choose(&mut dice)).copied()
        } else {
            None
        };
        if fault == Some(Storm) && self.storm == 0 && dice.gen_ratio(1, 4) {
            self.storm = dice.gen_range(2..=12);
        }
        if let Some(fault) = fault {
            *self.told.entry(fault).or_default() += 1;
        }
        (fault, dice)
    }
}
