use aegle_client::{
    Event, Space,
    aegle::{AegleError, OpenBreakGlassParams},
    events, instruction, pda,
    state::{BreakGlass, MAX_BREAK_GLASS, VERSION},
};
use aegle_tests::{
    emergency::{allow_emergencies, open_instruction, open_patient, opening_params},
    vm::{Patient, Vm},
};
use solana_keypair::Keypair;
use solana_signer::Signer;

fn scene() -> (Vm, Patient, Keypair, Keypair, OpenBreakGlassParams) {
    let mut vm = Vm::new();
    let patient = open_patient(&mut vm);
    let (relay, sponsor, params) = (vm.keypair(), vm.sponsor(), opening_params(&mut vm, &patient));
    (vm, patient, relay, sponsor, params)
}

/// INV-11: by anyone, so that the chain shows a relay and a commitment, and no clinician.
#[test]
fn anyone_opens_a_vault_that_allows_it_at_the_payers_expense() {
    let (mut vm, patient, relay, sponsor, mut params) = scene();
    let before = vm.vault(&patient);
    vm.set_time(vm.clock().unix_timestamp + 60);
    params.expires_at = vm.clock().unix_timestamp + 1;
    let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params.clone());
    let done = vm.run(&open, &[&relay, &sponsor]);

    let (break_glass, bump) = pda::find_break_glass(&patient.vault, &params.break_glass_id);
    let clock = vm.clock();
    assert_eq!(
        vm.account::<BreakGlass>(&break_glass),
        BreakGlass {
            version: VERSION,
            bump,
            rent_payer: sponsor.pubkey(),
            vault: patient.vault,
            break_glass_id: params.break_glass_id,
            commitment: params.commitment,
            opened_by: relay.pubkey(),
            opened_slot: clock.slot,
            opened_at: clock.unix_timestamp,
            expires_at: params.expires_at,
            reviewed_slot: 0,
            reviewed_at: 0,
        }
    );
    assert_eq!(
        *done.event(),
        Event::BreakGlassOpened(events::BreakGlassOpened {
            vault: patient.vault,
            break_glass_id: params.break_glass_id,
            bump,
            commitment: params.commitment,
            authority: relay.pubkey(),
            rent_payer: sponsor.pubkey(),
            expires_at: params.expires_at,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(done.event().account(), break_glass);
    assert_eq!(vm.size(&break_glass), Some(8 + BreakGlass::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&break_glass), "INV-12");
    assert_eq!(vm.vault(&patient), before);
    vm.refuse_existing(open, &[&relay, &sponsor]);
}

/// INV-3: an emergency opener does what the patient allows, and nothing else.
#[test]
fn a_vault_that_forbids_it_is_not_opened() {
    let (mut vm, patient, relay, sponsor, params) = scene();
    let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
    allow_emergencies(&mut vm, &patient, false);
    vm.refuse(open.clone(), &[&relay, &sponsor], AegleError::EmergencyForbidden);
    let never_allowed = vm.patient();
    let params = opening_params(&mut vm, &never_allowed);
    let payer = vm.payer.insecure_clone();
    vm.refuse(open_instruction(&vm, &never_allowed, params), &[&payer], AegleError::EmergencyForbidden);
    allow_emergencies(&mut vm, &patient, true);
    vm.run(&open, &[&relay, &sponsor]);
}

#[test]
fn an_emergency_lasts_a_second_to_a_day() {
    let (mut vm, patient, relay, sponsor, good) = scene();
    let now = vm.clock().unix_timestamp;
    for expires_at in [i64::MIN, 0, now - 1, now, now + MAX_BREAK_GLASS + 1, i64::MAX] {
        let params = OpenBreakGlassParams { expires_at, ..good.clone() };
        let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
        vm.refuse(open, &[&relay, &sponsor], AegleError::InvalidPeriod);
    }
    for expires_at in [now + 1, now + MAX_BREAK_GLASS] {
        let params = OpenBreakGlassParams { expires_at, ..opening_params(&mut vm, &patient) };
        let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
        vm.run(&open, &[&relay, &sponsor]);
    }
    assert_eq!(MAX_BREAK_GLASS, 24 * 60 * 60);
}

#[test]
fn an_opening_commits_to_a_statement() {
    let (mut vm, patient, relay, sponsor, good) = scene();
    let params = OpenBreakGlassParams { commitment: [0; 32], ..good };
    let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
    vm.refuse(open, &[&relay, &sponsor], AegleError::ZeroCommitment);
}

#[test]
fn no_vault_is_opened_while_paused() {
    let (mut vm, patient, relay, sponsor, params) = scene();
    let open = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
    vm.refuse_paused(open, &[&relay, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, relay, sponsor, params) = scene();
    let good = instruction::open_break_glass(patient.vault, relay.pubkey(), sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&relay, &sponsor]);
}
