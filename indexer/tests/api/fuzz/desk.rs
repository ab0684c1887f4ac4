//! Gives the fuzzer what requests that can succeed are made of and a schema cannot say: sessions, answers
//! to challenges, uploads, items and requests in the user's own vault, signed transactions.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aegle_client::{Pubkey, aegle::CreateVaultParams, commitment::commit, instruction};
use aegle_decision::Statement;
use aegle_indexer::api::invite;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode},
    routing::get,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use sqlx::PgPool;
use tokio::net::TcpListener;

use super::{LAB, VAULT_KEY, wrapped};
use crate::{
    client::Client,
    custodians::{plan, signed, signed_plan},
    facts::{Key, base58, key, now},
    sign_in::{answered_challenge, sign_in, wallet},
    world::{Session, labels, opening},
};

pub struct Desk {
    pub client: Client,
    pub pool: PgPool,
    pub node: RpcClient,
    /// The relay's key.
    pub relay: Pubkey,
    /// Each user's, by the number of the wallet.
    pub vaults: BTreeMap<u8, Key>,
    /// So that nothing is given out twice.
    pub given: AtomicU32,
}

impl Desk {
    /// Serves `GET /{user}/{what}`; the header `authorization` is that of the user's session.
    pub async fn open(self) -> SocketAddr {
        let router = Router::new().route("/{user}/{what}", get(give)).with_state(Arc::new(self));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    /// Id of a finished upload; none where the session has ended meanwhile.
    async fn upload(&self, session: &Session<'_>, user: u8) -> Option<Value> {
        let bytes = self.seed(user).into_bytes();
        let id = session.post("/v1/uploads", &json!({ "size": bytes.len() })).await.json()["id"].clone();
        let request = Request::patch(format!("/v1/uploads/{}", id.as_str()?))
            .header("authorization", format!("Bearer {}", session.token))
            .header("content-type", "application/partial-upload")
            .header("upload-offset", 0);
        let appended = session.client.send(request.body(bytes.into()).unwrap()).await;
        (appended.status == StatusCode::NO_CONTENT).then_some(id)
    }

    fn seed(&self, user: u8) -> String {
        format!("{user} {}", self.given.fetch_add(1, Ordering::Relaxed))
    }

    /// A record's content in the user's vault, not minted.
    async fn record(&self, session: &Session<'_>, user: u8) -> Value {
        let (seed, vault) = (self.seed(user), self.vaults[&user]);
        let body = json!({
            "vault": base58(&vault), "record_id": hex::encode(commit(&key(6), seed.as_bytes())),
            "upload": self.upload(session, user).await, "opening": opening(&labels(&["document"]), &seed).0,
            "wraps": [
                { "holder": base58(&vault), "recipient": hex::encode(key(VAULT_KEY)), "wrapped_key": wrapped(&seed) },
            ],
        });
        session.post("/v1/records", &body).await.json()["data"].clone()
    }

    /// What a laboratory posted to the user.
    async fn item(&self, user: u8) -> Value {
        let (seed, lab) = (self.seed(user), self.session(LAB).await);
        let body = json!({
            "vault": base58(&self.vaults[&user]), "upload": lab.upload(seed.as_bytes()).await,
            "opening": opening(&labels(&["document"]), &seed).0, "recipient": hex::encode(key(VAULT_KEY)),
            "wrapped_key": wrapped(&seed),
        });
        lab.post("/v1/mailbox", &body).await.json()["data"].clone()
    }

    /// What the user signs to open a record of the other's in an emergency.
    fn statement(&self, user: u8) -> Value {
        let signer = wallet(user);
        let statement = Statement {
            kind: Default::default(),
            vault: aegle_decision::Key(self.vaults[&user]),
            break_glass_id: commit(&key(9), self.seed(user).as_bytes()),
            clinician: aegle_decision::Key(signer.pubkey().to_bytes()),
            credential: aegle_decision::Key(key(1)),
            encryption_key: key(223),
            records: [aegle_decision::Key(key(2))].into(),
            reason: "Unconscious after a fall".into(),
            expires_at: now() + 3_600,
        };
        signed(&statement, &signer)
    }

    async fn request(&self, user: u8) -> Value {
        let message = BASE64_STANDARD.encode(self.seed(user));
        let body = json!({ "vault": base58(&self.vaults[&user]), "purposes": 1, "actions": 1, "message": message });
        self.session(LAB).await.post("/v1/access-requests", &body).await.json()["data"].clone()
    }

    async fn subscription(&self, session: &Session<'_>, user: u8) -> Value {
        let url = format!("https://hooks.example/{}", self.seed(user).replace(' ', "/"));
        let body = json!({ "vault": base58(&self.vaults[&user]), "target": { "webhook": { "url": url } } });
        session.post("/v1/subscriptions", &body).await.json()["data"].clone()
    }

    /// The user's next vault with an invitation to it, for the relay to pay.
    async fn transaction(&self, user: u8) -> Value {
        let (seed, owner) = (self.seed(user), wallet(user));
        let vault_id = commit(&key(7), seed.as_bytes());
        let create = instruction::create_vault(
            owner.pubkey(),
            self.relay,
            CreateVaultParams { vault_id, encryption_key: [8; 32] },
        );
        let mut message = Message::new(&[create], Some(&self.relay));
        message.recent_blockhash = self.node.get_latest_blockhash().await.unwrap();
        let message = VersionedMessage::Legacy(message);
        let signatures = vec![Signature::default(), owner.sign_message(&message.serialize())];
        let bytes = wincode::serialize(&VersionedTransaction { signatures, message }).unwrap();
        json!({ "transaction": BASE64_STANDARD.encode(bytes), "invitation": invite(&self.pool, 1).await.unwrap() })
    }

    /// Place in the log of a request of the user's that was permitted, and entries of a checkpoint with
    /// it, and the sign-in that it names.
    async fn place(&self, session: &Session<'_>, user: u8) -> Option<Value> {
        let patient = base58(&self.vaults[&user]);
        let permitted = session.get(&format!("/v1/records?patient={patient}"), "PATRQT").await;
        let receipt = BASE64_URL_SAFE_NO_PAD.decode(permitted.headers.get("aegle-receipt")?).unwrap();
        let place = u64::from_be_bytes(receipt.first_chunk().copied().unwrap());
        let head = session.get(&format!("/v1/disclosures/head?patient={patient}"), "PATRQT").await.json();
        // The second line of a checkpoint (C2SP tlog-checkpoint).
        let size = head["checkpoint"].as_str()?.lines().nth(1)?.parse::<u64>().unwrap();
        let logged = session.get(&format!("/v1/receipts/{place}"), "PATRQT").await.json();
        let entry: Value = serde_json::from_str(logged["entry"].as_str()?).unwrap();
        Some(json!({ "place": place, "size": size, "sign_in": entry["signed"]["sign_in"] }))
    }

    async fn session(&self, user: u8) -> Session<'_> {
        Session { client: &self.client, token: sign_in(&self.client, &wallet(user)).await.0 }
    }
}

async fn give(
    State(desk): State<Arc<Desk>>,
    Path((user, what)): Path<(u8, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let session = Session { client: &desk.client, token: token.unwrap_or_default().to_owned() };
    let given = match what.as_str() {
        "token" => sign_in(&desk.client, &wallet(user)).await.0.into(),
        "answer" => answered_challenge(&desk.client, &wallet(user)).await,
        "session" => sign_in(&desk.client, &wallet(user)).await.1,
        "begun" => session.post("/v1/uploads", &json!({ "size": 100 })).await.json(),
        "upload" => desk.upload(&session, user).await.into(),
        "record" => desk.record(&session, user).await,
        "item" => desk.item(user).await,
        "request" => desk.request(user).await,
        "subscription" => desk.subscription(&session, user).await,
        "place" => desk.place(&session, user).await.into(),
        "plan" => signed_plan(&plan(desk.vaults[&user], &[wallet(LAB), wallet(user)]), &wallet(user)),
        "statement" => desk.statement(user),
        "transaction" => desk.transaction(user).await,
        "relayed" => session.post("/v1/relay", &desk.transaction(user).await).await.json(),
        _ => return Err(StatusCode::NOT_FOUND),
    };
    Ok(Json(given))
}
