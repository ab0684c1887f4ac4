//! Lies that do not end: the mirror stops and says where, or does not pass them; it never takes them
//! for the truth.

use std::time::Duration;

use aegle_indexer::ingest::IngestConfig;
use tokio::time::{Instant, sleep};

use crate::{
    blocks::Transaction,
    chain::{Block, Chain},
    faults::{Fault, Faults, Question},
    ingester::Ingester,
    mirror::{Database, Snapshot},
    node::{Node, Served, TIMEOUT},
    oracle::Oracle,
};

/// How long a lie is told.
const LONG: Duration = Duration::from_secs(12);
const SHORT: Duration = Duration::from_secs(2);

fn config(poll_ms: u64) -> IngestConfig {
    IngestConfig { poll_ms, timeout_ms: TIMEOUT.as_millis() as u64, ..Default::default() }
}

/// A block in the middle of the true branch that has something to lie about.
fn told_about(chain: &Chain) -> &Block {
    let rich = |block: &&Block| {
        let events = |transaction: &Transaction| transaction.instructions.iter().any(|one| !one.inner.is_empty());
        !block.transactions.is_empty()
            && block.transactions.iter().all(|transaction| !transaction.failed && events(transaction))
    };
    let mut middle = chain.truth[4..chain.truth.len() - 3].iter().map(|block| &chain.blocks[*block]);
    middle.find(rich).expect("a block with events")
}

/// A node at its last moment, with all of the chain final, that tells one lie.
async fn lying(seed: u64, fault: Fault) -> (Served, u64, u64) {
    let chain = Chain::generate(7);
    let block = told_about(&chain);
    let (slot, parent) = (block.slot, chain.blocks[block.parent].slot);
    let question = Question::Block { slot, whole: true };
    let last = chain.moments.len() - 1;
    let served = Node::serve(chain, Faults::forever(seed, question, fault)).await;
    served.node.move_to(last);
    (served, slot, parent)
}

async fn snapshot(database: &Database) -> Snapshot {
    database.snapshot().await.expect("a mirror")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_6_what_a_node_never_tells_right_stops_ingestion_with_its_slot() {
    let database = Database::create("stops").await;
    for (fault, words) in [
        (Fault::UnknownVersion, "version 9 is unknown"),
        (Fault::NullMeta, "did not record the outcome"),
        (Fault::NoInner, "did not record inner instructions"),
        (Fault::NoTransactions, "without its transactions"),
        (Fault::RefusedVersion, "-32015"),
        (Fault::Garbled, "cannot be decoded"),
    ] {
        database.clear().await;
        let (served, slot, parent) = lying(0, fault).await;
        let mut oracle = Oracle::of(&served.node.chain);
        let failure = Ingester::start(&served, &database, config(50)).failure().await.expect_err("a failure");
        assert!(failure.contains(&format!("slot {slot}")) && failure.contains(words), "{fault:?}: {failure}");
        let snapshot = snapshot(&database).await;
        oracle.check(&snapshot).expect("what came before is true");
        assert_eq!(snapshot.confirmed.0, parent as i64, "{fault:?}: all that came before is there, and no more");
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_6_a_block_that_a_node_never_gives_is_waited_for() {
    let database = Database::create("waits").await;
    for fault in [Fault::Missing, Fault::Truncated, Fault::Stall] {
        database.clear().await;
        let (served, _, parent) = lying(0, fault).await;
        let mut oracle = Oracle::of(&served.node.chain);
        let ingester = Ingester::start(&served, &database, config(50));
        sleep(SHORT).await;
        assert_eq!(snapshot(&database).await.confirmed.0, parent as i64, "{fault:?}: nothing is passed over");
        // It need not be started anew.
        *served.node.faults() = Faults::none();
        let end = served.node.chain.last().slot as i64;
        let until = Instant::now() + LONG;
        while snapshot(&database).await.finalized.0 < end {
            assert!(Instant::now() < until, "{fault:?}: the mirror goes on");
            sleep(Duration::from_millis(50)).await;
        }
        ingester.end().await.expect("no failure");
        oracle.check_end(&database).await.expect("the truth");
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_6_a_block_never_linked_right_is_never_final() {
    let database = Database::create("links").await;
    // Seeds that make a different wrong parent each: none that there is, one too low, one of another
    // branch, the first, itself.
    for seed in 0..8 {
        database.clear().await;
        let (served, slot, _) = lying(seed, Fault::WrongParent).await;
        let mut oracle = Oracle::of(&served.node.chain);
        let ingester = Ingester::start(&served, &database, config(50));
        let until = Instant::now() + SHORT * 2;
        while Instant::now() < until && !ingester.is_finished() {
            if let Some(snapshot) = database.snapshot().await {
                oracle.check(&snapshot).unwrap_or_else(|failure| panic!("dice {seed}: {failure}"));
                assert!(snapshot.finalized.0 < slot as i64, "dice {seed}: {snapshot:?}");
            }
            sleep(Duration::from_millis(20)).await;
        }
        // It may stop of its own accord, up to the very moment it is told to; then it says where.
        if let Err(failure) = ingester.end().await {
            let named = [format!("slot {slot}"), format!("block {slot} ")].iter().any(|name| failure.contains(name));
            assert!(named, "dice {seed}: {failure}");
        }
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_says_nothing_is_left_for_another() {
    let database = Database::create("silence").await;
    let chain = Chain::generate(11);
    let moments = chain.moments.len();
    let served = Node::serve(chain, Faults::forever(0, Question::Notification, Fault::Silent)).await;
    // Without hints it would look once a minute.
    let ingester = Ingester::start(&served, &database, config(60_000));
    let mut oracle = Oracle::of(&served.node.chain);
    for moment in 0..moments {
        served.node.move_to(moment);
        sleep(Duration::from_millis(20)).await;
    }
    let end = served.node.chain.last().slot as i64;
    let until = Instant::now() + LONG;
    while database.snapshot().await.is_none_or(|snapshot| snapshot.finalized.0 < end) {
        assert!(Instant::now() < until, "the mirror follows");
        sleep(Duration::from_millis(50)).await;
    }
    ingester.end().await.expect("no failure");
    oracle.check_end(&database).await.expect("the truth");
    database.remove().await;
}
