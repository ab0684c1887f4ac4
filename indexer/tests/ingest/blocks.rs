//! Builds blocks as a node answers them.

use aegle_client::{PROGRAM_ID, Pubkey, event::event_authority};
use anchor_lang::{Event, event::EVENT_IX_TAG_LE};
use base64::{Engine, prelude::BASE64_STANDARD};
use solana_message::{
    Hash, MessageHeader, VersionedMessage,
    compiled_instruction::CompiledInstruction,
    legacy,
    v0::{self, MessageAddressTableLookup},
};
use solana_signature::Signature;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction,
    UiConfirmedBlock, UiInnerInstructions, UiInstruction, UiLoadedAddresses, UiTransactionStatusMeta,
    option_serializer::OptionSerializer,
};

pub const GENESIS: [u8; 32] = [9; 32];

/// The hash of the block at `slot` on branch `fork`.
pub fn hash(slot: u64, fork: u8) -> [u8; 32] {
    let mut hash = [fork; 32];
    hash[..8].copy_from_slice(&slot.to_be_bytes());
    hash
}

pub fn base58(bytes: impl AsRef<[u8]>) -> String {
    bs58::encode(bytes).into_string()
}

/// An event as the program puts it into the ledger.
pub fn event_data(event: &impl Event) -> Vec<u8> {
    [EVENT_IX_TAG_LE, &event.data()[..]].concat()
}

/// An empty block; `parent` is a slot and its branch.
pub fn block(slot: u64, fork: u8, parent: (u64, u8)) -> UiConfirmedBlock {
    UiConfirmedBlock {
        previous_blockhash: base58(hash(parent.0, parent.1)),
        blockhash: base58(hash(slot, fork)),
        parent_slot: parent.0,
        transactions: Some(Vec::new()),
        signatures: None,
        rewards: None,
        num_reward_partitions: None,
        block_time: Some(1_767_225_600 + slot as i64),
        // Not the slot: heights count blocks.
        block_height: None,
    }
}

/// A block with transactions.
pub fn block_with(slot: u64, fork: u8, parent: (u64, u8), transactions: Vec<Tx>) -> UiConfirmedBlock {
    let transactions = transactions.into_iter().map(Tx::build).collect();
    UiConfirmedBlock { transactions: Some(transactions), ..block(slot, fork, parent) }
}

/// A transaction of another program that calls ours: every inner instruction names its program and
/// accounts by address.
#[derive(Clone)]
pub struct Tx {
    pub signature: Signature,
    pub inner: Vec<(Pubkey, Vec<Pubkey>, Vec<u8>)>,
    pub failed: bool,
    pub version: Option<TransactionVersion>,
    /// Whether the inner instructions' accounts come from an address table.
    pub table: bool,
    pub meta: bool,
    pub inner_recorded: bool,
}

impl Tx {
    pub fn new(number: u32) -> Self {
        let mut signature = [7; 64];
        signature[..4].copy_from_slice(&number.to_be_bytes());
        Self {
            signature: signature.into(),
            inner: Vec::new(),
            failed: false,
            version: None,
            table: false,
            meta: true,
            inner_recorded: true,
        }
    }

    /// Adds an event of the program.
    pub fn event(self, event: &impl Event) -> Self {
        self.event_bytes(event_data(event))
    }

    /// Adds an event as the program puts it into the ledger.
    pub fn event_bytes(self, data: Vec<u8>) -> Self {
        self.inner(PROGRAM_ID, vec![event_authority()], data)
    }

    pub fn inner(mut self, program: Pubkey, accounts: Vec<Pubkey>, data: Vec<u8>) -> Self {
        self.inner.push((program, accounts, data));
        self
    }

    fn build(self) -> EncodedTransactionWithStatusMeta {
        let caller = Pubkey::new_from_array([5; 32]);
        let mut named: Vec<Pubkey> = Vec::new();
        for (program, accounts, _) in &self.inner {
            for key in std::iter::once(program).chain(accounts) {
                if !named.contains(key) {
                    named.push(*key);
                }
            }
        }
        let mut keys = vec![Pubkey::new_from_array([4; 32]), caller];
        let first_named = keys.len();
        if !self.table {
            keys.extend(&named);
        }
        let index = |key: &Pubkey| (first_named + named.iter().position(|named| named == key).expect("named")) as u8;
        let instructions: Vec<UiInstruction> = self
            .inner
            .iter()
            .map(|(program, accounts, data)| {
                UiInstruction::Compiled(UiCompiledInstruction {
                    program_id_index: index(program),
                    accounts: accounts.iter().map(index).collect(),
                    data: base58(data),
                    stack_height: Some(2),
                })
            })
            .collect();
        let header = MessageHeader {
            num_required_signatures: 1,
            num_readonly_signed_accounts: 0,
            num_readonly_unsigned_accounts: 1,
        };
        let outer = vec![CompiledInstruction { program_id_index: 1, accounts: vec![0], data: vec![1] }];
        let message = if self.table {
            VersionedMessage::V0(v0::Message {
                header,
                account_keys: keys,
                recent_blockhash: Hash::default(),
                instructions: outer,
                address_table_lookups: vec![MessageAddressTableLookup {
                    account_key: Pubkey::new_from_array([6; 32]),
                    writable_indexes: Vec::new(),
                    readonly_indexes: (0..named.len() as u8).collect(),
                }],
            })
        } else {
            VersionedMessage::Legacy(legacy::Message {
                header,
                account_keys: keys,
                recent_blockhash: Hash::default(),
                instructions: outer,
            })
        };
        let version =
            self.version.unwrap_or(if self.table { TransactionVersion::Number(0) } else { TransactionVersion::LEGACY });
        let wire =
            wincode::serialize(&VersionedTransaction { signatures: vec![self.signature], message }).expect("wire");
        let loaded = if self.table { named.iter().map(ToString::to_string).collect() } else { Vec::new() };
        let error = self.failed.then_some(solana_transaction_error::TransactionError::AccountNotFound);
        let meta = UiTransactionStatusMeta {
            err: error.clone().map(Into::into),
            status: error.map_or(Ok(()), |error| Err(error.into())),
            fee: 5_000,
            pre_balances: Vec::new(),
            post_balances: Vec::new(),
            inner_instructions: if self.inner_recorded {
                OptionSerializer::Some(vec![UiInnerInstructions { index: 0, instructions }])
            } else {
                OptionSerializer::None
            },
            log_messages: OptionSerializer::None,
            pre_token_balances: OptionSerializer::None,
            post_token_balances: OptionSerializer::None,
            rewards: OptionSerializer::None,
            loaded_addresses: OptionSerializer::Some(UiLoadedAddresses { writable: Vec::new(), readonly: loaded }),
            return_data: OptionSerializer::Skip,
            compute_units_consumed: OptionSerializer::Skip,
            cost_units: OptionSerializer::Skip,
        };
        EncodedTransactionWithStatusMeta {
            transaction: EncodedTransaction::Binary(BASE64_STANDARD.encode(wire), TransactionBinaryEncoding::Base64),
            meta: self.meta.then_some(meta),
            version: Some(version),
        }
    }
}
