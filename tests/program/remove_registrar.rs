use aegle_client::{Event, aegle::AegleError, events, instruction, state::Registrar};
use aegle_tests::{
    registry::Registry,
    vm::{Vm, replace},
};
use solana_signer::Signer;

#[test]
fn governance_removes_a_registrar_whose_account_stays() {
    let mut vm = Vm::new();
    let (registry, governance) = (Registry::new(&mut vm), vm.governance.insecure_clone());
    let before = vm.account::<Registrar>(&registry.registrar);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let remove = instruction::remove_registrar(governance.pubkey(), registry.registrar);
    let done = vm.run(&remove, &[&governance]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::RegistrarRemoved(events::RegistrarRemoved {
            registrar: registry.registrar,
            authority: governance.pubkey(),
            registrar_authority: registry.key.pubkey(),
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(
        vm.account::<Registrar>(&registry.registrar),
        Registrar { removed_slot: clock.slot, removed_at: clock.unix_timestamp, ..before }
    );
    vm.rent_of(&registry.registrar);
    vm.refuse(remove, &[&governance], AegleError::RegistrarRemoved);
}

/// INV-3.
#[test]
fn nobody_but_governance_removes_a_registrar() {
    let mut vm = Vm::new();
    let (registry, governance) = (Registry::new(&mut vm), vm.governance.insecure_clone());
    let remove = instruction::remove_registrar(governance.pubkey(), registry.registrar);
    for stranger in [&vm.keypair(), &registry.key, &vm.upgrade_authority.insecure_clone()] {
        let by_stranger = replace(remove.clone(), governance.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::NotGovernance);
    }
}

#[test]
fn a_registrar_is_removed_while_paused() {
    let mut vm = Vm::new();
    let registry = Registry::new(&mut vm);
    vm.set_paused(true);
    registry.remove(&mut vm);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let (registry, governance) = (Registry::new(&mut vm), vm.governance.insecure_clone());
    let good = instruction::remove_registrar(governance.pubkey(), registry.registrar);
    vm.refuse_wrong_accounts(&good, &[&governance]);
}
