//! The program in the real virtual machine: LiteSVM with the ELF that `make build` left in
//! target/deploy. Keys and bumps are fixed, so that compute units repeat.

use std::path::PathBuf;

use aegle_client::{
    AccountDeserialize, Event, Pubkey,
    aegle::{
        AddDelegateParams, CreateVaultParams, GrantConsentParams, InitConfigParams, NewRecordParams, RotateKeyParams,
        state::{self, Action, Purpose, Right},
    },
    event::event_authority,
    id, instruction,
    instruction::Authority,
    pda,
};
use anchor_lang::prelude::Clock;
use litesvm::{
    LiteSVM,
    types::{FailedTransactionMetadata, TransactionMetadata},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use solana_account::Account;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;

/// 2026-01-01 00:00 UTC, where every test's clock starts.
pub const START: i64 = 1_767_225_600;
/// The day of [`START`], since the Unix epoch.
pub const TODAY: u32 = 20_454;
pub const RECORD_URI: &str = "https://aegle.example/token/record.json";

pub fn elf_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/deploy/aegle.so")
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
        let init =
            instruction::init_config(vm.upgrade_authority.pubkey(), vm.payer.pubkey(), params);
        let authority = vm.upgrade_authority.insecure_clone();
        vm.send(&[init], &[&authority]).expect("configuration");
        vm
    }

    /// Deployed under the upgrade authority, without a configuration.
    pub fn deployed() -> Self {
        let path = elf_path();
        let elf = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; build the program with `make build`", path.display()));
        let mut svm = LiteSVM::new();
        let upgrade_authority = key(1);
        let payer = key(3);
        deploy(&mut svm, &elf, upgrade_authority.pubkey());
        svm.airdrop(&payer.pubkey(), 1_000_000_000_000).expect("airdrop");
        let mut vm =
            Self { svm, upgrade_authority, governance: key(2), payer, rng: ChaCha8Rng::seed_from_u64(1) };
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
    pub fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Done, FailedTransactionMetadata> {
        self.svm.expire_blockhash();
        let payer = self.payer.insecure_clone();
        let mut keys = vec![&payer];
        keys.extend(signers.iter().filter(|key| key.pubkey() != payer.pubkey()));
        let message = Message::new(instructions, Some(&payer.pubkey()));
        let transaction = Transaction::new(&keys, message, self.svm.latest_blockhash());
        let account_keys = transaction.message.account_keys.clone();
        let meta = self.svm.send_transaction(transaction)?;
        let events = meta
            .inner_instructions
            .iter()
            .flatten()
            .filter(|inner| {
                let inner = &inner.instruction;
                account_keys[usize::from(inner.program_id_index)] == aegle_client::PROGRAM_ID
                    && inner.accounts.iter().map(|index| account_keys[usize::from(*index)]).eq([event_authority()])
            })
            .map(|inner| {
                assert!(inner.instruction.data.len() <= 256, "event of {} bytes", inner.instruction.data.len());
                Event::decode(&inner.instruction.data).expect("event").expect("tagged event")
            })
            .collect();
        Ok(Done { meta, events })
    }

    /// Sends and expects the program's refusal with the code of `error`.
    #[track_caller]
    pub fn refuse(&mut self, instruction: Instruction, signers: &[&Keypair], error: impl Into<u32>) {
        let code: u32 = error.into();
        match self.send(&[instruction], signers) {
            Ok(done) => panic!("expected error {code}, but it succeeded with {:?}", done.events),
            Err(failed) => {
                let got = aegle_client::ProgramError::of(&failed.err).map(|error| error.code);
                assert_eq!(got, Some(code), "expected error {code}, got {:?}\n{}", failed.err, failed.meta.logs.join("\n"));
            }
        }
    }

    pub fn account<T: AccountDeserialize>(&self, address: &Pubkey) -> T {
        let account = self.svm.get_account(address).unwrap_or_else(|| panic!("no account at {address}"));
        assert_eq!(account.owner, aegle_client::PROGRAM_ID);
        T::try_deserialize(&mut &account.data[..]).expect("account")
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

    pub fn record_params(&mut self, patient: &Patient) -> NewRecordParams {
        let expected = self.expected(patient);
        NewRecordParams {
            record_id: id::record_id(&mut self.rng, &patient.vault, &expected.owner),
            commitment: self.bytes(),
            expected,
        }
    }

    /// Mints a record as the owner.
    pub fn record(&mut self, patient: &Patient) -> Pubkey {
        let params = self.record_params(patient);
        let record = pda::find_record(&patient.vault, &params.record_id).0;
        let mint = instruction::mint_record(patient.vault, patient.authority(), self.payer.pubkey(), params);
        self.send(&[mint], &[&patient.owner]).expect("record");
        record
    }

    pub fn consent_params(&mut self, patient: &Patient) -> GrantConsentParams {
        GrantConsentParams {
            consent_id: id::consent_id(&mut self.rng, &patient.vault),
            handle: self.bytes(),
            policy_commitment: self.bytes(),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            from_day: TODAY,
            until_day: TODAY + 365,
            expected: self.expected(patient),
        }
    }

    /// Grants a consent as the owner.
    pub fn consent(&mut self, patient: &Patient) -> Pubkey {
        let params = self.consent_params(patient);
        let consent = pda::find_consent(&patient.vault, &params.consent_id).0;
        let grant = instruction::grant_consent(patient.vault, patient.authority(), self.payer.pubkey(), params);
        self.send(&[grant], &[&patient.owner]).expect("consent");
        consent
    }
}

/// A key known from its number alone.
pub fn key(number: u8) -> Keypair {
    Keypair::new_from_array([number; 32])
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

