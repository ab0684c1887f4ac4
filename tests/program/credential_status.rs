//! Suspending, reinstating and revoking a credential.

use aegle_client::{
    Event, Pubkey,
    aegle::AegleError,
    events, instruction,
    state::{Credential, CredentialStatus},
};
use aegle_tests::{
    registry::Registry,
    vm::{Vm, replace},
};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn scene() -> (Vm, Registry, Pubkey, Pubkey) {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let (subject, credential) = registry.issue(&mut vm);
    (vm, registry, subject, credential)
}

fn suspend(registry: &Registry, subject: &Pubkey) -> Instruction {
    instruction::suspend_credential(registry.key.pubkey(), subject)
}

fn reinstate(registry: &Registry, subject: &Pubkey, revision: u32) -> Instruction {
    instruction::reinstate_credential(registry.key.pubkey(), subject, revision)
}

fn revoke(registry: &Registry, subject: &Pubkey) -> Instruction {
    instruction::revoke_credential(registry.key.pubkey(), subject)
}

#[test]
fn a_credential_is_suspended_reinstated_and_revoked() {
    let (mut vm, registry, subject, credential) = scene();
    use CredentialStatus::{Active, Revoked, Suspended};
    for (change, old_status, new_status, revision) in [
        (suspend(&registry, &subject), Active, Suspended, 1),
        (reinstate(&registry, &subject, 1), Suspended, Active, 2),
        (suspend(&registry, &subject), Active, Suspended, 3),
        (revoke(&registry, &subject), Suspended, Revoked, 4),
    ] {
        let before = vm.account::<Credential>(&credential);
        vm.set_time(vm.clock().unix_timestamp + 60);
        let done = vm.run(&change, &[&registry.key]);
        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::CredentialStatusChanged(events::CredentialStatusChanged {
                credential,
                authority: registry.key.pubkey(),
                old_status,
                new_status,
                revision,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(
            vm.account::<Credential>(&credential),
            Credential {
                status: new_status,
                revision,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                ..before
            }
        );
    }
    for change in [suspend(&registry, &subject), reinstate(&registry, &subject, 4), revoke(&registry, &subject)] {
        vm.refuse(change, &[&registry.key], AegleError::CredentialRevoked);
    }
    vm.rent_of(&credential);
}

#[test]
fn an_active_credential_is_revoked() {
    let (mut vm, registry, subject, credential) = scene();
    vm.run(&revoke(&registry, &subject), &[&registry.key]);
    assert_eq!(vm.account::<Credential>(&credential).status, CredentialStatus::Revoked);
}

#[test]
fn what_is_so_already_is_refused() {
    let (mut vm, registry, subject, _) = scene();
    vm.refuse(reinstate(&registry, &subject, 0), &[&registry.key], AegleError::CredentialNotSuspended);
    vm.run(&suspend(&registry, &subject), &[&registry.key]);
    vm.refuse(suspend(&registry, &subject), &[&registry.key], AegleError::CredentialSuspended);
}

/// A reinstatement that was held back does not undo a later suspension.
#[test]
fn a_reinstatement_lands_once() {
    let (mut vm, registry, subject, _) = scene();
    vm.run(&suspend(&registry, &subject), &[&registry.key]);
    let reinstate = reinstate(&registry, &subject, 1);
    vm.run(&reinstate, &[&registry.key]);
    vm.run(&suspend(&registry, &subject), &[&registry.key]);
    vm.refuse(reinstate, &[&registry.key], AegleError::CredentialRevisionMismatch);
}

/// INV-3.
#[test]
fn nobody_but_the_registrar_changes_the_status() {
    let (mut vm, registry, subject, credential) = scene();
    let other = Registry::new(&mut vm);
    let (theirs, address) = other.issue(&mut vm);
    for (good, crossed) in [
        (suspend(&registry, &subject), suspend(&other, &theirs)),
        (reinstate(&registry, &subject, 0), reinstate(&other, &theirs, 0)),
        (revoke(&registry, &subject), revoke(&other, &theirs)),
    ] {
        for stranger in [&vm.keypair(), &other.key, &vm.governance.insecure_clone()] {
            let by_stranger = replace(good.clone(), registry.key.pubkey(), stranger.pubkey());
            vm.refuse(by_stranger, &[stranger], AegleError::NotRegistrar);
        }
        vm.refuse(replace(crossed, address, credential), &[&other.key], AegleError::CredentialMismatch);
    }
}

/// What takes away always works: during a pause, and by a registrar that was removed.
#[test]
fn neither_a_pause_nor_the_registrars_removal_stops_a_suspension_or_revocation() {
    for paused in [true, false] {
        let (mut vm, registry, subject, _) = scene();
        if paused {
            vm.set_paused(true);
        } else {
            registry.remove(&mut vm);
        }
        vm.run(&suspend(&registry, &subject), &[&registry.key]);
        let error = if paused { AegleError::Paused } else { AegleError::RegistrarRemoved };
        vm.refuse(reinstate(&registry, &subject, 1), &[&registry.key], error);
        vm.run(&revoke(&registry, &subject), &[&registry.key]);
    }
}

#[test]
fn the_last_revision_cannot_be_left() {
    let (mut vm, registry, subject, credential) = scene();
    vm.edit(&credential, |credential: &mut Credential| credential.revision = u32::MAX);
    for change in [suspend(&registry, &subject), revoke(&registry, &subject)] {
        vm.refuse(change, &[&registry.key], AegleError::CounterOverflow);
    }
    vm.edit(&credential, |credential: &mut Credential| credential.status = CredentialStatus::Suspended);
    vm.refuse(reinstate(&registry, &subject, u32::MAX), &[&registry.key], AegleError::CounterOverflow);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, registry, subject, _) = scene();
    let signers = [&registry.key];
    vm.refuse_wrong_accounts(&suspend(&registry, &subject), &signers);
    vm.refuse_wrong_accounts(&revoke(&registry, &subject), &signers);
    vm.run(&suspend(&registry, &subject), &signers);
    vm.refuse_wrong_accounts(&reinstate(&registry, &subject, 1), &signers);
}
