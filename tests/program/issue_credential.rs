use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, IssueCredentialParams},
    events, instruction, pda,
    state::{Credential, CredentialKind, CredentialStatus, CredentialTerms, MAX_PERIOD_DAYS, VERSION},
};
use aegle_tests::{
    registry::{Registry, credential_params},
    vm::{TODAY, Vm, framework, replace},
};
use anchor_lang::error::ErrorCode;
use solana_signer::Signer;

#[test]
fn a_registrar_issues_a_credential_at_the_payers_expense() {
    let mut vm = Vm::new();
    let (registry, sponsor) = (Registry::new(&mut vm), vm.sponsor());
    vm.set_time(vm.clock().unix_timestamp + 60);
    let params = credential_params(&mut vm);
    let issue = instruction::issue_credential(registry.key.pubkey(), sponsor.pubkey(), params.clone());
    let done = vm.run(&issue, &[&registry.key, &sponsor]);

    let (credential, bump) = pda::find_credential(&registry.registrar, &params.subject);
    let (clock, terms) = (vm.clock(), params.terms);
    assert_eq!(
        vm.account::<Credential>(&credential),
        Credential {
            version: VERSION,
            bump,
            kind: params.kind,
            status: CredentialStatus::Active,
            emergency: terms.emergency,
            rent_payer: sponsor.pubkey(),
            registrar: registry.registrar,
            subject: params.subject,
            encryption_key: terms.encryption_key,
            profile_commitment: terms.profile_commitment,
            from_day: terms.from_day,
            until_day: terms.until_day,
            revision: 0,
            issued_slot: clock.slot,
            issued_at: clock.unix_timestamp,
            changed_slot: clock.slot,
            changed_at: clock.unix_timestamp,
        }
    );
    assert_eq!(
        *done.event(),
        Event::CredentialIssued(events::CredentialIssued {
            registrar: registry.registrar,
            subject: params.subject,
            bump,
            authority: registry.key.pubkey(),
            rent_payer: sponsor.pubkey(),
            kind: params.kind,
            terms,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(done.event().account(), credential);
    assert_eq!(vm.size(&credential), Some(8 + Credential::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&credential), "INV-12");
    vm.refuse_existing(issue, &[&registry.key, &sponsor]);
}

/// INV-3: a registrar attests by its own key, under its own address.
#[test]
fn nobody_but_the_registrar_issues() {
    let mut vm = Vm::new();
    let (registry, other) = (Registry::new(&mut vm), Registry::new(&mut vm));
    let params = credential_params(&mut vm);
    let issue = registry.issue_instruction(&vm, params);
    for stranger in [&vm.keypair(), &other.key, &vm.governance.insecure_clone()] {
        let by_stranger = replace(issue.clone(), registry.key.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::NotRegistrar);
    }
    let crossed = replace(issue, registry.registrar, other.registrar);
    vm.refuse(
        replace(crossed, registry.key.pubkey(), other.key.pubkey()),
        &[&other.key],
        framework(ErrorCode::ConstraintSeeds),
    );
}

/// INV-3: each registrar for the kinds it was added for.
#[test]
fn only_kinds_that_the_registrar_may_attest_are_issued() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    for (kind, allowed) in [
        (CredentialKind::Practitioner, true),
        (CredentialKind::Organization, true),
        (CredentialKind::Researcher, false),
        (CredentialKind::Pharmacy, false),
        (CredentialKind::Manufacturer, false),
        (CredentialKind::Insurer, false),
        (CredentialKind::Custodian, false),
        (CredentialKind::Agent, false),
    ] {
        let params = IssueCredentialParams { kind, ..credential_params(&mut vm) };
        let issue = registry.issue_instruction(&vm, params);
        if allowed {
            vm.run(&issue, &[&registry.key]);
        } else {
            vm.refuse(issue, &[&registry.key], AegleError::CredentialKindNotAllowed);
        }
    }
}

#[test]
fn a_kind_that_does_not_exist_is_refused() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let params = credential_params(&mut vm);
    let mut issue = registry.issue_instruction(&vm, params);
    // After the discriminator and the subject.
    issue.data[40] = 8;
    vm.refuse(issue, &[&registry.key], framework(ErrorCode::InstructionDidNotDeserialize));
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let good = credential_params(&mut vm);
    let terms = |terms| IssueCredentialParams { terms, ..good.clone() };
    let period = |from_day, until_day| terms(CredentialTerms { from_day, until_day, ..good.terms });
    for (params, error) in [
        (IssueCredentialParams { subject: Pubkey::default(), ..good.clone() }, AegleError::ZeroKey),
        (terms(CredentialTerms { encryption_key: [0; 32], ..good.terms }), AegleError::ZeroKey),
        (terms(CredentialTerms { profile_commitment: [0; 32], ..good.terms }), AegleError::ZeroCommitment),
        (period(TODAY, TODAY), AegleError::InvalidPeriod),
        (period(TODAY + 1, TODAY), AegleError::InvalidPeriod),
        (period(TODAY - 1, TODAY), AegleError::InvalidPeriod),
        (period(TODAY, TODAY + MAX_PERIOD_DAYS + 1), AegleError::InvalidPeriod),
        (period(0, u32::MAX), AegleError::InvalidPeriod),
    ] {
        let issue = registry.issue_instruction(&vm, params);
        vm.refuse(issue, &[&registry.key], error);
    }
    let longest = registry.issue_instruction(&vm, period(TODAY, TODAY + MAX_PERIOD_DAYS));
    vm.run(&longest, &[&registry.key]);
}

#[test]
fn a_removed_registrar_issues_nothing() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let params = credential_params(&mut vm);
    let issue = registry.issue_instruction(&vm, params);
    registry.remove(&mut vm);
    vm.refuse(issue, &[&registry.key], AegleError::RegistrarRemoved);
}

#[test]
fn nothing_is_issued_while_paused() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    let params = credential_params(&mut vm);
    let issue = registry.issue_instruction(&vm, params);
    vm.refuse_paused(issue, &[&registry.key]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let (registry, sponsor) = (Registry::new(&mut vm), vm.sponsor());
    let params = credential_params(&mut vm);
    let good = instruction::issue_credential(registry.key.pubkey(), sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&registry.key, &sponsor]);
}
