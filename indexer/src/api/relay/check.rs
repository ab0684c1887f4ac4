//! What the relay signs: a pure judgement of one transaction, before any node sees it.
//!
//! The fee payer is a signer wherever its key stands among an instruction's accounts, so its place is
//! looked at in each of them: a key in the wrong place would be an authority.

use aegle_client::{
    Discriminator, Pubkey,
    aegle::{ID_CONST as AEGLE, instruction as call},
};
use solana_message::{VersionedMessage, compiled_instruction::CompiledInstruction};
use solana_sdk_ids::{compute_budget, system_program};
use solana_transaction::versioned::VersionedTransaction;

/// Largest transaction that fits a packet, in bytes.
pub const MAX_BYTES: usize = 1_232;
/// Assertions that wallets add so that what they showed is what happens.
pub const LIGHTHOUSE: Pubkey = Pubkey::from_str_const("L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95");
/// Lamports for each signature.
const SIGNATURE_FEE: u64 = 5_000;
/// The relay's signature and the wallet's.
const SIGNATURES: usize = 2;
/// Compute units where a transaction asks for none: so many for each of its instructions.
const DEFAULT_UNITS: u64 = 200_000;

/// An instruction that the relay pays for, and where its own key may stand in it.
struct Sponsored {
    discriminator: &'static [u8],
    /// Place of the account that pays rent.
    payer: Option<usize>,
    /// Place of the account that gets rent back, which it paid.
    rent_payer: Option<usize>,
}

const fn pays(discriminator: &'static [u8]) -> Sponsored {
    Sponsored { discriminator, payer: Some(1), rent_payer: None }
}

const fn free(discriminator: &'static [u8]) -> Sponsored {
    Sponsored { discriminator, payer: None, rent_payer: None }
}

/// Everything but governance and operators, whose keys pay for themselves, and emergency openings, which
/// nobody's wallet signs. The places are those of the program's
/// account lists; a test compares them with the IDL.
const SPONSORED: &[Sponsored] = &[
    pays(call::CreateVault::DISCRIMINATOR),
    free(call::RotateKey::DISCRIMINATOR),
    pays(call::AddDelegate::DISCRIMINATOR),
    free(call::RemoveDelegate::DISCRIMINATOR),
    free(call::SetDelegateMintCap::DISCRIMINATOR),
    pays(call::MintRecord::DISCRIMINATOR),
    pays(call::AmendRecord::DISCRIMINATOR),
    free(call::MarkRecordEnteredInError::DISCRIMINATOR),
    Sponsored { discriminator: call::EraseRecord::DISCRIMINATOR, payer: None, rent_payer: Some(3) },
    Sponsored { discriminator: call::ReissueRecord::DISCRIMINATOR, payer: Some(1), rent_payer: Some(5) },
    pays(call::GrantConsent::DISCRIMINATOR),
    free(call::RevokeConsent::DISCRIMINATOR),
    free(call::RevokeAllConsents::DISCRIMINATOR),
    free(call::CheckConsent::DISCRIMINATOR),
    free(call::ChangeGuardians::DISCRIMINATOR),
    free(call::ApplyGuardianChange::DISCRIMINATOR),
    pays(call::ProposeRecovery::DISCRIMINATOR),
    free(call::ApproveRecovery::DISCRIMINATOR),
    free(call::VetoRecovery::DISCRIMINATOR),
    free(call::ExecuteRecovery::DISCRIMINATOR),
    pays(call::IssueCredential::DISCRIMINATOR),
    free(call::RenewCredential::DISCRIMINATOR),
    free(call::SuspendCredential::DISCRIMINATOR),
    free(call::ReinstateCredential::DISCRIMINATOR),
    free(call::RevokeCredential::DISCRIMINATOR),
    free(call::SetEmergencyPolicy::DISCRIMINATOR),
    free(call::ReviewBreakGlass::DISCRIMINATOR),
];

/// Why the relay does not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("It is not a transaction of at most {MAX_BYTES} bytes")]
    Unreadable,
    #[error("Only legacy and version 0 messages are taken")]
    Version,
    #[error("Address lookup tables hide accounts; name every account in the message")]
    LookupTable,
    #[error("A durable nonce would let it be held back; take a recent blockhash")]
    DurableNonce,
    #[error("The fee payer must be the relay's key, and this key must stand nowhere else in the list of accounts")]
    FeePayer,
    #[error("It must ask for two signatures: the relay's and that of the wallet that is signed in")]
    Signers,
    #[error("The signature of the wallet that is signed in does not hold for this message")]
    Signature,
    #[error("Instruction {0} calls a program that the relay does not pay for")]
    Program(usize),
    #[error("Instruction {0} is none that the relay pays for")]
    Instruction(usize),
    #[error("Instruction {0} names the relay's key in another place than that of its payer")]
    RelayKey(usize),
    #[error("Instruction {0} asks for something of the compute budget that the relay does not take, or asks twice")]
    ComputeBudget(usize),
    #[error("It asks for more compute units than {0}")]
    ComputeUnits(u32),
    #[error("It offers more than {0} millionths of a lamport for a compute unit")]
    ComputePrice(u64),
    #[error("It does nothing in Aegle")]
    NothingToDo,
    #[error("It creates more than one vault")]
    Vaults,
}

/// What a transaction may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    pub compute_units: u32,
    pub compute_price: u64,
}

/// A transaction that the relay may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub transaction: VersionedTransaction,
    pub creates_vault: bool,
    /// What the network takes for it, at most, in lamports.
    pub fee: u64,
}

/// Judges the bytes of a transaction that `wallet` has signed and `relay` is to pay for.
///
/// # Errors
/// The first reason against it.
pub fn check(bytes: &[u8], relay: &Pubkey, wallet: &Pubkey, caps: Caps) -> Result<Checked, Refusal> {
    let transaction = read(bytes)?;
    let message = &transaction.message;
    match message {
        VersionedMessage::Legacy(_) => {}
        VersionedMessage::V0(message) if message.address_table_lookups.is_empty() => {}
        VersionedMessage::V0(_) => return Err(Refusal::LookupTable),
        VersionedMessage::V1(_) => return Err(Refusal::Version),
    }
    message.sanitize().map_err(|_| Refusal::Unreadable)?;
    check_signers(&transaction, relay, wallet)?;

    let keys = message.static_account_keys();
    let mut budget = Budget::default();
    let (mut calls, mut vaults) = (0, 0);
    for (place, instruction) in message.instructions().iter().enumerate() {
        let program = keys.get(usize::from(instruction.program_id_index)).ok_or(Refusal::Unreadable)?;
        // The fee payer is the first of all accounts.
        let mut relay_at = instruction.accounts.iter().enumerate().filter(|(_, key)| **key == 0).map(|(at, _)| at);
        match *program {
            AEGLE => {
                let sponsored = SPONSORED.iter().find(|known| instruction.data.starts_with(known.discriminator));
                let known = sponsored.ok_or(Refusal::Instruction(place))?;
                if relay_at.any(|at| known.payer != Some(at) && known.rent_payer != Some(at)) {
                    return Err(Refusal::RelayKey(place));
                }
                calls += 1;
                vaults += usize::from(known.discriminator == call::CreateVault::DISCRIMINATOR);
            }
            _ if relay_at.next().is_some() => return Err(Refusal::RelayKey(place)),
            compute_budget::ID => budget.read(instruction).ok_or(Refusal::ComputeBudget(place))?,
            LIGHTHOUSE => {}
            system_program::ID if is_nonce_advance(instruction) => return Err(Refusal::DurableNonce),
            _ => return Err(Refusal::Program(place)),
        }
    }
    if calls == 0 {
        return Err(Refusal::NothingToDo);
    }
    if vaults > 1 {
        return Err(Refusal::Vaults);
    }
    let fee = budget.fee(caps, message.instructions().len())?;
    Ok(Checked { creates_vault: vaults == 1, fee, transaction })
}

/// The transaction whose one form these bytes are.
fn read(bytes: &[u8]) -> Result<VersionedTransaction, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal::Unreadable);
    }
    let transaction: VersionedTransaction = wincode::deserialize(bytes).map_err(|_| Refusal::Unreadable)?;
    match wincode::serialize(&transaction) {
        Ok(again) if again == bytes => Ok(transaction),
        _ => Err(Refusal::Unreadable),
    }
}

fn check_signers(transaction: &VersionedTransaction, relay: &Pubkey, wallet: &Pubkey) -> Result<(), Refusal> {
    let keys = transaction.message.static_account_keys();
    if keys.first() != Some(relay) || keys.iter().skip(1).any(|key| key == relay) {
        return Err(Refusal::FeePayer);
    }
    let required = usize::from(transaction.message.header().num_required_signatures);
    if required != SIGNATURES || keys.get(1) != Some(wallet) || transaction.signatures.len() != SIGNATURES {
        return Err(Refusal::Signers);
    }
    if transaction.signatures[1].verify(wallet.as_ref(), &transaction.message.serialize()) {
        Ok(())
    } else {
        Err(Refusal::Signature)
    }
}

/// `AdvanceNonceAccount` of the system program.
fn is_nonce_advance(instruction: &CompiledInstruction) -> bool {
    instruction.data.starts_with(&4_u32.to_le_bytes())
}

/// What a transaction asks of the compute budget.
#[derive(Default)]
struct Budget {
    units: Option<u32>,
    price: Option<u64>,
    data_size: Option<u32>,
}

impl Budget {
    /// None for what the relay does not take, and for what is said twice.
    fn read(&mut self, instruction: &CompiledInstruction) -> Option<()> {
        let (kind, value) = instruction.data.split_first()?;
        let before = match kind {
            2 => self.units.replace(u32::from_le_bytes(value.try_into().ok()?)).is_some(),
            3 => self.price.replace(u64::from_le_bytes(value.try_into().ok()?)).is_some(),
            4 => self.data_size.replace(u32::from_le_bytes(value.try_into().ok()?)).is_some(),
            _ => return None,
        };
        (!before).then_some(())
    }

    fn fee(&self, caps: Caps, instructions: usize) -> Result<u64, Refusal> {
        if self.units.is_some_and(|units| units > caps.compute_units) {
            return Err(Refusal::ComputeUnits(caps.compute_units));
        }
        let price = self.price.unwrap_or_default();
        if price > caps.compute_price {
            return Err(Refusal::ComputePrice(caps.compute_price));
        }
        let default = DEFAULT_UNITS.saturating_mul(instructions as u64);
        let units = self.units.map_or(default, u64::from);
        let priority = u128::from(units).saturating_mul(u128::from(price)).div_ceil(1_000_000);
        let signatures = SIGNATURE_FEE.saturating_mul(SIGNATURES as u64);
        Ok(signatures.saturating_add(u64::try_from(priority).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests;
