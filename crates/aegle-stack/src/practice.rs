//! A doctor's practice that is played: whoever tries Aegle out allows it, and sees it look, at once.

use std::{collections::HashSet, time::Duration};

use aegle_api_client::{Api, Error, Secrets, Session, profile, reading_key, record};
use aegle_client::{
    commitment::{Salt, commit, random_bytes},
    state::{CredentialKind, Purpose},
};
use aegle_decision::Key;
use aegle_envelope::SecretKey;
use rand::rngs::OsRng;
use serde::Deserialize;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

use crate::{
    board::{Attested, Board},
    operator::Operator,
};

/// How often it asks whether something happened. The chain says so; asking the server would be a line of the
/// patient's log each time.
const POLL: Duration = Duration::from_secs(1);
/// How often it looks after something happened: keys of records come a moment after the permission.
const LOOKS: u32 = 4;
/// Polls after which it looks although nothing happened: keys may come without the chain.
const PATIENCE: u32 = 60;
/// How long the mirror is waited for.
const MIRROR: Duration = Duration::from_secs(60);
/// What the board that attests doctors here is called.
const BOARD: &str = "Demonstration Medical Board";

/// The doctor of the practice, attested by a board of its own.
pub struct Practice {
    wallet: Keypair,
    secrets: Secrets,
}

/// What stands in the doctor's profile.
#[derive(Clone, Copy)]
pub struct Doctor<'a> {
    pub wallet: &'a Keypair,
    pub name: &'a str,
    pub specialty: &'a str,
    /// Whether the doctor may open records in an emergency.
    pub emergency: bool,
}

/// Has `governance` add a board, and the board attest `doctor`, with the key that follows from the wallet on the
/// server's site. Both show their names. Gives that key.
///
/// # Errors
/// The program's refusal, or no answer of the node or the server.
pub async fn attest(
    operator: &Operator,
    api: &Api,
    governance: &Keypair,
    doctor: Doctor<'_>,
) -> anyhow::Result<SecretKey> {
    let wallet = doctor.wallet;
    let secret = reading_key(api.origin(), wallet, 1)?;
    let (board_profile, board_salt) = profile_of(json!({ "name": BOARD }));
    let (doctor_profile, doctor_salt) = profile_of(json!({ "name": doctor.name, "specialty": doctor.specialty }));
    let commitment = commit(&board_salt, board_profile.as_bytes());
    let board = Board::open(operator, governance, CredentialKind::Practitioner, commitment).await?;
    let attested = Attested {
        subject: wallet.pubkey(),
        emergency: doctor.emergency,
        encryption_key: secret.encryption_key(),
        profile_commitment: commit(&doctor_salt, doctor_profile.as_bytes()),
    };
    let (credential, slot) = board.issue(operator, attested).await?;
    api.reached(slot, false, MIRROR).await?;
    for (signer, account, salt, text) in [
        (&board.authority, board.registrar(), board_salt, board_profile),
        (wallet, credential, doctor_salt, doctor_profile),
    ] {
        let session = Session::sign_in(api, signer, None).await?;
        profile::publish(&session, Key(account.to_bytes()), salt, &text).await?;
    }
    Ok(secret)
}

fn profile_of(document: serde_json::Value) -> (String, Salt) {
    (document.to_string(), random_bytes(&mut OsRng))
}

impl Practice {
    /// Opens with `wallet` as its doctor.
    ///
    /// # Errors
    /// As those of [`attest`].
    pub async fn open(operator: &Operator, api: &Api, governance: &Keypair, wallet: Keypair) -> anyhow::Result<Self> {
        let doctor = Doctor {
            wallet: &wallet,
            name: "Practice doctor (demonstration)",
            specialty: "general practice",
            emergency: false,
        };
        let secrets = attest(operator, api, governance, doctor).await?.into();
        Ok(Self { wallet, secrets })
    }

    /// Opens each record that it may, once, for as long as it runs. What is refused is tried again whenever
    /// something happens to a vault; and whoever stops allowing it sees it refused, once.
    pub async fn work(&self, api: &Api, operator: &Operator) {
        let (mut known, mut read) = (HashSet::new(), HashSet::new());
        let (mut session, mut cursor) = (None, None);
        let (mut looks, mut idle) = (0, PATIENCE);
        loop {
            if happened(api, &mut cursor).await.unwrap_or_default() {
                looks = LOOKS;
            }
            idle += 1;
            if looks > 0 || idle >= PATIENCE {
                looks = looks.saturating_sub(1);
                idle = 0;
                if let Err(error) = self.round(api, operator, &mut session, &mut known, &mut read).await {
                    // A server that restarts ends no practice.
                    if !matches!(error, Error::Problem(_)) {
                        session = None;
                    }
                }
            }
            sleep(POLL).await;
        }
    }

    async fn round(
        &self,
        api: &Api,
        operator: &Operator,
        session: &mut Option<Session>,
        known: &mut HashSet<Key>,
        read: &mut HashSet<Key>,
    ) -> Result<(), Error> {
        let purpose = Purpose::Treatment;
        if session.is_none() {
            *session = Some(Session::sign_in(api, &self.wallet, None).await?);
        }
        let Some(signed_in) = session else { return Ok(()) };
        if let Err(error) = signed_in.renew().await {
            *session = None;
            return Err(error);
        }
        let reader = operator.sender.reader();
        let patients: HashSet<Key> =
            record::patients(signed_in, purpose).await?.into_iter().map(|patient| patient.patient).collect();
        let stopped: Vec<Key> = known.difference(&patients).copied().collect();
        *known = patients;
        for patient in stopped {
            // Refused, which the patient sees.
            let _ = record::list(signed_in, purpose, patient, &record::Query::default()).await;
        }
        for patient in known.iter() {
            for held in record::list(signed_in, purpose, *patient, &record::Query::default()).await? {
                if read.contains(&held.record) {
                    continue;
                }
                let mut nowhere = std::io::sink();
                let opened =
                    record::open(signed_in, reader, &self.secrets, purpose, held.record, &mut nowhere, &|_, _| {});
                if opened.await.is_ok() {
                    read.insert(held.record);
                }
            }
        }
        Ok(())
    }
}

/// Whether something happened to a vault, for good, since the cursor, which moves on: a permission opens nothing
/// before that.
async fn happened(api: &Api, cursor: &mut Option<String>) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Event {
        vault: Option<Key>,
    }
    #[derive(Deserialize)]
    struct Events {
        data: Vec<Event>,
        next: Option<String>,
        more: bool,
    }
    let mut found = false;
    loop {
        let mut query = vec![("limit", "200".to_owned())];
        query.extend(cursor.clone().map(|after| ("after", after)));
        let Events { data, next, more } = api.get("/v1/chain/events", &query).await?;
        found |= data.iter().any(|event| event.vault.is_some());
        *cursor = next.or(cursor.take());
        if !more {
            return Ok(found);
        }
    }
}
