use serde::Serialize;
use utoipa::ToSchema;

use super::Transaction;
use crate::api::bytes::{Address, Digest};

/// What an operator's disclosure log was when it was anchored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditRoot {
    pub audit_root: Address,
    /// Who keeps the log, and signed.
    pub operator: Address,
    /// Zero for the operator's first, one more for each.
    pub index: i64,
    /// Entries of the log.
    pub tree_size: i64,
    /// Merkle tree hash of those entries (RFC 9162, section 2.1.1).
    pub root: Digest,
    /// Root over the head of every vault's chain of entries.
    pub heads: Digest,
    pub rent_payer: Address,
    pub anchored: Transaction,
}
