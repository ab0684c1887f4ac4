//! A block as it stands in a recording.

use aegle_client::{
    base58,
    transaction::{Unreadable, names_program},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use borsh::{BorshDeserialize, BorshSerialize};
use solana_transaction::versioned::TransactionVersion;
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction,
    UiConfirmedBlock, UiInnerInstructions, UiInstruction, UiLoadedAddresses, UiTransactionStatusMeta,
    option_serializer::OptionSerializer,
};

use crate::decode::{DecodeError, Header, Reason};

/// Far beyond what the limits of a block allow.
const MOST_TRANSACTIONS: u32 = 1 << 20;

/// A block's header and the transactions that name the program.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordedBlock {
    pub slot: u64,
    pub(super) hash: [u8; 32],
    pub(super) parent_slot: u64,
    pub(super) parent_hash: [u8; 32],
    height: Option<u64>,
    /// Seconds since the Unix epoch.
    time: Option<i64>,
    transactions: Vec<RecordedTransaction>,
}

#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct RecordedTransaction {
    /// Its place among all transactions of the block.
    index: u32,
    /// None for the legacy format.
    version: Option<u8>,
    wire: Vec<u8>,
    inner: Vec<RecordedInner>,
    writable: Vec<[u8; 32]>,
    readonly: Vec<[u8; 32]>,
}

/// What one instruction called, directly or not.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct RecordedInner {
    index: u8,
    instructions: Vec<RecordedInstruction>,
}

#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct RecordedInstruction {
    program_id_index: u8,
    accounts: Vec<u8>,
    data: Vec<u8>,
    stack_height: Option<u32>,
}

impl RecordedBlock {
    /// What is kept of the block of `slot`.
    ///
    /// # Errors
    /// A block that the decoder would not read either.
    pub fn of(slot: u64, block: &UiConfirmedBlock) -> Result<Self, DecodeError> {
        let header = Header::of(slot, block)?;
        let fail = |reason| DecodeError { slot, signature: None, reason };
        let all = block.transactions.as_ref().ok_or_else(|| fail(Reason::NoTransactions))?;
        let mut transactions = Vec::new();
        for (index, transaction) in (0..).zip(all) {
            if let Some(kept) = RecordedTransaction::of(index, transaction).map_err(|error| fail(error.into()))? {
                transactions.push(kept);
            }
        }
        Ok(Self {
            slot,
            hash: header.hash,
            parent_slot: block.parent_slot,
            parent_hash: header.parent_hash,
            height: block.block_height,
            time: header.time,
            transactions,
        })
    }

    /// Whether it can be a block: a damaged index must not exhaust memory.
    pub(super) fn is_sound(&self) -> bool {
        let indexes = self.transactions.iter().map(|transaction| transaction.index);
        self.parent_slot < self.slot
            && indexes.clone().is_sorted_by(|a, b| a < b)
            && indexes.max() < Some(MOST_TRANSACTIONS)
    }

    /// The block as a node gives it. What was dropped of it is empty.
    pub fn into_block(self) -> UiConfirmedBlock {
        let mut transactions = Vec::new();
        for transaction in self.transactions {
            transactions.resize_with(transactions.len().max(transaction.index as usize), dropped);
            transactions.push(transaction.encode());
        }
        UiConfirmedBlock {
            previous_blockhash: base58::encode(&self.parent_hash),
            blockhash: base58::encode(&self.hash),
            parent_slot: self.parent_slot,
            transactions: Some(transactions),
            signatures: None,
            rewards: None,
            num_reward_partitions: None,
            block_time: self.time,
            block_height: self.height,
        }
    }
}

impl RecordedTransaction {
    /// None for one that failed or does not name the program.
    fn of(index: u32, transaction: &EncodedTransactionWithStatusMeta) -> Result<Option<Self>, Unreadable> {
        if !names_program(transaction)? {
            return Ok(None);
        }
        let meta = transaction.meta.as_ref().ok_or(Unreadable::NoMeta)?;
        let OptionSerializer::Some(groups) = &meta.inner_instructions else {
            return Err(Unreadable::NoInnerInstructions);
        };
        let EncodedTransaction::Binary(wire, TransactionBinaryEncoding::Base64) = &transaction.transaction else {
            return Err(Unreadable::Undecodable);
        };
        let inner = groups.iter().map(|group| {
            let instructions = group.instructions.iter().map(|instruction| match instruction {
                UiInstruction::Compiled(instruction) => Ok(RecordedInstruction {
                    program_id_index: instruction.program_id_index,
                    accounts: instruction.accounts.clone(),
                    data: base58::decode(&instruction.data).ok_or(Unreadable::Undecodable)?,
                    stack_height: instruction.stack_height,
                }),
                UiInstruction::Parsed(_) => Err(Unreadable::Undecodable),
            });
            let instructions = instructions.collect::<Result<_, Unreadable>>()?;
            Ok(RecordedInner { index: group.index, instructions })
        });
        let (writable, readonly) = match &meta.loaded_addresses {
            OptionSerializer::Some(loaded) => (addresses(&loaded.writable)?, addresses(&loaded.readonly)?),
            _ => Default::default(),
        };
        Ok(Some(Self {
            index,
            version: match transaction.version {
                Some(TransactionVersion::Number(number)) => Some(number),
                _ => None,
            },
            wire: BASE64_STANDARD.decode(wire).map_err(|_| Unreadable::Undecodable)?,
            inner: inner.collect::<Result<_, Unreadable>>()?,
            writable,
            readonly,
        }))
    }

    fn encode(self) -> EncodedTransactionWithStatusMeta {
        let inner = self.inner.into_iter().map(|group| UiInnerInstructions {
            index: group.index,
            instructions: group.instructions.into_iter().map(RecordedInstruction::encode).collect(),
        });
        let text = |addresses: Vec<[u8; 32]>| addresses.iter().map(|address| base58::encode(address)).collect();
        let loaded = UiLoadedAddresses { writable: text(self.writable), readonly: text(self.readonly) };
        EncodedTransactionWithStatusMeta {
            transaction: EncodedTransaction::Binary(
                BASE64_STANDARD.encode(self.wire),
                TransactionBinaryEncoding::Base64,
            ),
            meta: Some(UiTransactionStatusMeta {
                loaded_addresses: OptionSerializer::Some(loaded),
                ..succeeded(inner.collect())
            }),
            version: Some(self.version.map_or(TransactionVersion::LEGACY, TransactionVersion::Number)),
        }
    }
}

impl RecordedInstruction {
    fn encode(self) -> UiInstruction {
        UiInstruction::Compiled(UiCompiledInstruction {
            program_id_index: self.program_id_index,
            accounts: self.accounts,
            data: base58::encode(&self.data),
            stack_height: self.stack_height,
        })
    }
}

fn addresses(texts: &[String]) -> Result<Vec<[u8; 32]>, Unreadable> {
    let address = |text: &String| base58::decode(text).and_then(|bytes| bytes.try_into().ok());
    texts.iter().map(address).collect::<Option<_>>().ok_or(Unreadable::NoLoadedAddresses)
}

/// Stands where a dropped transaction stood.
fn dropped() -> EncodedTransactionWithStatusMeta {
    EncodedTransactionWithStatusMeta {
        transaction: EncodedTransaction::Binary(String::new(), TransactionBinaryEncoding::Base64),
        meta: Some(succeeded(Vec::new())),
        version: None,
    }
}

fn succeeded(inner: Vec<UiInnerInstructions>) -> UiTransactionStatusMeta {
    UiTransactionStatusMeta {
        err: None,
        status: Ok(()),
        fee: 0,
        pre_balances: Vec::new(),
        post_balances: Vec::new(),
        inner_instructions: OptionSerializer::Some(inner),
        log_messages: OptionSerializer::None,
        pre_token_balances: OptionSerializer::None,
        post_token_balances: OptionSerializer::None,
        rewards: OptionSerializer::None,
        loaded_addresses: OptionSerializer::Skip,
        return_data: OptionSerializer::Skip,
        compute_units_consumed: OptionSerializer::Skip,
        cost_units: OptionSerializer::Skip,
    }
}
