//! Random sequences of instructions by several actors, in the virtual machine and in a small
//! reference model: whole state, events, answers, refusals and balances must be the same.
//!
//! `AEGLE_MODEL_SEQUENCES` sets how many sequences are played (0 for ever), `AEGLE_MODEL_SEED` the first
//! one, alone if nothing else is said.

mod actions;
mod actors;
mod call;
mod reference;
mod run;

use std::time::Instant;

use aegle_client::{Event, aegle::AegleError};
use call::Kind;
use rand::{RngCore, rngs::OsRng};
use reference::Refusal;
use run::Tally;

/// Sequences that a run without settings plays.
const SEQUENCES: u64 = 2_000;

/// INV-2, INV-3, INV-4, INV-5 and INV-12, and every rule of the program beside.
#[test]
fn the_program_does_what_the_reference_model_does() {
    let setting = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let (from, count) = match (setting("AEGLE_MODEL_SEED"), setting("AEGLE_MODEL_SEQUENCES")) {
        (Some(seed), count) => (seed, Some(count.unwrap_or(1))),
        (None, Some(0)) => (u64::from(OsRng.next_u32()), None),
        (None, count) => (0, Some(count.unwrap_or(SEQUENCES))),
    };
    let started = Instant::now();
    let tally = run::play(from, count).unwrap_or_else(|difference| panic!("{difference}"));
    println!("{}", summary(&tally));
    println!("{} sequences in {:.1} s", tally.sequences, started.elapsed().as_secs_f64());
    if tally.sequences >= SEQUENCES {
        require_variety(&tally);
    }
}

fn summary(tally: &Tally) -> String {
    let mut text = format!("{:28}{:>10}{:>10}{:>8}\n", "instruction", "succeeded", "refused", "share");
    let (mut done, mut refused) = (0, 0);
    let share =
        |(done, refused): (u64, u64)| format!("{done:>10}{refused:>10}{:>7} %\n", 100 * done / (done + refused).max(1));
    for (kind, counts) in &tally.kinds {
        (done, refused) = (done + counts.0, refused + counts.1);
        text += &format!("{:28}{}", format!("{kind:?}"), share(*counts));
    }
    text += &format!("{:28}{}", "all", share((done, refused)));
    for (situation, times) in &tally.seen {
        text += &format!("{times:>10} {situation}\n");
    }
    text += &format!("in the virtual machine: {:.1} s\n", tally.executing.as_secs_f64());
    for (refusal, times) in &tally.refusals {
        text += &format!("{times:>10} {}\n", run::explained(refusal));
    }
    text
}

/// A generator that has become one-sided must not pass unnoticed.
fn require_variety(tally: &Tally) {
    const LEAST: u64 = 50;
    for kind in Kind::ALL {
        let (done, refused) = tally.kinds.get(kind).copied().unwrap_or_default();
        // Nobody ever closes a token account for its rent.
        assert!(done >= LEAST || *kind == Kind::CloseToken, "{kind:?} succeeded only {done} times");
        assert!(refused >= LEAST, "{kind:?} was refused only {refused} times");
    }
    for seen in Event::NAMES.iter().chain(&run::SITUATIONS) {
        let times = tally.seen.get(seen).copied().unwrap_or_default();
        assert!(times >= LEAST / 2, "{seen}: only {times} times");
    }
    // An executed recovery is of an earlier delegate epoch, which is looked at first.
    let unreachable = u32::from(AegleError::RecoveryExecuted);
    let never: Vec<u32> = run::program_codes()
        .filter(|code| *code != unreachable && !tally.refusals.contains_key(&Refusal::Code(*code)))
        .collect();
    assert!(never.is_empty(), "refusals never provoked: {never:?}");
}
