use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, InitConfigParams},
    events, instruction, pda,
    state::{Config, VERSION},
};
use aegle_tests::vm::{Change, SPONSORED, Vm, framework, replace};
use anchor_lang::error::ErrorCode;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

struct Scene {
    vm: Vm,
    upgrade_authority: Keypair,
    sponsor: Keypair,
    params: InitConfigParams,
}

fn scene() -> Scene {
    let mut vm = Vm::deployed();
    Scene {
        upgrade_authority: vm.upgrade_authority.insecure_clone(),
        sponsor: vm.sponsor(),
        params: vm.config_params(),
        vm,
    }
}

impl Scene {
    fn instruction(&self) -> Instruction {
        instruction::init_config(self.upgrade_authority.pubkey(), self.sponsor.pubkey(), self.params.clone())
    }
}

#[test]
fn the_upgrade_authority_initialises_the_configuration_at_the_payers_expense() {
    let Scene { mut vm, upgrade_authority, sponsor, params } = scene();
    let init = instruction::init_config(upgrade_authority.pubkey(), sponsor.pubkey(), params.clone());
    let done = vm.send(&[init], &[&upgrade_authority, &sponsor]).unwrap();

    let (config, bump) = pda::find_config();
    assert_eq!(
        vm.account::<Config>(&config),
        Config {
            version: VERSION,
            bump,
            paused: false,
            rent_payer: sponsor.pubkey(),
            governance: params.governance,
            min_recovery_delay: params.min_recovery_delay,
            max_recovery_delay: params.max_recovery_delay,
            payment_mints: Default::default(),
            record_uri: params.record_uri.clone(),
            reserved: [0; 64],
        }
    );
    assert_eq!(
        *done.event(),
        Event::ConfigInitialized(events::ConfigInitialized {
            config,
            bump,
            governance: params.governance,
            rent_payer: sponsor.pubkey(),
            min_recovery_delay: params.min_recovery_delay,
            max_recovery_delay: params.max_recovery_delay,
            record_uri: params.record_uri,
        })
    );
    assert_eq!(vm.size(&config), Some(8 + Config::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&config), "INV-12");
}

#[test]
fn a_stranger_cannot_initialise_the_configuration() {
    let Scene { mut vm, upgrade_authority, sponsor, params } = scene();
    let stranger = vm.keypair();
    let by_stranger = instruction::init_config(stranger.pubkey(), sponsor.pubkey(), params.clone());
    vm.refuse(by_stranger, &[&stranger, &sponsor], AegleError::NotUpgradeAuthority);

    // The data of a program that the stranger deployed.
    let init = instruction::init_config(upgrade_authority.pubkey(), sponsor.pubkey(), params);
    let program_data = init.accounts[4].pubkey;
    let genuine = vm.svm.get_account(&program_data).unwrap();
    let elsewhere = vm.keypair().pubkey();
    vm.svm.set_account(elsewhere, genuine.clone()).unwrap();
    let signers = [&upgrade_authority, &sponsor];
    vm.refuse(replace(init.clone(), program_data, elsewhere), &signers, AegleError::NotUpgradeAuthority);
    let forged = vm.forge(&program_data);
    vm.refuse(replace(init.clone(), program_data, forged), &signers, framework(ErrorCode::AccountOwnedByWrongProgram));
    let program = vm.svm.get_account(&aegle_client::PROGRAM_ID).unwrap();
    vm.svm.set_account(elsewhere, solana_account::Account { executable: false, ..program }).unwrap();
    vm.refuse(replace(init.clone(), program_data, elsewhere), &signers, framework(ErrorCode::AccountNotProgramData));
    let nothing = vm.keypair().pubkey();
    vm.refuse(replace(init, program_data, nothing), &signers, framework(ErrorCode::AccountNotInitialized));
}

#[test]
fn a_program_without_upgrade_authority_cannot_be_configured() {
    let mut scene = scene();
    let init = scene.instruction();
    let program_data = init.accounts[4].pubkey;
    let mut frozen = scene.vm.svm.get_account(&program_data).unwrap();
    frozen.data[12] = 0;
    scene.vm.svm.set_account(program_data, frozen).unwrap();
    let Scene { mut vm, upgrade_authority, sponsor, .. } = scene;
    vm.refuse(init, &[&upgrade_authority, &sponsor], AegleError::NotUpgradeAuthority);
}

#[test]
fn the_configuration_is_initialised_once() {
    let Scene { mut vm, upgrade_authority, sponsor, params } = scene();
    let init = instruction::init_config(upgrade_authority.pubkey(), sponsor.pubkey(), params);
    vm.run(&init, &[&upgrade_authority, &sponsor]);
    vm.refuse_existing(init, &[&upgrade_authority, &sponsor]);
}

#[test]
fn bad_settings_are_refused_and_their_limits_are_not() {
    let set = |change: fn(&mut InitConfigParams)| {
        let mut scene = scene();
        change(&mut scene.params);
        let init = scene.instruction();
        (scene.vm, init, scene.upgrade_authority, scene.sponsor)
    };
    let bad: [(Change<InitConfigParams>, AegleError); 8] = [
        (|params| params.governance = Pubkey::default(), AegleError::ZeroKey),
        (|params| params.min_recovery_delay = 0, AegleError::InvalidRecoveryDelay),
        (|params| params.min_recovery_delay = i64::MIN, AegleError::InvalidRecoveryDelay),
        (|params| params.max_recovery_delay = params.min_recovery_delay - 1, AegleError::InvalidRecoveryDelay),
        (|params| params.max_recovery_delay = i64::MIN, AegleError::InvalidRecoveryDelay),
        (|params| params.record_uri.clear(), AegleError::InvalidRecordUri),
        (|params| params.record_uri = "u".repeat(81), AegleError::InvalidRecordUri),
        (|params| params.record_uri = "ü".repeat(41), AegleError::InvalidRecordUri),
    ];
    for (change, error) in bad {
        let (mut vm, init, authority, sponsor) = set(change);
        vm.refuse(init, &[&authority, &sponsor], error);
    }
    let good: [Change<InitConfigParams>; 4] = [
        |params| params.min_recovery_delay = 1,
        |params| params.max_recovery_delay = params.min_recovery_delay,
        |params| params.max_recovery_delay = i64::MAX,
        |params| params.record_uri = "u".repeat(80),
    ];
    for change in good {
        let (mut vm, init, authority, sponsor) = set(change);
        vm.send(&[init], &[&authority, &sponsor]).unwrap();
    }
}

#[test]
fn every_account_must_be_the_right_one() {
    let Scene { mut vm, upgrade_authority, sponsor, params } = scene();
    let good = instruction::init_config(upgrade_authority.pubkey(), sponsor.pubkey(), params);
    let signers = [&upgrade_authority, &sponsor];
    let program = good.accounts[3].pubkey;
    let mut other_program = good.clone();
    other_program.accounts[3].pubkey = solana_sdk_ids::system_program::ID;
    assert_eq!(program, aegle_client::PROGRAM_ID);
    vm.refuse(other_program, &signers, framework(ErrorCode::InvalidProgramId));
    vm.refuse_wrong_accounts(&good, &signers);
}

/// A stranger who knows the address cannot keep the deployment from its configuration.
#[test]
fn lamports_at_the_address_do_not_prevent_the_configuration() {
    let rent = scene().vm.rent(8 + Config::INIT_SPACE);
    for sent in [1, rent, rent + 1] {
        let mut scene = scene();
        let init = scene.instruction();
        let config = pda::find_config().0;
        // The smallest account the ledger keeps has its own rent, so less is set, not sent.
        let held = solana_account::Account { lamports: sent, ..Default::default() };
        scene.vm.svm.set_account(config, held).unwrap();
        scene.vm.send(&[init], &[&scene.upgrade_authority, &scene.sponsor]).unwrap();
        assert_eq!(scene.vm.lamports(&config), sent.max(rent));
        assert_eq!(scene.vm.lamports(&scene.sponsor.pubkey()), SPONSORED - rent.saturating_sub(sent), "INV-12");
    }
}
