//! INV-6 against a node that lies: JSON-RPC and WebSocket over real sockets, the real ingester, the real
//! Postgres. One seed makes a chain with forks, what the node pretends and when; an oracle knows the
//! true chain. `AEGLE_NODE_SEEDS=N` plays more seeds, `AEGLE_NODE_SEED=S` one again.
//!
//! The ingester never asks for lists of signatures: blocks are the truth. So the node serves none, and
//! its lies about lists are told of the one list there is, that of the slots with a block.

mod blocks;
mod chain;
mod faults;
mod forever;
mod ingester;
mod mirror;
mod node;
mod oracle;
mod rpc;
// The one place that makes events that fit together.
#[path = "../../indexer/tests/ingest/story.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod story;
mod transient;
mod ws;
