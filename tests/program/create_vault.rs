use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, CreateVaultParams},
    events, id, instruction, pda,
    state::{DEFAULT_DELEGATE_MINT_CAP, Guardians, VERSION, Vault},
};
use aegle_tests::vm::Vm;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn params(vm: &mut Vm) -> CreateVaultParams {
    CreateVaultParams { vault_id: id::vault_id(vm.rng()), encryption_key: vm.bytes() }
}

fn scene() -> (Vm, Keypair, Keypair, CreateVaultParams) {
    let mut vm = Vm::new();
    let (owner, sponsor, params) = (vm.keypair(), vm.sponsor(), params(&mut vm));
    (vm, owner, sponsor, params)
}

#[test]
fn an_owner_without_lamports_gets_a_vault_at_the_payers_expense() {
    let (mut vm, owner, sponsor, params) = scene();
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params.clone());
    let done = vm.send(&[create], &[&owner, &sponsor]).unwrap();

    let (vault, bump) = pda::find_vault(&params.vault_id);
    let clock = vm.clock();
    assert_eq!(
        vm.account::<Vault>(&vault),
        Vault {
            version: VERSION,
            bump,
            emergency_policy: 0,
            rent_payer: sponsor.pubkey(),
            vault_id: params.vault_id,
            owner: owner.pubkey(),
            encryption_key: params.encryption_key,
            key_epoch: 0,
            consent_epoch: 0,
            delegate_epoch: 0,
            delegate_mints: 0,
            delegate_mint_cap: DEFAULT_DELEGATE_MINT_CAP,
            record_count: 0,
            created_slot: clock.slot,
            created_at: clock.unix_timestamp,
            guardian_epoch: 0,
            guardians: Guardians::default(),
            pending_guardians: Guardians::default(),
            guardians_due_at: 0,
            pending_recovery: Pubkey::default(),
            recovery_lapses_at: 0,
            reserved: [0; 32],
        }
    );
    assert_eq!(
        *done.event(),
        Event::VaultCreated(events::VaultCreated {
            vault,
            vault_id: params.vault_id,
            bump,
            owner: owner.pubkey(),
            rent_payer: sponsor.pubkey(),
            encryption_key: params.encryption_key,
            delegate_mint_cap: DEFAULT_DELEGATE_MINT_CAP,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.size(&vault), Some(8 + Vault::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&vault), "INV-12");
    assert_eq!(vm.lamports(&owner.pubkey()), 0);
}

#[test]
fn an_owner_may_pay_and_may_have_several_vaults() {
    let mut vm = Vm::new();
    let owner = vm.sponsor();
    let vaults: Vec<Pubkey> = (0..2)
        .map(|_| {
            let params = params(&mut vm);
            let vault = pda::find_vault(&params.vault_id).0;
            let create = instruction::create_vault(owner.pubkey(), owner.pubkey(), params);
            vm.send(&[create], &[&owner]).unwrap();
            vault
        })
        .collect();
    assert_eq!(vm.spent(&owner), vm.rent_of(&vaults[0]) + vm.rent_of(&vaults[1]), "INV-12");
}

/// A vault whose id is random may have any bump.
#[test]
fn the_bump_need_not_be_the_first_tried() {
    let (mut vm, owner, sponsor, mut params) = scene();
    while pda::find_vault(&params.vault_id).1 == u8::MAX {
        params.vault_id = vm.bytes();
    }
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params.clone());
    vm.send(&[create], &[&owner, &sponsor]).unwrap();
    let (vault, bump) = pda::find_vault(&params.vault_id);
    assert_eq!(vm.account::<Vault>(&vault).bump, bump);
}

#[test]
fn a_zero_encryption_key_is_refused() {
    let (mut vm, owner, sponsor, mut params) = scene();
    params.encryption_key = [0; 32];
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params);
    vm.refuse(create, &[&owner, &sponsor], AegleError::ZeroKey);
}

#[test]
fn a_vault_id_is_used_once_also_by_somebody_else() {
    let (mut vm, owner, sponsor, params) = scene();
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params.clone());
    vm.run(&create, &[&owner, &sponsor]);
    vm.refuse_existing(create, &[&owner, &sponsor]);
    let thief = vm.keypair();
    let again = instruction::create_vault(thief.pubkey(), sponsor.pubkey(), params);
    vm.refuse_existing(again, &[&thief, &sponsor]);
}

#[test]
fn no_vault_is_created_while_paused() {
    let (mut vm, owner, sponsor, params) = scene();
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params);
    vm.refuse_paused(create, &[&owner, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, owner, sponsor, params) = scene();
    let good = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&owner, &sponsor]);
}

#[test]
fn lamports_at_the_address_do_not_prevent_the_vault() {
    let (mut vm, owner, sponsor, params) = scene();
    let vault = pda::find_vault(&params.vault_id).0;
    let sent = vm.rent(0);
    vm.prefund(&vault, sent);
    let create = instruction::create_vault(owner.pubkey(), sponsor.pubkey(), params);
    vm.send(&[create], &[&owner, &sponsor]).unwrap();
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&vault) - sent, "INV-12");
}
