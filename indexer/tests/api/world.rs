//! A server with patients, records and consents, whose handles and commitments open as real ones do.

use std::sync::atomic::{AtomicU32, Ordering};

use aegle_client::{
    commitment::{Opening, commit},
    pda,
    state::{Action, Purpose},
};
use aegle_decision::{Document, Labels, LabelsVersion, Policy};
use aegle_disclosure::RequestParts;
use aegle_indexer::{api::wall_clock, erasure::seal_stored};
use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, keys},
    facts::{CONFIRMED, FINALIZED, Key, Ledger, base58, day, key, time},
    sign_in::{request_key, sign_in, wallet},
};

/// Bytes of an upload in one request.
const PART: usize = 64 * 1024;
pub const TREAT: &str = "TREAT";

pub struct World {
    pub pool: PgPool,
    pub ledger: Ledger,
    pub client: Client,
    pub patient: Keypair,
    pub vault: Key,
    ids: u32,
    advances: AtomicU32,
}

/// What a consent says; by default, that everything may be read for treatment, final since long.
pub struct Grant {
    pub policy: Policy,
    pub purposes: u16,
    pub actions: u8,
    pub slot: i64,
    pub days: (i64, i64),
}

impl Default for Grant {
    fn default() -> Self {
        Self {
            policy: serde_json::from_value(json!({ "kind": "aegle:policy:v1", "base": "all-normal" })).unwrap(),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            slot: FINALIZED - 10,
            days: (day(CONFIRMED) - 5, day(CONFIRMED) + 5),
        }
    }
}

pub fn policy(text: Value) -> Policy {
    let mut whole = json!({ "kind": "aegle:policy:v1" });
    whole.as_object_mut().unwrap().extend(text.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// What opens a record's commitment as far as its labels, with salts that follow from `seed`, and the
/// commitment.
pub fn opening(labels: &Labels, seed: &str) -> (Value, [u8; 32]) {
    let salt = |name: &str| commit(&key(0), format!("{seed} {name}").as_bytes());
    let (salt, labels_salt, details) = (salt("salt"), salt("labels"), salt("details"));
    let text = serde_json::to_string(labels).unwrap();
    let commitment = commit(&salt, &[commit(&labels_salt, text.as_bytes()), details].concat());
    let opening = json!({
        "salt": hex::encode(salt), "labels": text, "labels_salt": hex::encode(labels_salt),
        "details_commitment": hex::encode(details),
    });
    (opening, commitment)
}

pub fn labels(categories: &[&str]) -> Labels {
    Labels {
        kind: LabelsVersion::V1,
        categories: categories.iter().map(|category| category.parse().unwrap()).collect(),
        types: Default::default(),
        from: None,
        until: None,
        study: None,
        sensitivity: Default::default(),
        author: None,
    }
}

impl World {
    /// A patient with a vault, before the server of `client` is asked anything.
    pub async fn new(pool: &PgPool) -> Self {
        Self::with(pool, Client::new(pool)).await
    }

    pub async fn with(pool: &PgPool, client: Client) -> Self {
        client.bind(pool).await;
        let mut ledger = Ledger::new(pool).await;
        let (patient, vault) = (wallet(1), key(10));
        ledger.vault(FINALIZED - 40, vault).await;
        let world = Self { pool: pool.clone(), ledger, client, patient, vault, ids: 0, advances: AtomicU32::new(0) };
        world.own(vault, &world.patient).await;
        world
    }

    async fn own(&self, vault: Key, owner: &Keypair) {
        sqlx::query("UPDATE vault SET owner = $1 WHERE vault = $2")
            .bind(owner.pubkey().to_bytes())
            .bind(vault)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Another patient's vault.
    pub async fn vault(&mut self, owner: &Keypair) -> Key {
        let vault = self.id();
        self.ledger.vault(FINALIZED - 40, vault).await;
        self.own(vault, owner).await;
        vault
    }

    fn id(&mut self) -> Key {
        self.ids += 1;
        let mut id = [77; 32];
        id[..4].copy_from_slice(&self.ids.to_be_bytes());
        id
    }

    /// A practitioner with a credential.
    pub async fn practitioner(&mut self, number: u8) -> Keypair {
        let person = wallet(number);
        self.credential(&person, "practitioner").await;
        person
    }

    pub async fn credential(&mut self, subject: &Keypair, kind: &str) -> Key {
        let credential = self.id();
        let days = (day(CONFIRMED) - 100, day(CONFIRMED) + 100);
        self.ledger.credential(FINALIZED - 30, credential, key(90), subject.pubkey().to_bytes(), days).await;
        sqlx::query("UPDATE credential SET kind = $1::credential_kind WHERE credential = $2")
            .bind(kind)
            .bind(credential)
            .execute(&self.pool)
            .await
            .unwrap();
        credential
    }

    /// A delegate of the patient's.
    pub async fn delegate(&mut self, who: &Keypair, rights: u8) {
        let account = pda::find_delegate(&self.vault.into(), &who.pubkey()).0.to_bytes();
        self.ledger.delegate(FINALIZED - 5, self.vault, account, i16::from(rights), day(CONFIRMED) + 9).await;
        sqlx::query("UPDATE delegate SET key = $1 WHERE delegate = $2")
            .bind(who.pubkey().to_bytes())
            .bind(account)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Guardians hand the patient's vault to `new_owner`, finally.
    pub async fn recover(&mut self, new_owner: &Keypair) {
        let (vault, recovery) = (self.vault, self.propose_recovery(new_owner).await);
        self.ledger.approve_recovery(FINALIZED - 7, vault, recovery, time(FINALIZED - 6), time(CONFIRMED)).await;
        self.ledger.execute_recovery(FINALIZED - 6, vault, recovery).await;
        sqlx::query("UPDATE vault_change SET owner = $1 WHERE vault = $2 AND owner IS NOT NULL")
            .bind(new_owner.pubkey().to_bytes())
            .bind(vault)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Proposes a recovery of the patient's vault.
    pub async fn propose_recovery(&mut self, new_owner: &Keypair) -> Key {
        let (vault, recovery) = (self.vault, key(70));
        self.ledger.guardians(FINALIZED - 9, vault, 1, 3, 2).await;
        self.ledger.propose_recovery(FINALIZED - 8, vault, recovery, time(CONFIRMED)).await;
        sqlx::query("UPDATE recovery SET new_owner = $1")
            .bind(new_owner.pubkey().to_bytes())
            .execute(&self.pool)
            .await
            .unwrap();
        recovery
    }

    /// Says that the mirror moved on where a test wrote into a slot that it had: what servers keep of a
    /// slot they keep for good.
    pub async fn advance(&self) {
        let hash = commit(&key(199), &self.advances.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        sqlx::query("UPDATE checkpoint SET confirmed_hash = $1").bind(hash).execute(&self.pool).await.unwrap();
    }

    /// A record of the patient's, final, with content and a key for the patient and each holder.
    pub async fn record(&mut self, labels: &Labels, holders: &[&Keypair]) -> Key {
        self.record_in(self.vault, FINALIZED - 20, labels, holders).await
    }

    pub async fn record_in(&mut self, vault: Key, slot: i64, labels: &Labels, holders: &[&Keypair]) -> Key {
        let (id, blob) = (self.id(), self.id());
        let record = pda::find_record(&vault.into(), &id).0.to_bytes();
        self.ledger.record(slot, vault, record, 1, None).await;
        let text = serde_json::to_string(labels).unwrap();
        let opened = commit(&key(41), text.as_bytes());
        let commitment = commit(&key(40), &[opened, key(42)].concat());
        sqlx::query("UPDATE record SET commitment = $1, record_id = $2 WHERE record = $3")
            .bind(commitment)
            .bind(id)
            .bind(record)
            .execute(&self.pool)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO protected.content (record, vault, blob, size, commitment, salt, labels, labels_salt,
                                            details_commitment, stored_by)
             VALUES ($1, $2, $3, 100, $4, $5, $6, $7, $8, $9)",
        )
        .bind(record)
        .bind(vault)
        .bind(blob)
        .bind(commitment)
        .bind(key(40))
        .bind(text)
        .bind(key(41))
        .bind(key(42))
        .bind(self.patient.pubkey().to_bytes())
        .execute(&self.pool)
        .await
        .unwrap();
        let holders = holders.iter().map(|holder| holder.pubkey().to_bytes());
        for holder in holders.chain([vault]) {
            sqlx::query(
                "INSERT INTO protected.wrap (record, recipient, holder, vault, wrapped_key)
                 VALUES ($1, $2, $2, $3, $4)",
            )
            .bind(record)
            .bind(holder)
            .bind(vault)
            .bind(vec![7_u8; 80])
            .execute(&self.pool)
            .await
            .unwrap();
        }
        seal_stored(&self.pool, &keys(&self.pool)).await.unwrap();
        record
    }

    /// The record whose content was stored for `record_id`, on chain with this commitment.
    pub async fn mint(&mut self, vault: Key, slot: i64, record_id: Key, commitment: [u8; 32]) -> Key {
        let record = pda::find_record(&vault.into(), &record_id).0.to_bytes();
        self.ledger.record(slot, vault, record, 1, None).await;
        sqlx::query("UPDATE record SET commitment = $1, record_id = $2 WHERE record = $3")
            .bind(commitment)
            .bind(record_id)
            .bind(record)
            .execute(&self.pool)
            .await
            .unwrap();
        record
    }

    /// A consent of the patient's to `grantee`, on chain and opened here.
    pub async fn grant(&mut self, grantee: &Keypair, grant: Grant) -> Key {
        self.grant_in(self.vault, grantee, grant).await
    }

    pub async fn grant_in(&mut self, vault: Key, grantee: &Keypair, grant: Grant) -> Key {
        let consent_id = self.id();
        let consent = pda::find_consent(&vault.into(), &consent_id).0.to_bytes();
        self.ledger.consent(grant.slot, vault, consent, grant.days.0, grant.days.1).await;
        let (salt, policy_salt) = (commit(&consent_id, b"handle"), commit(&consent_id, b"policy"));
        let opening = Opening { vault: vault.into(), consent_id, grantee: grantee.pubkey(), salt };
        let document = Document::new(grant.policy);
        sqlx::query(
            "UPDATE consent SET consent_id = $1, handle = $2, policy_commitment = $3, purposes = $4, actions = $5
             WHERE consent = $6",
        )
        .bind(consent_id)
        .bind(opening.handle())
        .bind(document.commitment(&policy_salt))
        .bind(i32::from(grant.purposes))
        .bind(i16::from(grant.actions))
        .bind(consent)
        .execute(&self.pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO protected.opening (consent, vault, consent_id, grantee, salt, policy, policy_salt,
                                            encryption_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $4)",
        )
        .bind(consent)
        .bind(vault)
        .bind(consent_id)
        .bind(grantee.pubkey().to_bytes())
        .bind(salt)
        .bind(std::str::from_utf8(document.bytes()).unwrap())
        .bind(policy_salt)
        .execute(&self.pool)
        .await
        .unwrap();
        consent
    }

    /// Moves the mirror on: the next slot is confirmed, and finality follows to `finalized`.
    pub async fn finalize(&self, slot: i64) {
        self.ledger.finalize(slot).await;
    }

    pub async fn session(&self, who: &Keypair) -> Session<'_> {
        Session { client: &self.client, token: sign_in(&self.client, who).await.0 }
    }
}

/// Headers by which the key of the tests' sessions signs a request.
pub fn signature(method: &Method, uri: &str, purpose: &str) -> [(&'static str, String); 2] {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let [method, path, query, purpose] = [method.as_str(), path, query, purpose].map(str::to_owned);
    let (key, nonce) = (request_key(), Keypair::new().pubkey().to_bytes());
    let parts = RequestParts { method, path, query, purpose };
    let to_sign = parts.to_sign(&aegle_decision::Key(key.pubkey().to_bytes()), wall_clock(), &nonce);
    let (input, signature) = to_sign.headers(&key.sign_message(to_sign.base.as_bytes()).into());
    [("signature-input", input), ("signature", signature)]
}

/// Somebody who signed in.
pub struct Session<'a> {
    pub client: &'a Client,
    pub token: String,
}

impl Session<'_> {
    pub async fn get(&self, uri: &str, purpose: &str) -> Answer {
        self.send(Method::GET, uri, Some(purpose), None).await
    }

    pub async fn send(&self, method: Method, uri: &str, purpose: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(purpose) = purpose {
            request = request.header("aegle-purpose", purpose);
            for (name, value) in signature(&method, uri, purpose) {
                request = request.header(name, value);
            }
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.client.send(request.body(body).unwrap()).await
    }

    /// What the caller is answered about a vault by `route`.
    pub async fn of(&self, route: &str, vault: Key) -> Answer {
        self.get(&format!("/v1/{route}?patient={}", base58(&vault)), TREAT).await
    }

    pub async fn delete(&self, uri: &str) -> Answer {
        self.send(Method::DELETE, uri, None, None).await
    }

    pub async fn post(&self, uri: &str, body: &Value) -> Answer {
        self.send(Method::POST, uri, None, Some(body)).await
    }

    /// Id of a finished upload of `bytes`.
    pub async fn upload(&self, bytes: &[u8]) -> String {
        let created = self.post("/v1/uploads", &json!({ "size": bytes.len() })).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        for (place, part) in bytes.chunks(PART).enumerate() {
            let request = Request::patch(format!("/v1/uploads/{id}"))
                .header("authorization", format!("Bearer {}", self.token))
                .header("content-type", "application/partial-upload")
                .header("upload-offset", place * PART);
            let appended = self.client.send(request.body(part.to_vec().into()).unwrap()).await;
            assert_eq!(appended.status, 204, "{}", appended.text);
        }
        id
    }

    /// Addresses of the records that a list gives, over all its pages.
    pub async fn records(&self, vault: Key, filter: &str) -> Vec<String> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let uri = format!("/v1/records?patient={}&{filter}{cursor}", base58(&vault));
            let page = self.get(&uri, TREAT).await.ok();
            let found = page["data"].as_array().unwrap().iter();
            records.extend(found.map(|record| record["record"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return records,
            }
        }
    }

    pub async fn record(&self, record: Key) -> Answer {
        self.get(&format!("/v1/records/{}", base58(&record)), TREAT).await
    }
}
