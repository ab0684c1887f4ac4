//! Transactions as the ledger holds them, and blocks as a node answers them.

use aegle_client::{Event, Pubkey};
use anchor_lang::event::EVENT_IX_TAG_LE;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_message::{
    Hash, MessageHeader, VersionedMessage,
    compiled_instruction::CompiledInstruction,
    legacy,
    v0::{self, MessageAddressTableLookup},
    v1,
};
use solana_signature::Signature;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction,
    UiInnerInstructions, UiInstruction, UiLoadedAddresses, UiTransactionStatusMeta,
    option_serializer::OptionSerializer,
};

/// An event as the program puts it into the ledger.
pub fn event_data(event: &impl anchor_lang::Event) -> Vec<u8> {
    [EVENT_IX_TAG_LE, &event.data()[..]].concat()
}

pub fn base58(bytes: impl AsRef<[u8]>) -> String {
    bs58::encode(bytes).into_string()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Legacy,
    /// With two address tables that hold every account that may come from one.
    Tables,
    /// Version 1, which has no tables.
    One,
}

#[derive(Debug, Clone)]
pub struct Transaction {
    pub signature: [u8; 64],
    pub failed: bool,
    pub version: Version,
    pub instructions: Vec<Instruction>,
}

/// An instruction of the transaction itself and all that it called, in order.
#[derive(Debug, Clone)]
pub struct Instruction {
    pub call: Call,
    pub inner: Vec<Inner>,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub program: Pubkey,
    pub accounts: Vec<Pubkey>,
    pub data: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Inner {
    pub call: Call,
    /// 2 for what the instruction itself called.
    pub height: u32,
    /// The event that it is, where the program made it.
    pub event: Option<Event>,
}

impl Transaction {
    /// As in the answer to `getBlock` with base64.
    pub fn encode(&self) -> Value {
        let keys = Keys::of(self);
        let compile = |call: &Call| CompiledInstruction {
            program_id_index: keys.index(&call.program),
            accounts: call.accounts.iter().map(|account| keys.index(account)).collect(),
            data: call.data.clone(),
        };
        let instructions = self.instructions.iter().map(|instruction| compile(&instruction.call)).collect();
        let header = MessageHeader {
            num_required_signatures: 1,
            num_readonly_signed_accounts: 0,
            num_readonly_unsigned_accounts: 1,
        };
        let account_keys = keys.fixed.clone();
        let message = match self.version {
            Version::Legacy => VersionedMessage::Legacy(legacy::Message {
                header,
                account_keys,
                recent_blockhash: Hash::default(),
                instructions,
            }),
            Version::Tables => VersionedMessage::V0(v0::Message {
                header,
                account_keys,
                recent_blockhash: Hash::default(),
                instructions,
                address_table_lookups: keys.lookups(),
            }),
            Version::One => VersionedMessage::V1(v1::Message {
                header,
                config: v1::TransactionConfig::empty(),
                lifetime_specifier: Hash::default(),
                account_keys,
                instructions,
            }),
        };
        let signatures = vec![Signature::from(self.signature)];
        let wire = wincode::serialize(&VersionedTransaction { signatures, message }).expect("wire");
        let error = self.failed.then_some(TransactionError::AccountNotFound);
        let texts = |keys: &[Pubkey]| keys.iter().map(ToString::to_string).collect();
        let meta = UiTransactionStatusMeta {
            err: error.clone().map(Into::into),
            status: error.map_or(Ok(()), |error| Err(error.into())),
            fee: 5_000,
            pre_balances: Vec::new(),
            post_balances: Vec::new(),
            inner_instructions: OptionSerializer::Some(self.encode_inner(&keys)),
            log_messages: OptionSerializer::None,
            pre_token_balances: OptionSerializer::None,
            post_token_balances: OptionSerializer::None,
            rewards: OptionSerializer::None,
            loaded_addresses: OptionSerializer::Some(UiLoadedAddresses {
                writable: texts(&keys.writable),
                readonly: texts(&keys.readonly),
            }),
            return_data: OptionSerializer::Skip,
            compute_units_consumed: OptionSerializer::Skip,
            cost_units: OptionSerializer::Skip,
        };
        let encoded = EncodedTransactionWithStatusMeta {
            transaction: EncodedTransaction::Binary(BASE64_STANDARD.encode(wire), TransactionBinaryEncoding::Base64),
            meta: Some(meta),
            version: Some(match self.version {
                Version::Legacy => TransactionVersion::LEGACY,
                Version::Tables => TransactionVersion::Number(0),
                Version::One => TransactionVersion::Number(1),
            }),
        };
        json!(encoded)
    }

    /// Only the instructions that called something are listed, as nodes do.
    fn encode_inner(&self, keys: &Keys) -> Vec<UiInnerInstructions> {
        let groups = self.instructions.iter().enumerate().filter(|(_, instruction)| !instruction.inner.is_empty());
        groups
            .map(|(index, instruction)| {
                let inner = instruction.inner.iter().map(|Inner { call, height, .. }| {
                    UiInstruction::Compiled(UiCompiledInstruction {
                        program_id_index: keys.index(&call.program),
                        accounts: call.accounts.iter().map(|account| keys.index(account)).collect(),
                        data: base58(&call.data),
                        stack_height: Some(*height),
                    })
                });
                UiInnerInstructions { index: index as u8, instructions: inner.collect() }
            })
            .collect()
    }
}

/// A transaction's accounts in the order of their indexes: those of the message, then those that the
/// tables give, writable ones first.
struct Keys {
    fixed: Vec<Pubkey>,
    writable: Vec<Pubkey>,
    readonly: Vec<Pubkey>,
}

impl Keys {
    fn of(transaction: &Transaction) -> Self {
        let fee_payer = Pubkey::new_from_array([4; 32]);
        let mut keys = Self { fixed: vec![fee_payer], writable: Vec::new(), readonly: Vec::new() };
        // The programs that a transaction calls itself cannot come from tables.
        for Instruction { call, .. } in &transaction.instructions {
            keys.add(call.program, Some(0));
        }
        for Instruction { call, inner } in &transaction.instructions {
            let calls = std::iter::once(call).chain(inner.iter().map(|inner| &inner.call));
            for key in calls.flat_map(|call| call.accounts.iter().chain([&call.program])) {
                let table = (transaction.version == Version::Tables).then_some(1 + key.to_bytes()[0] % 2);
                keys.add(*key, table.or(Some(0)));
            }
        }
        keys
    }

    fn add(&mut self, key: Pubkey, place: Option<u8>) {
        if self.all().any(|known| *known == key) {
            return;
        }
        match place {
            Some(1) => self.writable.push(key),
            Some(2) => self.readonly.push(key),
            _ => self.fixed.push(key),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Pubkey> {
        self.fixed.iter().chain(&self.writable).chain(&self.readonly)
    }

    fn index(&self, key: &Pubkey) -> u8 {
        self.all().position(|known| known == key).expect("a key of the transaction") as u8
    }

    /// Each table gives about half of each kind.
    fn lookups(&self) -> Vec<MessageAddressTableLookup> {
        let (writable, readonly) = (self.writable.len() as u8, self.readonly.len() as u8);
        let halves = [(0..writable / 2, 0..readonly / 2), (writable / 2..writable, readonly / 2..readonly)];
        let tables = halves.into_iter().enumerate().filter(|(_, (w, r))| !w.is_empty() || !r.is_empty());
        tables
            .map(|(table, (writable, readonly))| MessageAddressTableLookup {
                account_key: Pubkey::new_from_array([240 + table as u8; 32]),
                writable_indexes: writable.collect(),
                readonly_indexes: readonly.map(|index| index + 100).collect(),
            })
            .collect()
    }
}
