//! Blocks as the stream sends them to blocks as a node answers them. Pure.
//!
//! The stream's format has no number for a transaction's version, and a reader drops the fields that
//! it does not know. Whether a transaction was read whole is therefore proved by its signatures: they
//! fit the message only if it was put together again byte for byte.

use base64::{Engine, prelude::BASE64_STANDARD};
use solana_message::{
    Hash, MessageHeader, VersionedMessage,
    compiled_instruction::CompiledInstruction,
    legacy,
    v0::{self, MessageAddressTableLookup},
    v1,
};
use solana_signature::Signature;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction,
    UiConfirmedBlock, UiInnerInstructions, UiInstruction, UiLoadedAddresses, UiTransactionStatusMeta,
    option_serializer::OptionSerializer,
};
use yellowstone_grpc_proto::prelude as proto;

use crate::decode::{DecodeError, Header};

/// More than any block holds: an index beyond it is none.
const MOST_TRANSACTIONS: u64 = 1 << 16;

/// Why a block of the stream is not used; the node is asked for it in its place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unusable {
    #[error(transparent)]
    Header(#[from] DecodeError),
    #[error("slot {slot}: transaction {index}: {reason}")]
    Transaction { slot: u64, index: u64, reason: &'static str },
}

/// A block of the stream, with those transactions alone that called the program with success.
#[derive(Debug)]
pub struct Streamed {
    pub slot: u64,
    pub header: Header,
    /// Bytes that it took on the wire, about what it takes here.
    pub size: usize,
    /// The block without transactions.
    bare: UiConfirmedBlock,
    /// With their places in the whole block, ascending.
    transactions: Vec<(usize, EncodedTransactionWithStatusMeta)>,
}

impl Streamed {
    /// # Errors
    /// Anything that is missing, or that this version cannot read for certain.
    pub fn read(block: proto::SubscribeUpdateBlock, size: usize) -> Result<Self, Unusable> {
        let slot = block.slot;
        let bare = UiConfirmedBlock {
            previous_blockhash: block.parent_blockhash,
            blockhash: block.blockhash,
            parent_slot: block.parent_slot,
            transactions: None,
            signatures: None,
            rewards: None,
            num_reward_partitions: None,
            block_time: block.block_time.map(|time| time.timestamp),
            block_height: block.block_height.map(|height| height.block_height),
        };
        let header = Header::of(slot, &bare)?;
        let mut infos = block.transactions;
        infos.sort_by_key(|info| info.index);
        let mut transactions = Vec::new();
        let mut previous = None;
        for info in infos {
            let index = info.index;
            let fail = |reason| Unusable::Transaction { slot, index, reason };
            if previous == Some(index) || index >= block.executed_transaction_count.min(MOST_TRANSACTIONS) {
                return Err(fail("its index is not one of the block"));
            }
            previous = Some(index);
            let place = usize::try_from(index).map_err(|_| fail("its index is not one of the block"))?;
            if let Some(transaction) = read_transaction(info).map_err(fail)? {
                transactions.push((place, transaction));
            }
        }
        Ok(Self { slot, header, size, bare, transactions })
    }

    /// The block as a node answers it. What the stream left out is there by its place alone, so that
    /// every other transaction keeps its index.
    pub fn block(&self) -> UiConfirmedBlock {
        let mut transactions = Vec::new();
        for (place, transaction) in &self.transactions {
            transactions.resize_with(*place, left_out);
            transactions.push(transaction.clone());
        }
        UiConfirmedBlock { transactions: Some(transactions), ..self.bare.clone() }
    }
}

/// A transaction of which nothing is known but that it called nothing of the program.
fn left_out() -> EncodedTransactionWithStatusMeta {
    EncodedTransactionWithStatusMeta {
        transaction: EncodedTransaction::Binary(String::new(), TransactionBinaryEncoding::Base64),
        meta: Some(meta(Vec::new(), UiLoadedAddresses::default())),
        version: None,
    }
}

/// `None` where it changed nothing of the program: it failed, or called nothing.
fn read_transaction(
    info: proto::SubscribeUpdateTransactionInfo,
) -> Result<Option<EncodedTransactionWithStatusMeta>, &'static str> {
    let outcome = info.meta.ok_or("its outcome is missing")?;
    if outcome.err.is_some() {
        return Ok(None);
    }
    if outcome.inner_instructions_none {
        return Err("its inner instructions were not recorded");
    }
    if outcome.inner_instructions.is_empty() {
        return Ok(None);
    }
    let transaction = info.transaction.ok_or("it is missing")?;
    let signatures: Option<Vec<Signature>> =
        transaction.signatures.iter().map(|bytes| Signature::try_from(bytes.as_slice()).ok()).collect();
    let signatures = signatures.ok_or("a signature is none")?;
    if signatures.first().is_none_or(|first| first.as_ref() != info.signature) {
        return Err("it is not the one that its signature names");
    }
    let message = read_message(transaction.message.ok_or("its message is missing")?).ok_or("its message is none")?;
    let transaction = VersionedTransaction { signatures, message };
    if !is_signed(&transaction) {
        return Err("its signatures do not fit; its version may be unknown to this release");
    }
    let version = match transaction.message {
        VersionedMessage::Legacy(_) => TransactionVersion::LEGACY,
        VersionedMessage::V0(_) => TransactionVersion::Number(0),
        VersionedMessage::V1(_) => TransactionVersion::Number(1),
    };
    let inner: Option<Vec<UiInnerInstructions>> = outcome.inner_instructions.into_iter().map(read_inner).collect();
    let loaded = UiLoadedAddresses {
        writable: read_addresses(outcome.loaded_writable_addresses).ok_or("an address it loaded is none")?,
        readonly: read_addresses(outcome.loaded_readonly_addresses).ok_or("an address it loaded is none")?,
    };
    let wire = wincode::serialize(&transaction).map_err(|_| "it cannot be put on the wire")?;
    Ok(Some(EncodedTransactionWithStatusMeta {
        transaction: EncodedTransaction::Binary(BASE64_STANDARD.encode(wire), TransactionBinaryEncoding::Base64),
        meta: Some(meta(inner.ok_or("an inner instruction is none")?, loaded)),
        version: Some(version),
    }))
}

/// Whether every signature it needs is there and fits.
fn is_signed(transaction: &VersionedTransaction) -> bool {
    transaction.sanitize().is_ok()
        && wincode::serialize(&transaction.message).is_ok_and(|message| {
            let signers = transaction.message.static_account_keys();
            transaction.signatures.iter().zip(signers).all(|(signature, key)| signature.verify(key.as_ref(), &message))
        })
}

fn read_message(message: proto::Message) -> Option<VersionedMessage> {
    let header = message.header?;
    let header = MessageHeader {
        num_required_signatures: header.num_required_signatures.try_into().ok()?,
        num_readonly_signed_accounts: header.num_readonly_signed_accounts.try_into().ok()?,
        num_readonly_unsigned_accounts: header.num_readonly_unsigned_accounts.try_into().ok()?,
    };
    let account_keys = message.account_keys.into_iter().map(|key| key.try_into().ok()).collect::<Option<_>>()?;
    let recent_blockhash = Hash::new_from_array(message.recent_blockhash.try_into().ok()?);
    let instructions = message.instructions.into_iter().map(|instruction| {
        let proto::CompiledInstruction { program_id_index, accounts, data } = instruction;
        Some(CompiledInstruction { program_id_index: program_id_index.try_into().ok()?, accounts, data })
    });
    let instructions = instructions.collect::<Option<Vec<_>>>()?;
    if let Some(config) = message.config {
        let config = v1::TransactionConfig {
            priority_fee: config.priority_fee,
            compute_unit_limit: config.compute_unit_limit,
            loaded_accounts_data_size_limit: config.loaded_accounts_data_size_limit,
            heap_size: config.heap_size,
        };
        let message = v1::Message::new(header, config, recent_blockhash, account_keys, instructions);
        return Some(VersionedMessage::V1(message));
    }
    if !message.versioned {
        let message = legacy::Message { header, account_keys, recent_blockhash, instructions };
        return Some(VersionedMessage::Legacy(message));
    }
    let lookups = message.address_table_lookups.into_iter().map(|lookup| {
        Some(MessageAddressTableLookup {
            account_key: lookup.account_key.try_into().ok()?,
            writable_indexes: lookup.writable_indexes,
            readonly_indexes: lookup.readonly_indexes,
        })
    });
    let address_table_lookups = lookups.collect::<Option<_>>()?;
    Some(VersionedMessage::V0(v0::Message {
        header,
        account_keys,
        recent_blockhash,
        instructions,
        address_table_lookups,
    }))
}

fn read_inner(group: proto::InnerInstructions) -> Option<UiInnerInstructions> {
    let instructions = group.instructions.into_iter().map(|instruction| {
        Some(UiInstruction::Compiled(UiCompiledInstruction {
            program_id_index: instruction.program_id_index.try_into().ok()?,
            accounts: instruction.accounts,
            data: bs58::encode(instruction.data).into_string(),
            stack_height: instruction.stack_height,
        }))
    });
    Some(UiInnerInstructions {
        index: group.index.try_into().ok()?,
        instructions: instructions.collect::<Option<_>>()?,
    })
}

fn read_addresses(addresses: Vec<Vec<u8>>) -> Option<Vec<String>> {
    addresses.into_iter().map(|bytes| (bytes.len() == 32).then(|| bs58::encode(bytes).into_string())).collect()
}

/// The outcome of a transaction that succeeded, as far as the decoder reads it.
fn meta(inner: Vec<UiInnerInstructions>, loaded: UiLoadedAddresses) -> UiTransactionStatusMeta {
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
        loaded_addresses: OptionSerializer::Some(loaded),
        return_data: OptionSerializer::Skip,
        compute_units_consumed: OptionSerializer::Skip,
        cost_units: OptionSerializer::Skip,
    }
}
