use aegle_decision::{Base, Key, Policy, RuleId, Verdict, explain};

use crate::world::*;

#[test]
fn a_patient_is_told_which_consent_rule_and_exception_says_so() {
    let mut world = World::new();
    world.policy(|policy| policy.deny = vec![aegle_decision::Rule { records: [RECORD].into(), ..Default::default() }]);
    world.grant(Key([200; 32]), Policy { base: Base::AllNormal, ..policy() });
    world.both(|chain| chain.consents[1].revoked = true);
    let explained = explain(&world.views, &world.openings, &world.request, &[(world.record, world.labels.as_ref())]);
    assert_eq!(explained.refusal, None);
    let exception = Verdict::Deny { consent: Some(CONSENT), rule: RuleId::Exception { index: 0 } };
    let revoked = Verdict::Deny { consent: Some(Key([200; 32])), rule: RuleId::Revoked };
    assert_eq!(explained.records[0].verdict, exception);
    assert_eq!(explained.records[0].consents, [exception, revoked]);
}

#[test]
fn an_organization_is_explained_as_if_somebody_qualified_acted() {
    let mut world = World::new();
    world.ask_as_organization();
    world.request.caller.practitioner = None;
    assert_eq!(world.read().rule(), RuleId::PractitionerMissing);
    let records = [(world.record, world.labels.as_ref())];
    let explained = explain(&world.views, &world.openings, &world.request, &records);
    assert!(explained.assumes_practitioner && explained.refusal.is_none());
    assert!(explained.records[0].verdict.permits());

    // Somebody whose credential does not count is not assumed away.
    world.request.caller.practitioner = Some(STRANGER);
    let explained = explain(&world.views, &world.openings, &world.request, &records);
    assert_eq!((explained.assumes_practitioner, explained.refusal), (false, Some(RuleId::PractitionerUnqualified)));
    assert!(!explained.records[0].verdict.permits());
}

#[test]
fn where_nothing_is_read_the_explanation_says_why() {
    let mut world = World::new();
    world.both(|chain| chain.credentials.clear());
    let explained = explain(&world.views, &world.openings, &world.request, &[(world.record, world.labels.as_ref())]);
    assert_eq!(explained.refusal, Some(RuleId::CredentialMissing));
    assert_eq!(explained.records[0].verdict.rule(), RuleId::CredentialMissing);
    // The consent by itself would open it.
    assert!(explained.records[0].consents[0].permits());
}
