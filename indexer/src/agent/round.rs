use std::time::Duration;

use aegle_api_client::{
    Error, Pay, Session,
    mailbox::{self, Accepted},
    wire::MailboxItem,
};
use aegle_client::Pubkey;
use aegle_decision::Key;
use metrics::counter;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{office::Office, standing::Standing, trouble::Trouble};

/// Items of one vault that are taken in before the next vault's turn.
const AT_ONCE: usize = 16;

/// A vault that lets the agent take its mail in.
pub struct Post {
    vault: Pubkey,
    key: Keypair,
    session: Option<Session>,
    pause: Duration,
    due: Instant,
    /// Items that were there at the last visit and stayed.
    pub waiting: usize,
}

/// What a visit came to.
enum Visit {
    Looked {
        taken: usize,
    },
    /// The agent's key for this vault never acts again.
    Over,
}

impl Post {
    pub fn new(vault: Pubkey, key: Keypair) -> Self {
        Self { vault, key, session: None, pause: Duration::ZERO, due: Instant::now(), waiting: 0 }
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.due <= now
    }

    /// Takes in what waits. None where the vault does not let the agent act any more.
    pub async fn visit(mut self, office: &Office, stop: &CancellationToken) -> Option<Self> {
        let (soon, idle) = (office.config.poll(), office.config.idle_poll());
        let later = (self.pause * 2).clamp(soon, idle);
        self.pause = match self.serve(office, stop).await {
            Ok(Visit::Over) => {
                info!("a vault no longer lets the agent act");
                self.leave().await;
                return None;
            }
            Ok(Visit::Looked { taken: 0 }) => later,
            Ok(Visit::Looked { .. }) => soon,
            Err(error) => {
                fail(Trouble::of(&error), error.code());
                later
            }
        };
        self.due = Instant::now() + self.pause;
        Some(self)
    }

    async fn serve(&mut self, office: &Office, stop: &CancellationToken) -> Result<Visit, Error> {
        let (session, items) = match self.look(office).await {
            Err(error) if error.is("not_permitted") => {
                // For the server a delegate counts once it is final; what is over for the ledger is over.
                let is_over = self.standing(office).await? == Standing::Over;
                return if is_over { Ok(Visit::Over) } else { Err(error) };
            }
            found => found?,
        };
        self.waiting = items.len();
        if items.is_empty() {
            return Ok(Visit::Looked { taken: 0 });
        }
        let mut standing = self.standing(office).await?;
        if standing == Standing::Over {
            return Ok(Visit::Over);
        }
        let pay = office.pay(&session).await?;
        let (mut taken, mut held_up) = (0, None);
        for item in &items {
            if stop.is_cancelled() || taken == AT_ONCE {
                break;
            }
            // An attempt that was cut off after minting is completed whatever holds the others up.
            if let Standing::Waits(trouble) = standing
                && !mailbox::is_minted(&office.reader, item).await?
            {
                held_up = Some(trouble);
                continue;
            }
            match self.take(&session, &pay, item).await {
                Ok(Accepted { sent, .. }) => {
                    let how = if sent.is_some() { "minted" } else { "completed" };
                    counter!("aegle_agent_accepted_total", "how" => how).increment(1);
                    if sent.is_some() {
                        standing = standing.after_one();
                    }
                    self.waiting -= 1;
                    taken += 1;
                }
                // Somebody else took it in, or the vault does not let the agent any more: the next look tells.
                Err(error) if error.is("not_permitted") => return Ok(Visit::Looked { taken: taken + 1 }),
                Err(error) => match Trouble::of(&error) {
                    trouble @ Trouble::Refused => fail(trouble, error.code()),
                    _ => return Err(error),
                },
            }
        }
        if let Some(trouble) = held_up {
            fail(trouble, None);
        }
        Ok(Visit::Looked { taken })
    }

    /// What waits, by a session that is begun where there is none any more.
    async fn look(&mut self, office: &Office) -> Result<(Session, Vec<MailboxItem>), Error> {
        let vault = Key(self.vault.to_bytes());
        if let Some(session) = self.session.take() {
            match mailbox::list(&session, Some(vault)).await {
                Err(error) if error.is("session_ended") || error.is("not_signed_in") => {}
                found => {
                    self.session = Some(session.clone());
                    return Ok((session, found?));
                }
            }
        }
        let session = Session::sign_in(&office.api, &self.key, None).await?;
        self.session = Some(session.clone());
        let items = mailbox::list(&session, Some(vault)).await?;
        Ok((session, items))
    }

    async fn standing(&self, office: &Office) -> Result<Standing, Error> {
        Ok(Standing::ask(&office.reader, &self.vault, &self.key.pubkey()).await?)
    }

    /// Makes a record of an item. It has no key to the content, and needs none: what it mints is the commitment
    /// that the item's opening gives, and the content key goes on as it is, encrypted to the patient.
    async fn take(&self, session: &Session, pay: &Pay<'_>, item: &MailboxItem) -> Result<Accepted, Error> {
        if item.vault.0 != self.vault.to_bytes() {
            return Err(Error::Answer("an item of another vault"));
        }
        let done = mailbox::accept(session, pay, &self.key, item).await;
        let lost = done.as_ref().err().map(Trouble::of);
        // Another agent, or the patient, minted it at the same time.
        if matches!(lost, Some(Trouble::Refused | Trouble::Node)) && mailbox::is_minted(pay.reader(), item).await? {
            return mailbox::accept(session, pay, &self.key, item).await;
        }
        done
    }

    /// Ends the session. Where that fails it expires by itself.
    pub async fn leave(self) {
        if let Some(session) = self.session {
            let _ = session.end(Some(&session.entry().id)).await;
        }
    }
}

/// Counts what went wrong. Neither vault nor item is named: whose mail waits is nobody else's business.
pub fn fail(trouble: Trouble, code: Option<&str>) {
    counter!("aegle_agent_failed_total", "reason" => trouble.name()).increment(1);
    warn!(reason = trouble.name(), code, "mail is not taken in for now");
}
