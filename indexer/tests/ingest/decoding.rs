use aegle_client::{Event, PROGRAM_ID, Pubkey, event::event_authority, transaction::Unreadable};
use aegle_indexer::decode::{Block, DecodeError, Reason};
use solana_transaction::versioned::TransactionVersion;

use crate::{
    blocks::{Tx, block, block_with, event_data},
    story::{created, key},
};

const PARENT: (u64, u8) = (10, 0);

fn decode(transactions: Vec<Tx>) -> Result<Block, DecodeError> {
    Block::decode(12, &block_with(12, 0, PARENT, transactions))
}

fn refusal(tx: Tx) -> Reason {
    let signature = tx.signature.to_string();
    let error = decode(vec![tx]).expect_err("a refusal");
    assert_eq!(error.slot, 12);
    assert_eq!(error.signature.as_deref(), Some(signature.as_str()));
    assert!(error.to_string().contains("slot 12") && error.to_string().contains(&signature), "{error}");
    error.reason
}

#[test]
fn events_are_read_whatever_program_called_ours_and_keep_their_position() {
    let event = created(1);
    let other = Pubkey::new_from_array([8; 32]);
    let tx = Tx::new(2).inner(other, vec![], vec![1]).event(&event).event(&created(2));
    let mut block = block_with(12, 0, PARENT, vec![Tx::new(1), tx.clone()]);
    block.block_height = Some(11);
    let block = Block::decode(12, &block).expect("block");
    assert_eq!((block.header.slot, block.header.parent_slot, block.header.height), (12, 10, Some(11)));
    let positions: Vec<_> =
        block.events.iter().map(|event| (event.tx_index, event.instruction_index, event.inner_index)).collect();
    assert_eq!(positions, [(1, 0, 1), (1, 0, 2)]);
    assert_eq!(block.events[0].event, Event::VaultCreated(event.clone()));
    assert_eq!(block.events[0].data, event_data(&event));
    assert_eq!(block.events[0].signature, <[u8; 64]>::from(tx.signature));
}

#[test]
fn addresses_loaded_from_a_table_are_resolved() {
    let mut tx = Tx::new(1).event(&created(1));
    tx.table = true;
    assert_eq!(decode(vec![tx]).expect("block").events.len(), 1);
}

#[test]
fn look_alikes_are_no_events() {
    let data = event_data(&created(1));
    let foreign = Tx::new(1).inner(Pubkey::new_from_array([8; 32]), vec![event_authority()], data.clone());
    let other_authority = Tx::new(2).inner(PROGRAM_ID, vec![key(1)], data.clone());
    let more_accounts = Tx::new(3).inner(PROGRAM_ID, vec![event_authority(), key(1)], data.clone());
    let no_account = Tx::new(4).inner(PROGRAM_ID, vec![], data.clone());
    let no_tag = Tx::new(5).inner(PROGRAM_ID, vec![event_authority()], data[8..].to_vec());
    let block = decode(vec![foreign, other_authority, more_accounts, no_account, no_tag]).expect("block");
    assert_eq!(block.events, []);
}

#[test]
fn failed_transactions_changed_nothing() {
    let mut tx = Tx::new(1).event(&created(1));
    tx.failed = true;
    assert_eq!(decode(vec![tx.clone()]).expect("block").events, []);
    tx.inner_recorded = false;
    assert_eq!(decode(vec![tx]).expect("block").events, []);
}

#[test]
fn an_unknown_transaction_version_stops() {
    let mut tx = Tx::new(1);
    tx.version = Some(TransactionVersion::Number(2));
    assert_eq!(refusal(tx), Unreadable::UnknownVersion(2).into());
}

#[test]
fn an_unknown_event_stops() {
    let mut data = event_data(&created(1));
    data[8..16].copy_from_slice(&[0xAB; 8]);
    let reason = refusal(Tx::new(1).inner(PROGRAM_ID, vec![event_authority()], data));
    assert!(matches!(reason, Reason::Transaction(Unreadable::Event(_))), "{reason}");
}

#[test]
fn an_event_of_another_layout_stops() {
    let data = event_data(&created(1));
    for data in [data[..data.len() - 1].to_vec(), [&data[..], &[0]].concat(), data[..12].to_vec()] {
        let reason = refusal(Tx::new(1).inner(PROGRAM_ID, vec![event_authority()], data));
        assert!(matches!(reason, Reason::Transaction(Unreadable::Event(_))), "{reason}");
    }
}

#[test]
fn a_node_that_keeps_too_little_stops_ingestion() {
    let mut tx = Tx::new(1).event(&created(1));
    tx.inner_recorded = false;
    assert_eq!(refusal(tx.clone()), Unreadable::NoInnerInstructions.into());
    tx.meta = false;
    assert_eq!(refusal(tx), Unreadable::NoMeta.into());

    let mut bare = block(12, 0, PARENT);
    bare.transactions = None;
    assert_eq!(Block::decode(12, &bare).expect_err("no transactions").reason, Reason::NoTransactions);
}

#[test]
fn a_header_that_is_none_stops() {
    let mut bad = block(12, 0, PARENT);
    bad.blockhash = "not base58 0OIl".into();
    assert!(matches!(Block::decode(12, &bad).expect_err("hash").reason, Reason::Header { field: "the hash", .. }));

    let own_parent = block(12, 0, (12, 0));
    let reason = Block::decode(12, &own_parent).expect_err("parent").reason;
    assert!(matches!(reason, Reason::Header { field: "the parent slot", .. }));

    let slot = u64::MAX;
    let reason = Block::decode(slot, &block(12, 0, PARENT)).expect_err("slot").reason;
    assert!(matches!(reason, Reason::Header { field: "the slot", .. }));
}
