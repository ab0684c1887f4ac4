use std::collections::BTreeMap;

use aegle_decision::{Decision, Key, RuleId, Verdict, decide};

use crate::{
    ALL_RULES,
    generator::{RECORDS, Random, random},
    reference::{Expected, Reference},
};

const CASES: u64 = 100_000;
/// Refuse an opening, or who does not act for a patient, and never a read.
const OF_OTHERS: [RuleId; 3] = [RuleId::EmergencyUnreviewed, RuleId::NotActing, RuleId::NotThere];

/// A record and a request are one case; `AEGLE_DECISION_SEED` is the first world's.
#[test]
fn inv_1_the_engine_decides_as_the_reference_does() {
    let set = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seed = set("AEGLE_DECISION_SEED").unwrap_or(20_260_301);
    let cases = set("AEGLE_DECISION_CASES").unwrap_or(CASES);
    println!("AEGLE_DECISION_SEED={seed} AEGLE_DECISION_CASES={cases}");
    let mut seen: BTreeMap<RuleId, u64> = BTreeMap::new();
    for seed in seed..seed + cases.div_ceil(RECORDS as u64) {
        for rule in compare(seed, &random(seed)) {
            *seen.entry(kind(rule)).or_default() += 1;
        }
    }
    for (rule, count) in &seen {
        println!("{count:>7} {rule:?}");
    }
    if cases >= CASES {
        let rare: Vec<_> = ALL_RULES
            .iter()
            .filter(|rule| !OF_OTHERS.contains(rule) && seen.get(rule).copied().unwrap_or(0) < 20)
            .collect();
        assert!(rare.is_empty(), "the generator makes too few of {rare:?}");
    }
}

fn compare(seed: u64, world: &Random) -> Vec<RuleId> {
    let decision = decide(&world.views, &world.openings, &world.request);
    let reference = Reference::new(&world.views, &world.openings, &world.request);
    let mut rules = Vec::new();
    for (record, labels) in world.asked() {
        let verdict = decision.verdict(&record, labels);
        let equal = match (reference.expects(&record, labels), verdict) {
            (Expected::Permit(expected), verdict) => expected == verdict,
            // A refusal that several consents come to is of the first of them.
            (Expected::Deny(reasons), Verdict::Deny { consent, rule }) => reasons.contains(&(consent, rule)),
            (Expected::Deny(_), Verdict::Permit { .. }) => false,
        };
        assert!(
            equal,
            "AEGLE_DECISION_SEED={seed} AEGLE_DECISION_CASES=1\nthe engine says {verdict:?}\nthe reference {:?}\n\
             of {record:?}\n{labels:?}\nin {:#?}\n{:#?}\n{:#?}\ndecided {}",
            reference.expects(&record, labels),
            world.request,
            world.views,
            world.openings.iter().map(|opening| (opening.consent, opening.policy.value())).collect::<Vec<_>>(),
            match &decision {
                Decision::Permit(permit) => format!("{:?}", permit.basis),
                Decision::Deny(denial) => format!("{denial:?}"),
            }
        );
        rules.push(verdict.rule());
    }
    rules
}

/// The rule without its index.
fn kind(rule: RuleId) -> RuleId {
    match rule {
        RuleId::Exception { .. } => RuleId::Exception { index: 0 },
        RuleId::ConsentPermitRule { .. } => RuleId::ConsentPermitRule { index: 0 },
        RuleId::BreakGlass { .. } => RuleId::BreakGlass { break_glass: Key::default() },
        other => other,
    }
}
