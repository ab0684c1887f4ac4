//! INV-6: the same ledger gives the same tables, whatever the order and however often.

use std::collections::BTreeSet;

use aegle_client::Event;
use aegle_indexer::{db::Facts, db::slot::SlotRow, decode::Reason, ingest::apply, project::project_event};
use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use sqlx::PgPool;

use crate::{
    mirror::{begin, clear, count, decoded, dump, steps},
    story::Story,
};

const CASES: usize = 32;

/// Writes the events in the given order and batches, over slots that are there already.
async fn write(pool: &PgPool, story: &Story, order: &[usize], batch: usize) {
    let mut connection = pool.acquire().await.expect("connection");
    let mut facts = Facts::default();
    for slot in 1..=story.last_slot() as u64 {
        facts.slots.push(SlotRow::of(&decoded(slot, 0, (slot - 1, 0), Vec::new()).header));
    }
    facts.insert(&mut connection).await.expect("slots");
    for batch in order.chunks(batch) {
        for index in batch {
            let (slot, event) = &story.ledger[*index];
            project_event(*slot, event, &mut facts).expect("facts");
        }
        facts.insert(&mut connection).await.expect("events");
    }
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn any_order_with_any_repetition_gives_the_same_tables(pool: PgPool) {
    let mut runner = TestRunner::deterministic();
    let cases = proptest::collection::vec(any::<u8>(), 1..60).prop_flat_map(|choices| {
        let events = Story::of(&choices).ledger.len();
        // Every event at least once, and some again.
        let again = proptest::collection::vec(0..events, 0..events);
        let order = again.prop_map(move |again| (0..events).chain(again).collect::<Vec<_>>()).prop_shuffle();
        (Just(choices), order, 1..12_usize)
    });
    let mut told = BTreeSet::new();
    for _ in 0..CASES {
        let (choices, order, batch) = cases.new_tree(&mut runner).expect("case").current();
        let story = Story::of(&choices);
        told.extend(story.ledger.iter().map(|(_, event)| event.event.name()));
        let in_order: Vec<usize> = (0..story.ledger.len()).collect();
        clear(&pool).await;
        write(&pool, &story, &in_order, usize::MAX).await;
        let expected = dump(&pool).await;
        clear(&pool).await;
        write(&pool, &story, &order, batch).await;
        assert_eq!(dump(&pool).await, expected, "choices {choices:?}, order {order:?}, batches of {batch}");
    }
    assert_eq!(told, BTreeSet::from_iter(Event::NAMES.iter().copied()), "every event of the program occurs");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn replaying_the_ledger_in_other_batches_gives_the_same_tables(pool: PgPool) {
    let story = Story::of(&(0..80).map(|choice: u8| choice.wrapping_mul(37)).collect::<Vec<_>>());
    let steps = steps(&story.ledger);
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    apply(&steps, &mut connection).await.expect("one batch");
    let expected = dump(&pool).await;
    assert_eq!(count(&pool, "event").await, story.ledger.len() as i64);

    // Again over what is there.
    apply(&steps, &mut connection).await.expect("the same again");
    assert_eq!(dump(&pool).await, expected);

    clear(&pool).await;
    begin(&pool).await;
    for steps in steps.chunks(3) {
        apply(steps, &mut connection).await.expect("a batch");
    }
    assert_eq!(dump(&pool).await, expected);
}

#[test]
fn a_number_beyond_what_the_database_holds_is_refused() {
    let mut story = Story::of(&[0]);
    let (slot, ledger) = story.ledger.pop().expect("a mint");
    let Event::RecordMinted(mut event) = ledger.event.clone() else { panic!("a mint") };
    event.record_count = u64::MAX;
    let ledger = aegle_indexer::decode::LedgerEvent { event: Event::RecordMinted(event), ..ledger };
    let refused = project_event(slot, &ledger, &mut Facts::default());
    assert_eq!(refused, Err(Reason::TooLarge("record_count")));
}
