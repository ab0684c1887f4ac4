//! The program in the real virtual machine: LiteSVM with the ELF that `make build` left in
//! target/deploy. Keys and bumps are fixed, so that compute units repeat.

use std::{
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use aegle_client::{
    AccountDeserialize, AccountSerialize, Event, Pubkey,
    aegle::{
        AddDelegateParams, AegleError, CreateVaultParams, GrantConsentParams, InitConfigParams, NewRecordParams,
        RotateKeyParams,
        state::{self, Action, Delegate, Expected, Purpose, Right, Vault},
    },
    commitment::Opening,
    event::event_authority,
    id, instruction,
    instruction::Authority,
    pda,
};
use anchor_lang::{error::ErrorCode, prelude::Clock};
use anchor_spl::token_2022::spl_token_2022::{extension::StateWithExtensions, state::Mint};
use litesvm::{
    LiteSVM,
    types::{FailedTransactionMetadata, TransactionMetadata},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use solana_account::Account;
use solana_instruction::Instruction;
use solana_instruction_error::InstructionError;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::refusals;

/// 2026-01-01 00:00 UTC, where every test's clock starts.
pub const START: i64 = 1_767_225_600;
/// The day of [`START`], since the Unix epoch.
pub const TODAY: u32 = 20_454;
pub const RECORD_URI: &str = "https://aegle.example/token/record.json";
/// What [`Vm::sponsor`] starts with, in lamports.
pub const SPONSORED: u64 = 10_000_000_000;
/// The system program's refusal to create what exists.
pub const ACCOUNT_ALREADY_IN_USE: u32 = 0;

/// What a test changes about good parameters.
pub type Change<T> = fn(&mut T);

/// The folder of the built program.
pub fn deploy_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/deploy")
}

/// The built program.
pub fn elf() -> Vec<u8> {
    let path = deploy_dir().join("aegle.so");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; build the program with `make build`", path.display()))
}

/// The program deployed in a virtual machine with an operator who pays for everybody.
pub struct Vm {
    pub svm: LiteSVM,
    pub upgrade_authority: Keypair,
    pub governance: Keypair,
    pub payer: Keypair,
    rng: ChaCha8Rng,
}

/// What a successful transaction left.
pub struct Done {
    pub meta: TransactionMetadata,
    pub events: Vec<Event>,
    /// Size of each event's instruction data, in bytes.
    pub event_bytes: Vec<usize>,
}

impl Done {
    /// The one event that every change emits.
    pub fn event(&self) -> &Event {
        assert_eq!(self.events.len(), 1, "one event per change: {:?}", self.events);
        &self.events[0]
    }

    pub fn compute_units(&self) -> u64 {
        self.meta.compute_units_consumed
    }
}

/// A patient with a vault.
pub struct Patient {
    pub owner: Keypair,
    pub vault: Pubkey,
}

impl Patient {
    pub fn authority(&self) -> Authority {
        Authority::Owner(self.owner.pubkey())
    }

    /// The owner as owner, any other key as a delegate.
    pub fn acting(&self, key: &Keypair) -> Authority {
        let key = key.pubkey();
        if key == self.owner.pubkey() { Authority::Owner(key) } else { Authority::Delegate(key) }
    }
}

impl Default for Vm {
    fn default() -> Self {
        Self::new()
    }
}

impl Vm {
    /// Deployed and configured.
    pub fn new() -> Self {
        let mut vm = Self::deployed();
        let params = vm.config_params();
        let init = instruction::init_config(vm.upgrade_authority.pubkey(), vm.payer.pubkey(), params);
        let authority = vm.upgrade_authority.insecure_clone();
        vm.send(&[init], &[&authority]).expect("configuration");
        vm
    }

    /// Deployed under the upgrade authority, without a configuration.
    pub fn deployed() -> Self {
        // Loading programs takes longer than a test, so a process does it once.
        static DEPLOYED: LazyLock<Mutex<LiteSVM>> = LazyLock::new(|| {
            let mut svm = LiteSVM::new();
            deploy(&mut svm, &elf(), key(1).pubkey());
            Mutex::new(svm)
        });
        let mut svm = DEPLOYED.lock().expect("deployment").clone();
        let upgrade_authority = key(1);
        let payer = key(3);
        svm.airdrop(&payer.pubkey(), 1_000_000_000_000).expect("airdrop");
        let mut vm = Self { svm, upgrade_authority, governance: key(2), payer, rng: ChaCha8Rng::seed_from_u64(1) };
        vm.set_time(START);
        vm
    }

    pub fn config_params(&self) -> InitConfigParams {
        InitConfigParams {
            governance: self.governance.pubkey(),
            min_recovery_delay: 3 * state::DAY,
            max_recovery_delay: 30 * state::DAY,
            record_uri: RECORD_URI.into(),
        }
    }

    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// A key without lamports; the same sequence in every run.
    pub fn keypair(&mut self) -> Keypair {
        let seed = aegle_client::commitment::random_bytes(&mut self.rng);
        Keypair::new_from_array(seed)
    }

    pub fn bytes(&mut self) -> [u8; 32] {
        aegle_client::commitment::random_bytes(&mut self.rng)
    }

    pub fn clock(&self) -> Clock {
        self.svm.get_sysvar()
    }

    /// Sets the clock, in seconds since the Unix epoch.
    pub fn set_time(&mut self, unix_timestamp: i64) {
        let mut clock = self.clock();
        clock.unix_timestamp = unix_timestamp;
        clock.slot = clock.slot.max(10) + 1;
        self.svm.set_sysvar(&clock);
    }

    /// Sends a transaction that `payer` pays for.
    ///
    /// Whatever the transaction, it must hold INV-12, that no lamport appears or vanishes, and INV-4,
    /// that no mint has more than one token.
    #[allow(clippy::result_large_err)]
    pub fn send(
        &mut self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Done, FailedTransactionMetadata> {
        self.svm.expire_blockhash();
        let payer = self.payer.insecure_clone();
        let mut keys = vec![&payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != payer.pubkey()));
        let message = Message::new(instructions, Some(&payer.pubkey()));
        let transaction = Transaction::new(&keys, message, self.svm.latest_blockhash());
        let account_keys = transaction.message.account_keys.clone();
        let before = self.total_lamports(&account_keys);
        let meta = self.svm.send_transaction(transaction).inspect_err(|failed| {
            refusals::note(instructions, &failed.err);
        })?;
        assert_eq!(self.total_lamports(&account_keys) + meta.fee, before, "INV-12: lamports are conserved");
        self.assert_single_tokens(&account_keys);

        let events: Vec<&[u8]> = meta
            .inner_instructions
            .iter()
            .flatten()
            .map(|inner| &inner.instruction)
            .filter(|inner| {
                account_keys[usize::from(inner.program_id_index)] == aegle_client::PROGRAM_ID
                    && inner.accounts.iter().map(|index| account_keys[usize::from(*index)]).eq([event_authority()])
            })
            .map(|inner| &inner.data[..])
            .collect();
        let event_bytes = events.iter().map(|data| data.len()).collect();
        let events = events.iter().map(|data| Event::decode(data).expect("event").expect("tagged event")).collect();
        Ok(Done { meta, events, event_bytes })
    }

    fn total_lamports(&self, keys: &[Pubkey]) -> u64 {
        keys.iter().map(|key| self.lamports(key)).sum()
    }

    fn assert_single_tokens(&self, keys: &[Pubkey]) {
        for account in keys.iter().filter_map(|key| self.svm.get_account(key)) {
            if account.owner == anchor_spl::token_2022::ID
                && let Ok(mint) = StateWithExtensions::<Mint>::unpack(&account.data)
            {
                assert!(mint.base.supply <= 1, "INV-4: supply {}", mint.base.supply);
            }
        }
    }

    /// Sends one instruction that must succeed.
    #[track_caller]
    pub fn run(&mut self, instruction: &Instruction, signers: &[&Keypair]) -> Done {
        match self.send(std::slice::from_ref(instruction), signers) {
            Ok(done) => done,
            Err(failed) => panic!("{:?}\n{}", failed.err, failed.meta.logs.join("\n")),
        }
    }

    /// Sends one instruction that must fail, and returns why.
    #[track_caller]
    pub fn fail(&mut self, instruction: &Instruction, signers: &[&Keypair]) -> FailedTransactionMetadata {
        match self.send(std::slice::from_ref(instruction), signers) {
            Ok(done) => panic!("expected a refusal, but it succeeded with {:?}", done.events),
            Err(failed) => failed,
        }
    }

    /// Sends and expects the refusal with the code of `error`.
    #[track_caller]
    pub fn refuse(&mut self, instruction: Instruction, signers: &[&Keypair], error: impl Into<u32>) {
        let code: u32 = error.into();
        let failed = self.fail(&instruction, signers);
        let got = aegle_client::ProgramError::of(&failed.err).map(|error| error.code);
        assert_eq!(got, Some(code), "expected error {code}, got {:?}\n{}", failed.err, failed.meta.logs.join("\n"));
    }

    /// Creating at an address in use is the system program's error.
    #[track_caller]
    pub fn refuse_existing(&mut self, instruction: Instruction, signers: &[&Keypair]) {
        self.refuse(instruction, signers, ACCOUNT_ALREADY_IN_USE);
    }

    /// What the accounts and data of an instruction raise before its own rules: `good`, which
    /// succeeds as it is, is refused with every account in turn replaced and with data cut off.
    ///
    /// An account's place follows from `good` and the chain: a signer, a state of the program, a
    /// program, the event authority, or an address still to be created.
    #[track_caller]
    pub fn refuse_wrong_accounts(&mut self, good: &Instruction, signers: &[&Keypair]) {
        for (place, meta) in good.accounts.iter().enumerate() {
            let account = self.svm.get_account(&meta.pubkey);
            let mut wrong: Vec<(Pubkey, ErrorCode)> = Vec::new();
            if meta.is_signer {
                wrong.push((self.keypair().pubkey(), ErrorCode::AccountNotSigner));
            } else if meta.pubkey == event_authority() {
                wrong.push((self.keypair().pubkey(), ErrorCode::ConstraintAddress));
            } else if let Some(account) = &account {
                if account.owner == aegle_client::PROGRAM_ID {
                    let config = pda::find_config().0;
                    let other_kind = if meta.pubkey == config { self.patient().vault } else { config };
                    let forged = self.forge(&meta.pubkey);
                    wrong.push((self.keypair().pubkey(), ErrorCode::AccountNotInitialized));
                    wrong.push((other_kind, ErrorCode::AccountDiscriminatorMismatch));
                    wrong.push((forged, ErrorCode::AccountOwnedByWrongProgram));
                } else if account.executable && meta.pubkey != aegle_client::PROGRAM_ID {
                    wrong.push((aegle_client::PROGRAM_ID, ErrorCode::InvalidProgramId));
                }
            } else if meta.is_writable {
                wrong.push((self.keypair().pubkey(), ErrorCode::ConstraintSeeds));
            }
            for (pubkey, error) in wrong {
                let mut bad = good.clone();
                bad.accounts[place].pubkey = pubkey;
                bad.accounts[place].is_signer = false;
                let signers = still_signing(&bad, signers);
                self.refuse(bad, &signers, framework(error));
            }
            let state = account.is_some_and(|account| account.owner == aegle_client::PROGRAM_ID);
            let mut bad = good.clone();
            bad.accounts[place].is_writable = false;
            if meta.is_writable && state {
                self.refuse(bad, signers, framework(ErrorCode::ConstraintMut));
            } else if meta.is_writable && meta.is_signer {
                // A payer, which the runtime itself protects where an account is created before it is looked at.
                let by_runtime = InstructionError::PrivilegeEscalation;
                let by_program = InstructionError::Custom(framework(ErrorCode::ConstraintMut));
                let errors = [by_runtime, by_program].map(|error| TransactionError::InstructionError(0, error));
                let failed = self.fail(&bad, signers).err;
                assert!(errors.contains(&failed), "{failed:?}");
            }
        }

        let mut short = good.clone();
        short.accounts.pop();
        let signing = still_signing(&short, signers);
        self.refuse(short, &signing, framework(ErrorCode::AccountNotEnoughKeys));
        let mut cut = good.clone();
        cut.data.pop();
        let error = match good.data.len() {
            ..=8 => ErrorCode::InstructionFallbackNotFound,
            _ => ErrorCode::InstructionDidNotDeserialize,
        };
        self.refuse(cut, signers, framework(error));
    }

    /// Every mismatch of owner and epochs between what `build` expects and the vault, on either side.
    #[track_caller]
    pub fn refuse_stale(&mut self, patient: &Patient, signers: &[&Keypair], build: impl Fn(Expected) -> Instruction) {
        self.edit(&patient.vault, |vault: &mut Vault| {
            vault.key_epoch = 5;
            vault.consent_epoch = 6;
            vault.delegate_epoch = 7;
        });
        let now = self.expected(patient);
        let mut stale = vec![(Expected { owner: self.keypair().pubkey(), ..now }, AegleError::OwnerMismatch)];
        for (wrong, error) in [
            (|at: Expected, epoch| Expected { key_epoch: epoch, ..at }) as fn(Expected, u32) -> Expected,
            |at, epoch| Expected { consent_epoch: epoch, ..at },
            |at, epoch| Expected { delegate_epoch: epoch, ..at },
        ]
        .into_iter()
        .zip([
            AegleError::KeyEpochMismatch,
            AegleError::ConsentEpochMismatch,
            AegleError::DelegateEpochMismatch,
        ]) {
            let current = match error {
                AegleError::KeyEpochMismatch => now.key_epoch,
                AegleError::ConsentEpochMismatch => now.consent_epoch,
                _ => now.delegate_epoch,
            };
            stale.extend([0, current - 1, current + 1, u32::MAX].map(|epoch| (wrong(now, epoch), error)));
        }
        for (expected, error) in stale {
            // What was prepared for another state, signed by who is the owner now.
            let (mut stale, current) = (build(expected), build(now));
            for (stale, current) in stale.accounts.iter_mut().zip(&current.accounts) {
                if current.is_signer {
                    *stale = current.clone();
                }
            }
            self.refuse(stale, signers, error);
        }
    }

    /// INV-3: everyone whom `right` does not cover is refused, and a delegate whom it covers may act
    /// until the last second. `build` makes an instruction that succeeds for who may.
    #[track_caller]
    pub fn refuse_without_right(
        &mut self,
        patient: &Patient,
        right: Right,
        build: impl Fn(&mut Vm, Authority) -> Instruction,
    ) {
        let (stranger, other) = (self.keypair(), self.patient());
        let good = build(self, Authority::Owner(stranger.pubkey()));
        self.refuse(good, &[&stranger], AegleError::Unauthorized);

        let delegate = self.delegate(patient, &[right]);
        let authority = Authority::Delegate(delegate.pubkey());
        let address = pda::find_delegate(&patient.vault, &delegate.pubkey()).0;
        let unnamed = build(self, Authority::Owner(delegate.pubkey()));
        self.refuse(unnamed, &[&delegate], AegleError::Unauthorized);
        // A stranger with the delegate's account, and the delegate of another vault with the account there.
        let borrowed = replace(build(self, authority), delegate.pubkey(), stranger.pubkey());
        self.refuse(borrowed, &[&stranger], AegleError::DelegateMismatch);
        let foreign = self.delegate(&other, &[right]);
        let elsewhere = pda::find_delegate(&other.vault, &foreign.pubkey()).0;
        let here = pda::find_delegate(&patient.vault, &foreign.pubkey()).0;
        let crossed = replace(build(self, Authority::Delegate(foreign.pubkey())), here, elsewhere);
        self.refuse(crossed, &[&foreign], AegleError::DelegateMismatch);
        let good = build(self, authority);
        self.refuse_wrong_delegate_accounts(&good, address, &delegate);

        let others = [Right::Mint, Right::Grant, Right::Revoke, Right::Read];
        let others: Vec<Right> = others.into_iter().filter(|other| *other != right).collect();
        let without = self.delegate(patient, &others);
        let instruction = build(self, Authority::Delegate(without.pubkey()));
        self.refuse(instruction, &[&without], AegleError::DelegateRightMissing);

        let removed = self.delegate(patient, &[right]);
        let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &removed.pubkey());
        self.send(&[remove], &[&patient.owner]).expect("removal");
        let instruction = build(self, Authority::Delegate(removed.pubkey()));
        self.refuse(instruction, &[&removed], AegleError::DelegateRemoved);

        let vault = self.svm.get_account(&patient.vault).expect("vault");
        self.edit(&patient.vault, |vault: &mut Vault| vault.delegate_epoch += 1);
        let instruction = build(self, authority);
        self.refuse(instruction, &[&delegate], AegleError::DelegateEpochMismatch);
        self.svm.set_account(patient.vault, vault).expect("vault");

        let end = i64::from(self.account::<Delegate>(&address).until_day) * state::DAY;
        for expired in [end, end + 1] {
            self.set_time(expired);
            let instruction = build(self, authority);
            self.refuse(instruction, &[&delegate], AegleError::DelegateExpired);
        }
        self.set_time(end - 1);
        let instruction = build(self, authority);
        self.send(&[instruction], &[&delegate]).expect("a delegate may act until the last second");
    }

    #[track_caller]
    fn refuse_wrong_delegate_accounts(&mut self, good: &Instruction, delegate: Pubkey, signer: &Keypair) {
        let (nothing, forged) = (self.keypair().pubkey(), self.forge(&delegate));
        for (wrong, error) in [
            (nothing, ErrorCode::AccountNotInitialized),
            (pda::find_config().0, ErrorCode::AccountDiscriminatorMismatch),
            (forged, ErrorCode::AccountOwnedByWrongProgram),
        ] {
            self.refuse(replace(good.clone(), delegate, wrong), &[signer], framework(error));
        }
    }

    /// While the program is paused, `instruction` is refused.
    #[track_caller]
    pub fn refuse_paused(&mut self, instruction: Instruction, signers: &[&Keypair]) {
        self.set_paused(true);
        self.refuse(instruction, signers, AegleError::Paused);
    }

    pub fn account<T: AccountDeserialize>(&self, address: &Pubkey) -> T {
        let account = self.svm.get_account(address).unwrap_or_else(|| panic!("no account at {address}"));
        assert_eq!(account.owner, aegle_client::PROGRAM_ID);
        T::try_deserialize(&mut &account.data[..]).expect("account")
    }

    /// Changes a state of the program where it lies, past the program's rules.
    pub fn edit<T: AccountDeserialize + AccountSerialize>(&mut self, address: &Pubkey, change: impl FnOnce(&mut T)) {
        let mut state: T = self.account(address);
        change(&mut state);
        let mut account = self.svm.get_account(address).expect("account");
        state.try_serialize(&mut &mut account.data[..]).expect("the state has its size");
        self.svm.set_account(*address, account).expect("account");
    }

    /// The same bytes as at `address`, owned by another program.
    pub fn forge(&mut self, address: &Pubkey) -> Pubkey {
        let forged = self.keypair().pubkey();
        let account = self.svm.get_account(address).expect("account");
        self.svm.set_account(forged, Account { owner: anchor_spl::token_2022::ID, ..account }).expect("account");
        forged
    }

    /// The account's size in bytes; none where nothing is.
    pub fn size(&self, address: &Pubkey) -> Option<usize> {
        self.svm.get_account(address).map(|account| account.data.len())
    }

    /// Whether the account holds its rent to the lamport, and how much that is.
    #[track_caller]
    pub fn rent_of(&self, address: &Pubkey) -> u64 {
        let account = self.svm.get_account(address).unwrap_or_else(|| panic!("no account at {address}"));
        assert_eq!(account.lamports, self.rent(account.data.len()), "rent of {} bytes", account.data.len());
        account.lamports
    }

    /// Rent of `bytes` of account data, in lamports.
    pub fn rent(&self, bytes: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(bytes)
    }

    /// A stranger's lamports at an address.
    pub fn prefund(&mut self, address: &Pubkey, lamports: u64) {
        self.svm.airdrop(address, lamports).expect("airdrop");
    }

    /// Someone with lamports who pays for others.
    pub fn sponsor(&mut self) -> Keypair {
        let sponsor = self.keypair();
        self.prefund(&sponsor.pubkey(), SPONSORED);
        sponsor
    }

    /// What a sponsor has spent on rent so far, in lamports.
    pub fn spent(&self, sponsor: &Keypair) -> u64 {
        SPONSORED - self.lamports(&sponsor.pubkey())
    }

    pub fn lamports(&self, address: &Pubkey) -> u64 {
        self.svm.get_balance(address).unwrap_or(0)
    }

    pub fn set_paused(&mut self, paused: bool) {
        let governance = self.governance.insecure_clone();
        self.send(&[instruction::set_pause(governance.pubkey(), paused)], &[&governance]).expect("pause");
    }

    /// A patient with a fresh vault.
    pub fn patient(&mut self) -> Patient {
        let owner = self.keypair();
        let vault_id = id::vault_id(&mut self.rng);
        let encryption_key = self.bytes();
        let params = CreateVaultParams { vault_id, encryption_key };
        let create = instruction::create_vault(owner.pubkey(), self.payer.pubkey(), params);
        self.send(&[create], &[&owner]).expect("vault");
        Patient { owner, vault: pda::find_vault(&vault_id).0 }
    }

    pub fn vault(&self, patient: &Patient) -> state::Vault {
        self.account(&patient.vault)
    }

    pub fn expected(&self, patient: &Patient) -> state::Expected {
        instruction::expected(&self.vault(patient))
    }

    pub fn rotate_params(&mut self, patient: &Patient) -> RotateKeyParams {
        RotateKeyParams { encryption_key: self.bytes(), expected: self.expected(patient) }
    }

    pub fn delegate_params(&mut self, patient: &Patient, key: Pubkey, rights: &[Right]) -> AddDelegateParams {
        AddDelegateParams {
            key,
            rights: rights.iter().fold(0, |bits, right| bits | *right as u8),
            until_day: TODAY + 30,
            expected: self.expected(patient),
        }
    }

    /// Adds a delegate with `rights` for thirty days.
    pub fn delegate(&mut self, patient: &Patient, rights: &[Right]) -> Keypair {
        let key = self.keypair();
        let params = self.delegate_params(patient, key.pubkey(), rights);
        let add = instruction::add_delegate(patient.vault, self.payer.pubkey(), params);
        self.send(&[add], &[&patient.owner]).expect("delegate");
        key
    }

    /// For a record that the owner mints.
    pub fn record_params(&mut self, patient: &Patient) -> NewRecordParams {
        self.record_params_by(patient, &patient.owner)
    }

    /// For a record that the owner or a delegate mints.
    pub fn record_params_by(&mut self, patient: &Patient, authority: &Keypair) -> NewRecordParams {
        let expected = self.expected(patient);
        NewRecordParams {
            record_id: id::record_id(&mut self.rng, &patient.vault, &expected.owner, &patient.acting(authority)),
            commitment: self.bytes(),
            expected,
        }
    }

    /// Mints a record as the owner.
    pub fn record(&mut self, patient: &Patient) -> Pubkey {
        let payer = self.payer.insecure_clone();
        self.record_by(patient, &patient.owner, &payer)
    }

    /// Mints a record as the owner or a delegate, at somebody's expense.
    pub fn record_by(&mut self, patient: &Patient, authority: &Keypair, payer: &Keypair) -> Pubkey {
        let params = self.record_params_by(patient, authority);
        let record = pda::find_record(&patient.vault, &params.record_id).0;
        let mint = instruction::mint_record(patient.vault, patient.acting(authority), payer.pubkey(), params);
        self.send(&[mint], &[authority, payer]).expect("record");
        record
    }

    /// Erases a record as the owner.
    pub fn erase(&mut self, patient: &Patient, record: &Pubkey) -> Done {
        let erase = self.erase_instruction(patient, record);
        self.send(&[erase], &[&patient.owner]).expect("erasure")
    }

    /// The rent goes back to whom the record names.
    pub fn erase_instruction(&self, patient: &Patient, record: &Pubkey) -> Instruction {
        instruction::erase_record(patient.owner.pubkey(), *record, &self.account(record))
    }

    pub fn consent_params(&mut self, patient: &Patient) -> ([u8; 32], GrantConsentParams) {
        let consent_id = id::consent_id(&mut self.rng, &patient.vault);
        let params = GrantConsentParams {
            handle: self.bytes(),
            policy_commitment: self.bytes(),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            from_day: TODAY,
            until_day: TODAY + 365,
            expected: self.expected(patient),
        };
        (consent_id, params)
    }

    /// Grants a consent as the owner.
    pub fn consent(&mut self, patient: &Patient) -> Pubkey {
        let (consent_id, params) = self.consent_params(patient);
        let consent = pda::find_consent(&patient.vault, &consent_id).0;
        let grant =
            instruction::grant_consent(patient.vault, patient.authority(), self.payer.pubkey(), consent_id, params);
        self.send(&[grant], &[&patient.owner]).expect("consent");
        consent
    }

    /// Grants a consent with what opens it.
    pub fn consent_for(&mut self, patient: &Patient, grantee: &Pubkey) -> (Pubkey, Opening) {
        let (consent_id, mut params) = self.consent_params(patient);
        let opening = Opening { vault: patient.vault, consent_id, grantee: *grantee, salt: self.bytes() };
        params.handle = opening.handle();
        let consent = pda::find_consent(&patient.vault, &consent_id).0;
        let grant =
            instruction::grant_consent(patient.vault, patient.authority(), self.payer.pubkey(), consent_id, params);
        self.send(&[grant], &[&patient.owner]).expect("consent");
        (consent, opening)
    }
}

/// A key known from its number alone.
pub fn key(number: u8) -> Keypair {
    Keypair::new_from_array([number; 32])
}

/// The instruction with one account in the place of another.
pub fn replace(mut instruction: Instruction, from: Pubkey, to: Pubkey) -> Instruction {
    let places = instruction.accounts.iter_mut().filter(|meta| meta.pubkey == from);
    assert!(places.map(|meta| meta.pubkey = to).count() > 0, "no account {from}");
    instruction
}

/// Those of `signers` whom the instruction still names as such.
fn still_signing<'a>(instruction: &Instruction, signers: &[&'a Keypair]) -> Vec<&'a Keypair> {
    let names = |key: &Pubkey| instruction.accounts.iter().any(|meta| meta.is_signer && meta.pubkey == *key);
    signers.iter().copied().filter(|signer| names(&signer.pubkey())).collect()
}

/// An Anchor framework error's code.
pub fn framework(error: anchor_lang::error::ErrorCode) -> u32 {
    error as u32
}

/// Writes the program as the upgradeable loader would have.
fn deploy(svm: &mut LiteSVM, elf: &[u8], authority: Pubkey) {
    let loader = solana_sdk_ids::bpf_loader_upgradeable::ID;
    let program = aegle_client::PROGRAM_ID;
    let program_data = Pubkey::find_program_address(&[program.as_ref()], &loader).0;
    // UpgradeableLoaderState::ProgramData: tag 3, slot, the authority as an option, then the ELF.
    let mut data = 3u32.to_le_bytes().to_vec();
    data.extend(0u64.to_le_bytes());
    data.push(1);
    data.extend(authority.as_ref());
    data.extend(elf);
    let account = |svm: &LiteSVM, data: Vec<u8>, executable| Account {
        lamports: svm.minimum_balance_for_rent_exemption(data.len()),
        data,
        owner: loader,
        executable,
        rent_epoch: u64::MAX,
    };
    let program_data_account = account(svm, data, false);
    svm.set_account(program_data, program_data_account).expect("program data");
    // UpgradeableLoaderState::Program: tag 2, address of the program data.
    let mut data = 2u32.to_le_bytes().to_vec();
    data.extend(program_data.as_ref());
    let program_account = account(svm, data, true);
    svm.set_account(program, program_account).expect("program");
}
