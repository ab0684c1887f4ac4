use aegle_client::{
    Event,
    aegle::AegleError,
    events,
    state::{Recovery, RecoveryStatus, Right, Vault},
};
use aegle_tests::{
    guarded::Guarded,
    vm::{Vm, replace},
};
use solana_signer::Signer;

#[test]
fn the_owner_vetoes_until_the_last_second_of_the_delay() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair();
    let before = guarded.vault(&vm);
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    let pending = vm.account::<Recovery>(&recovery);
    let veto = guarded.veto_instruction(recovery);
    for now in [pending.executable_at, pending.executable_at + 1] {
        vm.set_time(now);
        vm.refuse(veto.clone(), &[&guarded.patient.owner], AegleError::RecoveryVetoTooLate);
    }
    vm.set_time(pending.executable_at - 1);
    let done = vm.run(&veto, &[&guarded.patient.owner]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::RecoveryVetoed(events::RecoveryVetoed {
            recovery,
            vault: guarded.patient.vault,
            authority: guarded.patient.owner.pubkey(),
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        vm.account::<Recovery>(&recovery),
        Recovery {
            status: RecoveryStatus::Vetoed,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
            ..pending
        }
    );
    assert_eq!(guarded.vault(&vm), before);
    vm.refuse(veto, &[&guarded.patient.owner], AegleError::RecoveryNotPending);
}

/// A thief of the owner's key has no veto against all guardians.
#[test]
fn no_veto_stops_all_guardians_together() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair();
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    guarded.approve(&mut vm, 2, recovery);
    let veto = guarded.veto_instruction(recovery);
    vm.refuse(veto, &[&guarded.patient.owner], AegleError::RecoveryUnanimous);
    guarded.wait(&mut vm, recovery);
    guarded.execute(&mut vm, &heir, recovery);
}

/// One guardian alone never overrides: the owner would have no say.
#[test]
fn the_owner_stops_an_only_guardian() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 1, 1);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    guarded.veto(&mut vm, recovery);
}

/// INV-3.
#[test]
fn nobody_but_the_owner_vetoes() {
    let mut vm = Vm::new();
    let (guarded, other) = (Guarded::new(&mut vm, 3, 2), Guarded::new(&mut vm, 3, 2));
    let delegate = vm.delegate(&guarded.patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let heir = vm.keypair();
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    let veto = guarded.veto_instruction(recovery);
    for stranger in [&vm.keypair(), &other.patient.owner, &delegate, &guarded.keys[0], &heir] {
        let by_stranger = replace(veto.clone(), guarded.patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
    let theirs = other.pend(&mut vm, heir.pubkey());
    let crossed = replace(veto, recovery, theirs);
    vm.refuse(crossed, &[&guarded.patient.owner], AegleError::RecoveryMismatch);
}

#[test]
fn only_what_is_pending_is_vetoed() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let proposed = guarded.propose(&mut vm, 0, heir);
    let veto = guarded.veto_instruction(proposed);
    vm.refuse(veto.clone(), &[&guarded.patient.owner], AegleError::RecoveryNotPending);
    let pending = guarded.pend(&mut vm, heir);
    vm.refuse(veto.clone(), &[&guarded.patient.owner], AegleError::RecoveryNotPending);
    // Past the program's rules: the vault names one that is not pending.
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| vault.pending_recovery = proposed);
    vm.refuse(veto, &[&guarded.patient.owner], AegleError::RecoveryNotPending);
    assert_eq!(vm.account::<Recovery>(&pending).status, RecoveryStatus::Pending);
}

#[test]
fn a_pause_does_not_stop_a_veto() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    vm.set_paused(true);
    guarded.veto(&mut vm, recovery);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    vm.refuse_wrong_accounts(&guarded.veto_instruction(recovery), &[&guarded.patient.owner]);
}
