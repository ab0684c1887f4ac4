use aegle_client::{
    Event,
    aegle::{AegleError, SetEmergencyPolicyParams},
    events, instruction,
    state::{EMERGENCIES_ALLOWED, EMERGENCIES_FORBIDDEN, Right, Vault},
};
use aegle_tests::vm::{Patient, Vm, replace};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn set(vm: &Vm, patient: &Patient, emergency_policy: u8) -> Instruction {
    let params = SetEmergencyPolicyParams { emergency_policy, expected: vm.expected(patient) };
    instruction::set_emergency_policy(patient.vault, params)
}

#[test]
fn the_owner_allows_and_forbids_emergencies() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    assert_eq!(vm.vault(&patient).emergency_policy, EMERGENCIES_FORBIDDEN, "unless the owner says otherwise");
    for (old_emergency_policy, new_emergency_policy) in [(0, 1), (1, 1), (1, 0), (0, 0)] {
        let before = vm.vault(&patient);
        vm.set_time(vm.clock().unix_timestamp + 60);
        let done = vm.run(&set(&vm, &patient, new_emergency_policy), &[&patient.owner]);

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::EmergencyPolicySet(events::EmergencyPolicySet {
                vault: patient.vault,
                authority: patient.owner.pubkey(),
                old_emergency_policy,
                new_emergency_policy,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(vm.vault(&patient), Vault { emergency_policy: new_emergency_policy, ..before });
    }
}

/// INV-3.
#[test]
fn nobody_but_the_owner_sets_the_policy() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    for policy in [EMERGENCIES_FORBIDDEN, EMERGENCIES_ALLOWED] {
        let set = set(&vm, &patient, policy);
        for stranger in [&vm.keypair(), &other.owner, &delegate, &vm.payer.insecure_clone()] {
            let by_stranger = replace(set.clone(), patient.owner.pubkey(), stranger.pubkey());
            vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
        }
    }
}

#[test]
fn a_policy_that_is_not_known_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    for policy in [2, 3, u8::MAX] {
        vm.refuse(set(&vm, &patient, policy), &[&patient.owner], AegleError::InvalidEmergencyPolicy);
    }
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.refuse_stale(&patient, &[&patient.owner], |expected| {
        let params = SetEmergencyPolicyParams { emergency_policy: EMERGENCIES_ALLOWED, expected };
        instruction::set_emergency_policy(patient.vault, params)
    });
}

#[test]
fn a_pause_stops_allowing_and_never_forbidding() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.run(&set(&vm, &patient, EMERGENCIES_ALLOWED), &[&patient.owner]);
    vm.refuse_paused(set(&vm, &patient, EMERGENCIES_ALLOWED), &[&patient.owner]);
    vm.run(&set(&vm, &patient, EMERGENCIES_FORBIDDEN), &[&patient.owner]);
    vm.refuse(set(&vm, &patient, EMERGENCIES_ALLOWED), &[&patient.owner], AegleError::Paused);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let good = set(&vm, &patient, EMERGENCIES_ALLOWED);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
