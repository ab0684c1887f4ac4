use aegle_client::{
    Event, Pubkey,
    aegle::AegleError,
    events, instruction, pda,
    state::{Record, RecordStatus, Right},
};
use aegle_tests::vm::{Patient, Vm, replace};
use solana_signer::Signer;

use crate::token;

fn scene() -> (Vm, Patient, Pubkey) {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let record = vm.record(&patient);
    (vm, patient, record)
}

/// INV-5: nothing but the status changes, and the token stays.
#[test]
fn the_owner_or_a_delegate_marks_a_record() {
    for by_delegate in [false, true] {
        let (mut vm, patient, record) = scene();
        let delegate = vm.delegate(&patient, &[Right::Mint]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let (before, vault) = (vm.account::<Record>(&record), vm.vault(&patient));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let mark = instruction::mark_record_entered_in_error(patient.vault, patient.acting(actor), record);
        let done = vm.send(&[mark], &[actor]).unwrap();

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::RecordMarkedEnteredInError(events::RecordMarkedEnteredInError {
                record,
                vault: patient.vault,
                authority: actor.pubkey(),
                old_status: RecordStatus::Active,
                new_status: RecordStatus::EnteredInError,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(
            vm.account::<Record>(&record),
            Record {
                status: RecordStatus::EnteredInError,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                ..before
            }
        );
        assert_eq!(vm.vault(&patient), vault);
        assert_eq!(token::mint(&vm, &pda::find_mint(&record).0), token::issued(&record));
    }
}

/// An error found late lies in a version that was already amended.
#[test]
fn an_amended_record_is_marked_too() {
    let (mut vm, patient, record) = scene();
    let params = vm.record_params(&patient);
    let amend = instruction::amend_record(patient.vault, patient.authority(), vm.payer.pubkey(), record, params);
    vm.send(&[amend], &[&patient.owner]).unwrap();
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), record);
    let done = vm.send(&[mark], &[&patient.owner]).unwrap();
    let Event::RecordMarkedEnteredInError(event) = done.event() else { panic!("{:?}", done.event()) };
    assert_eq!((event.old_status, event.new_status), (RecordStatus::Amended, RecordStatus::EnteredInError));
    assert_eq!(vm.account::<Record>(&record).status, RecordStatus::EnteredInError);
}

#[test]
fn nobody_without_the_right_to_mint_marks() {
    let (mut vm, patient, record) = scene();
    vm.refuse_without_right(&patient, Right::Mint, |_, authority| {
        instruction::mark_record_entered_in_error(patient.vault, authority, record)
    });
}

#[test]
fn a_record_is_marked_once_and_never_after_its_erasure() {
    let (mut vm, patient, record) = scene();
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), record);
    vm.run(&mark, &[&patient.owner]);
    vm.refuse(mark.clone(), &[&patient.owner], AegleError::RecordAlreadyInError);
    vm.erase(&patient, &record);
    vm.refuse(mark, &[&patient.owner], AegleError::RecordErased);
}

/// INV-3: an owner's power ends at the own vault.
#[test]
fn a_record_of_another_vault_is_out_of_reach() {
    let (mut vm, patient, record) = scene();
    let other = vm.patient();
    let theirs = vm.record(&other);
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), record);
    vm.refuse(replace(mark, record, theirs), &[&patient.owner], AegleError::RecordMismatch);
}

#[test]
fn a_record_is_marked_while_paused() {
    let (mut vm, patient, record) = scene();
    vm.set_paused(true);
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), record);
    vm.send(&[mark], &[&patient.owner]).unwrap();
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, record) = scene();
    let good = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), record);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
