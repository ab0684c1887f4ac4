//! The small reference model: what a ledger with the program on it does. It shares the program's types
//! and none of its code: addresses, hashes, rents, checks and transitions are its own, by the rules in
//! the documents and by what Solana, Anchor and Token-2022 promise.
//!
//! A refusal is named exactly. Of several reasons the first counts, in the program's order: accounts are
//! read in their order, new ones are created, then what binds the accounts to one another is checked in
//! their order, then the instruction's own rules.

mod audit_root;
mod break_glass;
mod config;
mod consent;
mod credential;
mod record;
mod recovery;
mod vault;

use std::{cell::RefCell, collections::BTreeMap, collections::HashMap};

use aegle_client::{
    Event, PROGRAM_ID, Pubkey, Space,
    aegle::{
        AegleError, ConsentAnswer,
        state::{AuditRoot, BreakGlass, Config, Consent, Credential, Delegate, Record, Recovery, Registrar, Vault},
    },
};
use anchor_lang::error::ErrorCode;
use anchor_spl::token_2022::ID as TOKEN_2022;
use solana_sdk_ids::system_program::ID as SYSTEM;

use crate::{
    actors::RELAY,
    call::{Args, Call},
};

pub const DAY: i64 = 24 * 60 * 60;
/// Lamports for each signature.
const FEE: u64 = 5_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Wallet,
    /// A program the transactions call.
    Program,
    Config(Config),
    Vault(Vault),
    Delegate(Delegate),
    Record(Record),
    Consent(Consent),
    Recovery(Recovery),
    Registrar(Registrar),
    Credential(Credential),
    BreakGlass(BreakGlass),
    AuditRoot(AuditRoot),
    Mint {
        record: Pubkey,
        supply: u64,
        uri: String,
    },
    Token {
        mint: Pubkey,
        owner: Pubkey,
        amount: u64,
        close_authority: Option<Pubkey>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub lamports: u64,
    pub content: Content,
}

/// Why a transaction is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Of the program, its framework, Token-2022 or the system program.
    Code(u32),
    /// An account would be left with lamports too few to exist.
    InsufficientFundsForRent,
    /// Token-2022 was given an account that is not its own.
    IncorrectProgramId,
    /// The program, which calls itself to emit the event, is not among the accounts.
    MissingAccount,
}

/// The system program's refusal to create what exists.
pub const ALREADY_IN_USE: Refusal = Refusal::Code(0);
/// The system program's refusal to overdraw.
pub const NEGATIVE_LAMPORTS: Refusal = Refusal::Code(1);

impl From<AegleError> for Refusal {
    fn from(error: AegleError) -> Self {
        Self::Code(error.into())
    }
}

impl From<ErrorCode> for Refusal {
    fn from(error: ErrorCode) -> Self {
        Self::Code(error as u32)
    }
}

/// What a successful transaction shows, beside the accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub event: Option<Event>,
    pub answer: Option<ConsentAnswer>,
}

impl From<Event> for Shown {
    fn from(event: Event) -> Self {
        Self { event: Some(event), answer: None }
    }
}

pub type Outcome = Result<Shown, Refusal>;
type Check<T = ()> = Result<T, Refusal>;

fn require(holds: bool, otherwise: impl Into<Refusal>) -> Check {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// What the chain holds and when it is.
pub struct Ledger {
    pub slot: u64,
    pub now: i64,
    accounts: BTreeMap<Pubkey, Account>,
    /// What the accounts written by the current transaction were before.
    before: Vec<(Pubkey, Option<Account>)>,
}

impl Ledger {
    pub fn new(slot: u64, now: i64, funded: &[(Pubkey, u64)]) -> Self {
        let wallets = funded.iter().map(|(key, lamports)| (*key, *lamports, Content::Wallet));
        let programs = [SYSTEM, TOKEN_2022, PROGRAM_ID].map(|key| (key, 1, Content::Program));
        let accounts = wallets.chain(programs).map(|(key, lamports, content)| (key, Account { lamports, content }));
        Self { slot, now, accounts: accounts.collect(), before: Vec::new() }
    }

    pub fn accounts(&self) -> impl Iterator<Item = (&Pubkey, &Account)> {
        self.accounts.iter()
    }

    pub fn get(&self, key: &Pubkey) -> Option<&Account> {
        self.accounts.get(key)
    }

    /// Runs a transaction of one instruction, whose fee the relay pays also where it is refused.
    pub fn execute(&mut self, call: &Call) -> Outcome {
        self.before.clear();
        let mut signers: Vec<Pubkey> =
            call.accounts.iter().filter(|account| account.is_signer).map(|account| account.pubkey).collect();
        signers.push(RELAY);
        signers.sort_unstable();
        signers.dedup();
        let fee = FEE * u64::try_from(signers.len()).expect("few signers");
        self.take(RELAY, fee).expect("the relay has lamports");
        self.before.clear();

        let outcome = self.run(call).and_then(|shown| {
            let emits = shown.event.is_none() || call.accounts.iter().any(|account| account.pubkey == PROGRAM_ID);
            require(emits, Refusal::MissingAccount)?;
            self.check_rents()?;
            Ok(shown)
        });
        if outcome.is_err() {
            for (key, account) in std::mem::take(&mut self.before).into_iter().rev() {
                match account {
                    Some(account) => self.accounts.insert(key, account),
                    None => self.accounts.remove(&key),
                };
            }
        }
        outcome
    }

    fn run(&mut self, call: &Call) -> Outcome {
        match &call.args {
            Args::InitConfig(params) => self.init_config(call, params),
            Args::SetPause(paused) => self.set_pause(call, *paused),
            Args::CreateVault(params) => self.create_vault(call, params),
            Args::RotateKey(params) => self.rotate_key(call, params),
            Args::SetDelegateMintCap(params) => self.set_delegate_mint_cap(call, params),
            Args::AddDelegate(params) => self.add_delegate(call, params),
            Args::RemoveDelegate => self.remove_delegate(call),
            Args::MintRecord(params) => self.new_record(call, params, false),
            Args::AmendRecord(params) => self.new_record(call, params, true),
            Args::MarkRecordEnteredInError => self.mark_record_entered_in_error(call),
            Args::EraseRecord => self.erase_record(call),
            Args::ReissueRecord(params) => self.reissue_record(call, params),
            Args::GrantConsent((consent_id, params)) => self.grant_consent(call, consent_id, params),
            Args::RevokeConsent => self.revoke_consent(call),
            Args::RevokeAllConsents => self.revoke_all_consents(call),
            Args::CheckConsent(params) => self.check_consent(call, params),
            Args::ChangeGuardians(params) => self.change_guardians(call, params),
            Args::ApplyGuardianChange => self.apply_guardian_change(call),
            Args::ProposeRecovery(params) => self.propose_recovery(call, params),
            Args::ApproveRecovery(params) => self.approve_recovery(call, params),
            Args::VetoRecovery => self.veto_recovery(call),
            Args::ExecuteRecovery => self.execute_recovery(call),
            Args::AddRegistrar(params) => self.add_registrar(call, params),
            Args::RemoveRegistrar => self.remove_registrar(call),
            Args::IssueCredential(params) => self.issue_credential(call, params),
            Args::RenewCredential(params) => self.renew_credential(call, params),
            Args::SuspendCredential => self.suspend_credential(call),
            Args::ReinstateCredential(revision) => self.reinstate_credential(call, *revision),
            Args::RevokeCredential => self.revoke_credential(call),
            Args::SetEmergencyPolicy(params) => self.set_emergency_policy(call, params),
            Args::OpenBreakGlass(params) => self.open_break_glass(call, params),
            Args::ReviewBreakGlass => self.review_break_glass(call),
            Args::AnchorAuditRoot(params) => self.anchor_audit_root(call, params),
            Args::BurnToken => self.burn_token(call),
            Args::CloseToken => self.close_token(call),
            Args::SendLamports(lamports) => self.send_lamports(call, *lamports),
        }
    }

    fn send_lamports(&mut self, call: &Call, lamports: u64) -> Outcome {
        let [from, to] = call.keys();
        self.take(from, lamports)?;
        self.give(to, lamports);
        Ok(Shown::default())
    }

    /// No wallet may be left with fewer lamports than the rent of an empty account, but for none.
    fn check_rents(&self) -> Check {
        let too_few = |account: &Account| account.content == Content::Wallet && account.lamports < rent(0);
        let left = self.before.iter().filter_map(|(key, _)| self.accounts.get(key));
        require(!left.into_iter().any(too_few), Refusal::InsufficientFundsForRent)
    }

    // Writing.

    fn set(&mut self, key: Pubkey, account: Option<Account>) {
        let before = match account {
            Some(account) if account.lamports > 0 => self.accounts.insert(key, account),
            _ => self.accounts.remove(&key),
        };
        self.before.push((key, before));
    }

    /// Writes the content of an account that exists.
    pub fn write(&mut self, key: Pubkey, content: Content) {
        let lamports = self.accounts[&key].lamports;
        self.set(key, Some(Account { lamports, content }));
    }

    fn take(&mut self, key: Pubkey, lamports: u64) -> Check {
        let mut account = self.accounts.get(&key).cloned().unwrap_or(Account { lamports: 0, content: Content::Wallet });
        account.lamports = account.lamports.checked_sub(lamports).ok_or(NEGATIVE_LAMPORTS)?;
        self.set(key, Some(account));
        Ok(())
    }

    fn give(&mut self, key: Pubkey, lamports: u64) {
        let mut account = self.accounts.get(&key).cloned().unwrap_or(Account { lamports: 0, content: Content::Wallet });
        account.lamports += lamports;
        self.set(key, Some(account));
    }

    /// Closes an account, whose lamports go to `to`.
    fn close(&mut self, key: Pubkey, to: Pubkey) {
        let lamports = self.accounts[&key].lamports;
        self.set(key, None);
        self.give(to, lamports);
    }

    /// Pays what is missing of the rent of `bytes`; a stranger may have sent lamports before. The
    /// content is written later.
    fn fund(&mut self, key: Pubkey, payer: Pubkey, bytes: usize) -> Check {
        let held = self.accounts.get(&key).map_or(0, |account| account.lamports);
        let missing = rent(bytes).saturating_sub(held);
        self.take(payer, missing)?;
        self.give(key, missing);
        Ok(())
    }

    /// Creates a state of the program at its derived address, and returns its bump.
    fn init<T: Space>(&mut self, key: Pubkey, seeds: &[&[u8]], payer: Pubkey) -> Check<u8> {
        let (address, bump) = find(seeds);
        require(key == address, ErrorCode::ConstraintSeeds)?;
        let unused = self.accounts.get(&key).is_none_or(|account| account.content == Content::Wallet);
        require(unused, ALREADY_IN_USE)?;
        self.fund(key, payer, 8 + T::INIT_SPACE)?;
        Ok(bump)
    }
}

/// Reads the account of one type at an address, as Anchor does.
macro_rules! readers {
    ($($name:ident: $content:ident),+ $(,)?) => {
        impl Ledger {
            $(fn $name(&self, key: Pubkey) -> Check<$content> {
                match self.get(&key).map(|account| &account.content) {
                    None => Err(ErrorCode::AccountNotInitialized.into()),
                    Some(Content::$content(state)) => Ok(state.clone()),
                    Some(Content::Wallet | Content::Program | Content::Mint { .. } | Content::Token { .. }) => {
                        Err(ErrorCode::AccountOwnedByWrongProgram.into())
                    }
                    Some(_) => Err(ErrorCode::AccountDiscriminatorMismatch.into()),
                }
            })+
        }

        $(impl From<$content> for Content {
            fn from(state: $content) -> Self {
                Self::$content(state)
            }
        })+
    };
}

readers! {
    config: Config,
    vault: Vault,
    delegate: Delegate,
    record: Record,
    consent: Consent,
    recovery: Recovery,
    registrar: Registrar,
    credential: Credential,
    break_glass: BreakGlass,
    audit_root: AuditRoot,
}

impl Call {
    fn signed_by(&self, key: Pubkey) -> Check {
        let signed = key == RELAY || self.accounts.iter().any(|account| account.pubkey == key && account.is_signer);
        require(signed, ErrorCode::AccountNotSigner)
    }

    /// The programs that transactions call, and those of the runtime, are never written.
    fn may_write(&self, key: Pubkey) -> Check {
        let asked = self.accounts.iter().any(|account| account.pubkey == key && account.is_writable);
        require(asked && ![PROGRAM_ID, SYSTEM].contains(&key), ErrorCode::ConstraintMut)
    }
}

fn is_program(key: Pubkey, program: Pubkey) -> Check {
    require(key == program, ErrorCode::InvalidProgramId)
}

fn is_event_authority(key: Pubkey) -> Check {
    require(key == find(&[b"__event_authority"]).0, ErrorCode::ConstraintAddress)
}

/// An optional account that is left out is named by the program's own id.
fn optional(key: Pubkey) -> Option<Pubkey> {
    (key != PROGRAM_ID).then_some(key)
}

/// Lamports that an account of this many bytes must hold.
pub fn rent(bytes: usize) -> u64 {
    (128 + u64::try_from(bytes).expect("a small account")) * 6_960
}

/// The program's derived address and its bump.
pub fn find(seeds: &[&[u8]]) -> (Pubkey, u8) {
    thread_local! {
        // Tens of microseconds each, and every sequence asks for the same ones.
        static FOUND: RefCell<HashMap<Vec<u8>, (Pubkey, u8)>> = RefCell::default();
    }
    let name = seeds.join(&b'/');
    FOUND
        .with_borrow_mut(|found| *found.entry(name).or_insert_with(|| Pubkey::find_program_address(seeds, &PROGRAM_ID)))
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    solana_sha256_hasher::hashv(parts).to_bytes()
}

/// Whether days from..until are some, at most a hundred years, and not over.
fn period_is_good(from: u32, until: u32, now: i64) -> bool {
    until > from && until - from <= 36_525 && i64::from(until) * DAY > now
}

fn raised(counter: u32) -> Check<u32> {
    counter.checked_add(1).ok_or(AegleError::CounterOverflow.into())
}

pub use config::program_data_address;
pub use record::metadata_len;
