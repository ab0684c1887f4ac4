//! The node's JSON-RPC: the methods that the ingester calls.

use std::sync::Arc;

use aegle_client::PROGRAM_ID;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    blocks::base58,
    chain::{Block, GENESIS},
    faults::{Fault, Question},
    node::{Node, TIMEOUT, View},
};

/// The codes of the errors that say that there is no block: not available, skipped, skipped or missing
/// in long-term storage, status not available yet.
const ABSENT: [i64; 4] = [-32004, -32007, -32009, -32014];
const UNSUPPORTED_VERSION: i64 = -32015;
const INTERNAL: i64 = -32603;

pub async fn serve(listener: TcpListener, node: Arc<Node>) {
    let app = Router::new().route("/", post(answer)).with_state(node);
    axum::serve(listener, app).await.expect("the node serves");
}

async fn answer(State(node): State<Arc<Node>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).expect("a request");
    let (id, params) = (request["id"].clone(), &request["params"]);
    let method = request["method"].as_str().expect("a method");
    let finalized = params.as_array().is_some_and(|params| params.iter().any(is_finalized));
    let slot = params[0].as_u64();
    let question = match method {
        "getGenesisHash" => Question::Genesis,
        "getFirstAvailableBlock" => Question::First,
        "getSlot" => Question::Tip { finalized },
        "getBlocksWithLimit" => Question::Slots,
        "getProgramAccounts" => Question::Accounts,
        "getBlock" => {
            let whole = params[1]["transactionDetails"] == "full";
            Question::Block { slot: slot.expect("a slot"), whole }
        }
        other => panic!("the ingester calls {other}, which this node does not serve"),
    };
    let (fault, mut dice) = node.faults().next(question);
    let view = node.view(if fault == Some(Fault::Replica) { dice.gen_range(1..=6) } else { 0 });
    let result = match question {
        Question::Genesis => Ok(json!(base58(GENESIS))),
        Question::First => Ok(json!(0)),
        Question::Tip { finalized } => Ok(json!(if finalized { view.finalized } else { view.head })),
        Question::Slots => {
            let limit = params[1].as_u64().expect("a limit") as usize;
            Ok(json!(slots(view, slot.expect("a slot"), limit, fault, &mut dice)))
        }
        Question::Accounts => Ok(accounts(&node, view)),
        Question::Block { slot, whole } => block(&node, view, slot, whole, finalized, fault, &mut dice),
        Question::Notification => unreachable!("it is not asked for"),
    };
    let reply = match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(code) => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": "as the node says" } }),
    };
    deliver(reply, fault, &mut dice).await
}

fn is_finalized(param: &Value) -> bool {
    param["commitment"] == "finalized"
}

/// Sends the answer, or what becomes of it on the way.
async fn deliver(mut reply: Value, fault: Option<Fault>, dice: &mut ChaCha8Rng) -> Response {
    match fault {
        // Half of them say that the pause may be short.
        Some(Fault::Storm) if dice.gen_ratio(7, 8) => {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response();
        }
        Some(Fault::Storm) => return StatusCode::TOO_MANY_REQUESTS.into_response(),
        Some(Fault::Unavailable) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Fault::Stall) => tokio::time::sleep(TIMEOUT * 2).await,
        Some(Fault::Nothing) => {
            reply.as_object_mut().expect("an object").remove("result");
        }
        Some(Fault::Internal) => {
            reply = json!({ "jsonrpc": "2.0", "id": reply["id"], "error": { "code": INTERNAL, "message": "no" } });
        }
        _ => {}
    }
    let mut text = reply.to_string().into_bytes();
    let body = match fault {
        Some(Fault::Truncated) => {
            text.truncate(dice.gen_range(0..text.len()));
            Body::from(text)
        }
        Some(Fault::Broken) => {
            text.truncate(text.len() / 2);
            let parts = [Ok(Bytes::from(text)), Err(std::io::Error::other("the connection broke"))];
            Body::from_stream(futures::stream::iter(parts))
        }
        _ => Body::from(text),
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn slots(view: &View, from: u64, limit: usize, fault: Option<Fault>, dice: &mut ChaCha8Rng) -> Vec<u64> {
    let first = if fault == Some(Fault::Cyclic) { from.saturating_sub(dice.gen_range(1..=20)) } else { from };
    let mut slots: Vec<u64> = view.branch.range(first..).map(|(slot, _)| *slot).take(limit).collect();
    match fault {
        Some(Fault::Disordered) => {
            let again: Vec<u64> = slots.iter().copied().filter(|_| dice.gen_ratio(1, 3)).collect();
            slots.extend(again);
            slots.shuffle(dice);
        }
        Some(Fault::Cyclic) => {
            let again = slots.clone();
            slots.extend(again);
        }
        Some(Fault::Short) => slots.retain(|_| dice.gen_ratio(2, 3)),
        Some(Fault::Invented) => slots = (from..=view.head + 3).collect(),
        _ => {}
    }
    slots
}

fn accounts(node: &Node, view: &View) -> Value {
    let accounts = node.chain.accounts.iter().map(|(address, data)| {
        json!({
            "pubkey": address.to_string(),
            "account": {
                "lamports": 1,
                "data": [BASE64_STANDARD.encode(data), "base64"],
                "owner": PROGRAM_ID.to_string(),
                "executable": false,
                "rentEpoch": u64::MAX,
                "space": data.len(),
            },
        })
    });
    json!({ "context": { "slot": view.head }, "value": accounts.collect::<Vec<_>>() })
}

fn block(
    node: &Node,
    view: &View,
    slot: u64,
    whole: bool,
    finalized: bool,
    fault: Option<Fault>,
    dice: &mut ChaCha8Rng,
) -> Result<Value, i64> {
    let absent = |dice: &mut ChaCha8Rng| match dice.gen_range(0..=ABSENT.len()) {
        0 => Ok(Value::Null),
        index => Err(ABSENT[index - 1]),
    };
    let known = if finalized { view.finalized } else { view.head };
    let Some(mut found) = view.branch.get(&slot).copied().filter(|_| slot <= known && fault != Some(Fault::Missing))
    else {
        return absent(dice);
    };
    match fault {
        Some(Fault::RefusedVersion) => return Err(UNSUPPORTED_VERSION),
        Some(Fault::OtherBlock) => found = dice.gen_range(0..node.chain.blocks.len()),
        _ => {}
    }
    let mut answer = encode(node, found, whole);
    match fault {
        Some(Fault::WrongParent) => wrong_parent(node, &node.chain.blocks[found], &mut answer, dice),
        Some(Fault::WrongHash) => answer["blockhash"] = json!(base58(dice.r#gen::<[u8; 32]>())),
        Some(Fault::NoTransactions) => {
            answer.as_object_mut().expect("a block").remove("transactions");
        }
        Some(fault) => spoil(&mut answer["transactions"], fault, dice),
        None => {}
    }
    Ok(answer)
}

fn encode(node: &Node, number: usize, whole: bool) -> Value {
    let block = &node.chain.blocks[number];
    let parent = &node.chain.blocks[block.parent];
    let mut answer = json!({
        "blockhash": base58(block.hash),
        "previousBlockhash": base58(parent.hash),
        "parentSlot": parent.slot,
        "blockHeight": block.height,
        "blockTime": block.time,
    });
    if whole {
        answer["transactions"] = node.transactions(number).clone();
    }
    answer
}

fn wrong_parent(node: &Node, block: &Block, answer: &mut Value, dice: &mut ChaCha8Rng) {
    let blocks = &node.chain.blocks;
    let parent = &blocks[block.parent];
    let (slot, hash): (u64, [u8; 32]) = match dice.gen_range(0..6) {
        // A hash that no block has.
        0 => (parent.slot, dice.r#gen()),
        // The parent's parent: the block between would be lost.
        1 => (blocks[parent.parent].slot, blocks[parent.parent].hash),
        // A block of another branch, or another one of this.
        2 | 3 => {
            let others: Vec<&Block> = blocks.iter().filter(|other| other.slot < block.slot).collect();
            let near: Vec<&&Block> =
                others.iter().filter(|other| other.slot == parent.slot && other.hash != parent.hash).collect();
            let other = near.choose(dice).copied().or_else(|| others.choose(dice));
            other.map_or((parent.slot, parent.hash), |other| (other.slot, other.hash))
        }
        // What is final for long.
        4 => (0, GENESIS),
        // Itself.
        _ => (block.slot, block.hash),
    };
    answer["parentSlot"] = json!(slot);
    answer["previousBlockhash"] = json!(base58(hash));
}

/// Takes from one of the transactions what a reader needs.
fn spoil(transactions: &mut Value, fault: Fault, dice: &mut ChaCha8Rng) {
    let Some(transaction) = transactions.as_array_mut().and_then(|all| all.choose_mut(dice)) else {
        return;
    };
    match fault {
        Fault::NullMeta => transaction["meta"] = Value::Null,
        Fault::NoInner => transaction["meta"]["innerInstructions"] = Value::Null,
        Fault::NoAddresses => transaction["meta"]["loadedAddresses"] = Value::Null,
        Fault::UnknownVersion => transaction["version"] = json!(9),
        Fault::Garbled => {
            let wire = transaction["transaction"][0].as_str().expect("base64");
            transaction["transaction"][0] = json!(wire[..wire.len() / 8 * 4].to_owned());
        }
        _ => {}
    }
}
