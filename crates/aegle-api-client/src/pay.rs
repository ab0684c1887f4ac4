use std::time::Duration;

use aegle_client::{Pubkey, Reader, Sender, Sent};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::Transaction;
use tokio::time::sleep;

use crate::{Error, Session, api};

const POLL: Duration = Duration::from_millis(250);
/// How often a transaction that expired is signed anew.
const ATTEMPTS: usize = 3;

/// Who pays for transactions and brings them to the chain.
pub enum Pay<'a> {
    /// A key of the caller's own, through a node.
    Own(&'a Sender),
    /// The operator.
    Relay(Relay<'a>),
}

/// The operator's relay.
pub struct Relay<'a> {
    session: &'a Session,
    reader: &'a Reader,
    payer: Pubkey,
    /// For a first vault.
    invitation: Option<String>,
}

#[derive(Deserialize)]
struct Terms {
    payer: String,
}

#[derive(Deserialize)]
struct Relayed {
    signature: String,
    status: RelayStatus,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RelayStatus {
    Pending,
    Landed,
    Failed,
    Expired,
}

impl<'a> Relay<'a> {
    /// # Errors
    /// A server without a relay.
    pub async fn new(session: &'a Session, reader: &'a Reader, invitation: Option<String>) -> Result<Self, Error> {
        let terms: Terms = session.api().get("/v1/relay", &[]).await?;
        let payer = terms.payer.parse().map_err(|_| Error::Answer("the relay's key is none"))?;
        Ok(Self { session, reader, payer, invitation })
    }

    async fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Sent, Error> {
        for _ in 0..ATTEMPTS {
            if let Some(signature) = self.attempt(instructions, signers).await? {
                let statuses = self.reader.rpc().get_signature_statuses_with_history(&[signature]).await;
                let slot = statuses.ok().and_then(|found| found.value.into_iter().next().flatten());
                return Ok(Sent { signature, slot: slot.map_or(0, |status| status.slot) });
            }
        }
        Err(Error::Relayed("did not reach the chain in time"))
    }

    /// One transaction, until it is known what became of it; none where it expired.
    async fn attempt(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Option<Signature>, Error> {
        let blockhash = self.reader.rpc().get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()).await;
        let (blockhash, _) = blockhash.map_err(|error| self.reader.node_error(error))?;
        let message = Message::new(instructions, Some(&self.payer));
        let mut transaction = Transaction::new_unsigned(message);
        transaction.try_partial_sign(signers, blockhash)?;
        let bytes = bincode::serialize(&transaction).map_err(|_| Error::Answer("a transaction that has no bytes"))?;
        let order = json!({"transaction": BASE64_STANDARD.encode(bytes), "invitation": self.invitation, "wait": true});
        let mut relayed: Relayed = api::json(self.session.request(Method::POST, "/v1/relay").json(&order)).await?;
        loop {
            let signature = relayed.signature.parse().map_err(|_| Error::Answer("a signature that is none"))?;
            match relayed.status {
                RelayStatus::Landed => return Ok(Some(signature)),
                RelayStatus::Failed => return Err(Error::Relayed("had no effect")),
                RelayStatus::Expired => return Ok(None),
                RelayStatus::Pending => {}
            }
            sleep(POLL).await;
            relayed = api::json(self.session.request(Method::GET, &format!("/v1/relay/{signature}"))).await?;
        }
    }
}

impl Pay<'_> {
    /// Who pays fees and rent.
    pub fn payer(&self) -> Pubkey {
        match self {
            Self::Own(sender) => sender.payer(),
            Self::Relay(relay) => relay.payer,
        }
    }

    /// The node that says what the chain has.
    pub fn reader(&self) -> &Reader {
        match self {
            Self::Own(sender) => sender.reader(),
            Self::Relay(relay) => relay.reader,
        }
    }

    /// Sends instructions of one transaction. `signers` are those besides the payer.
    ///
    /// # Errors
    /// The program's or the relay's refusal, or that the network did not take it.
    pub async fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Sent, Error> {
        match self {
            Self::Own(sender) => Ok(sender.send(instructions, signers).await?),
            Self::Relay(relay) => {
                let keys: Vec<&Keypair> = signers.iter().filter(|key| key.pubkey() != relay.payer).copied().collect();
                relay.send(instructions, &keys).await
            }
        }
    }
}
