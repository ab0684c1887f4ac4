use anchor_lang::prelude::*;

use crate::error::AegleError;

/// The most entries of a log: any number up to it is exact wherever numbers are floating-point, as in
/// JavaScript, and fits into signed 64 bits.
pub const MAX_TREE_SIZE: u64 = (1 << 53) - 1;

/// What an operator's disclosure log was at a time. It stays: a log that it does not belong to is
/// caught by it.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct AuditRoot {
    pub version: u8,
    pub bump: u8,
    pub rent_payer: Pubkey,
    pub operator: Pubkey,
    /// Zero for the operator's first, one more for each.
    pub index: u64,
    /// Entries of the log.
    pub tree_size: u64,
    /// Merkle tree hash of the log's first `tree_size` entries (RFC 9162, section 2.1.1).
    pub root: [u8; 32],
    /// Root over the head of every vault's chain of entries. The program cannot tell what is in it.
    pub heads: [u8; 32],
    pub anchored_slot: u64,
    pub anchored_at: i64,
}

impl AuditRoot {
    pub fn invariant(&self) -> Result<()> {
        require!(self.root != [0; 32], AegleError::ZeroCommitment);
        require_gte!(MAX_TREE_SIZE, self.tree_size, AegleError::AuditLogTooLarge);
        Ok(())
    }

    /// Whether this is the operator's next root after `previous`, of a log that has lost nothing. That
    /// the earlier entries are the same ones, a consistency proof off chain shows.
    pub fn require_follows(&self, previous: Option<&Self>) -> Result<()> {
        let Some(previous) = previous else {
            require!(self.index == 0, AegleError::AuditRootMismatch);
            return Ok(());
        };
        require!(
            previous.operator == self.operator && previous.index.checked_add(1) == Some(self.index),
            AegleError::AuditRootMismatch
        );
        require_gte!(self.tree_size, previous.tree_size, AegleError::AuditLogShrunk);
        require!(
            self.tree_size > previous.tree_size || (self.root == previous.root && self.heads == previous.heads),
            AegleError::AuditLogForked
        );
        Ok(())
    }
}
