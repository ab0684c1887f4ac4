//! Lies that end: the mirror must end complete, and never say that something is final which is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use aegle_client::Event;
use aegle_indexer::{
    ingest::IngestConfig,
    telemetry::{LogConfig, LogFormat, start_logs},
    verify::{VerifyConfig, verify},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    chain::{Chain, DEEPEST, Moment},
    faults::{self, Fault, Faults},
    ingester::Ingester,
    mirror::Database,
    node::{Node, TIMEOUT},
    oracle::Oracle,
};

const SEEDS: u64 = 200;
/// Seeds under way at once: they mostly wait.
const AT_ONCE: u64 = 16;
/// How long a moment that the mirror should follow lasts at most.
const MOMENT: Duration = Duration::from_millis(1_500);
/// How long the mirror may take to end complete.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// What the seeds held, so that a test of nothing is noticed.
#[derive(Debug, Default)]
struct Tally {
    told: BTreeMap<Fault, u64>,
    events: BTreeSet<&'static str>,
    /// Orphaned heads that the mirror was seen to hold as confirmed, by how deep below them the truth is.
    orphans: BTreeMap<usize, u64>,
    /// How often the mirror's finalized slot was seen to move.
    moves: u64,
    blocks: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_6_lies_that_end_lose_repeat_and_invent_nothing() {
    let number = |name| env::var(name).ok().map(|value: String| value.parse::<u64>().expect(name));
    let one = number("AEGLE_NODE_SEED");
    let (first, count) = one.map_or((0, number("AEGLE_NODE_SEEDS").unwrap_or(SEEDS)), |seed| (seed, 1));
    if one.is_some() {
        // Somebody wants to know.
        let logs = LogConfig { format: LogFormat::Pretty, filter: "info,aegle_indexer=debug".into() };
        start_logs(&logs).expect("logs");
    }
    let next = Arc::new(AtomicU64::new(first));
    let workers = (0..AT_ONCE.min(count)).map(|_| {
        let next = next.clone();
        tokio::spawn(async move {
            let database = Database::create("node").await;
            let mut outcomes = Vec::new();
            loop {
                let seed = next.fetch_add(1, Relaxed);
                if seed >= first + count {
                    break;
                }
                let began = Instant::now();
                let mut tally = Tally::default();
                let outcome = survive(seed, &database, &mut tally).await;
                if let Err(failure) = &outcome {
                    println!("seed {seed}: {failure}");
                }
                outcomes.push((seed, outcome, tally, began.elapsed()));
            }
            database.remove().await;
            outcomes
        })
    });
    let workers: Vec<_> = workers.collect();
    let (mut all, mut failures, mut slowest) = (Tally::default(), Vec::new(), (Duration::ZERO, 0));
    for worker in workers {
        for (seed, outcome, tally, took) in worker.await.expect("no panic") {
            if let Err(failure) = outcome {
                failures.push(format!("seed {seed}, again with AEGLE_NODE_SEED={seed}: {failure}"));
            }
            slowest = slowest.max((took, seed));
            all.add(tally);
        }
    }
    println!("{count} seeds, the slowest {} in {:?}; {all:#?}", slowest.1, slowest.0);
    assert!(failures.is_empty(), "{} of {count} seeds failed:\n{}", failures.len(), failures.join("\n"));
    if count >= SEEDS {
        all.assert_covers();
    }
}

/// Plays a seed from the first moment to the last.
async fn survive(seed: u64, database: &Database, tally: &mut Tally) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 1 << 63);
    let config = IngestConfig {
        poll_ms: rng.gen_range(20..100),
        timeout_ms: TIMEOUT.as_millis() as u64,
        concurrency: rng.gen_range(1..=8),
        queue_blocks: rng.gen_range(1..=8),
        batch_blocks: rng.gen_range(1..=16),
        ..Default::default()
    };
    database.clear().await;
    let served = Node::serve(Chain::generate(seed), Faults::transient(seed)).await;
    let node = &served.node;
    let mut oracle = Oracle::of(&node.chain);
    let mut ingester = Ingester::start(&served, database, config.clone());
    for (index, moment) in node.chain.moments.iter().enumerate() {
        node.move_to(index);
        // Once in a while the process is replaced.
        if rng.gen_ratio(1, 25) {
            ingester.end().await?;
            ingester = Ingester::start(&served, database, config.clone());
        }
        let last = index + 1 == node.chain.moments.len();
        let lasts = if last {
            PATIENCE
        } else if moment.lasts {
            MOMENT
        } else {
            Duration::ZERO
        };
        let followed = follow(moment, last, lasts, node, &ingester, database, &mut oracle, tally).await?;
        if ingester.is_finished() {
            ingester.end().await?;
            return Err("ingestion ended by itself".into());
        }
        if last && !followed {
            return Err(format!("the mirror did not follow to the end: {:?}", database.snapshot().await));
        }
    }
    let (patient, never) = (VerifyConfig { interval: 0, patience: 5, reread_after: 0 }, CancellationToken::new());
    let report = verify(ingester.source.as_ref(), &database.pool, &patient, &never).await;
    let report = report.map_err(|error| error.to_string())?;
    if report.accounts != node.chain.accounts.len() || !report.differences.is_empty() {
        return Err(format!("states differ from the accounts: {report:#?}"));
    }
    ingester.end().await?;
    oracle.check_end(database).await?;
    tally.told = std::mem::take(&mut node.faults().told);
    tally.events.extend(oracle.names());
    tally.moves = oracle.moves;
    tally.blocks = node.chain.blocks.len() as u64;
    Ok(())
}

/// Looks at the mirror until it is where the node is; whether it came there in time.
#[allow(clippy::too_many_arguments, reason = "one loop, once")]
async fn follow(
    moment: &Moment,
    last: bool,
    lasts: Duration,
    node: &Node,
    ingester: &Ingester,
    database: &Database,
    oracle: &mut Oracle,
    tally: &mut Tally,
) -> Result<bool, String> {
    let until = Instant::now() + lasts;
    let slot = |block: usize| node.chain.blocks[block].slot as i64;
    let hash = |block: usize| hex::encode(node.chain.blocks[block].hash);
    let head = (slot(moment.head), hash(moment.head));
    let mut seen = None;
    loop {
        let frontier = database.frontier().await;
        if seen.as_ref() != Some(&frontier)
            && let Some(snapshot) = database.snapshot().await
        {
            seen = Some(frontier);
            oracle.check(&snapshot)?;
            let final_too = !last || snapshot.finalized == head;
            if snapshot.confirmed == head && final_too {
                let depth = depth(&node.chain, moment.head);
                if depth > 0 {
                    *tally.orphans.entry(depth).or_default() += 1;
                }
                return Ok(true);
            }
            // A mirror follows what is new, not a node that falls back.
            if !last && snapshot.confirmed.0 >= head.0 {
                return Ok(false);
            }
        }
        if ingester.is_finished() || Instant::now() >= until {
            return Ok(false);
        }
        sleep(LOOK).await;
    }
}

/// How many blocks `head` is above the true branch.
fn depth(chain: &Chain, head: usize) -> usize {
    let (mut block, mut depth) = (head, 0);
    while !chain.truth.contains(&block) {
        (block, depth) = (chain.blocks[block].parent, depth + 1);
    }
    depth
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (fault, times) in other.told {
            *self.told.entry(fault).or_default() += times;
        }
        for (depth, times) in other.orphans {
            *self.orphans.entry(depth).or_default() += times;
        }
        self.events.extend(other.events);
        self.moves += other.moves;
        self.blocks += other.blocks;
    }

    /// Every fault was met, every event there is was mirrored, and orphans of every depth were held.
    fn assert_covers(&self) {
        let missing: Vec<Fault> = faults::all().filter(|fault| !self.told.contains_key(fault)).collect();
        assert!(missing.is_empty(), "no seed told {missing:?}");
        let missing: Vec<&&str> = Event::NAMES.iter().filter(|name| !self.events.contains(*name)).collect();
        assert!(missing.is_empty(), "no seed holds {missing:?}; indexer/tests/ingest/story.rs must tell them");
        let depths = [1, 2, 3, 5, 8, DEEPEST];
        assert!(depths.iter().all(|depth| self.orphans.contains_key(depth)), "orphans held: {:?}", self.orphans);
    }
}
