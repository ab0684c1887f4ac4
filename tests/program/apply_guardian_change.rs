use aegle_client::{
    Event,
    aegle::AegleError,
    events, instruction,
    state::{Recovery, Vault},
};
use aegle_tests::{
    guarded::{DELAY, Guarded, change, guardians},
    vm::{Patient, Vm},
};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A vault whose owner asked for other guardians, anyone, and the instruction by which anyone may put
/// them in effect.
fn scene() -> (Vm, Guarded, Guarded, Keypair, Instruction) {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let (keys, list, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    vm.run(&change(&vm, &guarded.patient, others), &[&guarded.patient.owner]);
    let patient = Patient { owner: guarded.patient.owner.insecure_clone(), vault: guarded.patient.vault };
    let later = Guarded { patient, keys, list, guardians: others };
    let anyone = vm.keypair();
    let apply = instruction::apply_guardian_change(guarded.patient.vault, anyone.pubkey());
    (vm, guarded, later, anyone, apply)
}

#[test]
fn anyone_puts_the_guardians_in_effect_once_they_are_due() {
    let (mut vm, guarded, later, anyone, apply) = scene();
    let before = guarded.vault(&vm);
    vm.set_time(before.guardians_due_at - 1);
    vm.refuse(apply.clone(), &[&anyone], AegleError::GuardianChangeNotDue);
    vm.set_time(before.guardians_due_at);
    let done = vm.run(&apply, &[&anyone]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::GuardiansChanged(events::GuardiansChanged {
            vault: guarded.patient.vault,
            authority: anyone.pubkey(),
            old_guardians: guarded.guardians,
            new_guardians: later.guardians,
            guardian_epoch: 2,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        guarded.vault(&vm),
        Vault {
            guardian_epoch: 2,
            guardians: later.guardians,
            pending_guardians: Default::default(),
            guardians_due_at: 0,
            ..before
        }
    );
    vm.refuse(apply, &[&anyone], AegleError::NoGuardianChange);
    // The new guardians recover the vault, also where its owner is lost by now.
    later.recover(&mut vm);
}

#[test]
fn without_a_pending_change_there_is_nothing_to_apply() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let anyone = vm.keypair();
    let apply = instruction::apply_guardian_change(guarded.patient.vault, anyone.pubkey());
    vm.refuse(apply, &[&anyone], AegleError::NoGuardianChange);
}

/// A recovery that becomes pending before the change is due makes the change void.
#[test]
fn a_recovery_makes_the_change_void() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    let heir = vm.keypair().pubkey();
    let recovery = guarded.pend(&mut vm, heir);
    vm.set_time(vm.clock().unix_timestamp + DELAY);
    vm.refuse(apply.clone(), &[&anyone], AegleError::NoGuardianChange);
    vm.set_time(vm.account::<Recovery>(&recovery).lapses_at);
    vm.refuse(apply, &[&anyone], AegleError::NoGuardianChange);
}

/// Fewer guardians than the threshold cannot keep themselves in office.
#[test]
fn a_proposal_alone_does_not_stop_the_change() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    vm.set_time(guarded.vault(&vm).guardians_due_at);
    let approve = guarded.approve_instruction(1, recovery);
    vm.refuse(approve.clone(), &[&guarded.keys[1]], AegleError::GuardianChangeDue);
    vm.run(&apply, &[&anyone]);
    vm.refuse(approve, &[&guarded.keys[1]], AegleError::GuardianEpochMismatch);
}

/// Only past the program's own rules can both be pending; even then the recovery goes first.
#[test]
fn nothing_is_applied_while_a_recovery_is_pending() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    let stranger = vm.keypair().pubkey();
    vm.set_time(guarded.vault(&vm).guardians_due_at);
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| {
        (vault.pending_recovery, vault.recovery_lapses_at) = (stranger, i64::MAX);
    });
    vm.refuse(apply, &[&anyone], AegleError::RecoveryPending);
}

#[test]
fn the_last_epoch_cannot_be_left() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    vm.set_time(guarded.vault(&vm).guardians_due_at);
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| vault.guardian_epoch = u32::MAX);
    vm.refuse(apply, &[&anyone], AegleError::CounterOverflow);
}

/// A pause must not let a thief's change pass while the guardians wait for its end; they may propose
/// during the pause, and so make the change void.
#[test]
fn no_change_is_applied_while_paused() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    vm.set_time(guarded.vault(&vm).guardians_due_at);
    vm.refuse_paused(apply, &[&anyone]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, guarded, _, anyone, apply) = scene();
    vm.set_time(guarded.vault(&vm).guardians_due_at);
    vm.refuse_wrong_accounts(&apply, &[&anyone]);
}
