use aegle_client::{
    Event, Pubkey,
    aegle::AegleError,
    events, instruction,
    state::{BreakGlass, Right, Vault},
};
use aegle_tests::{
    emergency::{allow_emergencies, open, open_patient},
    vm::{Patient, Vm, replace},
};
use solana_signer::Signer;

fn scene() -> (Vm, Patient, Pubkey) {
    let mut vm = Vm::new();
    let patient = open_patient(&mut vm);
    let break_glass = open(&mut vm, &patient);
    (vm, patient, break_glass)
}

#[test]
fn the_owner_or_a_delegate_who_may_grant_reviews_an_opening() {
    for by_delegate in [false, true] {
        let (mut vm, patient, break_glass) = scene();
        let delegate = vm.delegate(&patient, &[Right::Grant]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let (before, vault) = (vm.account::<BreakGlass>(&break_glass), vm.vault(&patient));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let review = instruction::review_break_glass(patient.vault, patient.acting(actor), break_glass);
        let done = vm.run(&review, &[actor]);

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::BreakGlassReviewed(events::BreakGlassReviewed {
                break_glass,
                vault: patient.vault,
                authority: actor.pubkey(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(
            vm.account::<BreakGlass>(&break_glass),
            BreakGlass { reviewed_slot: clock.slot, reviewed_at: clock.unix_timestamp, ..before }
        );
        assert_eq!(vm.vault(&patient), vault);
        vm.rent_of(&break_glass);
    }
}

/// INV-3.
#[test]
fn nobody_without_the_right_to_grant_reviews() {
    let (mut vm, patient, break_glass) = scene();
    vm.refuse_without_right(&patient, Right::Grant, |_, authority| {
        instruction::review_break_glass(patient.vault, authority, break_glass)
    });
}

/// INV-3: whoever opened may not also say that it was looked at.
#[test]
fn who_opened_does_not_review() {
    let (mut vm, patient, break_glass) = scene();
    let payer = vm.payer.insecure_clone();
    let review = instruction::review_break_glass(patient.vault, patient.authority(), break_glass);
    let review = replace(review, patient.owner.pubkey(), payer.pubkey());
    vm.refuse(review, &[&payer], AegleError::Unauthorized);
}

#[test]
fn an_opening_is_reviewed_once() {
    let (mut vm, patient, break_glass) = scene();
    let review = instruction::review_break_glass(patient.vault, patient.authority(), break_glass);
    vm.run(&review, &[&patient.owner]);
    vm.refuse(review, &[&patient.owner], AegleError::BreakGlassReviewed);
}

/// A review depends on nothing that changed since: epochs, the end of the emergency, the policy, a pause.
#[test]
fn an_opening_is_reviewed_whenever_also_while_paused() {
    let (mut vm, patient, break_glass) = scene();
    vm.edit(&patient.vault, |vault: &mut Vault| {
        (vault.key_epoch, vault.consent_epoch, vault.delegate_epoch) = (1, 2, 3);
    });
    allow_emergencies(&mut vm, &patient, false);
    vm.set_time(vm.account::<BreakGlass>(&break_glass).expires_at);
    vm.set_paused(true);
    vm.run(&instruction::review_break_glass(patient.vault, patient.authority(), break_glass), &[&patient.owner]);
}

/// INV-3: an owner's power ends at the own vault.
#[test]
fn an_opening_of_another_vault_is_out_of_reach() {
    let (mut vm, patient, break_glass) = scene();
    let other = open_patient(&mut vm);
    let theirs = open(&mut vm, &other);
    let review = instruction::review_break_glass(patient.vault, patient.authority(), break_glass);
    vm.refuse(replace(review, break_glass, theirs), &[&patient.owner], AegleError::BreakGlassMismatch);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, break_glass) = scene();
    let good = instruction::review_break_glass(patient.vault, patient.authority(), break_glass);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
