//! Custodians that are played: patients who try Aegle out name them, and they release shares of keys in an emergency.

use std::time::Duration;

use aegle_api_client::{
    Api, Error, Session,
    release::{self, Journal},
};
use aegle_client::{commitment::random_bytes, state::CredentialKind};
use aegle_envelope::SecretKey;
use rand::rngs::OsRng;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

use crate::{
    board::{Attested, Board},
    operator::Operator,
};

/// How often each looks what waits.
const POLL: Duration = Duration::from_secs(1);

/// One of them, attested by a registrar that the three share.
struct Custodian {
    wallet: Keypair,
    secret: SecretKey,
    journal: Journal,
    session: Option<Session>,
}

pub struct Custodians([Custodian; 3]);

impl Custodians {
    /// Has `governance` add a registrar, which attests them.
    ///
    /// # Errors
    /// The program's refusal, or no answer of the node.
    pub async fn open(operator: &Operator, governance: &Keypair) -> anyhow::Result<Self> {
        let board = Board::open(operator, governance, CredentialKind::Custodian, random_bytes(&mut OsRng)).await?;
        let custodians = [(); 3].map(|()| Custodian {
            wallet: Keypair::new(),
            secret: SecretKey::generate(&mut OsRng),
            journal: Journal::default(),
            session: None,
        });
        for Custodian { wallet, secret, .. } in &custodians {
            let attested = Attested {
                subject: wallet.pubkey(),
                emergency: false,
                encryption_key: secret.encryption_key(),
                profile_commitment: random_bytes(&mut OsRng),
            };
            board.issue(operator, attested).await?;
        }
        Ok(Self(custodians))
    }

    /// Releases what the chain speaks for, for as long as it runs. What fails is tried again.
    pub async fn work(self, api: &Api, operator: &Operator) {
        let [first, second, third] = self.0;
        tokio::join!(first.work(api, operator), second.work(api, operator), third.work(api, operator));
    }
}

impl Custodian {
    async fn work(mut self, api: &Api, operator: &Operator) {
        loop {
            // The session may be what ended.
            if self.look(api, operator).await.is_err() {
                self.session = None;
            }
            sleep(POLL).await;
        }
    }

    async fn look(&mut self, api: &Api, operator: &Operator) -> Result<(), Error> {
        let session = match &mut self.session {
            Some(session) => session,
            none => none.insert(Session::sign_in(api, &self.wallet, None).await?),
        };
        session.renew().await?;
        for opened in release::pending(session).await? {
            if let Ok(checked) = release::check(operator.sender.reader(), &self.journal, &opened).await? {
                self.journal.note(&checked);
                // One that fails holds up no other.
                release::release(session, &self.secret, &checked, &mut OsRng).await.ok();
            }
        }
        Ok(())
    }
}
