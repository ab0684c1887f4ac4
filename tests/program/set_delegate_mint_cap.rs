use aegle_client::{
    Event,
    aegle::{AegleError, SetDelegateMintCapParams},
    events, instruction,
    state::{DEFAULT_DELEGATE_MINT_CAP, Right, Vault},
};
use aegle_tests::vm::{Patient, Vm, replace};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn set(vm: &Vm, patient: &Patient, delegate_mint_cap: u32) -> Instruction {
    let params = SetDelegateMintCapParams { delegate_mint_cap, expected: vm.expected(patient) };
    instruction::set_delegate_mint_cap(patient.vault, params)
}

#[test]
fn the_owner_sets_how_many_records_delegates_mint() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (delegate, payer) = (vm.delegate(&patient, &[Right::Mint]), vm.payer.insecure_clone());
    vm.record_by(&patient, &delegate, &payer);
    let before = vm.vault(&patient);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let done = vm.run(&set(&vm, &patient, 1), &[&patient.owner]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::DelegateMintCapSet(events::DelegateMintCapSet {
            vault: patient.vault,
            authority: patient.owner.pubkey(),
            old_delegate_mint_cap: DEFAULT_DELEGATE_MINT_CAP,
            new_delegate_mint_cap: 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.vault(&patient), Vault { delegate_mint_cap: 1, ..before });

    let params = vm.record_params_by(&patient, &delegate);
    let beyond = instruction::mint_record(patient.vault, patient.acting(&delegate), payer.pubkey(), params);
    vm.refuse(beyond.clone(), &[&delegate], AegleError::DelegateMintCapReached);
    vm.run(&set(&vm, &patient, 0), &[&patient.owner]);
    vm.refuse(beyond.clone(), &[&delegate], AegleError::DelegateMintCapReached);
    vm.run(&set(&vm, &patient, u32::MAX), &[&patient.owner]);
    vm.run(&beyond, &[&delegate]);
}

/// INV-3.
#[test]
fn nobody_but_the_owner_sets_the_cap() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let set = set(&vm, &patient, 5);
    for stranger in [&vm.keypair(), &other.owner, &delegate, &vm.payer.insecure_clone()] {
        let by_stranger = replace(set.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.refuse_stale(&patient, &[&patient.owner], |expected| {
        let params = SetDelegateMintCapParams { delegate_mint_cap: 5, expected };
        instruction::set_delegate_mint_cap(patient.vault, params)
    });
}

#[test]
fn the_cap_is_set_while_paused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.set_paused(true);
    vm.run(&set(&vm, &patient, 0), &[&patient.owner]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let good = set(&vm, &patient, 5);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
