use aegle_client::{
    Event, Pubkey,
    aegle::AegleError,
    events, instruction,
    state::{Consent, DAY, Right, Vault},
};
use aegle_tests::vm::{Patient, Vm, replace};
use solana_signer::Signer;

fn scene() -> (Vm, Patient, Pubkey) {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let consent = vm.consent(&patient);
    (vm, patient, consent)
}

/// INV-2: the consent stays as a tombstone that permits nothing.
#[test]
fn the_owner_or_a_delegate_revokes_a_consent() {
    for by_delegate in [false, true] {
        let (mut vm, patient, consent) = scene();
        let delegate = vm.delegate(&patient, &[Right::Revoke]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let (before, vault) = (vm.account::<Consent>(&consent), vm.vault(&patient));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let revoke = instruction::revoke_consent(patient.vault, patient.acting(actor), consent);
        let done = vm.send(&[revoke], &[actor]).unwrap();

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::ConsentRevoked(events::ConsentRevoked {
                consent,
                vault: patient.vault,
                authority: actor.pubkey(),
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        let after: Consent = vm.account(&consent);
        assert!(!after.permits(vault.consent_epoch, after.purposes, after.actions, clock.unix_timestamp));
        assert_eq!(after, Consent { revoked_slot: clock.slot, revoked_at: clock.unix_timestamp, ..before });
        assert_eq!(vm.vault(&patient), vault);
        vm.rent_of(&consent);
    }
}

#[test]
fn nobody_without_the_right_to_revoke_revokes() {
    let (mut vm, patient, consent) = scene();
    vm.refuse_without_right(&patient, Right::Revoke, |_, authority| {
        instruction::revoke_consent(patient.vault, authority, consent)
    });
}

#[test]
fn a_consent_is_revoked_once() {
    let (mut vm, patient, consent) = scene();
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.run(&revoke, &[&patient.owner]);
    vm.refuse(revoke, &[&patient.owner], AegleError::ConsentRevoked);
}

/// A revocation never depends on what it would end: epochs, expiry and rotation do not stop it.
#[test]
fn a_consent_out_of_epoch_or_expired_is_revoked() {
    let (mut vm, patient, consent) = scene();
    vm.edit(&patient.vault, |vault: &mut Vault| {
        (vault.key_epoch, vault.consent_epoch, vault.delegate_epoch) = (1, 2, 3);
    });
    let until = i64::from(vm.account::<Consent>(&consent).until_day) * DAY;
    vm.set_time(until);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.send(&[revoke], &[&patient.owner]).unwrap();
}

/// INV-3: an owner's power ends at the own vault.
#[test]
fn a_consent_of_another_vault_is_out_of_reach() {
    let (mut vm, patient, consent) = scene();
    let other = vm.patient();
    let theirs = vm.consent(&other);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.refuse(replace(revoke, consent, theirs), &[&patient.owner], AegleError::ConsentMismatch);
}

#[test]
fn a_consent_is_revoked_while_paused() {
    let (mut vm, patient, consent) = scene();
    vm.set_paused(true);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.send(&[revoke], &[&patient.owner]).unwrap();
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, consent) = scene();
    let good = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
