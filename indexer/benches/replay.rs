//! How fast a recorded ledger is decoded and stored, against a raw binary COPY of the same rows and
//! against one upsert per row, committed with each transaction of the ledger, as a mirror without
//! batches does; interleaved in one run. Needs DATABASE_URL; prints FIGURE lines.

#[allow(dead_code)]
#[path = "../tests/ingest/blocks.rs"]
mod blocks;
#[path = "replay/contestants.rs"]
mod contestants;
#[path = "replay/ledger.rs"]
mod ledger;

use std::time::{Duration, Instant};

use aegle_client::PROGRAM_ID;
use aegle_indexer::{
    db::MIGRATIONS,
    ingest,
    source::{Origin, RecordedBlock, Recording, Writer},
};
use anyhow::{Context, ensure};
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

const EVENTS: usize = 100_000;
const EVENTS_PER_BLOCK: usize = 50;
const ROUNDS: usize = 3;
/// One upsert per row is so slow that a part of the ledger tells.
const UPSERTED: usize = 40;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL").context("set DATABASE_URL to an empty database")?;
    let pool = PgPool::connect(&url).await?;
    MIGRATIONS.run(&pool).await?;
    let mut connection = PgConnection::connect(&url).await?;
    contestants::keep_autovacuum_away(&mut connection).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger");
    let blocks = ledger::generate(EVENTS, EVENTS_PER_BLOCK);
    let origin = Origin {
        genesis_hash: blocks::GENESIS,
        program: PROGRAM_ID.to_bytes(),
        parent_slot: 0,
        parent_hash: blocks::hash(0, 0),
    };
    let mut writer = Writer::create(&path, &origin)?;
    for (slot, block) in &blocks {
        writer.add(&RecordedBlock::of(*slot, block)?)?;
    }
    let part = i64::try_from(writer.finish()?.blocks)? / UPSERTED as i64;

    let (mut replays, mut copies, mut upserts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        contestants::clear(&mut connection).await?;
        let start = Instant::now();
        let done = ingest::replay(&Recording::open(&path)?, &pool, &CancellationToken::new()).await?;
        let replay = rate(done.events_added, start.elapsed());
        ensure!(done.events_added == EVENTS as u64, "{} events were stored", done.events_added);
        let all = contestants::capture(&mut connection, i64::MAX).await?;
        let some = contestants::capture(&mut connection, part).await?;

        contestants::clear(&mut connection).await?;
        let start = Instant::now();
        contestants::copy(&all, &mut connection).await?;
        let copy = rate(done.events_added, start.elapsed());

        contestants::clear(&mut connection).await?;
        let start = Instant::now();
        contestants::upsert(&some, true, &mut connection).await?;
        let upsert = rate(part as u64 * EVENTS_PER_BLOCK as u64, start.elapsed());

        contestants::clear(&mut connection).await?;
        let start = Instant::now();
        contestants::upsert(&some, false, &mut connection).await?;
        let together = rate(part as u64 * EVENTS_PER_BLOCK as u64, start.elapsed());

        println!(
            "events per second: replay {replay:.0}, copy {copy:.0}, upsert {upsert:.0}, \
             {together:.0} in one transaction"
        );
        replays.push(replay);
        copies.push(copy);
        upserts.push(upsert);
    }
    let (replay, copy, upsert) = (median(replays), median(copies), median(upserts));
    figure("replay_ratio_to_copy", &format!("{:.2}", replay / copy), "x", replay / copy, 0.4);
    figure("replay_ratio_to_upsert", &format!("{:.1}", replay / upsert), "x", replay / upsert, 8.0);
    figure("replay_events_per_second", &format!("{replay:.0}"), "events/s", replay, 20_000.0);
    Ok(())
}

fn rate(events: u64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn figure(name: &str, text: &str, unit: &str, value: f64, least: f64) {
    let kept = if value >= least { "ok" } else { "MISSED" };
    println!("FIGURE {name} {text} {unit} >={least} {kept}");
}
