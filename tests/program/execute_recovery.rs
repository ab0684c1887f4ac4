use aegle_client::{
    Event,
    aegle::{AegleError, CheckConsentParams},
    events, instruction,
    state::{Action, Purpose, Recovery, RecoveryStatus, Right, Vault},
};
use aegle_tests::{
    guarded::{Guarded, change, guardians},
    vm::{Patient, Vm, replace},
};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A pending recovery, its new owner, and its address.
fn scene() -> (Vm, Guarded, Keypair, aegle_client::Pubkey) {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair();
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    (vm, guarded, heir, recovery)
}

/// INV-3: the owner changes with all epochs, in one step.
#[test]
fn the_new_owner_takes_the_vault_over_after_the_delay() {
    let (mut vm, guarded, heir, recovery) = scene();
    let (vault, pending) = (guarded.vault(&vm), vm.account::<Recovery>(&recovery));
    let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    vm.set_time(pending.executable_at - 1);
    vm.refuse(execute.clone(), &[&heir], AegleError::RecoveryNotDue);
    vm.set_time(pending.executable_at);
    let done = vm.run(&execute, &[&heir]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::RecoveryExecuted(events::RecoveryExecuted {
            recovery,
            vault: guarded.patient.vault,
            old_owner: guarded.patient.owner.pubkey(),
            new_owner: heir.pubkey(),
            old_encryption_key: vault.encryption_key,
            new_encryption_key: pending.new_encryption_key,
            key_epoch: 1,
            consent_epoch: 1,
            delegate_epoch: 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        guarded.vault(&vm),
        Vault {
            owner: heir.pubkey(),
            encryption_key: pending.new_encryption_key,
            key_epoch: 1,
            consent_epoch: 1,
            delegate_epoch: 1,
            pending_recovery: Default::default(),
            recovery_lapses_at: 0,
            ..vault
        }
    );
    assert_eq!(
        vm.account::<Recovery>(&recovery),
        Recovery {
            status: RecoveryStatus::Executed,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
            ..pending
        }
    );
    vm.refuse(execute, &[&heir], AegleError::RecoveryNotPending);
}

/// INV-2 and INV-3: whatever the old key signed or allowed is void, also what was held back.
#[test]
fn nothing_of_the_old_owner_survives() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let (patient, grantee) = (&guarded.patient, vm.keypair());
    let (consent, opening) = vm.consent_for(patient, &grantee.pubkey());
    let delegate = vm.delegate(patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let (consent_id, params) = vm.consent_params(patient);
    let held_back_grant =
        instruction::grant_consent(patient.vault, patient.authority(), vm.payer.pubkey(), consent_id, params);
    let params = vm.record_params(patient);
    let held_back_mint = instruction::mint_record(patient.vault, patient.authority(), vm.payer.pubkey(), params);
    let params = vm.record_params_by(patient, &delegate);
    let delegates_mint = instruction::mint_record(patient.vault, patient.acting(&delegate), vm.payer.pubkey(), params);
    let (_, _, others) = guardians(&mut vm, patient, 1, 1);
    let held_back_guardians = change(&vm, patient, others);
    let rotate = vm.rotate_params(patient);
    let held_back_rotation = instruction::rotate_key(patient.vault, rotate);
    let check = |opening: &aegle_client::commitment::Opening| {
        let params =
            CheckConsentParams { salt: opening.salt, purposes: Purpose::Treatment as u16, actions: Action::Read as u8 };
        instruction::check_consent(patient.vault, consent, grantee.pubkey(), params)
    };
    let answer = |vm: &mut Vm| vm.run(&check(&opening), &[&grantee]).meta.return_data.data[0];
    assert_eq!(answer(&mut vm), 1);

    let heir = guarded.recover(&mut vm);
    assert_eq!(answer(&mut vm), 0, "INV-2");
    let thief = &patient.owner;
    for (held_back, error) in [
        (held_back_grant, AegleError::OwnerMismatch),
        (held_back_mint, AegleError::OwnerMismatch),
        (held_back_guardians, AegleError::Unauthorized),
        (held_back_rotation, AegleError::Unauthorized),
        (instruction::revoke_consent(patient.vault, patient.authority(), consent), AegleError::Unauthorized),
        (instruction::revoke_all_consents(patient.vault, patient.authority()), AegleError::Unauthorized),
    ] {
        vm.refuse(held_back, &[thief], error);
    }
    vm.refuse(delegates_mint, &[&delegate], AegleError::OwnerMismatch);
    let params = vm.record_params_by(&heir, &delegate);
    let fresh = instruction::mint_record(heir.vault, heir.acting(&delegate), vm.payer.pubkey(), params);
    vm.refuse(fresh, &[&delegate], AegleError::DelegateEpochMismatch);
    vm.record(&heir);
    vm.consent(&heir);
}

/// A key that nobody holds cannot take a vault over.
#[test]
fn only_the_new_owner_executes() {
    let (mut vm, guarded, heir, recovery) = scene();
    guarded.wait(&mut vm, recovery);
    let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    for stranger in [&vm.keypair(), &guarded.patient.owner, &guarded.keys[0]] {
        let by_stranger = replace(execute.clone(), heir.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::NotNewOwner);
    }
}

#[test]
fn what_was_vetoed_is_not_executed() {
    let (mut vm, guarded, heir, recovery) = scene();
    guarded.veto(&mut vm, recovery);
    let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    vm.set_time(vm.account::<Recovery>(&recovery).executable_at);
    vm.refuse(execute.clone(), &[&heir], AegleError::RecoveryNotPending);
    // Past the program's rules: the vault names one that is not pending.
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| vault.pending_recovery = recovery);
    vm.refuse(execute, &[&heir], AegleError::RecoveryNotPending);
}

#[test]
fn a_recovery_is_executed_until_it_lapses() {
    let (mut vm, guarded, heir, recovery) = scene();
    let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    let lapses_at = vm.account::<Recovery>(&recovery).lapses_at;
    for now in [lapses_at, i64::MAX] {
        vm.set_time(now);
        vm.refuse(execute.clone(), &[&heir], AegleError::RecoveryLapsed);
    }
    vm.set_time(lapses_at - 1);
    vm.run(&execute, &[&heir]);
}

/// INV-3.
#[test]
fn a_recovery_of_another_vault_is_out_of_reach() {
    let (mut vm, guarded, heir, recovery) = scene();
    let other = Guarded::new(&mut vm, 3, 2);
    guarded.wait(&mut vm, recovery);
    let crossed = instruction::execute_recovery(other.patient.vault, heir.pubkey(), recovery);
    vm.refuse(crossed, &[&heir], AegleError::RecoveryMismatch);
}

/// The recovered vault keeps its guardians, and is recovered again.
#[test]
fn a_vault_is_recovered_more_than_once() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let first = guarded.recover(&mut vm);
    let Guarded { keys, list, guardians, .. } = guarded;
    let again = Guarded { patient: first, keys, list, guardians };
    let second: Patient = again.recover(&mut vm);
    let vault = vm.vault(&second);
    assert_eq!((vault.owner, vault.delegate_epoch), (second.owner.pubkey(), 2));
}

#[test]
fn the_last_epochs_cannot_be_left() {
    for change in [
        (|vault| vault.key_epoch = u32::MAX) as fn(&mut Vault),
        |vault| vault.consent_epoch = u32::MAX,
        |vault| vault.delegate_epoch = u32::MAX,
    ] {
        let (mut vm, guarded, heir, recovery) = scene();
        guarded.wait(&mut vm, recovery);
        vm.edit(&guarded.patient.vault, change);
        let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
        vm.refuse(execute, &[&heir], AegleError::CounterOverflow);
    }
}

#[test]
fn no_recovery_is_executed_while_paused() {
    let (mut vm, guarded, heir, recovery) = scene();
    guarded.wait(&mut vm, recovery);
    let execute = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    vm.refuse_paused(execute, &[&heir]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, guarded, heir, recovery) = scene();
    guarded.wait(&mut vm, recovery);
    let good = instruction::execute_recovery(guarded.patient.vault, heir.pubkey(), recovery);
    vm.refuse_wrong_accounts(&good, &[&heir]);
}
