use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, GrantConsentParams},
    events, instruction, pda,
    state::{ALL_ACTIONS, ALL_PURPOSES, Action, Consent, DAY, MAX_PERIOD_DAYS, Purpose, Right, VERSION},
};
use aegle_tests::vm::{Change, Patient, START, TODAY, Vm};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn scene() -> (Vm, Patient, Keypair) {
    let mut vm = Vm::new();
    let (patient, sponsor) = (vm.patient(), vm.sponsor());
    (vm, patient, sponsor)
}

/// A good instruction with fresh parameters, signed by the owner and paid by `payer`.
fn grant(vm: &mut Vm, patient: &Patient, payer: &Keypair) -> Instruction {
    let (consent_id, params) = vm.consent_params(patient);
    instruction::grant_consent(patient.vault, patient.authority(), payer.pubkey(), consent_id, params)
}

#[test]
fn the_owner_or_a_delegate_grants_a_consent_at_the_payers_expense() {
    for by_delegate in [false, true] {
        let (mut vm, patient, sponsor) = scene();
        let delegate = vm.delegate(&patient, &[Right::Grant]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        vm.send(&[instruction::revoke_all_consents(patient.vault, patient.authority())], &[&patient.owner]).unwrap();
        let vault = vm.vault(&patient);
        let (consent_id, fresh) = vm.consent_params(&patient);
        let params = GrantConsentParams {
            purposes: Purpose::Treatment as u16 | Purpose::Marketing as u16,
            actions: Action::Read as u8 | Action::Compute as u8,
            from_day: TODAY + 1,
            until_day: TODAY + 2,
            ..fresh
        };
        let grant = instruction::grant_consent(
            patient.vault,
            patient.acting(actor),
            sponsor.pubkey(),
            consent_id,
            params.clone(),
        );
        let done = vm.send(&[grant], &[actor, &sponsor]).unwrap();

        let (consent, bump) = pda::find_consent(&patient.vault, &consent_id);
        let clock = vm.clock();
        assert_eq!(
            vm.account::<Consent>(&consent),
            Consent {
                version: VERSION,
                bump,
                actions: 0b10001,
                purposes: 0b1_0000_0001,
                rent_payer: sponsor.pubkey(),
                vault: patient.vault,
                consent_id,
                handle: params.handle,
                policy_commitment: params.policy_commitment,
                from_day: TODAY + 1,
                until_day: TODAY + 2,
                consent_epoch: 1,
                granted_slot: clock.slot,
                granted_at: clock.unix_timestamp,
                revoked_slot: 0,
                revoked_at: 0,
            }
        );
        assert_eq!(
            *done.event(),
            Event::ConsentGranted(events::ConsentGranted {
                vault: patient.vault,
                consent_id,
                bump,
                handle: params.handle,
                policy_commitment: params.policy_commitment,
                authority: actor.pubkey(),
                rent_payer: sponsor.pubkey(),
                purposes: 0b1_0000_0001,
                actions: 0b10001,
                from_day: TODAY + 1,
                until_day: TODAY + 2,
                consent_epoch: 1,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(done.event().account(), consent);
        assert_eq!(vm.size(&consent), Some(8 + Consent::INIT_SPACE));
        assert_eq!(vm.spent(&sponsor), vm.rent_of(&consent), "INV-12");
        assert_eq!(vm.vault(&patient), vault);
    }
}

/// A consent id that is random may give any bump.
#[test]
fn the_bump_need_not_be_the_first_tried() {
    let (mut vm, patient, sponsor) = scene();
    let (mut consent_id, params) = vm.consent_params(&patient);
    while pda::find_consent(&patient.vault, &consent_id).1 == u8::MAX {
        consent_id = vm.bytes();
    }
    let (consent, bump) = pda::find_consent(&patient.vault, &consent_id);
    let grant = instruction::grant_consent(patient.vault, patient.authority(), sponsor.pubkey(), consent_id, params);
    let done = vm.send(&[grant], &[&patient.owner, &sponsor]).unwrap();
    assert_eq!(done.event().account(), consent);
    assert_eq!(vm.account::<Consent>(&consent).bump, bump);
}

#[test]
fn nobody_without_the_right_to_grant_grants() {
    let (mut vm, patient, _) = scene();
    vm.refuse_without_right(&patient, Right::Grant, |vm, authority| {
        let (consent_id, params) = vm.consent_params(&patient);
        instruction::grant_consent(patient.vault, authority, vm.payer.pubkey(), consent_id, params)
    });
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let (mut vm, patient, sponsor) = scene();
    let (consent_id, params) = vm.consent_params(&patient);
    vm.refuse_stale(&patient, &[&patient.owner, &sponsor], |expected| {
        let params = GrantConsentParams { expected, ..params.clone() };
        instruction::grant_consent(patient.vault, patient.authority(), sponsor.pubkey(), consent_id, params)
    });
}

/// INV-2: nothing held back lands after a revocation of everything.
#[test]
fn a_grant_held_back_does_not_land_after_revoke_all() {
    let (mut vm, patient, sponsor) = scene();
    let held_back = grant(&mut vm, &patient, &sponsor);
    vm.send(&[instruction::revoke_all_consents(patient.vault, patient.authority())], &[&patient.owner]).unwrap();
    vm.refuse(held_back, &[&patient.owner, &sponsor], AegleError::ConsentEpochMismatch);
}

#[test]
fn bad_commitments_purposes_actions_and_periods_are_refused_and_their_limits_are_not() {
    let (mut vm, patient, sponsor) = scene();
    let mut grant = |change: fn(&mut GrantConsentParams)| {
        let (consent_id, mut params) = vm.consent_params(&patient);
        change(&mut params);
        let grant =
            instruction::grant_consent(patient.vault, patient.authority(), sponsor.pubkey(), consent_id, params);
        vm.send(&[grant], &[&patient.owner, &sponsor])
            .map_err(|failed| aegle_client::ProgramError::of(&failed.err).unwrap().code)
    };
    let bad: [(Change<GrantConsentParams>, AegleError); 17] = [
        (|params| params.handle = [0; 32], AegleError::ZeroCommitment),
        (|params| params.policy_commitment = [0; 32], AegleError::ZeroCommitment),
        (|params| params.purposes = 0, AegleError::InvalidPurposes),
        (|params| params.purposes = ALL_PURPOSES + 1, AegleError::InvalidPurposes),
        (|params| params.purposes = u16::MAX, AegleError::InvalidPurposes),
        (|params| params.actions = 0, AegleError::InvalidActions),
        (|params| params.actions = ALL_ACTIONS + 1, AegleError::InvalidActions),
        (|params| params.actions = u8::MAX, AegleError::InvalidActions),
        // Empty, turned around, over, too long.
        (|params| params.until_day = params.from_day, AegleError::InvalidPeriod),
        (|params| (params.from_day, params.until_day) = (TODAY + 2, TODAY + 1), AegleError::InvalidPeriod),
        (|params| params.until_day = 0, AegleError::InvalidPeriod),
        (|params| (params.from_day, params.until_day) = (TODAY - 1, TODAY), AegleError::InvalidPeriod),
        (|params| params.until_day = params.from_day + MAX_PERIOD_DAYS + 1, AegleError::InvalidPeriod),
        (|params| params.until_day = u32::MAX, AegleError::InvalidPeriod),
        (|params| (params.from_day, params.until_day) = (0, u32::MAX), AegleError::InvalidPeriod),
        (|params| (params.from_day, params.until_day) = (u32::MAX, 0), AegleError::InvalidPeriod),
        (|params| (params.from_day, params.until_day) = (u32::MAX, u32::MAX), AegleError::InvalidPeriod),
    ];
    for (change, error) in bad {
        assert_eq!(grant(change).map(|done| done.events).unwrap_err(), u32::from(error));
    }
    let good: [Change<GrantConsentParams>; 6] = [
        |params| params.purposes = ALL_PURPOSES,
        |params| params.actions = ALL_ACTIONS,
        |params| params.until_day = TODAY + 1,
        |params| (params.from_day, params.until_day) = (0, MAX_PERIOD_DAYS),
        |params| params.until_day = params.from_day + MAX_PERIOD_DAYS,
        |params| (params.from_day, params.until_day) = (u32::MAX - 1, u32::MAX),
    ];
    for change in good {
        assert!(grant(change).is_ok());
    }
}

/// A period is over at the first second of its last day's end.
#[test]
fn a_period_may_end_one_second_from_now() {
    let (mut vm, patient, sponsor) = scene();
    vm.set_time(START + DAY - 1);
    let (consent_id, fresh) = vm.consent_params(&patient);
    let params = GrantConsentParams { until_day: TODAY + 1, ..fresh };
    let grant = instruction::grant_consent(patient.vault, patient.authority(), sponsor.pubkey(), consent_id, params);
    vm.set_time(START + DAY);
    vm.refuse(grant.clone(), &[&patient.owner, &sponsor], AegleError::InvalidPeriod);
    vm.set_time(START + DAY - 1);
    vm.send(&[grant], &[&patient.owner, &sponsor]).unwrap();
}

#[test]
fn a_consent_id_is_used_once_also_after_its_revocation() {
    let (mut vm, patient, sponsor) = scene();
    let grant = grant(&mut vm, &patient, &sponsor);
    let signers = [&patient.owner, &sponsor];
    let consent: Pubkey = vm.run(&grant, &signers).event().account();
    vm.refuse_existing(grant.clone(), &signers);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    vm.send(&[revoke], &[&patient.owner]).unwrap();
    vm.refuse_existing(grant, &signers);
}

#[test]
fn no_consent_is_granted_while_paused() {
    let (mut vm, patient, sponsor) = scene();
    let grant = grant(&mut vm, &patient, &sponsor);
    vm.refuse_paused(grant, &[&patient.owner, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, sponsor) = scene();
    let good = grant(&mut vm, &patient, &sponsor);
    vm.refuse_wrong_accounts(&good, &[&patient.owner, &sponsor]);
}

#[test]
fn lamports_at_the_address_do_not_prevent_the_consent() {
    let (mut vm, patient, sponsor) = scene();
    let (consent_id, params) = vm.consent_params(&patient);
    let consent = pda::find_consent(&patient.vault, &consent_id).0;
    let sent = vm.rent(0);
    vm.prefund(&consent, sent);
    let grant = instruction::grant_consent(patient.vault, patient.authority(), sponsor.pubkey(), consent_id, params);
    vm.send(&[grant], &[&patient.owner, &sponsor]).unwrap();
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&consent) - sent, "INV-12");
}
