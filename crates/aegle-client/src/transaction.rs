//! Transactions as nodes tell them, to the events of the program. Pure.

use anchor_lang::prelude::Pubkey;
use solana_message::VersionedMessage;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiInstruction, UiLoadedAddresses,
    UiTransactionStatusMeta, option_serializer::OptionSerializer,
};

pub use solana_transaction_status_client_types::EncodedConfirmedTransactionWithStatusMeta;

use crate::{
    Event, PROGRAM_ID, base58,
    event::{DecodeError, event_authority},
};

/// The highest transaction version that [`VersionedMessage`] knows. A request that names a lower one
/// fails for every block that holds a higher.
pub const MAX_TRANSACTION_VERSION: u8 = 1;

/// An event and where it stands in its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionEvent {
    pub instruction_index: u8,
    /// Among all instructions that the instruction called, directly or not, in order.
    pub inner_index: u16,
    pub event: Event,
    /// The event as in the ledger, tag included.
    pub data: Vec<u8>,
}

/// Why a transaction cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unreadable {
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
    #[error("{0}; install a release that knows it")]
    Event(#[from] DecodeError),
}

/// The program's events in the order they happened. A failed transaction changed nothing and has none.
///
/// # Errors
/// Anything that this version cannot read for certain.
pub fn events(transaction: &EncodedTransactionWithStatusMeta) -> Result<Vec<TransactionEvent>, Unreadable> {
    let mut events = Vec::new();
    if let Some(TransactionVersion::Number(version)) = transaction.version
        && version > MAX_TRANSACTION_VERSION
    {
        return Err(Unreadable::UnknownVersion(version));
    }
    let meta = transaction.meta.as_ref().ok_or(Unreadable::NoMeta)?;
    if meta.err.is_some() {
        return Ok(events);
    }
    let OptionSerializer::Some(inner) = &meta.inner_instructions else {
        return Err(Unreadable::NoInnerInstructions);
    };
    if inner.is_empty() {
        return Ok(events);
    }
    let decoded = decode(transaction).ok_or(Unreadable::Undecodable)?;
    let keys = account_keys(&decoded.message, meta)?;
    let key = |index: u8| keys.get(usize::from(index)).ok_or(Unreadable::BadIndex);
    let authority = event_authority();
    for group in inner {
        for (inner_index, instruction) in (0..).zip(&group.instructions) {
            let UiInstruction::Compiled(instruction) = instruction else {
                return Err(Unreadable::Undecodable);
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
            let data = base58::decode(&instruction.data).ok_or(Unreadable::Undecodable)?;
            if let Some(event) = Event::decode(&data)? {
                events.push(TransactionEvent { instruction_index: group.index, inner_index, event, data });
            }
        }
    }
    Ok(events)
}

/// Whether it can hold an event of the program: it succeeded, names the program and has inner
/// instructions.
///
/// # Errors
/// A transaction that cannot be read.
pub fn names_program(transaction: &EncodedTransactionWithStatusMeta) -> Result<bool, Unreadable> {
    let meta = transaction.meta.as_ref().ok_or(Unreadable::NoMeta)?;
    let called = !matches!(&meta.inner_instructions, OptionSerializer::Some(inner) if inner.is_empty());
    if meta.err.is_some() || !called {
        return Ok(false);
    }
    let decoded = decode(transaction).ok_or(Unreadable::Undecodable)?;
    Ok(account_keys(&decoded.message, meta)?.contains(&PROGRAM_ID))
}

/// The transaction itself, where the node sent it as base64.
pub fn decode(transaction: &EncodedTransactionWithStatusMeta) -> Option<VersionedTransaction> {
    match &transaction.transaction {
        binary @ EncodedTransaction::Binary(_, TransactionBinaryEncoding::Base64) => binary.decode(),
        _ => None,
    }
}

/// Every account the transaction may name, in the order of its indexes.
fn account_keys(message: &VersionedMessage, meta: &UiTransactionStatusMeta) -> Result<Vec<Pubkey>, Unreadable> {
    let mut keys = message.static_account_keys().to_vec();
    let lookups = message.address_table_lookups().unwrap_or_default();
    if !lookups.is_empty() {
        let OptionSerializer::Some(UiLoadedAddresses { writable, readonly }) = &meta.loaded_addresses else {
            return Err(Unreadable::NoLoadedAddresses);
        };
        let expected_writable: usize = lookups.iter().map(|lookup| lookup.writable_indexes.len()).sum();
        let expected_readonly: usize = lookups.iter().map(|lookup| lookup.readonly_indexes.len()).sum();
        if (writable.len(), readonly.len()) != (expected_writable, expected_readonly) {
            return Err(Unreadable::NoLoadedAddresses);
        }
        for address in writable.iter().chain(readonly) {
            keys.push(address.parse().map_err(|_| Unreadable::NoLoadedAddresses)?);
        }
    }
    Ok(keys)
}
