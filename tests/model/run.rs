//! Plays sequences in the virtual machine and in the reference model, and compares.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aegle_client::{
    AccountDeserialize, AccountSerialize, AnchorDeserialize, Event, PROGRAM_ID, Pubkey, Space,
    aegle::{
        AegleError, ConsentAnswer,
        state::{
            AuditRoot, BreakGlass, Config, Consent, Credential, Delegate, Record, RecordStatus, Recovery,
            RecoveryStatus, Registrar, TokenHolder, Vault,
        },
    },
    event::event_authority,
};
use aegle_tests::vm::{START, Vm};
use anchor_spl::token_2022::ID as TOKEN_2022;
use litesvm::{
    LiteSVM,
    types::{FailedTransactionMetadata, TransactionMetadata},
};
use solana_account::{Account as Stored, ReadableAccount};
use solana_instruction_error::InstructionError;
use solana_message::Message;
use solana_sdk_ids::system_program::ID as SYSTEM;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::{
    actions::Actions,
    actors::{FUNDED, RELAY, UPGRADE_AUTHORITY, name, wallets},
    call::{Call, Kind},
    reference::{Account, Content, Ledger, Outcome, Refusal, Shown, metadata_len, program_data_address},
};

/// Transactions in a sequence.
const STEPS: usize = 50;
const FIRST_SLOT: u64 = 1_000;

/// What happened in many sequences.
#[derive(Default)]
pub struct Tally {
    pub sequences: u64,
    /// Successes and refusals of each instruction.
    pub kinds: BTreeMap<Kind, (u64, u64)>,
    pub refusals: BTreeMap<Refusal, u64>,
    /// How often each event and each situation worth seeing came up.
    pub seen: BTreeMap<&'static str, u64>,
    pub executing: Duration,
}

impl Tally {
    fn count(&mut self, kind: Kind, outcome: &Outcome) {
        let (done, refused) = self.kinds.entry(kind).or_default();
        match outcome {
            Ok(shown) => {
                *done += 1;
                for situation in situations(shown) {
                    *self.seen.entry(situation).or_default() += 1;
                }
            }
            Err(refusal) => {
                *refused += 1;
                *self.refusals.entry(*refusal).or_default() += 1;
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.sequences += other.sequences;
        self.executing += other.executing;
        for (kind, (done, refused)) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            *sum = (sum.0 + done, sum.1 + refused);
        }
        for (refusal, times) in other.refusals {
            *self.refusals.entry(refusal).or_default() += times;
        }
        for (situation, times) in other.seen {
            *self.seen.entry(situation).or_default() += times;
        }
    }
}

/// Names of [`situations`] beside those of the events.
pub const SITUATIONS: [&str; 8] = [
    "a consent permits",
    "a consent does not permit",
    "a delegate mints",
    "a delegate amends",
    "enough guardians make a recovery pending",
    "all guardians override a veto",
    "a reissue at another's expense",
    "an erased record had been amended",
];

fn situations(shown: &Shown) -> Vec<&'static str> {
    let situation = match (&shown.event, &shown.answer) {
        (None, Some(ConsentAnswer { permit: true, .. })) => SITUATIONS[0],
        (None, Some(_)) => SITUATIONS[1],
        (Some(Event::RecordMinted(event)), _) if event.holder == TokenHolder::Record => SITUATIONS[2],
        (Some(Event::RecordAmended(event)), _) if event.holder == TokenHolder::Record => SITUATIONS[3],
        (Some(Event::RecoveryApproved(event)), _) if event.new_status == RecoveryStatus::Pending => {
            match event.old_status {
                RecoveryStatus::Proposed => SITUATIONS[4],
                RecoveryStatus::Vetoed => SITUATIONS[5],
                _ => "",
            }
        }
        (Some(Event::RecordReissued(event)), _) if event.new_rent_payer != event.old_rent_payer => SITUATIONS[6],
        (Some(Event::RecordErased(event)), _) if event.old_status == RecordStatus::Amended => SITUATIONS[7],
        _ => "",
    };
    let event = shown.event.as_ref().map(Event::name);
    event.into_iter().chain([situation]).filter(|name| !name.is_empty()).collect()
}

/// Plays sequences `from..from + count`, for ever where `count` is none, on every core.
///
/// # Errors
/// The first difference found, with its seed.
pub fn play(from: u64, count: Option<u64>) -> Result<Tally, String> {
    let base = Mutex::new(deployed());
    let (next, found) = (AtomicU64::new(from), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let worker = || {
        let base = base.lock().expect("virtual machine").clone();
        let untouched: HashSet<Pubkey> = base.accounts_db().inner.keys().copied().collect();
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if found.load(Ordering::Relaxed) || count.is_some_and(|count| seed - from >= count) {
                return Ok(tally);
            }
            if let Err(difference) = sequence(seed, base.clone(), &untouched, &mut tally) {
                found.store(true, Ordering::Relaxed);
                return Err(format!(
                    "the program and the model differ; AEGLE_MODEL_SEED={seed} repeats it (after {} sequences)\n{difference}",
                    seed - from
                ));
            }
            tally.sequences += 1;
            if count.is_none() && seed % 1_000 == 999 {
                eprintln!("{} sequences", seed + 1 - from);
            }
        }
    };
    let tallies: Vec<Result<Tally, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("worker")).collect()
    });
    tallies.into_iter().try_fold(Tally::default(), |mut sum, tally| {
        sum.add(tally?);
        Ok(sum)
    })
}

/// The program and everyone's first lamports. Signatures are not checked, as the program cannot tell:
/// it is told who signed.
fn deployed() -> LiteSVM {
    let mut svm = Vm::deployed()
        .svm
        .with_sigverify(false)
        .with_blockhash_check(false)
        .with_transaction_history(0)
        .with_log_bytes_limit(Some(0));
    // After tag, slot and that there is one.
    let at = program_data_address();
    let mut program_data = svm.get_account(&at).expect("program data");
    program_data.data[13..45].copy_from_slice(UPGRADE_AUTHORITY.as_ref());
    svm.set_account(at, program_data).expect("program data");
    for (key, lamports) in FUNDED {
        let account = Stored { lamports, rent_epoch: u64::MAX, ..Stored::default() };
        svm.set_account(key, account).expect("wallet");
    }
    svm
}

/// Prints the seed where a sequence panics instead of differing.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("AEGLE_MODEL_SEED={} repeats it", self.0);
        }
    }
}

fn sequence(seed: u64, mut svm: LiteSVM, untouched: &HashSet<Pubkey>, tally: &mut Tally) -> Result<(), String> {
    let _seed = Seed(seed);
    let mut actions = Actions::new(seed);
    let mut ledger = Ledger::new(FIRST_SLOT, START, &FUNDED);
    let mut story: Vec<(u64, i64, Call, Outcome)> = Vec::new();
    for step in 0..STEPS {
        let call = actions.next(&mut ledger);
        let predicted = ledger.execute(&call);
        let started = Instant::now();
        let result = send(&mut svm, &ledger, &call);
        tally.executing += started.elapsed();
        let differs = compare(&svm, &ledger, &call, &predicted, &result);
        tally.count(call.kind(), &predicted);
        if actions.worn && call.kind() == Kind::CreateVault && predicted.is_ok() {
            let vault = call.accounts[3].pubkey;
            ledger.wear_out(vault, (seed % 3) as u32);
            let account = ledger.get(&vault).expect("vault");
            let (owner, data) = stored(&vault, account);
            let lamports = account.lamports;
            svm.set_account(vault, Stored { lamports, data, owner, rent_epoch: u64::MAX, executable: false })
                .expect("vault");
        }
        story.push((ledger.slot, ledger.now, call, predicted));
        if let Err(difference) = differs {
            return Err(with_names(&told(&story, step, &difference)));
        }
    }
    let all: BTreeSet<Pubkey> =
        svm.accounts_db().inner.keys().filter(|key| !untouched.contains(key)).copied().collect();
    let known = ledger.accounts().filter(|(_, account)| account.content != Content::Program).map(|(key, _)| *key);
    for key in known.chain(all) {
        compare_account(&svm, &ledger, &key).map_err(|it| with_names(&told(&story, STEPS, &it)))?;
    }
    Ok(())
}

fn told(story: &[(u64, i64, Call, Outcome)], step: usize, difference: &str) -> String {
    let mut text = String::new();
    for (number, (slot, now, call, predicted)) in story.iter().enumerate() {
        let outcome = match predicted {
            Ok(_) => "succeeds".to_owned(),
            Err(refusal) => explained(refusal),
        };
        text += &format!("{number}. slot {slot}, {now} s: {:?} should be: {outcome}\n", call.kind());
    }
    if let Some((_, _, call, _)) = story.get(step) {
        text += &format!("step {step}: {:?}\n", call.args);
        for account in &call.accounts {
            let flags = [account.is_signer.then_some("signs"), account.is_writable.then_some("writable")];
            text += &format!("  {} {}\n", account.pubkey, flags.into_iter().flatten().collect::<Vec<_>>().join(", "));
        }
    }
    text + difference
}

/// Keys of actors by their names.
fn with_names(text: &str) -> String {
    wallets().fold(text.to_owned(), |text, key| text.replace(&key.to_string(), &name(&key)))
}

pub fn explained(refusal: &Refusal) -> String {
    let Refusal::Code(code) = refusal else {
        return format!("{refusal:?}");
    };
    let explanation = aegle_client::error::explanations().find(|it| it.code == *code);
    explanation.map_or_else(|| format!("code {code}"), |it| format!("{} ({code})", it.name))
}

type Sent = Result<TransactionMetadata, FailedTransactionMetadata>;

#[allow(clippy::result_large_err)]
fn send(svm: &mut LiteSVM, ledger: &Ledger, call: &Call) -> Sent {
    let mut clock: anchor_lang::prelude::Clock = svm.get_sysvar();
    clock.slot = ledger.slot;
    clock.unix_timestamp = ledger.now;
    svm.set_sysvar(&clock);
    let message = Message::new(&[call.instruction()], Some(&RELAY));
    let signatures = vec![Default::default(); message.header.num_required_signatures.into()];
    svm.send_transaction(Transaction { signatures, message })
}

fn compare(svm: &LiteSVM, ledger: &Ledger, call: &Call, predicted: &Outcome, result: &Sent) -> Result<(), String> {
    let actual = match result {
        Ok(meta) => Ok(shown(call, meta)?),
        Err(failed) => Err(refusal(&failed.err)?),
    };
    if actual != *predicted {
        return Err(format!("the model says {predicted:#?}\nthe program says {actual:#?}"));
    }
    let written = call.accounts.iter().filter(|account| account.is_writable).map(|account| account.pubkey);
    written.chain([RELAY]).try_for_each(|key| compare_account(svm, ledger, &key))
}

/// The one event and the answer of a successful transaction.
fn shown(call: &Call, meta: &TransactionMetadata) -> Result<Shown, String> {
    let message = Message::new(&[call.instruction()], Some(&RELAY));
    let keys = &message.account_keys;
    let mut events = Vec::new();
    for inner in meta.inner_instructions.iter().flatten().map(|inner| &inner.instruction) {
        let of_program = keys[usize::from(inner.program_id_index)] == PROGRAM_ID;
        if of_program && inner.accounts.iter().map(|index| keys[usize::from(*index)]).eq([event_authority()]) {
            events.extend(Event::decode(&inner.data).map_err(|error| error.to_string())?);
        }
    }
    if events.len() > 1 {
        return Err(format!("more than one event: {events:#?}"));
    }
    let answer = match &meta.return_data {
        data if data.data.is_empty() => None,
        data => Some(ConsentAnswer::try_from_slice(&data.data).map_err(|error| error.to_string())?),
    };
    Ok(Shown { event: events.pop(), answer })
}

fn refusal(error: &TransactionError) -> Result<Refusal, String> {
    match error {
        TransactionError::InstructionError(0, InstructionError::Custom(code)) => Ok(Refusal::Code(*code)),
        TransactionError::InstructionError(0, InstructionError::IncorrectProgramId) => Ok(Refusal::IncorrectProgramId),
        TransactionError::InstructionError(0, InstructionError::MissingAccount) => Ok(Refusal::MissingAccount),
        TransactionError::InsufficientFundsForRent { .. } => Ok(Refusal::InsufficientFundsForRent),
        other => Err(format!("no transaction should fail with {other:?}")),
    }
}

/// Owner, lamports and every byte.
fn compare_account(svm: &LiteSVM, ledger: &Ledger, key: &Pubkey) -> Result<(), String> {
    let (predicted, actual) = (ledger.get(key), svm.accounts_db().get_account_ref(key));
    let (Some(predicted), Some(actual)) = (predicted, actual) else {
        return match (predicted, actual) {
            (None, None) => Ok(()),
            (None, Some(actual)) => Err(format!("{key}: nothing should be there, but {actual:?}")),
            (Some(predicted), _) => Err(format!("{key}: nothing is there, but should be {predicted:#?}")),
        };
    };
    if predicted.content == Content::Program {
        return Ok(());
    }
    let (owner, data) = stored(key, predicted);
    let same_data = match predicted.content {
        Content::Mint { .. } => without_blanks(actual.data(), &[0, 46]) == data,
        Content::Token { .. } => without_blanks(actual.data(), &[72, 129]) == data,
        _ => actual.data() == data,
    };
    if actual.lamports() == predicted.lamports && *actual.owner() == owner && same_data {
        return Ok(());
    }
    Err(format!(
        "{key}: should be {predicted:#?}\nis owned by {}, holds {} lamports and {}",
        actual.owner(),
        actual.lamports(),
        decoded(&predicted.content, actual.data())
    ))
}

/// Token-2022 leaves what a key was where it takes the key away.
fn without_blanks(data: &[u8], options: &[usize]) -> Vec<u8> {
    let mut data = data.to_vec();
    for option in options {
        if let Some(key) = data.get_mut(*option..option + 36)
            && key[..4] == [0; 4]
        {
            key.fill(0);
        }
    }
    data
}

/// Who owns an account and what its data is, to the byte.
fn stored(key: &Pubkey, account: &Account) -> (Pubkey, Vec<u8>) {
    fn state<T: AccountSerialize + Space>(state: &T) -> (Pubkey, Vec<u8>) {
        let mut data = Vec::with_capacity(8 + T::INIT_SPACE);
        state.try_serialize(&mut data).expect("a state");
        data.resize(8 + T::INIT_SPACE, 0);
        (PROGRAM_ID, data)
    }
    match &account.content {
        Content::Wallet | Content::Program => (SYSTEM, Vec::new()),
        Content::Config(it) => state(it),
        Content::Vault(it) => state(it),
        Content::Delegate(it) => state(it),
        Content::Record(it) => state(it),
        Content::Consent(it) => state(it),
        Content::Recovery(it) => state(it),
        Content::Registrar(it) => state(it),
        Content::Credential(it) => state(it),
        Content::BreakGlass(it) => state(it),
        Content::AuditRoot(it) => state(it),
        Content::Mint { record, supply, uri } => (TOKEN_2022, mint_data(key, record, *supply, uri)),
        Content::Token { mint, owner, amount, close_authority } => {
            (TOKEN_2022, token_data(mint, owner, *amount, close_authority.as_ref()))
        }
    }
}

/// INV-4: no mint authority, no freeze authority, no decimals, not transferable, the record permanent
/// delegate and close authority, metadata in itself that nobody but the record changes.
fn mint_data(mint: &Pubkey, record: &Pubkey, supply: u64, uri: &str) -> Vec<u8> {
    let mut data = vec![0; 36];
    data.extend(supply.to_le_bytes());
    data.extend([0, 1]);
    data.resize(165, 0);
    data.push(1);
    let mut extension = |number: u16, parts: &[&[u8]]| {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        data.extend(number.to_le_bytes());
        data.extend(u16::try_from(length).expect("short").to_le_bytes());
        parts.iter().for_each(|part| data.extend_from_slice(part));
        length
    };
    extension(18, &[&[0; 32], mint.as_ref()]);
    extension(9, &[]);
    extension(12, &[record.as_ref()]);
    extension(3, &[record.as_ref()]);
    let texts: Vec<u8> = ["Aegle health record", "AEGLE", uri]
        .iter()
        .flat_map(|text| [&u32::try_from(text.len()).expect("short").to_le_bytes(), text.as_bytes()].concat())
        .collect();
    let length = extension(19, &[record.as_ref(), mint.as_ref(), &texts, &[0; 4]]);
    assert_eq!(length, metadata_len(uri));
    data
}

fn token_data(mint: &Pubkey, owner: &Pubkey, amount: u64, close_authority: Option<&Pubkey>) -> Vec<u8> {
    let mut data = [mint.as_ref(), owner.as_ref(), &amount.to_le_bytes()].concat();
    // No delegate, initialized, not native, nothing delegated.
    data.extend([0; 36]);
    data.push(1);
    data.extend([0; 12 + 8]);
    match close_authority {
        Some(key) => data.extend([&[1, 0, 0, 0], key.as_ref()].concat()),
        None => data.extend([0; 36]),
    }
    // A token account whose owner cannot change and whose token cannot be transferred.
    data.extend([2, 7, 0, 0, 0, 13, 0, 0, 0]);
    data
}

/// What the bytes mean where the model expects that kind.
fn decoded(content: &Content, data: &[u8]) -> String {
    fn state<T: AccountDeserialize + std::fmt::Debug>(mut data: &[u8]) -> String {
        T::try_deserialize(&mut data).map_or_else(|error| error.to_string(), |state| format!("{state:#?}"))
    }
    match content {
        Content::Config(_) => state::<Config>(data),
        Content::Vault(_) => state::<Vault>(data),
        Content::Delegate(_) => state::<Delegate>(data),
        Content::Record(_) => state::<Record>(data),
        Content::Consent(_) => state::<Consent>(data),
        Content::Recovery(_) => state::<Recovery>(data),
        Content::Registrar(_) => state::<Registrar>(data),
        Content::Credential(_) => state::<Credential>(data),
        Content::BreakGlass(_) => state::<BreakGlass>(data),
        Content::AuditRoot(_) => state::<AuditRoot>(data),
        _ => format!("{data:02x?}"),
    }
}

/// Every code of the program, of which each must be provoked.
pub fn program_codes() -> impl Iterator<Item = u32> {
    u32::from(AegleError::Unauthorized)..=u32::from(AegleError::AuditLogTooLarge)
}
