use aegle_client::{
    Event,
    aegle::AegleError,
    events, instruction,
    state::{Consent, Right, Vault},
};
use aegle_tests::vm::Vm;
use solana_signer::Signer;

/// INV-2: every consent of the vault falls out of epoch at once; none of another vault does.
#[test]
fn the_owner_or_a_delegate_revokes_everything() {
    for by_delegate in [false, true] {
        let mut vm = Vm::new();
        let (patient, other) = (vm.patient(), vm.patient());
        let consents = [vm.consent(&patient), vm.consent(&patient)];
        let delegate = vm.delegate(&patient, &[Right::Revoke]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let (vault, theirs) = (vm.vault(&patient), vm.vault(&other));
        let before = consents.map(|consent| vm.account::<Consent>(&consent));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let revoke = instruction::revoke_all_consents(patient.vault, patient.acting(actor));
        let done = vm.send(&[revoke], &[actor]).unwrap();

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::AllConsentsRevoked(events::AllConsentsRevoked {
                vault: patient.vault,
                authority: actor.pubkey(),
                old_consent_epoch: 0,
                new_consent_epoch: 1,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(vm.vault(&patient), Vault { consent_epoch: 1, ..vault });
        assert_eq!(vm.vault(&other), theirs);
        for (consent, before) in consents.iter().zip(before) {
            let after: Consent = vm.account(consent);
            assert!(!after.permits(1, after.purposes, after.actions, clock.unix_timestamp), "INV-2");
            assert_eq!(after, before);
        }
        vm.rent_of(&patient.vault);
    }
}

#[test]
fn nobody_without_the_right_to_revoke_revokes_everything() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.refuse_without_right(&patient, Right::Revoke, |_, authority| {
        instruction::revoke_all_consents(patient.vault, authority)
    });
}

#[test]
fn everything_is_revoked_until_the_last_epoch() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.edit(&patient.vault, |vault: &mut Vault| vault.consent_epoch = u32::MAX - 1);
    let revoke = instruction::revoke_all_consents(patient.vault, patient.authority());
    vm.run(&revoke, &[&patient.owner]);
    assert_eq!(vm.vault(&patient).consent_epoch, u32::MAX);
    vm.refuse(revoke, &[&patient.owner], AegleError::CounterOverflow);
}

#[test]
fn everything_is_revoked_while_paused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.set_paused(true);
    let revoke = instruction::revoke_all_consents(patient.vault, patient.authority());
    vm.send(&[revoke], &[&patient.owner]).unwrap();
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let good = instruction::revoke_all_consents(patient.vault, patient.authority());
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
