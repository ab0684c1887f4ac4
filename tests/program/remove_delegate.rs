use aegle_client::{
    Event,
    aegle::AegleError,
    events, instruction, pda,
    state::{Delegate, Right},
};
use aegle_tests::vm::{Vm, replace};
use solana_signer::Signer;

#[test]
fn the_owner_removes_a_delegate_whose_account_stays() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let key = vm.delegate(&patient, &[Right::Mint]).pubkey();
    let delegate = pda::find_delegate(&patient.vault, &key).0;
    let (before, vault) = (vm.account::<Delegate>(&delegate), vm.vault(&patient));
    vm.set_time(vm.clock().unix_timestamp + 60);
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &key);
    let done = vm.send(&[remove], &[&patient.owner]).unwrap();

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::DelegateRemoved(events::DelegateRemoved {
            delegate,
            vault: patient.vault,
            key,
            authority: patient.owner.pubkey(),
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        vm.account::<Delegate>(&delegate),
        Delegate { removed_slot: clock.slot, removed_at: clock.unix_timestamp, ..before }
    );
    assert_eq!(vm.vault(&patient), vault);
    vm.rent_of(&delegate);
}

/// INV-3.
#[test]
fn nobody_but_the_owner_removes_a_delegate() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &delegate.pubkey());
    for stranger in [&vm.keypair(), &other.owner, &delegate] {
        let by_stranger = replace(remove.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
}

/// INV-3: an owner's power ends at the own vault.
#[test]
fn a_delegate_of_another_vault_is_out_of_reach() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let theirs = vm.delegate(&other, &[Right::Mint]).pubkey();
    let here = pda::find_delegate(&patient.vault, &theirs).0;
    let there = pda::find_delegate(&other.vault, &theirs).0;
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &theirs);
    vm.refuse(replace(remove, here, there), &[&patient.owner], AegleError::DelegateMismatch);
}

#[test]
fn a_delegate_is_removed_once() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let key = vm.delegate(&patient, &[Right::Mint]).pubkey();
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &key);
    vm.run(&remove, &[&patient.owner]);
    vm.refuse(remove, &[&patient.owner], AegleError::DelegateRemoved);
}

#[test]
fn a_delegate_is_removed_while_paused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let key = vm.delegate(&patient, &[Right::Mint]).pubkey();
    vm.set_paused(true);
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &key);
    vm.send(&[remove], &[&patient.owner]).unwrap();
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let key = vm.delegate(&patient, &[Right::Mint]).pubkey();
    let good = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &key);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
