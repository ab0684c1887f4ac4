//! Blocks of the ledger to the events of the program. Pure: no database, no network.
//!
//! Nothing is guessed and nothing skipped: what this version cannot read is an error that names the
//! slot and the signature, and ingestion stops on it.

use aegle_client::{
    Event, base58,
    transaction::{self, TransactionEvent, Unreadable},
};
use solana_signature::Signature;
use solana_transaction_status_client_types::{EncodedTransactionWithStatusMeta, UiConfirmedBlock};

use crate::db::checkpoint::BlockId;

/// A block and the link to its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub slot: i64,
    pub hash: [u8; 32],
    pub parent_slot: i64,
    pub parent_hash: [u8; 32],
    pub height: Option<i64>,
    /// Seconds since the Unix epoch.
    pub time: Option<i64>,
}

/// A block's events in the order they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub header: Header,
    pub events: Vec<LedgerEvent>,
}

/// An event and where it stands in its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEvent {
    pub signature: [u8; 64],
    pub tx_index: i32,
    pub instruction_index: i16,
    /// Among all instructions that the instruction called, directly or not, in order.
    pub inner_index: i16,
    pub event: Event,
    /// The event as in the ledger, tag included.
    pub data: Vec<u8>,
}

/// Why a block cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("slot {slot}{}: {reason}", .signature.as_deref().map(|signature| format!(", transaction {signature}")).unwrap_or_default())]
pub struct DecodeError {
    pub slot: u64,
    pub signature: Option<String>,
    pub reason: Reason,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Reason {
    #[error("{field} is not what a block has: {value}")]
    Header { field: &'static str, value: String },
    #[error("the node sent the block without its transactions")]
    NoTransactions,
    #[error(transparent)]
    Transaction(#[from] Unreadable),
    #[error("{0} is too large to store")]
    TooLarge(&'static str),
}

impl Header {
    pub fn parent(&self) -> BlockId {
        BlockId { slot: self.parent_slot, hash: self.parent_hash }
    }

    /// # Errors
    /// A hash that is none, or a number beyond what the database holds.
    pub fn of(slot: u64, block: &UiConfirmedBlock) -> Result<Self, DecodeError> {
        let fail = |reason| DecodeError { slot, signature: None, reason };
        let hash =
            |field, text: &str| parse_32(text).ok_or_else(|| fail(Reason::Header { field, value: text.to_owned() }));
        let number = |field, value: u64| {
            i64::try_from(value).map_err(|_| fail(Reason::Header { field, value: value.to_string() }))
        };
        if block.parent_slot >= slot {
            return Err(fail(Reason::Header { field: "the parent slot", value: block.parent_slot.to_string() }));
        }
        Ok(Self {
            slot: number("the slot", slot)?,
            hash: hash("the hash", &block.blockhash)?,
            parent_slot: number("the parent slot", block.parent_slot)?,
            parent_hash: hash("the parent's hash", &block.previous_blockhash)?,
            height: block.block_height.map(|height| number("the height", height)).transpose()?,
            time: block.block_time,
        })
    }
}

impl Block {
    /// Reads the block of `slot`. Failed transactions changed nothing and are left out.
    ///
    /// # Errors
    /// Anything that this version cannot read for certain.
    pub fn decode(slot: u64, block: &UiConfirmedBlock) -> Result<Self, DecodeError> {
        let header = Header::of(slot, block)?;
        let transactions = block.transactions.as_ref();
        let transactions = transactions.ok_or(DecodeError { slot, signature: None, reason: Reason::NoTransactions })?;
        let mut events = Vec::new();
        for (index, transaction) in transactions.iter().enumerate() {
            let signed = || signature(transaction).map(|signature| signature.to_string());
            let fail = |reason| DecodeError { slot, signature: signed(), reason };
            let tx_index = i32::try_from(index).map_err(|_| fail(Reason::TooLarge("the transaction index")))?;
            read_transaction(tx_index, transaction, &mut events).map_err(fail)?;
        }
        Ok(Self { header, events })
    }
}

fn read_transaction(
    tx_index: i32,
    transaction: &EncodedTransactionWithStatusMeta,
    events: &mut Vec<LedgerEvent>,
) -> Result<(), Reason> {
    let found = transaction::events(transaction)?;
    if found.is_empty() {
        return Ok(());
    }
    let signature = signature(transaction).ok_or(Unreadable::Undecodable)?;
    for TransactionEvent { instruction_index, inner_index, event, data } in found {
        events.push(LedgerEvent {
            signature: signature.into(),
            tx_index,
            instruction_index: instruction_index.into(),
            inner_index: i16::try_from(inner_index).map_err(|_| Reason::TooLarge("the inner index"))?,
            event,
            data,
        });
    }
    Ok(())
}

fn signature(transaction: &EncodedTransactionWithStatusMeta) -> Option<Signature> {
    transaction::decode(transaction)?.signatures.first().copied()
}

fn parse_32(text: &str) -> Option<[u8; 32]> {
    base58::decode(text)?.try_into().ok()
}
