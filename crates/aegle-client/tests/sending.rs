//! Sending to a node whose script says which transactions it takes, and when. Time is the test's.

use std::sync::{Arc, Mutex};

use aegle_client::{SendError, Sender};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use solana_client::{
    client_error::Result,
    nonblocking::rpc_client::RpcClient,
    rpc_client::RpcClientConfig,
    rpc_request::RpcRequest,
    rpc_sender::{RpcSender, RpcTransportStats},
};
use solana_commitment_config::CommitmentConfig;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_transaction::Transaction;
use tokio::time::Instant;

const SLOT_MS: u128 = 400;
/// Blocks that a blockhash is valid for: fewer than finality takes.
const VALID: u64 = 10;
const FINAL_AFTER: u64 = 32;

/// What becomes of a transaction, by its place among those signed.
#[derive(Clone, Copy)]
enum Fate {
    Ignored,
    /// In a block from that many blocks after it was sent.
    Lands(u64),
    /// In a block of a fork that is abandoned at the second number.
    Abandoned(u64, u64),
}

struct Node {
    started: Instant,
    fates: Vec<Fate>,
    /// Signatures in the order of their first submission, with the height then.
    taken: Arc<Mutex<Vec<(String, u64)>>>,
}

impl Node {
    fn height(&self) -> u64 {
        (self.started.elapsed().as_millis() / SLOT_MS) as u64
    }

    fn take(&self, encoded: &str) -> String {
        let bytes = BASE64_STANDARD.decode(encoded).expect("base64");
        let transaction: Transaction = bincode::deserialize(&bytes).expect("a transaction");
        let signature = transaction.signatures[0].to_string();
        let mut taken = self.taken.lock().expect("lock");
        if taken.iter().all(|(known, _)| *known != signature) {
            taken.push((signature.clone(), self.height()));
        }
        signature
    }

    fn status(&self, signature: &str) -> Value {
        let taken = self.taken.lock().expect("lock");
        let Some(place) = taken.iter().position(|(known, _)| known == signature) else {
            return Value::Null;
        };
        let age = self.height() - taken[place].1;
        let age = match self.fates[place] {
            Fate::Lands(after) => age.checked_sub(after),
            Fate::Abandoned(from, until) if age < until => age.checked_sub(from).map(|_| 0),
            Fate::Ignored | Fate::Abandoned(..) => None,
        };
        let Some(age) = age else {
            return Value::Null;
        };
        let level = match age {
            0..2 => "processed",
            2..FINAL_AFTER => "confirmed",
            _ => "finalized",
        };
        json!({
            "slot": taken[place].1, "confirmations": (age < FINAL_AFTER).then_some(age), "err": null,
            "status": {"Ok": null}, "confirmationStatus": level,
        })
    }
}

#[async_trait::async_trait]
impl RpcSender for Node {
    async fn send(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let height = self.height();
        let answer = |value: Value| json!({"context": {"slot": height}, "value": value});
        Ok(match request {
            RpcRequest::GetLatestBlockhash => {
                let mut hash = [1; 32];
                hash[..8].copy_from_slice(&height.to_le_bytes());
                let blockhash = Hash::new_from_array(hash).to_string();
                answer(json!({"blockhash": blockhash, "lastValidBlockHeight": height + VALID}))
            }
            RpcRequest::GetBlockHeight => json!(height),
            RpcRequest::SendTransaction => json!(self.take(params[0].as_str().expect("a transaction"))),
            RpcRequest::GetSignatureStatuses => {
                let signatures = params[0].as_array().expect("signatures").iter();
                answer(signatures.map(|one| self.status(one.as_str().expect("a signature"))).collect())
            }
            other => panic!("the sender asks for {other}"),
        })
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        "script".into()
    }
}

/// Sends one transaction to a node with these fates, and tells the result with how many were signed.
async fn send(commitment: CommitmentConfig, fates: &[Fate]) -> (std::result::Result<(), SendError>, usize) {
    let taken = Arc::default();
    let node = Node { started: Instant::now(), fates: fates.to_vec(), taken: Arc::clone(&taken) };
    let rpc = RpcClient::new_sender(node, RpcClientConfig::with_commitment(commitment));
    let sender = Sender::new(Arc::new(rpc), Arc::new(Keypair::new()), commitment);
    let instruction = Instruction::new_with_bytes(aegle_client::PROGRAM_ID, &[], Vec::new());
    let sent = sender.send(&[instruction], &[]).await;
    let count = taken.lock().expect("lock").len();
    (sent.map(|_| ()), count)
}

#[tokio::test(start_paused = true)]
async fn a_transaction_in_a_block_is_waited_for_beyond_its_blockhash_and_never_signed_anew() {
    let (sent, signed) = send(CommitmentConfig::finalized(), &[Fate::Lands(3)]).await;
    sent.expect("it becomes final");
    assert_eq!(signed, 1);
    // In the last block that takes it.
    let (sent, signed) = send(CommitmentConfig::finalized(), &[Fate::Lands(VALID)]).await;
    sent.expect("it becomes final");
    assert_eq!(signed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_never_landed_is_signed_anew_and_given_up_after_three() {
    let (sent, signed) = send(CommitmentConfig::confirmed(), &[Fate::Ignored, Fate::Lands(1)]).await;
    sent.expect("the second lands");
    assert_eq!(signed, 2);
    let (sent, signed) = send(CommitmentConfig::confirmed(), &[Fate::Ignored; 3]).await;
    assert!(matches!(sent, Err(SendError::Expired)), "{sent:?}");
    assert_eq!(signed, 3);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_of_an_abandoned_fork_is_signed_anew() {
    let fates = [Fate::Abandoned(3, VALID + 20), Fate::Lands(1)];
    let (sent, signed) = send(CommitmentConfig::finalized(), &fates).await;
    sent.expect("the second becomes final");
    assert_eq!(signed, 2);
}
