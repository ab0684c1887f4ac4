//! The stream over a mirror whose branches change, against what was made final.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::SeqCst},
};

use aegle_client::{Event, Pubkey, events::VaultCreated};
use aegle_indexer::{
    db::checkpoint::BlockId,
    decode::{Block, Header, LedgerEvent},
    ingest::{Step, apply},
};
use rand::{Rng, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use sqlx::PgPool;

use crate::{
    facts::{CONFIRMED, FINALIZED, Ledger, base58, key, time},
    follow::Service,
};

const STEPS: usize = 300;
const READERS: u64 = 4;

/// A block of the branch that the node follows, with the accounts of its events in order.
#[derive(Clone)]
struct Made {
    id: BlockId,
    accounts: Vec<String>,
}

/// An event of a new account.
fn event(rng: &mut ChaCha20Rng, tx_index: i32, instruction_index: i16, inner_index: i16) -> (String, LedgerEvent) {
    let vault: [u8; 32] = rng.r#gen();
    let mut signature = [0; 64];
    rng.fill(&mut signature[..]);
    let event = Event::VaultCreated(VaultCreated {
        vault: Pubkey::new_from_array(vault),
        vault_id: vault,
        bump: 255,
        owner: Pubkey::new_from_array([1; 32]),
        rent_payer: Pubkey::new_from_array([2; 32]),
        encryption_key: [3; 32],
        delegate_mint_cap: 1,
        slot: 1,
        at: 1,
    });
    (base58(&vault), LedgerEvent { signature, tx_index, instruction_index, inner_index, event, data: vec![1] })
}

fn child(rng: &mut ChaCha20Rng, parent: BlockId) -> (Made, Step) {
    let id = BlockId { slot: parent.slot + rng.gen_range(1..4), hash: rng.r#gen() };
    let (mut accounts, mut events) = (Vec::new(), Vec::new());
    for tx_index in 0..rng.gen_range(0..3) {
        for instruction_index in 0..rng.gen_range(1..3) {
            for inner_index in 0..rng.gen_range(1..3) {
                let (account, event) = event(rng, tx_index, instruction_index, inner_index);
                accounts.push(account);
                events.push(event);
            }
        }
    }
    let header = Header {
        slot: id.slot,
        hash: id.hash,
        parent_slot: parent.slot,
        parent_hash: parent.hash,
        height: None,
        time: Some(time(CONFIRMED)),
    };
    (Made { id, accounts }, Step::Block(Block { header, events }))
}

/// Readers whose connection is cut at random see exactly what became final, once and in order, and
/// nothing before it was final.
#[sqlx::test(migrations = "../migrations")]
async fn inv_6_nothing_of_a_branch_that_was_left_is_ever_streamed(pool: PgPool) {
    let seed: u64 = OsRng.r#gen();
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let ledger = Ledger::new(&pool).await;
    let service = Arc::new(Service::start(&pool, |_| {}).await);
    let finalized = Arc::new(AtomicI64::new(FINALIZED));
    let last = Arc::new(AtomicI64::new(i64::MAX));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let rng = ChaCha20Rng::seed_from_u64(seed.wrapping_add(number));
            tokio::spawn(read(service.clone(), rng, finalized.clone(), last.clone()))
        })
        .collect();

    let mut connection = pool.acquire().await.unwrap();
    let base = BlockId { slot: CONFIRMED, hash: key(CONFIRMED as u8) };
    let (mut branch, mut expected) = (vec![Made { id: base, accounts: Vec::new() }], Vec::new());
    for step in 0..STEPS {
        let steps = match rng.gen_range(0..10) {
            0..=1 => {
                // Everything above an ancestor is left.
                branch.truncate(rng.gen_range(1..=branch.len()));
                let (made, step) = child(&mut rng, branch.last().unwrap().id);
                branch.push(made);
                vec![step]
            }
            2..=4 => {
                let left = branch.split_off(rng.gen_range(0..branch.len()));
                for made in std::mem::replace(&mut branch, left) {
                    expected.extend(made.accounts);
                }
                expected.append(&mut branch[0].accounts);
                finalized.store(branch[0].id.slot, SeqCst);
                vec![Step::Finalized(branch[0].id)]
            }
            _ => {
                let (made, step) = child(&mut rng, branch.last().unwrap().id);
                branch.push(made);
                vec![step]
            }
        };
        apply(&steps, &mut connection).await.unwrap();
        if step % 20 == 0 {
            ledger.node_tip(branch.last().unwrap().id.slot, Some(time(CONFIRMED)), 0).await;
        }
    }
    drop(connection);
    last.store(expected.len() as i64, SeqCst);
    for reader in readers {
        let (seen, cuts) = reader.await.unwrap();
        assert!(cuts > 0 && expected.len() > 50, "{cuts} cuts, {} events", expected.len());
        let same = seen.iter().zip(&expected).take_while(|(seen, expected)| seen == expected).count();
        assert_eq!((same, seen.len()), (expected.len(), expected.len()), "the first that differs is {same}");
    }
    Arc::into_inner(service).expect("nobody else has it").end().await;
}

/// Accounts of the events read until so many were, and how often the connection was cut.
async fn read(
    service: Arc<Service>,
    mut rng: ChaCha20Rng,
    finalized: Arc<AtomicI64>,
    last: Arc<AtomicI64>,
) -> (Vec<String>, usize) {
    let (mut seen, mut cuts, mut id) = (Vec::new(), 0, None::<String>);
    loop {
        let mut reader = service.follow("?from=first", id.as_deref()).await;
        let cut_after = rng.gen_range(1..20);
        for _ in 0..cut_after {
            if seen.len() as i64 >= last.load(SeqCst) {
                return (seen, cuts);
            }
            // The server ends streams as well, where the database keeps it waiting for too long, and pauses them
            // where the mirror seems to be behind.
            let message = tokio::time::timeout(std::time::Duration::from_millis(300), reader.message()).await;
            let Ok(Some(message)) = message else { break };
            if message.event != "message" {
                continue;
            }
            let event: Value = serde_json::from_str(&message.data).unwrap();
            let slot = event["slot"].as_i64().unwrap();
            assert!(slot <= finalized.load(SeqCst), "slot {slot} is not final");
            seen.push(event["account"].as_str().unwrap().to_owned());
            id = Some(reader.parser.last_id.clone());
        }
        cuts += 1;
    }
}
