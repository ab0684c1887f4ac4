//! A grant counts when it is final, a withdrawal as soon as it is confirmed.

use aegle::state::{CredentialStatus, RecordStatus};
use aegle_decision::{ChainView, RuleId};

use crate::world::*;

type Change = fn(&mut ChainView);

/// By each of these somebody loses what they had, or gains it when it is undone.
const WITHDRAWALS: [(&str, Change, RuleId); 10] = [
    ("a consent revoked", |chain| chain.consents[0].revoked = true, RuleId::Revoked),
    ("a consent narrowed", |chain| chain.consents[0].purposes = 0, RuleId::PurposeNotGranted),
    ("a consent gone", |chain| chain.consents.clear(), RuleId::NoConsent),
    ("all consents revoked", |chain| chain.vault.as_mut().unwrap().consent_epoch += 1, RuleId::EarlierEpoch),
    (
        "a credential suspended",
        |chain| chain.credentials[0].status = CredentialStatus::Suspended,
        RuleId::CredentialSuspended,
    ),
    (
        "a credential revoked",
        |chain| chain.credentials[0].status = CredentialStatus::Revoked,
        RuleId::CredentialRevoked,
    ),
    ("a registrar removed", |chain| chain.credentials[0].registrar_removed = true, RuleId::CredentialRegistrarRemoved),
    ("a credential shortened", |chain| chain.credentials[0].until_day = TODAY, RuleId::CredentialExpired),
    ("a credential gone", |chain| chain.credentials.clear(), RuleId::CredentialMissing),
    ("a vault gone", |chain| chain.vault = None, RuleId::NoVault),
];

#[test]
fn inv_2_a_withdrawal_denies_as_soon_as_it_is_confirmed() {
    for (what, withdraw, rule) in WITHDRAWALS {
        let mut world = World::new();
        withdraw(&mut world.views.confirmed);
        assert_eq!((world.read().permits(), world.read().rule()), (false, rule), "{what}");
    }
}

#[test]
fn inv_2_a_grant_counts_only_when_it_is_final() {
    for (what, not_yet, _) in WITHDRAWALS {
        let mut world = World::new();
        not_yet(&mut world.views.finalized);
        assert_eq!((world.read().permits(), world.read().rule()), (false, RuleId::NotFinalYet), "{what}");
    }
}

#[test]
fn inv_3_a_vault_that_changes_hands_is_open_to_neither_owner_until_it_is_final() {
    let mut world = World::new();
    world.views.confirmed.vault.as_mut().unwrap().owner = STRANGER;
    for caller in [OWNER, STRANGER] {
        world.request.caller.key = caller;
        assert_eq!(world.read().rule(), RuleId::NoConsent);
    }
    world.views.finalized.vault.as_mut().unwrap().owner = STRANGER;
    assert_eq!(world.read().rule(), RuleId::Owner);
    world.request.caller.key = OWNER;
    assert_eq!(world.read().rule(), RuleId::NoConsent);
}

#[test]
fn inv_3_a_new_vault_is_its_owners_at_once_and_nobody_elses() {
    let mut world = World::new();
    world.views.finalized.vault = None;
    world.record.finalized = None;
    assert_eq!(world.read().rule(), RuleId::NotFinalYet);
    world.request.caller.key = OWNER;
    assert_eq!(world.read().rule(), RuleId::Owner);
    world.views.confirmed.vault.as_mut().unwrap().owner = STRANGER;
    assert_eq!(world.read().rule(), RuleId::NotFinalYet);
}

#[test]
fn inv_3_a_delegate_reads_from_finality_until_the_removal_is_confirmed() {
    let mut world = World::new();
    world.ask_as_delegate();
    let delegate = world.views.finalized.delegate.take();
    assert_eq!(world.read().rule(), RuleId::NotFinalYet);
    world.views.finalized.delegate = delegate;
    assert_eq!(world.read().rule(), RuleId::DelegateRead);
    world.views.confirmed.delegate.as_mut().unwrap().removed = true;
    assert_eq!(world.read().rule(), RuleId::DelegateRemoved);
}

#[test]
fn inv_2_a_withdrawal_on_a_branch_that_was_left_keeps_denying_all_but_the_owner() {
    let mut world = World::new();
    world.views.withdrawals_pending = true;
    assert_eq!(world.read().rule(), RuleId::WithdrawalPending);
    world.ask_as_delegate();
    assert_eq!(world.read().rule(), RuleId::WithdrawalPending);
    world.request.caller.key = OWNER;
    assert_eq!(world.read().rule(), RuleId::Owner);
}

#[test]
fn a_record_is_read_from_finality_by_its_owner_at_once_until_its_erasure_is_confirmed() {
    for (caller, new) in [(OWNER, RuleId::Owner), (GRANTEE, RuleId::NotFinalYet)] {
        let mut world = World::new();
        world.request.caller.key = caller;
        let finalized = world.record.finalized.take();
        assert_eq!(world.read().rule(), new);
        world.record.finalized = finalized;
        assert!(world.read().permits());
        world.record.confirmed.as_mut().unwrap().status = RecordStatus::Erased;
        assert_eq!(world.read().rule(), RuleId::RecordErased);
    }
}

#[test]
fn inv_2_expiry_needs_no_transaction() {
    let mut world = World::new();
    let day = |day: u32| i64::from(day) * DAY;
    let reads = |world: &mut World, now: i64| {
        world.request.now = now;
        world.read().permits()
    };
    assert!(!reads(&mut world, day(TODAY - 5) - 1));
    assert!(reads(&mut world, day(TODAY - 5)));
    assert!(reads(&mut world, day(TODAY + 5) - 1));
    assert!(!reads(&mut world, day(TODAY + 5)));
    for now in [i64::MIN, -1, 0, i64::MAX] {
        assert!(!reads(&mut world, now), "{now}");
    }
}
