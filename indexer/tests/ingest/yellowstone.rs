//! The whole of ingestion over a stream, against a server that speaks its protobuf. The node behind it
//! is a ledger that the tests write; whatever the stream does, the tables are the node's (INV-6).

use std::{collections::HashSet, sync::Arc, time::Duration};

use aegle_client::Pubkey;
use aegle_indexer::source::{Finality, Source, SourceError, YellowstoneConfig, YellowstoneSource};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{
    Rng, SeedableRng,
    rngs::{OsRng, StdRng},
    seq::SliceRandom,
};
use solana_keypair::Keypair;
use solana_message::{Hash, VersionedMessage, v1};
use solana_signer::Signer;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{EncodedTransaction, TransactionBinaryEncoding, UiConfirmedBlock};
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};
use yellowstone_grpc_proto::prelude::SubscribeUpdateBlock;

use crate::{
    blocks::{Tx, block_with},
    geyser::Geyser,
    ledger::Ledger,
    mirror::{clear, count, dump, read_checkpoint},
    pipeline::{reach, start},
    story::{Story, created},
};

/// Short, so that tests need not wait; longer than a loaded machine takes for a block.
const STALL: Duration = Duration::from_millis(400);

struct Streaming {
    source: Arc<YellowstoneSource<Ledger>>,
    _stop: DropGuard,
}

fn stream(ledger: &Arc<Ledger>, url: &str, token: Option<&str>, stall: Duration) -> Streaming {
    let stop = CancellationToken::new();
    let config = YellowstoneConfig { stall, ..YellowstoneConfig::new(url.to_owned(), token.map(str::to_owned)) };
    let source = YellowstoneSource::new(ledger.clone(), config, stop.clone()).expect("a stream");
    Streaming { source: Arc::new(source), _stop: stop.drop_guard() }
}

/// The block with every transaction signed, as those of a real ledger are; some as version 1.
fn signed(mut block: UiConfirmedBlock) -> UiConfirmedBlock {
    let payer = Keypair::new_from_array([21; 32]);
    for (index, encoded) in block.transactions.iter_mut().flatten().enumerate() {
        let mut transaction = encoded.transaction.decode().expect("a transaction");
        // Two transactions of the same content differ by it.
        let unique = Hash::new_from_array(transaction.signatures[0].as_ref()[..32].try_into().expect("32 bytes"));
        transaction.message.set_recent_blockhash(unique);
        match &mut transaction.message {
            VersionedMessage::Legacy(message) => message.account_keys[0] = payer.pubkey(),
            VersionedMessage::V0(message) => message.account_keys[0] = payer.pubkey(),
            VersionedMessage::V1(message) => message.account_keys[0] = payer.pubkey(),
        }
        if let VersionedMessage::Legacy(message) = &transaction.message
            && index % 3 == 2
        {
            let config = v1::TransactionConfig::empty().with_compute_unit_limit(200_000).with_priority_fee(7);
            let (keys, instructions) = (message.account_keys.clone(), message.instructions.clone());
            transaction.message =
                VersionedMessage::V1(v1::Message::new(message.header, config, unique, keys, instructions));
            encoded.version = Some(TransactionVersion::Number(1));
        }
        transaction.signatures[0] = payer.sign_message(&transaction.message.serialize());
        encoded.transaction = wire(&transaction);
    }
    block
}

fn wire(transaction: &VersionedTransaction) -> EncodedTransaction {
    let wire = wincode::serialize(transaction).expect("wire");
    EncodedTransaction::Binary(BASE64_STANDARD.encode(wire), TransactionBinaryEncoding::Base64)
}

/// A story of everything as blocks, among transactions of others and failed ones, some through tables.
fn story_ledger() -> Ledger {
    let story = Story::of(&[1, 3, 11, 5, 0, 19, 7, 13, 10, 15, 9, 17, 2, 19, 1, 11, 12, 5, 3, 18]);
    let ledger = Ledger::new(0);
    let mut number = 0;
    for slot in 1..=story.last_slot() as u64 {
        let mut transactions = Vec::new();
        for (_, event) in story.ledger.iter().filter(|(at, _)| *at == slot as i64) {
            number += 10;
            let other = Tx::new(number).inner(Pubkey::new_from_array([8; 32]), vec![], event.data.clone());
            let mut failed = Tx::new(number + 1).event(&created(200));
            failed.failed = true;
            let called = Tx::new(number + 2).inner(Pubkey::new_from_array([8; 32]), vec![], vec![1]);
            let mut own = called.event_bytes(event.data.clone());
            own.table = number % 20 == 0;
            transactions.extend([other, failed, own]);
        }
        let block = signed(block_with(slot, 0, (slot - 1, 0), transactions));
        ledger.script().blocks.insert(slot, block);
    }
    ledger.script().finalized = story.last_slot() as u64 - 2;
    ledger
}

/// The tables that the node alone gives, from a mirror that is emptied again.
async fn plain(ledger: &Arc<Ledger>, pool: &PgPool) -> Vec<String> {
    let running = start(ledger, pool);
    let (tip, finalized) = ends(ledger);
    reach(pool, tip, finalized).await;
    running.end().await;
    let tables = dump(pool).await;
    clear(pool).await;
    tables
}

/// The ledger's newest and newest final block, with their forks.
fn ends(ledger: &Ledger) -> ((u64, u8), (u64, u8)) {
    let script = ledger.script();
    let end = |slot: u64| {
        let last = script.blocks.range(..=slot).next_back();
        last.map_or((0, 0), |(slot, block)| (*slot, bs58::decode(&block.blockhash).into_vec().expect("hash")[31]))
    };
    (end(u64::MAX), end(script.finalized))
}

fn blocks(ledger: &Ledger) -> Vec<(u64, UiConfirmedBlock)> {
    ledger.script().blocks.iter().map(|(slot, block)| (*slot, block.clone())).collect()
}

/// Makes the node answer no block, but still its links and how far it is.
fn withhold(ledger: &Ledger) {
    let mut script = ledger.script();
    script.absent = script.blocks.keys().copied().collect();
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn the_stream_alone_gives_the_tables_that_the_node_gives(pool: PgPool) {
    let ledger = Arc::new(story_ledger());
    let expected = plain(&ledger, &pool).await;
    assert!(expected.iter().filter(|table| table.lines().count() > 1).count() > 10, "most tables have rows");

    withhold(&ledger);
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    for (slot, block) in blocks(&ledger) {
        geyser.publish(slot, &block);
    }
    let (tip, finalized) = ends(&ledger);
    reach(&pool, tip, finalized).await;
    running.end().await;
    assert_eq!(dump(&pool).await, expected);
    assert_eq!(geyser.asked().len(), 1);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_block_that_cannot_be_read_for_certain_is_asked_of_the_node(pool: PgPool) {
    let ledger = Arc::new(story_ledger());
    let expected = plain(&ledger, &pool).await;
    type Alteration = fn(&mut SubscribeUpdateBlock);
    // Of each block the failed transaction and the one after it pass the filter.
    let alterations: [(&str, Alteration); 12] = [
        ("no outcome", |block| block.transactions[1].meta = None),
        ("nothing recorded", |block| block.transactions[1].meta.as_mut().expect("meta").inner_instructions_none = true),
        ("no transaction", |block| block.transactions[1].transaction = None),
        ("no message", |block| block.transactions[1].transaction.as_mut().expect("transaction").message = None),
        ("a signature cut short", |block| {
            block.transactions[1].transaction.as_mut().expect("transaction").signatures[0].pop();
        }),
        ("no signature", |block| block.transactions[1].transaction.as_mut().expect("transaction").signatures.clear()),
        ("the signature of another", |block| block.transactions[1].signature = vec![1; 64]),
        ("an index twice", |block| block.transactions[0].index = 2),
        ("an index beyond the block", |block| block.transactions[1].index = u64::MAX),
        ("a key more", |block| {
            let message = block.transactions[1].transaction.as_mut().expect("transaction").message.as_mut();
            message.expect("message").account_keys.push(vec![7; 32]);
        }),
        ("an index that is none", |block| {
            let meta = block.transactions[1].meta.as_mut().expect("meta");
            meta.inner_instructions[0].instructions[1].program_id_index = 300;
        }),
        ("a hash that is none", |block| block.blockhash = "0".into()),
    ];
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    geyser.subscribed(1).await;
    for (slot, block) in blocks(&ledger) {
        let busy = block.transactions.as_ref().is_some_and(|transactions| !transactions.is_empty());
        match slot.checked_sub(2).and_then(|number| alterations.get(number as usize)) {
            Some((what, alter)) => {
                assert!(busy, "{what} needs a transaction");
                geyser.publish_altered(slot, &block, alter);
            }
            None => {
                geyser.publish(slot, &block);
                ledger.script().absent.insert(slot);
            }
        }
    }
    assert!(blocks(&ledger).len() > alterations.len() + 2);
    let running = start(&streaming.source, &pool);
    let (tip, finalized) = ends(&ledger);
    reach(&pool, tip, finalized).await;
    assert_eq!(dump(&pool).await, expected);

    // The newest is asked for too, though the stream brings nothing after it.
    let slot = tip.0 + 1;
    let block = signed(block_with(slot, 0, tip, vec![Tx::new(1).event(&created(90))]));
    ledger.script().blocks.insert(slot, block.clone());
    geyser.publish_altered(slot, &block, |block| block.transactions[0].meta = None);
    reach(&pool, (slot, 0), finalized).await;
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn an_unknown_transaction_version_stops_as_from_the_node(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    // Its signature covers what the stream's format cannot say.
    let mut tx = Tx::new(1).event(&created(1));
    tx.version = Some(TransactionVersion::Number(9));
    let signature = tx.signature.to_string();
    ledger.script().blocks.insert(6, block_with(6, 0, (5, 0), vec![tx]));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    geyser.subscribed(1).await;
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    let failure = start(&streaming.source, &pool).failure().await.to_string();
    assert!(failure.contains("slot 6") && failure.contains(&signature) && failure.contains("version 9"), "{failure}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_short_drop_is_replayed_and_a_long_one_filled_by_the_node(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(40));
    let geyser = Geyser::start().await;
    geyser.remember();
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    reach(&pool, (40, 0), (0, 0)).await;

    // While nobody listens, blocks that the node will not give come and stay in the window.
    geyser.hang_up();
    let missed: Vec<u64> = (41..=45).collect();
    for slot in &missed {
        let block =
            signed(block_with(*slot, 0, (slot - 1, 0), vec![Tx::new(*slot as u32).event(&created(*slot as u8))]));
        ledger.script().absent.insert(*slot);
        ledger.script().blocks.insert(*slot, block.clone());
        geyser.publish(*slot, &block);
    }
    reach(&pool, (45, 0), (0, 0)).await;
    assert_eq!(count(&pool, "event").await, 5);
    assert_eq!(geyser.asked()[1].from_slot, Some(40));

    // And blocks that leave the window before anybody listens again.
    geyser.hang_up();
    for slot in 46..=160 {
        let block = signed(block_with(slot, 0, (slot - 1, 0), vec![Tx::new(slot as u32).event(&created(slot as u8))]));
        ledger.script().blocks.insert(slot, block.clone());
        geyser.publish(slot, &block);
    }
    geyser.forget_below(150);
    reach(&pool, (160, 0), (0, 0)).await;
    geyser.subscribed(4).await;
    let asked: Vec<_> = geyser.asked().into_iter().skip(2).map(|asked| asked.from_slot).collect();
    assert_eq!(asked[..2], [Some(45), None], "refused, then without replay");

    // The stream is of use again.
    let block = signed(block_with(161, 0, (160, 0), vec![Tx::new(161).event(&created(161))]));
    ledger.script().blocks.insert(161, block.clone());
    geyser.publish(161, &block);
    reach(&pool, (161, 0), (0, 0)).await;
    running.end().await;
    assert_eq!(count(&pool, "event").await, 5 + 115 + 1);
    let followed = dump(&pool).await;
    clear(&pool).await;
    ledger.script().absent.clear();
    assert_eq!(plain(&ledger, &pool).await, followed);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_stream_that_only_pings_is_left_and_the_node_goes_on(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, STALL);
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    reach(&pool, (10, 0), (0, 0)).await;

    let block = signed(block_with(11, 0, (10, 0), vec![Tx::new(1).event(&created(1))]));
    ledger.script().blocks.insert(11, block);
    let pinging = async {
        loop {
            geyser.ping();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = pinging => {}
        () = async { reach(&pool, (11, 0), (0, 0)).await; geyser.subscribed(2).await } => {}
    }
    assert!(geyser.pings_answered() > 0);
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_stream_that_falls_behind_does_not_hold_the_mirror_back(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(60));
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    reach(&pool, (10, 0), (0, 0)).await;

    // Within the leeway it is waited for; beyond it the node is asked. INV-10: the node's slot counts.
    for slot in 11..=40 {
        ledger.script().blocks.insert(slot, block_with(slot, 0, (slot - 1, 0), Vec::new()));
    }
    reach(&pool, (40, 0), (0, 0)).await;
    assert_eq!(streaming.source.tip(Finality::Confirmed).await.expect("tip"), 40);
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_fork_that_the_stream_follows_leaves_no_trace(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    let tx = |number| Tx::new(number).event(&created(number as u8));
    ledger.script().blocks.insert(9, signed(block_with(9, 0, (8, 0), vec![tx(1)])));
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    reach(&pool, (10, 0), (0, 0)).await;
    assert_eq!(count(&pool, "event").await, 1);

    let abandoned = ledger.script().blocks.split_off(&8);
    for (slot, parent, numbers) in [(9, (7, 0), vec![2]), (12, (9, 1), vec![1, 3])] {
        let block = signed(block_with(slot, 1, parent, numbers.into_iter().map(tx).collect()));
        ledger.script().blocks.insert(slot, block.clone());
        ledger.script().absent.insert(slot);
        geyser.publish(slot, &block);
    }
    reach(&pool, (12, 1), (0, 0)).await;
    ledger.script().finalized = 12;
    reach(&pool, (12, 1), (12, 1)).await;
    // Too late: what is final is never contradicted by the stream.
    abandoned.iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    let next = signed(block_with(13, 1, (12, 1), vec![tx(4)]));
    ledger.script().blocks.insert(13, next.clone());
    geyser.publish(13, &next);
    reach(&pool, (13, 1), (12, 1)).await;
    geyser.publish(15, &block_with(15, 0, (10, 0), Vec::new()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = signed(block_with(14, 1, (13, 1), vec![tx(5)]));
    ledger.script().blocks.insert(14, next.clone());
    geyser.publish(14, &next);
    reach(&pool, (14, 1), (12, 1)).await;
    running.end().await;
    let followed = dump(&pool).await;
    clear(&pool).await;
    ledger.script().absent.clear();
    assert_eq!(plain(&ledger, &pool).await, followed);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_fork_that_the_stream_missed_is_followed_by_the_node(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    geyser.subscribed(1).await;
    blocks(&ledger).iter().for_each(|(slot, block)| geyser.publish(*slot, block));
    reach(&pool, (10, 0), (0, 0)).await;

    // It keeps blocks of the branch that the node leaves, and nobody tells it.
    geyser.expect_token(Some("of somebody else"));
    geyser.hang_up();
    {
        let mut script = ledger.script();
        script.blocks.split_off(&8);
        script.blocks.insert(9, block_with(9, 1, (7, 0), Vec::new()));
        script.blocks.insert(12, block_with(12, 1, (9, 1), Vec::new()));
    }
    reach(&pool, (12, 1), (0, 0)).await;
    running.end().await;
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_stream_of_another_cluster_is_never_used(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    let streaming = stream(&ledger, &geyser.url, None, Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    for number in 1..=2 {
        geyser.subscribed(number).await;
        for slot in 8..=30 {
            let tx = Tx::new(slot as u32).event(&created(slot as u8));
            geyser.publish(slot, &signed(block_with(slot, 5, (slot - 1, 5), vec![tx])));
        }
    }
    geyser.subscribed(3).await;
    ledger.script().blocks.insert(11, block_with(11, 0, (10, 0), Vec::new()));
    reach(&pool, (11, 0), (0, 0)).await;
    assert_eq!(streaming.source.tip(Finality::Confirmed).await.expect("tip"), 11);
    running.end().await;
    assert_eq!(count(&pool, "event").await, 0);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_refused_token_leaves_the_node_and_an_accepted_one_brings_the_stream(pool: PgPool) {
    let ledger = Arc::new(Ledger::new(10));
    let geyser = Geyser::start().await;
    geyser.expect_token(Some("another"));
    let streaming = stream(&ledger, &geyser.url, Some("secret-token"), Duration::from_secs(20));
    let running = start(&streaming.source, &pool);
    reach(&pool, (10, 0), (0, 0)).await;
    assert!(geyser.asked().iter().all(|asked| asked.token.as_deref() == Some("secret-token")));
    assert!(!geyser.asked().is_empty());

    geyser.expect_token(Some("secret-token"));
    geyser.subscribed(1).await;
    withhold(&ledger);
    ledger.script().absent.insert(11);
    let block = signed(block_with(11, 0, (10, 0), vec![Tx::new(1).event(&created(1))]));
    ledger.script().blocks.insert(11, block.clone());
    geyser.publish(11, &block);
    reach(&pool, (11, 0), (0, 0)).await;
    running.end().await;
    assert_eq!(count(&pool, "event").await, 1);
}

#[tokio::test]
async fn no_log_repeats_the_token_even_where_the_server_does() {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("log").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let logs = tracing_subscriber::fmt().with_env_filter("trace").with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(logs);

    let geyser = Geyser::start().await;
    geyser.expect_token(Some("another"));
    let _streaming = stream(&Arc::new(Ledger::new(1)), &geyser.url, Some("secret-token"), STALL);
    while geyser.asked().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let text = String::from_utf8(log.0.lock().expect("log").clone()).expect("text");
    assert!(text.contains("is no valid token"), "the server's words are logged: {text}");
    assert!(!text.contains("secret-token"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_an_address_or_a_token_is_refused_without_repeating_it() {
    let ledger = Arc::new(Ledger::new(1));
    for (url, token) in [("http://[hidden", None), ("http://localhost:1", Some("hidden\ntoken"))] {
        let config = YellowstoneConfig::new(url.to_owned(), token.map(str::to_owned));
        let refused =
            YellowstoneSource::new(ledger.clone(), config, CancellationToken::new()).err().expect("a refusal");
        assert!(matches!(refused, SourceError::Refused(_)) && !refused.to_string().contains("hidden"), "{refused}");
    }
}

#[tokio::test]
async fn an_https_address_is_spoken_to_by_tls_and_gets_no_token_before() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("address"));
    let _streaming = stream(&Arc::new(Ledger::new(1)), &url, Some("secret-token"), STALL);
    let heard = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; 4096];
        let read = std::io::Read::read(&mut listener.accept().expect("a client").0, &mut bytes).expect("bytes");
        bytes.truncate(read);
        bytes
    });
    let heard = heard.await.expect("no panic");
    // The record of a handshake, in it the offer of HTTP/2.
    assert_eq!(heard[..2], [22, 3]);
    assert!(heard.windows(3).any(|bytes| bytes == b"\x02h2"));
    assert!(!heard.windows(12).any(|bytes| bytes == b"secret-token"));
}

/// A chain that grows and forks at random, and a stream of it that loses, repeats, delays and reorders
/// blocks and breaks off, must end in the node's tables.
#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn whatever_the_stream_loses_repeats_or_reorders_the_tables_are_the_nodes(pool: PgPool) {
    let seeds = match std::env::var("AEGLE_SEED") {
        Ok(seed) => vec![seed.parse().expect("AEGLE_SEED is a number")],
        Err(_) => (0..4).map(|_| OsRng.gen_range(0..1_000_000)).collect(),
    };
    for seed in seeds {
        println!("AEGLE_SEED={seed}");
        chaos(seed, &pool).await;
        clear(&pool).await;
    }
}

async fn chaos(seed: u64, pool: &PgPool) {
    let mut rng = StdRng::seed_from_u64(seed);
    let ledger = Arc::new(Ledger::new(3));
    let geyser = Geyser::start().await;
    if rng.gen_bool(0.5) {
        geyser.remember();
    }
    let streaming = stream(&ledger, &geyser.url, None, STALL);
    let running = start(&streaming.source, pool);
    let (mut fork, mut number) = (0, 0);
    let mut late: Vec<(u64, UiConfirmedBlock)> = Vec::new();
    for _ in 0..60 {
        let (tip, finalized) = ends(&ledger);
        let mut parent = tip;
        if rng.gen_bool(0.15) && tip.0 > finalized.0 {
            // Another branch, from a block that is not final.
            fork += 1;
            let root = rng.gen_range(finalized.0.max(tip.0.saturating_sub(6))..tip.0);
            ledger.script().blocks.split_off(&(root + 1));
            parent = ends(&ledger).0;
        }
        let slot = tip.0.max(parent.0) + rng.gen_range(1..=2);
        let transactions = (0..rng.gen_range(0..4)).map(|_| {
            number += 1;
            let tx = Tx::new(number);
            let mut tx = if rng.gen_bool(0.6) { tx.event(&created(number as u8)) } else { tx };
            tx.table = !tx.inner.is_empty() && rng.gen_bool(0.3);
            tx.failed = rng.gen_bool(0.2);
            tx
        });
        let block = signed(block_with(slot, fork, parent, transactions.collect()));
        ledger.script().blocks.insert(slot, block.clone());
        match rng.gen_range(0..10) {
            0 => {}
            1 | 2 => late.push((slot, block)),
            3 => (0..2).for_each(|_| geyser.publish(slot, &block)),
            _ => geyser.publish(slot, &block),
        }
        if rng.gen_bool(0.2) {
            late.shuffle(&mut rng);
            late.drain(..).for_each(|(slot, block)| geyser.publish(slot, &block));
        }
        if rng.gen_bool(0.05) {
            geyser.hang_up();
        }
        if rng.gen_bool(0.1) {
            geyser.forget_below(slot.saturating_sub(4));
        }
        if rng.gen_bool(0.3) {
            // Finality moves where the mirror can follow: the node would not finalize what it leaves.
            let mut script = ledger.script();
            script.finalized = script.finalized.max(slot.saturating_sub(8));
        }
        if rng.gen_bool(0.5) {
            tokio::time::sleep(Duration::from_millis(rng.gen_range(1..25))).await;
        }
    }
    let (tip, finalized) = ends(&ledger);
    reach(pool, tip, finalized).await;
    running.end().await;
    let followed = dump(pool).await;
    let signatures = count(pool, "(SELECT DISTINCT signature FROM event) AS distinct_signatures").await;
    assert!(signatures > 0 && read_checkpoint(pool).await.is_some(), "AEGLE_SEED={seed}");
    clear(pool).await;
    let known: HashSet<String> = plain(&ledger, pool).await.into_iter().collect();
    for table in followed {
        assert!(known.contains(&table), "AEGLE_SEED={seed}: {table}");
    }
}
