//! Blocks of the ledger to the events of the program. Pure: no database, no network.
//!
//! Nothing is guessed and nothing skipped: what this version cannot read is an error that names the
//! slot and the signature, and ingestion stops on it.

use aegle_client::{
    Event, PROGRAM_ID, Pubkey,
    event::{DecodeError as EventError, event_authority},
};
use solana_message::VersionedMessage;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiConfirmedBlock, UiInstruction,
    UiLoadedAddresses, UiTransactionStatusMeta, option_serializer::OptionSerializer,
};

use crate::{base58, db::checkpoint::BlockId};

/// The highest transaction version that [`VersionedMessage`] knows. A request that names a lower one
/// fails for every block that holds a higher.
pub const MAX_TRANSACTION_VERSION: u8 = 1;

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
    #[error("the node did not record the outcome of the transaction; ask one that keeps it")]
    NoMeta,
    #[error("the node did not record inner instructions; ask one that does")]
    NoInnerInstructions,
    #[error("transaction version {0} is unknown to this release; install a newer one")]
    UnknownVersion(u8),
    #[error("the transaction cannot be decoded; a newer release may know its version")]
    Undecodable,
    #[error("the node did not say which addresses the transaction loaded from tables")]
    NoLoadedAddresses,
    #[error("an inner instruction names an account that the transaction does not have")]
    BadIndex,
    #[error("{0} is too large to store")]
    TooLarge(&'static str),
    #[error("{0}; install a release that knows it")]
    Event(#[from] EventError),
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
            let signed = || decode_transaction(transaction).and_then(|decoded| decoded.signatures.first().copied());
            let fail = |reason| DecodeError { slot, signature: signed().map(|signed| signed.to_string()), reason };
            let tx_index = i32::try_from(index).map_err(|_| fail(Reason::TooLarge("the transaction index")))?;
            read_transaction(tx_index, transaction, &mut events).map_err(fail)?;
        }
        Ok(Self { header, events })
    }
}

/// Whether it can hold an event of the program: it succeeded, names the program and has inner
/// instructions.
pub fn names_program(transaction: &EncodedTransactionWithStatusMeta) -> Result<bool, Reason> {
    let meta = transaction.meta.as_ref().ok_or(Reason::NoMeta)?;
    let called = !matches!(&meta.inner_instructions, OptionSerializer::Some(inner) if inner.is_empty());
    if meta.err.is_some() || !called {
        return Ok(false);
    }
    let decoded = decode_transaction(transaction).ok_or(Reason::Undecodable)?;
    Ok(account_keys(&decoded.message, meta)?.contains(&PROGRAM_ID))
}

fn read_transaction(
    tx_index: i32,
    transaction: &EncodedTransactionWithStatusMeta,
    events: &mut Vec<LedgerEvent>,
) -> Result<(), Reason> {
    if let Some(TransactionVersion::Number(version)) = transaction.version
        && version > MAX_TRANSACTION_VERSION
    {
        return Err(Reason::UnknownVersion(version));
    }
    let meta = transaction.meta.as_ref().ok_or(Reason::NoMeta)?;
    if meta.err.is_some() {
        return Ok(());
    }
    let OptionSerializer::Some(inner) = &meta.inner_instructions else {
        return Err(Reason::NoInnerInstructions);
    };
    if inner.is_empty() {
        return Ok(());
    }
    let decoded = decode_transaction(transaction).ok_or(Reason::Undecodable)?;
    let signature = decoded.signatures.first().ok_or(Reason::Undecodable)?;
    let keys = account_keys(&decoded.message, meta)?;
    let key = |index: u8| keys.get(usize::from(index)).ok_or(Reason::BadIndex);
    let authority = event_authority();
    for group in inner {
        for (inner_index, instruction) in group.instructions.iter().enumerate() {
            let UiInstruction::Compiled(instruction) = instruction else {
                return Err(Reason::Undecodable);
            };
            if *key(instruction.program_id_index)? != PROGRAM_ID {
                continue;
            }
            let [account] = instruction.accounts[..] else {
                continue;
            };
            if *key(account)? != authority {
                continue;
            }
            let data = base58::decode(&instruction.data).ok_or(Reason::Undecodable)?;
            if let Some(event) = Event::decode(&data)? {
                events.push(LedgerEvent {
                    signature: (*signature).into(),
                    tx_index,
                    instruction_index: group.index.into(),
                    inner_index: i16::try_from(inner_index).map_err(|_| Reason::TooLarge("the inner index"))?,
                    event,
                    data,
                });
            }
        }
    }
    Ok(())
}

fn decode_transaction(transaction: &EncodedTransactionWithStatusMeta) -> Option<VersionedTransaction> {
    match &transaction.transaction {
        binary @ EncodedTransaction::Binary(_, TransactionBinaryEncoding::Base64) => binary.decode(),
        _ => None,
    }
}

/// Every account the transaction may name, in the order of its indexes.
fn account_keys(message: &VersionedMessage, meta: &UiTransactionStatusMeta) -> Result<Vec<Pubkey>, Reason> {
    let mut keys = message.static_account_keys().to_vec();
    let lookups = message.address_table_lookups().unwrap_or_default();
    if !lookups.is_empty() {
        let OptionSerializer::Some(UiLoadedAddresses { writable, readonly }) = &meta.loaded_addresses else {
            return Err(Reason::NoLoadedAddresses);
        };
        let expected_writable: usize = lookups.iter().map(|lookup| lookup.writable_indexes.len()).sum();
        let expected_readonly: usize = lookups.iter().map(|lookup| lookup.readonly_indexes.len()).sum();
        if (writable.len(), readonly.len()) != (expected_writable, expected_readonly) {
            return Err(Reason::NoLoadedAddresses);
        }
        for address in writable.iter().chain(readonly) {
            keys.push(address.parse().map_err(|_| Reason::NoLoadedAddresses)?);
        }
    }
    Ok(keys)
}

fn parse_32(text: &str) -> Option<[u8; 32]> {
    base58::decode(text)?.try_into().ok()
}
