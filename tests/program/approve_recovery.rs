use aegle_client::{
    Event,
    aegle::{AegleError, ApproveRecoveryParams},
    events, instruction,
    state::{Guardians, RECOVERY_WINDOW, Recovery, RecoveryStatus, Vault},
};
use aegle_tests::{
    guarded::{DELAY, Guarded, change, guardians},
    vm::{Vm, replace},
};
use solana_signer::Signer;

/// INV-3: the delay begins when enough guardians approved, so that the owner has all of it to veto.
#[test]
fn the_approval_that_reaches_the_threshold_starts_the_delay() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 4, 3);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let (vault, proposed) = (guarded.vault(&vm), vm.account::<Recovery>(&recovery));

    vm.set_time(vm.clock().unix_timestamp + 60);
    let done = guarded.approve(&mut vm, 3, recovery);
    let clock = vm.clock();
    let approved =
        Recovery { approvals: 0b1001, changed_slot: clock.slot, changed_at: clock.unix_timestamp, ..proposed };
    assert_eq!(vm.account::<Recovery>(&recovery), approved);
    assert_eq!(guarded.vault(&vm), vault);
    assert_eq!(
        *done.event(),
        Event::RecoveryApproved(events::RecoveryApproved {
            recovery,
            vault: guarded.patient.vault,
            authority: guarded.keys[3].pubkey(),
            old_approvals: 0b1,
            new_approvals: 0b1001,
            old_status: RecoveryStatus::Proposed,
            new_status: RecoveryStatus::Proposed,
            executable_at: 0,
            lapses_at: approved.lapses_at,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );

    vm.set_time(vm.clock().unix_timestamp + 60);
    let done = guarded.approve(&mut vm, 1, recovery);
    let (slot, now) = (vm.clock().slot, vm.clock().unix_timestamp);
    let (executable_at, lapses_at) = (now + DELAY, now + DELAY + RECOVERY_WINDOW);
    let pending = Recovery {
        approvals: 0b1011,
        status: RecoveryStatus::Pending,
        executable_at,
        lapses_at,
        changed_slot: slot,
        changed_at: now,
        ..approved
    };
    assert_eq!(vm.account::<Recovery>(&recovery), pending);
    assert_eq!(guarded.vault(&vm), Vault { pending_recovery: recovery, recovery_lapses_at: lapses_at, ..vault });
    let Event::RecoveryApproved(event) = done.event() else { panic!("{:?}", done.event()) };
    assert_eq!((event.old_status, event.new_status), (RecoveryStatus::Proposed, RecoveryStatus::Pending));
    assert_eq!((event.executable_at, event.lapses_at), (executable_at, lapses_at));

    // One more does not move the delay.
    vm.set_time(now + 1);
    guarded.approve(&mut vm, 2, recovery);
    let all = vm.account::<Recovery>(&recovery);
    assert_eq!((all.approvals, all.executable_at, all.lapses_at), (0b1111, executable_at, lapses_at));
    assert_eq!(guarded.vault(&vm).recovery_lapses_at, lapses_at);
}

#[test]
fn a_guardian_approves_once() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let again = guarded.approve_instruction(0, recovery);
    vm.refuse(again, &[&guarded.keys[0]], AegleError::RecoveryAlreadyApproved);
    guarded.approve(&mut vm, 1, recovery);
    let again = guarded.approve_instruction(1, recovery);
    vm.refuse(again, &[&guarded.keys[1]], AegleError::RecoveryAlreadyApproved);
}

/// INV-3.
#[test]
fn nobody_but_a_guardian_approves() {
    let mut vm = Vm::new();
    let (guarded, other) = (Guarded::new(&mut vm, 3, 2), Guarded::new(&mut vm, 3, 2));
    let thief = vm.keypair();
    let recovery = guarded.propose(&mut vm, 0, thief.pubkey());
    let good = guarded.approve_instruction(1, recovery);
    for stranger in [&thief, &guarded.keys[2], &other.keys[1]] {
        let by_stranger = replace(good.clone(), guarded.keys[1].pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::GuardianMismatch);
    }
    let opening = other.list.opening(&other.keys[1].pubkey()).unwrap();
    let theirs = instruction::approve_recovery(
        guarded.patient.vault,
        other.keys[1].pubkey(),
        recovery,
        ApproveRecoveryParams { opening },
    );
    vm.refuse(theirs, &[&other.keys[1]], AegleError::GuardianMismatch);
}

/// INV-3: guardians decide about their own vault.
#[test]
fn a_recovery_of_another_vault_is_out_of_reach() {
    let mut vm = Vm::new();
    let (guarded, other) = (Guarded::new(&mut vm, 3, 2), Guarded::new(&mut vm, 3, 2));
    let thief = vm.keypair().pubkey();
    let theirs = other.propose(&mut vm, 0, thief);
    let approve = guarded.approve_instruction(1, theirs);
    vm.refuse(approve, &[&guarded.keys[1]], AegleError::RecoveryMismatch);
}

/// All guardians override a veto, and what was vetoed late is executable at once.
#[test]
fn all_guardians_together_override_a_veto() {
    for late in [false, true] {
        let mut vm = Vm::new();
        let guarded = Guarded::new(&mut vm, 3, 2);
        let heir = vm.keypair();
        let recovery = guarded.pend(&mut vm, heir.pubkey());
        let pending = vm.account::<Recovery>(&recovery);
        guarded.veto(&mut vm, recovery);
        assert_eq!(guarded.vault(&vm).pending_recovery, Default::default());
        let now = if late { pending.executable_at + 10 } else { pending.executable_at - 10 };
        vm.set_time(now);
        // A thief used the time for guardians of the thief's own.
        let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
        vm.run(&change(&vm, &guarded.patient, others), &[&guarded.patient.owner]);

        guarded.approve(&mut vm, 2, recovery);
        let overridden = vm.account::<Recovery>(&recovery);
        let lapses_at = now.max(pending.executable_at) + RECOVERY_WINDOW;
        assert_eq!((overridden.status, overridden.approvals), (RecoveryStatus::Pending, 0b111));
        assert_eq!((overridden.executable_at, overridden.lapses_at), (pending.executable_at, lapses_at));
        let vault = guarded.vault(&vm);
        assert_eq!((vault.pending_recovery, vault.recovery_lapses_at), (recovery, lapses_at));
        assert_eq!((vault.pending_guardians, vault.guardians_due_at), (Guardians::default(), 0));
        let veto = guarded.veto_instruction(recovery);
        let error = if late { AegleError::RecoveryVetoTooLate } else { AegleError::RecoveryUnanimous };
        vm.refuse(veto, &[&guarded.patient.owner], error);
        vm.set_time(now.max(pending.executable_at));
        guarded.execute(&mut vm, &heir, recovery);
        assert_eq!(guarded.vault(&vm).owner, heir.pubkey());
    }
}

#[test]
fn fewer_than_all_do_not_override_a_veto() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 4, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    guarded.veto(&mut vm, recovery);
    guarded.approve(&mut vm, 2, recovery);
    assert_eq!(vm.account::<Recovery>(&recovery).status, RecoveryStatus::Vetoed);
    assert_eq!(guarded.vault(&vm).pending_recovery, Default::default());
}

#[test]
fn an_override_waits_for_another_pending_recovery() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let vetoed = guarded.pend(&mut vm, heir);
    guarded.veto(&mut vm, vetoed);
    guarded.pend(&mut vm, heir);
    let last = guarded.approve_instruction(2, vetoed);
    vm.refuse(last, &[&guarded.keys[2]], AegleError::RecoveryPending);
}

/// A guardian's approval of long ago must not meet another's of today.
#[test]
fn approvals_are_gathered_within_the_window() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let approve = guarded.approve_instruction(1, recovery);
    let lapses_at = vm.clock().unix_timestamp + RECOVERY_WINDOW;
    for now in [lapses_at, lapses_at + 1] {
        vm.set_time(now);
        vm.refuse(approve.clone(), &[&guarded.keys[1]], AegleError::RecoveryLapsed);
    }
    vm.set_time(lapses_at - 1);
    vm.run(&approve, &[&guarded.keys[1]]);
}

#[test]
fn what_was_executed_is_not_approved_again() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair();
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    guarded.wait(&mut vm, recovery);
    guarded.execute(&mut vm, &heir, recovery);
    let late = guarded.approve_instruction(2, recovery);
    vm.refuse(late.clone(), &[&guarded.keys[2]], AegleError::DelegateEpochMismatch);
    // Past the program's rules, with the epoch of before.
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| vault.delegate_epoch -= 1);
    vm.refuse(late, &[&guarded.keys[2]], AegleError::RecoveryExecuted);
}

#[test]
fn approvals_of_earlier_guardians_or_for_an_earlier_owner_are_refused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let approve = guarded.approve_instruction(1, recovery);
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| vault.guardian_epoch += 1);
    vm.refuse(approve.clone(), &[&guarded.keys[1]], AegleError::GuardianEpochMismatch);
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| (vault.guardian_epoch, vault.delegate_epoch) = (1, 1));
    vm.refuse(approve, &[&guarded.keys[1]], AegleError::DelegateEpochMismatch);
}

#[test]
fn a_clock_at_its_end_is_refused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    vm.edit(&recovery, |recovery: &mut Recovery| recovery.lapses_at = i64::MAX);
    let approve = guarded.approve_instruction(1, recovery);
    for now in [i64::MAX - 1, i64::MAX - DELAY] {
        vm.set_time(now);
        vm.refuse(approve.clone(), &[&guarded.keys[1]], AegleError::InvalidRecoveryDelay);
    }
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let good = guarded.approve_instruction(1, recovery);
    vm.refuse_wrong_accounts(&good, &[&guarded.keys[1]]);
}
