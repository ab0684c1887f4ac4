//! What holds of every world.

use aegle_decision::{
    ConsentOpening, Decision, Document, Key, Policy, RecordView, RecordViews, Rule, RuleId, Verdict, decide, explain,
    preview,
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{
    generator::{Random, random},
    world::{DAY, OWNER, TODAY, VAULT},
};

const WORLDS: u64 = 500;

/// Calls `check` with worlds of `AEGLE_DECISION_SEED` on; a failure names its own.
fn in_every_world(check: impl Fn(&Random)) {
    struct Named(u64);
    impl Drop for Named {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("AEGLE_DECISION_SEED={}", self.0);
            }
        }
    }
    let from = std::env::var("AEGLE_DECISION_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    for seed in from..from + WORLDS {
        let named = Named(seed);
        check(&random(seed));
        std::mem::forget(named);
    }
}

fn verdicts(world: &Random) -> Vec<Verdict> {
    let decision = decide(&world.views, &world.openings, &world.request);
    world.asked().into_iter().map(|(record, labels)| decision.verdict(&record, labels)).collect()
}

/// Nothing is permitted in `less` that is not in `more`, nor for longer.
fn assert_no_more(less: &Random, more: &Random) {
    for (less, more) in verdicts(less).into_iter().zip(verdicts(more)) {
        if let Verdict::Permit { obligations: less, .. } = less {
            let Verdict::Permit { obligations: more, .. } = more else { panic!("{less:?} but {more:?}") };
            let longer = more.erase_by.is_none_or(|more| less.erase_by.is_some_and(|less| less <= more));
            assert!(longer, "{less:?} but {more:?}");
        }
    }
}

/// Has the patient sign another policy in every consent whose opening fits.
fn sign_again(world: &mut Random, change: impl Fn(&mut Policy)) {
    for opening in &mut world.openings {
        let before = opening.policy.commitment(&opening.policy_salt);
        let mut policy = opening.policy.value().clone();
        change(&mut policy);
        opening.policy = Document::new(policy);
        let after = opening.policy.commitment(&opening.policy_salt);
        for chain in [&mut world.views.confirmed, &mut world.views.finalized] {
            let signed = chain.consents.iter_mut().filter(|consent| consent.policy_commitment == before);
            signed.for_each(|consent| consent.policy_commitment = after);
        }
    }
}

#[test]
fn removing_a_consent_or_its_opening_never_permits_more() {
    in_every_world(|world| {
        for index in 0..world.openings.len() {
            let mut less = world.clone();
            let opening: ConsentOpening = less.openings.remove(index);
            assert_no_more(&less, world);
            let mut less = world.clone();
            less.views.confirmed.consents.retain(|consent| consent.consent != opening.consent);
            assert_no_more(&less, world);
            let mut less = world.clone();
            less.views.finalized.consents.retain(|consent| consent.consent != opening.consent);
            assert_no_more(&less, world);
        }
    });
}

#[test]
fn removing_a_credential_or_a_delegate_never_permits_more() {
    in_every_world(|world| {
        for index in 0..world.views.confirmed.credentials.len() {
            let mut less = world.clone();
            less.views.confirmed.credentials.remove(index);
            assert_no_more(&less, world);
        }
        let mut less = world.clone();
        less.views.confirmed.delegate = None;
        assert_no_more(&less, world);
        let mut less = world.clone();
        less.request.caller.practitioner = None;
        assert_no_more(&less, world);
    });
}

#[test]
fn a_withdrawal_pending_never_permits_more() {
    in_every_world(|world| {
        let mut pending = world.clone();
        pending.views.withdrawals_pending = true;
        assert_no_more(&pending, world);
        let owner = |verdict: &Verdict| !verdict.permits() || verdict.rule() == RuleId::Owner;
        assert!(verdicts(&pending).iter().all(owner));
    });
}

#[test]
fn the_order_of_openings_consents_and_credentials_makes_no_difference() {
    in_every_world(|world| {
        let mut rng = ChaCha8Rng::seed_from_u64(world.request.now.unsigned_abs());
        let mut other = world.clone();
        other.openings.shuffle(&mut rng);
        for chain in [&mut other.views.confirmed, &mut other.views.finalized] {
            chain.consents.shuffle(&mut rng);
            chain.credentials.shuffle(&mut rng);
        }
        assert_eq!(
            decide(&world.views, &world.openings, &world.request),
            decide(&other.views, &other.openings, &other.request)
        );
        assert_eq!(verdicts(world), verdicts(&other));
    });
}

#[test]
fn the_order_of_rules_makes_no_difference() {
    in_every_world(|world| {
        let mut other = world.clone();
        sign_again(&mut other, |policy| {
            policy.permit.reverse();
            policy.deny.reverse();
        });
        let outcomes = |world: &Random| -> Vec<_> {
            verdicts(world).into_iter().map(|verdict| (verdict.permits(), kind(verdict.rule()))).collect()
        };
        assert_eq!(outcomes(world), outcomes(&other));
    });
}

#[test]
fn deny_beats_permit() {
    in_every_world(|world| {
        let mut world = world.clone();
        world.views.emergencies.clear();
        let mut closed = world.clone();
        sign_again(&mut closed, |policy| policy.deny.push(Rule::default()));
        for (before, after) in verdicts(&world).into_iter().zip(verdicts(&closed)) {
            match before {
                Verdict::Permit { consent: Some(_), .. } => {
                    assert!(matches!(after, Verdict::Deny { rule: RuleId::Exception { .. }, .. }), "{after:?}");
                }
                _ => assert_eq!(before.permits(), after.permits()),
            }
        }
    });
}

#[test]
fn an_exception_more_never_permits_more_and_a_permit_rule_never_less() {
    in_every_world(|world| {
        let rules: Vec<Rule> =
            world.openings.iter().flat_map(|opening| opening.policy.value().permit.clone()).collect();
        for rule in rules.iter().take(2) {
            let mut less = world.clone();
            sign_again(&mut less, |policy| policy.deny.push(rule.clone()));
            assert_no_more(&less, world);
            let mut more = world.clone();
            sign_again(&mut more, |policy| policy.permit.push(rule.clone()));
            assert_no_more(world, &more);
        }
    });
}

#[test]
fn inv_2_nobody_but_the_owner_reads_once_every_period_is_over() {
    in_every_world(|world| {
        let mut later = world.clone();
        later.request.now = i64::from(TODAY + 9) * DAY;
        let owner = |verdict: &Verdict| !verdict.permits() || verdict.rule() == RuleId::Owner;
        assert!(verdicts(&later).iter().all(owner));
    });
}

#[test]
fn what_is_permitted_is_permitted_in_each_view_alone() {
    in_every_world(|world| {
        for confirmed in [true, false] {
            let mut alone = world.clone();
            if confirmed {
                alone.views.finalized = alone.views.confirmed.clone();
                alone.records.iter_mut().for_each(|(record, _)| record.finalized = record.confirmed);
            } else {
                // What is new is the one exception: of it the confirmed view alone speaks.
                alone.views.finalized.vault = alone.views.finalized.vault.or(alone.views.confirmed.vault);
                alone.views.confirmed = alone.views.finalized.clone();
                for (record, _) in &mut alone.records {
                    record.confirmed = record.finalized.or(record.confirmed);
                }
            }
            assert_no_more(world, &alone);
        }
    });
}

#[test]
fn an_explanation_says_what_is_decided() {
    in_every_world(|world| {
        let explanation = explain(&world.views, &world.openings, &world.request, &world.asked());
        let decision = decide(&world.views, &world.openings, &world.request);
        let explained: Vec<Verdict> = explanation.records.iter().map(|record| record.verdict).collect();
        if explanation.assumes_practitioner {
            assert!(matches!(&decision, Decision::Deny(denial) if denial.rule == RuleId::PractitionerMissing));
        } else {
            assert_eq!(explained, verdicts(world));
        }
        // By consents, each says what it would permit alone.
        if let Some((record, _)) = explanation.records.iter().zip(&explained).find(|(_, verdict)| verdict.permits()) {
            let by_consent = record.verdict.consent().is_some();
            let says = record.consents.contains(&record.verdict);
            assert_eq!(by_consent, says);
        }
    });
}

#[test]
fn a_preview_shows_what_is_then_read() {
    in_every_world(|world| {
        let mut views = world.views.clone();
        views.emergencies.clear();
        let Decision::Permit(permit) = decide(&views, &world.openings, &world.request) else { return };
        let Some(policies) = permit.filter.policies() else { return };
        let records = || {
            let there = world.records.iter().filter_map(|(record, labels)| Some((record.confirmed?, labels.as_ref())));
            there.filter(|(record, _)| record.vault == VAULT)
        };
        let both = |view: RecordView| RecordViews { finalized: Some(view), confirmed: Some(view) };
        let mut previewed = std::collections::BTreeSet::new();
        for (_, policy) in policies {
            let shown = preview(VAULT, 1, policy, records());
            assert_eq!(shown.value().records.len() as u64 + shown.value().withheld, records().count() as u64);
            previewed.extend(shown.value().records.iter().copied());
        }
        let read = records().filter(|(record, labels)| permit.filter.admits(&both(*record), *labels).permits());
        assert_eq!(previewed, read.map(|(record, _)| record.record).collect());
    });
}

#[test]
fn an_owner_reads_whatever_the_confirmed_view_holds() {
    in_every_world(|world| {
        let mut mine = world.clone();
        mine.request.caller.key = OWNER;
        for chain in [&mut mine.views.confirmed, &mut mine.views.finalized] {
            let Some(vault) = &mut chain.vault else { return };
            (vault.vault, vault.owner) = (VAULT, OWNER);
        }
        for ((record, _), verdict) in mine.records.iter().zip(verdicts(&mine)) {
            let whole = record.confirmed.is_some();
            let about_the_record =
                [RuleId::VaultMismatch, RuleId::RecordErased, RuleId::RecordMismatch].contains(&verdict.rule());
            assert_eq!(verdict.permits(), whole && !about_the_record, "{verdict:?}");
        }
    });
}

fn kind(rule: RuleId) -> RuleId {
    match rule {
        RuleId::Exception { .. } => RuleId::Exception { index: 0 },
        RuleId::ConsentPermitRule { .. } => RuleId::ConsentPermitRule { index: 0 },
        RuleId::BreakGlass { .. } => RuleId::BreakGlass { break_glass: Key::default() },
        other => other,
    }
}
