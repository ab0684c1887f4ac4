use aegle_decision::Key;

use crate::{Digest, Head, Logged};

/// Seconds by which an entry may be older than one before it: a request is logged after it is decided,
/// and another, by another process's clock, may be faster.
const OVERTAKEN: i64 = 60;

/// The entries of one vault, checked one by one in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    vault: Key,
    head: Option<Head>,
    index: Option<u64>,
    /// The latest of all entries.
    at: i64,
}

/// Why entries are not the whole chain of a vault. `number` is the entry at which it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    #[error("entry {number} is of another vault")]
    OtherVault { number: u64 },
    #[error("entry {expected} is missing; the next one shown is {number}")]
    Gap { expected: u64, number: u64 },
    #[error("entry {number} names another entry before it than the one shown")]
    Altered { number: u64 },
    #[error("entry {number} stands in the log before the one it follows")]
    Reordered { number: u64 },
    #[error("entry {number} is more than a minute older than one it follows")]
    Backdated { number: u64 },
}

impl Chain {
    pub fn new(vault: Key) -> Self {
        Self { vault, head: None, index: None, at: i64::MIN }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// It does not follow; the chain is as before.
    pub fn push(&mut self, logged: &Logged) -> Result<(), ChainFault> {
        let (entry, link) = (logged.entry.value(), logged.link);
        let number = link.number;
        if link.vault != self.vault || entry.vault != self.vault {
            return Err(ChainFault::OtherVault { number });
        }
        let expected = self.len();
        if number != expected {
            return Err(ChainFault::Gap { expected, number });
        }
        if link.previous != self.head.map_or(Digest::default(), |head| head.commitment) {
            return Err(ChainFault::Altered { number });
        }
        if self.index.is_some_and(|index| logged.index <= index) {
            return Err(ChainFault::Reordered { number });
        }
        if entry.at.saturating_add(OVERTAKEN) < self.at {
            return Err(ChainFault::Backdated { number });
        }
        *self = Self {
            vault: self.vault,
            head: Some(Head { entries: number + 1, commitment: logged.commitment() }),
            index: Some(logged.index),
            at: self.at.max(entry.at),
        };
        Ok(())
    }

    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.head.map_or(0, |head| head.entries)
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    pub fn vault(&self) -> Key {
        self.vault
    }

    pub fn head(&self) -> Option<Head> {
        self.head
    }
}
