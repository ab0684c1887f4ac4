use std::time::Duration;

use aegle_client::{Pubkey, Reader, SendError, Sender, Sent};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::Transaction;
use tokio::time::{Instant, sleep};

use crate::{Error, Session, api};

const POLL: Duration = Duration::from_millis(250);
/// How often a transaction that expired is signed anew, and one handed over whose connection broke.
const ATTEMPTS: usize = 3;
/// Longer than a blockhash lives and finality takes.
const SETTLED: Duration = Duration::from_secs(180);

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
        // The program's refusals cost nothing and are told as such; whether it pays the relay says itself.
        match self.reader.simulate(instructions, &self.payer).await {
            Err(SendError::Refused(refused)) if refused.explain().is_some() => Err(SendError::Refused(refused))?,
            _ => {}
        }
        for _ in 0..ATTEMPTS {
            if let Some(sent) = self.attempt(instructions, signers).await? {
                return Ok(sent);
            }
        }
        Err(Error::Relayed("did not reach the chain in time"))
    }

    /// One transaction, until it is known what became of it; none where it expired.
    async fn attempt(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Option<Sent>, Error> {
        let blockhash = self.reader.rpc().get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()).await;
        let (blockhash, _) = blockhash.map_err(|error| self.reader.node_error(error))?;
        let message = Message::new(instructions, Some(&self.payer));
        let mut transaction = Transaction::new_unsigned(message);
        transaction.try_partial_sign(signers, blockhash)?;
        let bytes = bincode::serialize(&transaction).map_err(|_| Error::Answer("a transaction that has no bytes"))?;
        let order = json!({"transaction": BASE64_STANDARD.encode(bytes), "invitation": self.invitation, "wait": true});
        let relayed = self.submit(&order).await?;
        self.settle(relayed).await.map_err(|error| match error {
            error @ (Error::Send(SendError::Refused(_) | SendError::Failed(_)) | Error::Relayed(_)) => error,
            error => Error::Unsettled(Box::new(error)),
        })
    }

    /// Hands the transaction over. The same again costs nothing, so a connection that breaks is made again.
    async fn submit(&self, order: &Value) -> Result<Relayed, Error> {
        let mut broken = None;
        for _ in 0..ATTEMPTS {
            match api::json(self.session.request(Method::POST, "/v1/relay").json(order)).await {
                Ok(relayed) => return Ok(relayed),
                Err(error @ Error::Http(_)) => broken = Some(error),
                // It may be the first that was taken and a later one that was refused.
                Err(error) if broken.is_some() => return Err(Error::Unsettled(Box::new(error))),
                Err(error) => return Err(error),
            }
            sleep(POLL).await;
        }
        Err(Error::Unsettled(Box::new(broken.unwrap_or(Error::Answer("no answer of the relay")))))
    }

    /// Waits until it is known what became of it, here too; none where it expired.
    async fn settle(&self, mut relayed: Relayed) -> Result<Option<Sent>, Error> {
        let signature = relayed.signature.parse().map_err(|_| Error::Answer("a signature that is none"))?;
        let deadline = Instant::now() + SETTLED;
        while relayed.status == RelayStatus::Pending {
            sleep(POLL).await;
            match api::json(self.session.request(Method::GET, &format!("/v1/relay/{signature}"))).await {
                Ok(now) => relayed = now,
                Err(error) if error.is_passing() && Instant::now() < deadline => {}
                Err(error) => return Err(error),
            }
        }
        match relayed.status {
            RelayStatus::Expired => Ok(None),
            RelayStatus::Failed => match self.on_chain(&signature).await? {
                Some(Err(error)) => Err(error.into()),
                _ => Err(Error::Relayed("had no effect")),
            },
            RelayStatus::Landed | RelayStatus::Pending => loop {
                match self.on_chain(&signature).await? {
                    Some(sent) => return Ok(Some(sent?)),
                    None if Instant::now() > deadline => {
                        return Err(Error::Answer("a transaction of which the node knows nothing"));
                    }
                    None => sleep(POLL).await,
                }
            },
        }
    }

    /// What the node says of a transaction, once it has the commitment that is asked of it.
    async fn on_chain(&self, signature: &Signature) -> Result<Option<Result<Sent, SendError>>, Error> {
        let statuses = self.reader.rpc().get_signature_statuses_with_history(&[*signature]).await;
        let statuses = statuses.map_err(|error| self.reader.node_error(error))?.value;
        let Some(status) = statuses.into_iter().next().flatten() else { return Ok(None) };
        let slot = status.slot;
        Ok(match status.err.clone() {
            Some(error) => Some(Err(SendError::of(error, &self.payer))),
            None if status.satisfies_commitment(self.reader.commitment()) => {
                Some(Ok(Sent { signature: *signature, slot }))
            }
            None => None,
        })
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

    /// Runs instructions on the node without sending them, and returns the data that the last program returned.
    ///
    /// # Errors
    /// The program's refusal, or the node's.
    pub async fn simulate(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Own(sender) => Ok(sender.simulate(instructions, signers).await?),
            Self::Relay(relay) => {
                Ok(relay.reader.simulate(instructions, &relay.payer).await?.ok_or(SendError::NoAnswer)?)
            }
        }
    }
}
