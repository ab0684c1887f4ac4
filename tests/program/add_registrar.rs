use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AddRegistrarParams, AegleError},
    events, instruction, pda,
    state::{Registrar, VERSION},
};
use aegle_tests::vm::{Vm, replace};
use solana_keypair::Keypair;
use solana_signer::Signer;

fn scene() -> (Vm, Keypair, Keypair, AddRegistrarParams) {
    let mut vm = Vm::new();
    let (governance, sponsor) = (vm.governance.insecure_clone(), vm.sponsor());
    let params =
        AddRegistrarParams { authority: vm.keypair().pubkey(), kinds: u8::MAX, profile_commitment: vm.bytes() };
    (vm, governance, sponsor, params)
}

#[test]
fn governance_adds_a_registrar_at_the_payers_expense() {
    let (mut vm, governance, sponsor, params) = scene();
    vm.set_time(vm.clock().unix_timestamp + 60);
    let add = instruction::add_registrar(governance.pubkey(), sponsor.pubkey(), params.clone());
    let done = vm.run(&add, &[&governance, &sponsor]);

    let (registrar, bump) = pda::find_registrar(&params.authority);
    let clock = vm.clock();
    assert_eq!(
        vm.account::<Registrar>(&registrar),
        Registrar {
            version: VERSION,
            bump,
            rent_payer: sponsor.pubkey(),
            authority: params.authority,
            kinds: params.kinds,
            profile_commitment: params.profile_commitment,
            added_slot: clock.slot,
            added_at: clock.unix_timestamp,
            removed_slot: 0,
            removed_at: 0,
        }
    );
    assert_eq!(
        *done.event(),
        Event::RegistrarAdded(events::RegistrarAdded {
            registrar,
            bump,
            authority: governance.pubkey(),
            rent_payer: sponsor.pubkey(),
            registrar_authority: params.authority,
            kinds: params.kinds,
            profile_commitment: params.profile_commitment,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.size(&registrar), Some(8 + Registrar::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&registrar), "INV-12");
    vm.refuse_existing(add, &[&governance, &sponsor]);
}

/// INV-3: who may attest is governance's decision alone.
#[test]
fn nobody_but_governance_adds_a_registrar() {
    let (mut vm, governance, sponsor, params) = scene();
    let add = instruction::add_registrar(governance.pubkey(), sponsor.pubkey(), params);
    for stranger in [&vm.keypair(), &vm.upgrade_authority.insecure_clone()] {
        let by_stranger = replace(add.clone(), governance.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger, &sponsor], AegleError::NotGovernance);
    }
}

#[test]
fn a_registrar_without_key_kinds_or_profile_is_refused() {
    let (mut vm, governance, sponsor, good) = scene();
    for (params, error) in [
        (AddRegistrarParams { authority: Pubkey::default(), ..good.clone() }, AegleError::ZeroKey),
        (AddRegistrarParams { kinds: 0, ..good.clone() }, AegleError::InvalidCredentialKinds),
        (AddRegistrarParams { profile_commitment: [0; 32], ..good.clone() }, AegleError::ZeroCommitment),
    ] {
        let add = instruction::add_registrar(governance.pubkey(), sponsor.pubkey(), params);
        vm.refuse(add, &[&governance, &sponsor], error);
    }
}

#[test]
fn no_registrar_is_added_while_paused() {
    let (mut vm, governance, sponsor, params) = scene();
    let add = instruction::add_registrar(governance.pubkey(), sponsor.pubkey(), params);
    vm.refuse_paused(add, &[&governance, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, governance, sponsor, params) = scene();
    let good = instruction::add_registrar(governance.pubkey(), sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&governance, &sponsor]);
}
