use aegle_client::{
    Event,
    aegle::{AegleError, RotateKeyParams},
    events, instruction,
    state::{Right, Vault},
};
use aegle_tests::vm::{Vm, replace};
use solana_signer::Signer;

#[test]
fn the_owner_replaces_the_key_and_the_epoch_rises() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let before = vm.vault(&patient);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let params = vm.rotate_params(&patient);
    let done = vm.send(&[instruction::rotate_key(patient.vault, params.clone())], &[&patient.owner]).unwrap();

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::KeyRotated(events::KeyRotated {
            vault: patient.vault,
            authority: patient.owner.pubkey(),
            old_encryption_key: before.encryption_key,
            new_encryption_key: params.encryption_key,
            old_key_epoch: 0,
            new_key_epoch: 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.vault(&patient), Vault { encryption_key: params.encryption_key, key_epoch: 1, ..before });
    vm.rent_of(&patient.vault);
}

/// Nothing that was held back lands after a key change.
#[test]
fn a_rotation_lands_once() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let rotate = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.run(&rotate, &[&patient.owner]);
    vm.refuse(rotate, &[&patient.owner], AegleError::KeyEpochMismatch);
}

/// INV-3.
#[test]
fn nobody_but_the_owner_rotates_the_key() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let rotate = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    for stranger in [&vm.keypair(), &other.owner, &delegate, &vm.payer.insecure_clone()] {
        let by_stranger = replace(rotate.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let encryption_key = vm.bytes();
    vm.refuse_stale(&patient, &[&patient.owner], |expected| {
        instruction::rotate_key(patient.vault, RotateKeyParams { encryption_key, expected })
    });
}

#[test]
fn a_zero_key_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let params = RotateKeyParams { encryption_key: [0; 32], ..vm.rotate_params(&patient) };
    vm.refuse(instruction::rotate_key(patient.vault, params), &[&patient.owner], AegleError::ZeroKey);
}

#[test]
fn the_last_epoch_cannot_be_left() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.edit(&patient.vault, |vault: &mut Vault| vault.key_epoch = u32::MAX - 1);
    let last = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.send(&[last], &[&patient.owner]).unwrap();
    let beyond = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.refuse(beyond, &[&patient.owner], AegleError::CounterOverflow);
}

#[test]
fn a_key_is_rotated_while_paused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.set_paused(true);
    let rotate = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.send(&[rotate], &[&patient.owner]).unwrap();
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let good = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
