use aegle_client::{
    Event,
    aegle::{AegleError, ChangeGuardiansParams},
    events, instruction,
    state::{DAY, Guardians, MAX_GUARDIANS, Right, Vault},
};
use aegle_tests::{
    guarded::{DELAY, Guarded, change, guardians},
    vm::{Vm, replace},
};
use solana_signer::Signer;

#[test]
fn the_first_guardians_are_in_effect_at_once() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (_, _, new_guardians) = guardians(&mut vm, &patient, 3, 2);
    let before = vm.vault(&patient);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let change = change(&vm, &patient, new_guardians);
    let done = vm.run(&change, &[&patient.owner]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::GuardiansChanged(events::GuardiansChanged {
            vault: patient.vault,
            authority: patient.owner.pubkey(),
            old_guardians: Guardians::default(),
            new_guardians,
            guardian_epoch: 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.vault(&patient), Vault { guardian_epoch: 1, guardians: new_guardians, ..before });
    vm.rent_of(&patient.vault);
}

/// A thief of the owner's key cannot replace at once those who would take the vault back.
#[test]
fn later_guardians_wait_for_the_delay() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let patient = &guarded.patient;
    let before = guarded.vault(&vm);
    let (_, _, others) = guardians(&mut vm, patient, 2, 1);
    let done = vm.run(&change(&vm, patient, others), &[&patient.owner]);

    let clock = vm.clock();
    let due_at = clock.unix_timestamp + DELAY;
    assert_eq!(
        *done.event(),
        Event::GuardianChangeProposed(events::GuardianChangeProposed {
            vault: patient.vault,
            authority: patient.owner.pubkey(),
            old_pending_guardians: Guardians::default(),
            new_pending_guardians: others,
            due_at,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    let pending = Vault { pending_guardians: others, guardians_due_at: due_at, ..before };
    assert_eq!(guarded.vault(&vm), pending);

    // Another change takes its place and waits anew; so does the end of all guardians.
    vm.set_time(due_at - 1);
    let done = vm.run(&change(&vm, patient, Guardians::default()), &[&patient.owner]);
    let Event::GuardianChangeProposed(event) = done.event() else { panic!("{:?}", done.event()) };
    assert_eq!((event.old_pending_guardians, event.due_at), (others, due_at - 1 + DELAY));
    let vault = guarded.vault(&vm);
    assert_eq!((vault.guardians, vault.pending_guardians), (guarded.guardians, Guardians::default()));
    assert_eq!(vault.guardians_due_at, due_at - 1 + DELAY);
}

#[test]
fn naming_the_guardians_in_effect_cancels_a_pending_change() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let patient = &guarded.patient;
    let before = guarded.vault(&vm);
    let cancel = change(&vm, patient, guarded.guardians);
    vm.refuse(cancel.clone(), &[&patient.owner], AegleError::NoGuardianChange);
    let (_, _, others) = guardians(&mut vm, patient, 2, 1);
    vm.run(&change(&vm, patient, others), &[&patient.owner]);
    let done = vm.run(&cancel, &[&patient.owner]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::GuardianChangeCancelled(events::GuardianChangeCancelled {
            vault: patient.vault,
            authority: patient.owner.pubkey(),
            old_pending_guardians: others,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(guarded.vault(&vm), before);
}

#[test]
fn a_vault_without_guardians_has_none_to_remove() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let none = change(&vm, &patient, Guardians::default());
    vm.refuse(none, &[&patient.owner], AegleError::NoGuardianChange);
}

/// A thief cannot replace the guardians while they take the vault back.
#[test]
fn no_guardian_changes_while_a_recovery_is_pending() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    let replace = change(&vm, &guarded.patient, others);
    vm.refuse(replace.clone(), &[&guarded.patient.owner], AegleError::RecoveryPending);
    guarded.veto(&mut vm, recovery);
    vm.run(&replace, &[&guarded.patient.owner]);
}

/// A recovery that nobody executed does not lock the guardians for ever.
#[test]
fn guardians_change_again_once_a_recovery_has_lapsed() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    guarded.pend(&mut vm, heir);
    let lapses_at = guarded.vault(&vm).recovery_lapses_at;
    let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    let replace = change(&vm, &guarded.patient, others);
    vm.set_time(lapses_at - 1);
    vm.refuse(replace.clone(), &[&guarded.patient.owner], AegleError::RecoveryPending);
    vm.set_time(lapses_at);
    vm.run(&replace, &[&guarded.patient.owner]);
}

#[test]
fn a_change_that_is_due_is_applied_before_the_next() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    vm.run(&change(&vm, &guarded.patient, others), &[&guarded.patient.owner]);
    vm.set_time(vm.clock().unix_timestamp + DELAY);
    let back = change(&vm, &guarded.patient, guarded.guardians);
    vm.refuse(back, &[&guarded.patient.owner], AegleError::GuardianChangeDue);
}

#[test]
fn guardians_that_make_no_sense_are_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (_, _, good) = guardians(&mut vm, &patient, 3, 2);
    for (guardians, error) in [
        (Guardians { threshold: 0, ..good }, AegleError::InvalidGuardians),
        (Guardians { threshold: 4, ..good }, AegleError::InvalidGuardians),
        (Guardians { count: MAX_GUARDIANS + 1, ..good }, AegleError::InvalidGuardians),
        (Guardians { count: u8::MAX, threshold: u8::MAX, ..good }, AegleError::InvalidGuardians),
        (Guardians { count: 0, ..good }, AegleError::InvalidGuardians),
        (Guardians { recovery_delay: 1, ..Guardians::default() }, AegleError::InvalidGuardians),
        (Guardians { commitment: [0; 32], ..good }, AegleError::ZeroCommitment),
        (Guardians { recovery_delay: 3 * DAY - 1, ..good }, AegleError::InvalidRecoveryDelay),
        (Guardians { recovery_delay: 30 * DAY + 1, ..good }, AegleError::InvalidRecoveryDelay),
        (Guardians { recovery_delay: i64::MIN, ..good }, AegleError::InvalidRecoveryDelay),
        (Guardians { recovery_delay: i64::MAX, ..good }, AegleError::InvalidRecoveryDelay),
    ] {
        let change = change(&vm, &patient, guardians);
        vm.refuse(change, &[&patient.owner], error);
    }
    for guardians in [
        Guardians { count: MAX_GUARDIANS, threshold: MAX_GUARDIANS, recovery_delay: 30 * DAY, ..good },
        Guardians { count: 1, threshold: 1, ..good },
    ] {
        let patient = vm.patient();
        let change = change(&vm, &patient, guardians);
        vm.run(&change, &[&patient.owner]);
    }
}

/// INV-3.
#[test]
fn nobody_but_the_owner_changes_the_guardians() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 2, 2);
    let (patient, other) = (&guarded.patient, vm.patient());
    let delegate = vm.delegate(patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let (_, _, others) = guardians(&mut vm, patient, 1, 1);
    let change = change(&vm, patient, others);
    for stranger in [&vm.keypair(), &other.owner, &delegate, &guarded.keys[0]] {
        let by_stranger = replace(change.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (_, _, guardians) = guardians(&mut vm, &patient, 2, 2);
    vm.refuse_stale(&patient, &[&patient.owner], |expected| {
        instruction::change_guardians(patient.vault, ChangeGuardiansParams { guardians, expected })
    });
}

#[test]
fn the_last_epoch_cannot_be_left() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.edit(&patient.vault, |vault: &mut Vault| vault.guardian_epoch = u32::MAX);
    let (_, _, guardians) = guardians(&mut vm, &patient, 2, 2);
    let change = change(&vm, &patient, guardians);
    vm.refuse(change, &[&patient.owner], AegleError::CounterOverflow);
}

#[test]
fn no_guardian_changes_while_paused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (_, _, guardians) = guardians(&mut vm, &patient, 2, 2);
    let change = change(&vm, &patient, guardians);
    vm.refuse_paused(change, &[&patient.owner]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (_, _, guardians) = guardians(&mut vm, &patient, 2, 2);
    let good = change(&vm, &patient, guardians);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}
