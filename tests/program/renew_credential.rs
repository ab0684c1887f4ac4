use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, RenewCredentialParams},
    events, instruction,
    state::{Credential, CredentialStatus, CredentialTerms},
};
use aegle_tests::{
    registry::{Registry, credential_params},
    vm::{TODAY, Vm, replace},
};
use solana_instruction::Instruction;
use solana_signer::Signer;

/// A registrar, its credential, the subject, and a good renewal.
fn scene() -> (Vm, Registry, Pubkey, Pubkey, RenewCredentialParams) {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let (subject, credential) = registry.issue(&mut vm);
    let terms = CredentialTerms {
        emergency: false,
        from_day: TODAY + 10,
        until_day: TODAY + 700,
        ..credential_params(&mut vm).terms
    };
    (vm, registry, subject, credential, RenewCredentialParams { terms, expected_revision: 0 })
}

fn renew(registry: &Registry, subject: &Pubkey, params: &RenewCredentialParams) -> Instruction {
    instruction::renew_credential(registry.key.pubkey(), subject, params.clone())
}

#[test]
fn a_registrar_renews_a_credential() {
    let (mut vm, registry, subject, credential, params) = scene();
    let before = vm.account::<Credential>(&credential);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let done = vm.run(&renew(&registry, &subject, &params), &[&registry.key]);

    let (clock, terms) = (vm.clock(), params.terms);
    assert_eq!(
        *done.event(),
        Event::CredentialRenewed(events::CredentialRenewed {
            credential,
            authority: registry.key.pubkey(),
            old_terms: before.terms(),
            new_terms: terms,
            revision: 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        vm.account::<Credential>(&credential),
        Credential {
            emergency: terms.emergency,
            encryption_key: terms.encryption_key,
            profile_commitment: terms.profile_commitment,
            from_day: terms.from_day,
            until_day: terms.until_day,
            revision: 1,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
            ..before
        }
    );
    vm.rent_of(&credential);
}

/// A renewal does not lift a suspension, and one that was held back does not land after it.
#[test]
fn a_suspension_outlives_a_renewal() {
    let (mut vm, registry, subject, credential, params) = scene();
    vm.run(&instruction::suspend_credential(registry.key.pubkey(), &subject), &[&registry.key]);
    vm.refuse(renew(&registry, &subject, &params), &[&registry.key], AegleError::CredentialRevisionMismatch);
    let params = RenewCredentialParams { expected_revision: 1, ..params };
    vm.run(&renew(&registry, &subject, &params), &[&registry.key]);
    let renewed = vm.account::<Credential>(&credential);
    assert_eq!((renewed.status, renewed.revision), (CredentialStatus::Suspended, 2));
    vm.refuse(renew(&registry, &subject, &params), &[&registry.key], AegleError::CredentialRevisionMismatch);
}

#[test]
fn a_revoked_credential_is_not_renewed() {
    let (mut vm, registry, subject, _, params) = scene();
    vm.run(&instruction::revoke_credential(registry.key.pubkey(), &subject), &[&registry.key]);
    let params = RenewCredentialParams { expected_revision: 1, ..params };
    vm.refuse(renew(&registry, &subject, &params), &[&registry.key], AegleError::CredentialRevoked);
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let (mut vm, registry, subject, _, good) = scene();
    for (terms, error) in [
        (CredentialTerms { encryption_key: [0; 32], ..good.terms }, AegleError::ZeroKey),
        (CredentialTerms { profile_commitment: [0; 32], ..good.terms }, AegleError::ZeroCommitment),
        (CredentialTerms { until_day: TODAY, from_day: TODAY - 1, ..good.terms }, AegleError::InvalidPeriod),
        (CredentialTerms { until_day: u32::MAX, ..good.terms }, AegleError::InvalidPeriod),
    ] {
        let params = RenewCredentialParams { terms, ..good.clone() };
        vm.refuse(renew(&registry, &subject, &params), &[&registry.key], error);
    }
}

/// INV-3.
#[test]
fn nobody_but_the_registrar_renews() {
    let (mut vm, registry, subject, credential, params) = scene();
    let other = Registry::new(&mut vm);
    let good = renew(&registry, &subject, &params);
    for stranger in [&vm.keypair(), &other.key, &vm.governance.insecure_clone()] {
        let by_stranger = replace(good.clone(), registry.key.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::NotRegistrar);
    }
    let (theirs, address) = other.issue(&mut vm);
    let crossed = replace(renew(&other, &theirs, &params), address, credential);
    vm.refuse(crossed, &[&other.key], AegleError::CredentialMismatch);
}

#[test]
fn a_removed_registrar_renews_nothing() {
    let (mut vm, registry, subject, _, params) = scene();
    registry.remove(&mut vm);
    vm.refuse(renew(&registry, &subject, &params), &[&registry.key], AegleError::RegistrarRemoved);
}

#[test]
fn the_last_revision_cannot_be_left() {
    let (mut vm, registry, subject, credential, params) = scene();
    vm.edit(&credential, |credential: &mut Credential| credential.revision = u32::MAX);
    let params = RenewCredentialParams { expected_revision: u32::MAX, ..params };
    vm.refuse(renew(&registry, &subject, &params), &[&registry.key], AegleError::CounterOverflow);
}

#[test]
fn nothing_is_renewed_while_paused() {
    let (mut vm, registry, subject, _, params) = scene();
    vm.refuse_paused(renew(&registry, &subject, &params), &[&registry.key]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, registry, subject, _, params) = scene();
    vm.refuse_wrong_accounts(&renew(&registry, &subject, &params), &[&registry.key]);
}
