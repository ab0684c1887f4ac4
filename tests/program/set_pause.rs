use aegle_client::{Event, aegle::AegleError, events, instruction, pda, state::Config};
use aegle_tests::vm::Vm;
use solana_signer::Signer;

#[test]
fn governance_pauses_and_resumes() {
    let mut vm = Vm::new();
    let governance = vm.governance.insecure_clone();
    let config = pda::find_config().0;
    let initial: Config = vm.account(&config);
    // Setting what is set already changes nothing and is told all the same.
    for (old_paused, new_paused) in [(false, true), (true, true), (true, false), (false, false)] {
        let done = vm.send(&[instruction::set_pause(governance.pubkey(), new_paused)], &[&governance]).unwrap();
        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::PauseSet(events::PauseSet {
                config,
                authority: governance.pubkey(),
                old_paused,
                new_paused,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        let state: Config = vm.account(&config);
        assert_eq!(state.paused, new_paused);
        assert_eq!(Config { paused: false, ..state }, initial);
    }
}

#[test]
fn only_governance_may_pause() {
    let mut vm = Vm::new();
    for stranger in [vm.keypair(), vm.upgrade_authority.insecure_clone(), vm.payer.insecure_clone()] {
        let pause = instruction::set_pause(stranger.pubkey(), true);
        vm.refuse(pause, &[&stranger], AegleError::NotGovernance);
    }
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let governance = vm.governance.insecure_clone();
    let good = instruction::set_pause(governance.pubkey(), true);
    vm.refuse_wrong_accounts(&good, &[&governance]);
}

#[test]
fn a_flag_that_is_neither_true_nor_false_is_refused() {
    let mut vm = Vm::new();
    let governance = vm.governance.insecure_clone();
    let mut pause = instruction::set_pause(governance.pubkey(), true);
    *pause.data.last_mut().unwrap() = 2;
    vm.refuse(pause, &[&governance], anchor_lang::error::ErrorCode::InstructionDidNotDeserialize as u32);
}
