use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use aegle_stack::indexer::{Api, Indexer, Settings};
use rand::{RngCore, rngs::OsRng};
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::{crashes::load, stack::Stack};

const PATIENTS: u64 = 3;
/// Seconds without a sign of life after which the ingester is replaced.
const TAKEOVER_AFTER: u64 = 2;
/// Within which another process ingests once the one that did was killed, with room for a slow machine.
const AFTER_A_KILL: Duration = Duration::from_secs(4);
const AFTER_A_FREEZE: Duration = Duration::from_secs(TAKEOVER_AFTER + 4);

/// Notes which connection moves the mirror, or says where the node is.
const AUDIT: &str = "
    CREATE SCHEMA audit;
    CREATE TABLE audit.writes (id bigserial PRIMARY KEY, pid int NOT NULL);
    CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO audit.writes (pid) VALUES (pg_backend_pid());
        RETURN NULL;
    END $$;
    CREATE TRIGGER audit AFTER UPDATE ON checkpoint FOR EACH ROW EXECUTE FUNCTION audit.note();
    CREATE TRIGGER audit AFTER INSERT OR UPDATE ON node_tip FOR EACH ROW EXECUTE FUNCTION audit.note();";

struct Process {
    settings: Settings,
    indexer: Indexer,
}

/// The process, of those, that says that it ingests.
async fn ingester(processes: &[Process]) -> usize {
    for _ in 0..500 {
        for (number, process) in processes.iter().enumerate() {
            if process.indexer.api.ingests().await {
                return number;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody says that it ingests");
}

/// The connection that wrote last.
async fn writer(database: &mut PgConnection) -> Option<i32> {
    let newest = "SELECT pid FROM audit.writes ORDER BY id DESC LIMIT 1";
    sqlx::query_scalar(newest).fetch_optional(database).await.expect("audit")
}

/// Waits until another connection writes.
async fn taken_over(database: &mut PgConnection, before: Option<i32>, within: Duration) {
    let deadline = Instant::now() + within;
    while writer(database).await == before {
        assert!(Instant::now() < deadline, "nobody ingests {within:?} after the ingester was lost");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for events all the time; every answer must hold data. Returns how many there were.
async fn ask(api: Api, end: Arc<AtomicBool>) -> usize {
    let mut answers = 0;
    while !end.load(Ordering::Relaxed) {
        api.get("/v1/chain/events?limit=5").await.expect("an answer while ingesters change");
        answers += 1;
        sleep(Duration::from_millis(50)).await;
    }
    answers
}

/// INV-6, INV-10: of three ingesters one works. It is killed, and frozen and woken when another has
/// taken over, while patients act: nothing is lost, nothing stands twice, the API goes on serving and
/// its stream gives every event once.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_ingester_takes_over_from_one_that_is_killed_or_frozen() {
    let began = Instant::now();
    let mut stack = Stack::start(|settings| {
        settings.environment.push(("AEGLE_INGEST__TAKEOVER_AFTER".into(), TAKEOVER_AFTER.to_string()));
    })
    .await;
    let mut database = PgConnection::connect(&stack.settings.database_url).await.expect("database");
    database.execute(AUDIT).await.expect("audit");
    let reader = stack.settings.another("reader", "api").expect("settings");
    let mut reader = reader.start().expect("start");
    let mut processes = Vec::new();
    for name in ["second", "third"] {
        let settings = stack.settings.another(name, "both").expect("settings");
        let indexer = settings.start().expect("start");
        processes.push(Process { settings, indexer });
    }
    reader.ready(Duration::from_secs(30)).await.expect("ready");
    for process in &mut processes {
        process.indexer.ready(Duration::from_secs(30)).await.expect("ready");
    }
    // From here on all three are alike.
    let first = Process { settings: stack.settings.clone(), indexer: stack.indexer };
    processes.push(first);

    let end = Arc::new(AtomicBool::new(false));
    let seed = OsRng.next_u64();
    println!("seed {seed}");
    let patients: Vec<_> = (0..PATIENTS)
        .map(|number| tokio::spawn(load(stack.operator.clone(), seed.wrapping_add(number), end.clone())))
        .collect();
    let asking = tokio::spawn(ask(reader.api.clone(), end.clone()));
    let (count, known) = tokio::sync::watch::channel(usize::MAX);
    let api = reader.api.clone();
    let following = tokio::spawn(async move { api.follow(known).await.expect("stream") });

    let mut terms = 1;
    for frozen in [false, true, false, true] {
        let current = ingester(&processes).await;
        sleep(Duration::from_millis(500)).await;
        let before = writer(&mut database).await;
        assert!(before.is_some(), "the ingester writes");
        let lost = Instant::now();
        if frozen {
            processes[current].indexer.freeze().expect("freeze");
            taken_over(&mut database, before, AFTER_A_FREEZE).await;
            println!("took over {:?} after a freeze", lost.elapsed());
            sleep(Duration::from_millis(300)).await;
            processes[current].indexer.thaw().expect("thaw");
            // It learns that it was replaced, and stands by.
            let deadline = Instant::now() + Duration::from_secs(5);
            while processes[current].indexer.api.ingests().await {
                assert!(Instant::now() < deadline, "who was replaced still takes itself for the ingester");
                sleep(Duration::from_millis(20)).await;
            }
        } else {
            processes[current].indexer.kill().await.expect("kill");
            taken_over(&mut database, before, AFTER_A_KILL).await;
            println!("took over {:?} after a kill", lost.elapsed());
            processes[current].indexer = processes[current].settings.start().expect("start");
        }
        terms += 1;
    }
    end.store(true, Ordering::Relaxed);
    let (mut transactions, mut last) = (1, 0); // The configuration is one, too.
    for patient in patients {
        let (count, slot) = patient.await.expect("patient");
        transactions += count;
        last = slot.max(last);
    }
    assert!(asking.await.expect("answers") > 20);

    stack.indexer = processes.pop().expect("the first").indexer;
    stack.indexer.ready(Duration::from_secs(30)).await.expect("ready");
    stack.finalized(last).await;
    stack.verify().await;
    let events = reader.api.events().await.expect("events");
    assert_eq!(events.len(), transactions, "one event for every transaction");
    count.send(events.len()).expect("the stream goes on");
    assert!(following.await.expect("stream") == events, "the stream gave each event once, in order");

    let mut writers: Vec<i32> =
        sqlx::query_scalar("SELECT pid FROM audit.writes ORDER BY id").fetch_all(&mut database).await.expect("audit");
    writers.dedup();
    assert_eq!(writers.len(), terms, "one writes at a time, and who was replaced never again: {writers:?}");
    database.close().await.expect("close");
    for process in processes {
        assert!(process.indexer.stop().await.expect("stop").success());
    }
    assert!(reader.stop().await.expect("stop").success());
    stack.stop().await;
    println!("{transactions} transactions in {:?}", began.elapsed());
}
