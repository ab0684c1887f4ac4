use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AddDelegateParams, AegleError},
    events, instruction, pda,
    state::{ALL_RIGHTS, Delegate, MAX_PERIOD_DAYS, Right, VERSION},
};
use aegle_tests::vm::{Change, TODAY, Vm, replace};
use solana_signer::Signer;

#[test]
fn the_owner_adds_a_delegate_at_the_payers_expense() {
    let mut vm = Vm::new();
    let (patient, sponsor, key) = (vm.patient(), vm.sponsor(), vm.keypair().pubkey());
    let before = vm.vault(&patient);
    let params = vm.delegate_params(&patient, key, &[Right::Mint, Right::Read]);
    let add = instruction::add_delegate(patient.vault, sponsor.pubkey(), params);
    let done = vm.send(&[add], &[&patient.owner, &sponsor]).unwrap();

    let (delegate, bump) = pda::find_delegate(&patient.vault, &key);
    let clock = vm.clock();
    let rights = Right::Mint as u8 | Right::Read as u8;
    assert_eq!(
        vm.account::<Delegate>(&delegate),
        Delegate {
            version: VERSION,
            bump,
            rent_payer: sponsor.pubkey(),
            vault: patient.vault,
            key,
            rights,
            until_day: TODAY + 30,
            delegate_epoch: 0,
            added_slot: clock.slot,
            added_at: clock.unix_timestamp,
            removed_slot: 0,
            removed_at: 0,
        }
    );
    assert_eq!(
        *done.event(),
        Event::DelegateAdded(events::DelegateAdded {
            delegate,
            vault: patient.vault,
            key,
            bump,
            authority: patient.owner.pubkey(),
            rent_payer: sponsor.pubkey(),
            rights,
            until_day: TODAY + 30,
            delegate_epoch: 0,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    assert_eq!(vm.size(&delegate), Some(8 + Delegate::INIT_SPACE));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&delegate), "INV-12");
    assert_eq!(vm.vault(&patient), before);
}

/// INV-3: a delegate gives nobody its rights.
#[test]
fn nobody_but_the_owner_adds_a_delegate() {
    let mut vm = Vm::new();
    let (patient, other) = (vm.patient(), vm.patient());
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let key = vm.keypair().pubkey();
    let params = vm.delegate_params(&patient, key, &[Right::Grant]);
    let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
    for stranger in [&vm.keypair(), &other.owner, &delegate] {
        let by_stranger = replace(add.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let mut vm = Vm::new();
    let (patient, key, payer) = (vm.patient(), vm.keypair().pubkey(), vm.payer.pubkey());
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    vm.refuse_stale(&patient, &[&patient.owner], |expected| {
        instruction::add_delegate(patient.vault, payer, AddDelegateParams { expected, ..params.clone() })
    });
}

#[test]
fn the_owner_cannot_be_the_own_delegate() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let params = vm.delegate_params(&patient, patient.owner.pubkey(), &[Right::Mint]);
    let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
    vm.refuse(add, &[&patient.owner], AegleError::DelegateIsOwner);
}

#[test]
fn bad_keys_rights_and_periods_are_refused_and_their_limits_are_not() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let mut add = |change: fn(&mut AddDelegateParams)| {
        let key = vm.keypair().pubkey();
        let mut params = vm.delegate_params(&patient, key, &[Right::Mint]);
        change(&mut params);
        let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
        vm.send(&[add], &[&patient.owner]).map_err(|failed| aegle_client::ProgramError::of(&failed.err).unwrap().code)
    };
    let bad: [(Change<AddDelegateParams>, AegleError); 8] = [
        (|params| params.key = Pubkey::default(), AegleError::ZeroKey),
        (|params| params.rights = 0, AegleError::InvalidRights),
        (|params| params.rights = ALL_RIGHTS + 1, AegleError::InvalidRights),
        (|params| params.rights = u8::MAX, AegleError::InvalidRights),
        (|params| params.until_day = 0, AegleError::InvalidPeriod),
        (|params| params.until_day = TODAY, AegleError::InvalidPeriod),
        (|params| params.until_day = TODAY + MAX_PERIOD_DAYS + 1, AegleError::InvalidPeriod),
        (|params| params.until_day = u32::MAX, AegleError::InvalidPeriod),
    ];
    for (change, error) in bad {
        assert_eq!(add(change).map(|done| done.events).unwrap_err(), u32::from(error));
    }
    let good: [Change<AddDelegateParams>; 4] = [
        |params| params.rights = ALL_RIGHTS,
        |params| params.rights = Right::Read as u8,
        |params| params.until_day = TODAY + 1,
        |params| params.until_day = TODAY + MAX_PERIOD_DAYS,
    ];
    for change in good {
        assert!(add(change).is_ok());
    }
}

/// A clock before 1970 has no day.
#[test]
fn a_time_before_the_epoch_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    vm.set_time(-1);
    let key = vm.keypair().pubkey();
    let params = AddDelegateParams { until_day: 1, ..vm.delegate_params(&patient, key, &[Right::Mint]) };
    let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
    vm.refuse(add, &[&patient.owner], AegleError::InvalidPeriod);
}

/// A removed delegate stays as a tombstone, so that an addition held back cannot bring it back.
#[test]
fn a_key_is_added_once_also_after_its_removal() {
    let mut vm = Vm::new();
    let (patient, key) = (vm.patient(), vm.keypair().pubkey());
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
    vm.run(&add, &[&patient.owner]);
    vm.refuse_existing(add.clone(), &[&patient.owner]);
    let remove = instruction::remove_delegate(patient.vault, patient.owner.pubkey(), &key);
    vm.send(&[remove], &[&patient.owner]).unwrap();
    vm.refuse_existing(add, &[&patient.owner]);
}

#[test]
fn no_delegate_is_added_while_paused() {
    let mut vm = Vm::new();
    let (patient, key) = (vm.patient(), vm.keypair().pubkey());
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    let add = instruction::add_delegate(patient.vault, vm.payer.pubkey(), params);
    vm.refuse_paused(add, &[&patient.owner]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let (patient, key, sponsor) = (vm.patient(), vm.keypair().pubkey(), vm.sponsor());
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    let good = instruction::add_delegate(patient.vault, sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&patient.owner, &sponsor]);
}

#[test]
fn lamports_at_the_address_do_not_prevent_the_delegate() {
    let mut vm = Vm::new();
    let (patient, key, sponsor) = (vm.patient(), vm.keypair().pubkey(), vm.sponsor());
    let delegate = pda::find_delegate(&patient.vault, &key).0;
    let sent = vm.rent(0);
    vm.prefund(&delegate, sent);
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    let add = instruction::add_delegate(patient.vault, sponsor.pubkey(), params);
    vm.send(&[add], &[&patient.owner, &sponsor]).unwrap();
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&delegate) - sent, "INV-12");
}
