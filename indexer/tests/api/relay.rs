//! The relay's routes without a ledger: what is refused before a node is asked.

use std::path::PathBuf;

use aegle_client::{PROGRAM_ID, Pubkey, aegle::CreateVaultParams, instruction};
use aegle_indexer::{
    api::{ApiConfig, Stores, router},
    blob::BlobConfig,
};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use solana_keypair::{Keypair, write_keypair_file};
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, config, keys, open_blobs},
    facts::Ledger,
    sign_in::{ask, sign_in, wallet},
};

/// A relay whose node does not answer.
async fn relay(pool: &PgPool, change: impl FnOnce(&mut ApiConfig)) -> (Client, Pubkey, tempfile::TempDir) {
    Ledger::new(pool).await;
    let folder = tempfile::tempdir().unwrap();
    let (key, file) = (Keypair::new(), folder.path().join("relay.json"));
    write_keypair_file(&key, &file).unwrap();
    let mut config = config();
    config.relay.keypair = Some(file);
    config.relay.rpc_url = Some(serde_json::from_value(json!("http://127.0.0.1:9")).unwrap());
    change(&mut config);
    (Client::with(pool, &config), key.pubkey(), folder)
}

/// The wallet's first vault, paid for by `payer`, on the wire.
fn vault(wallet: &Keypair, payer: Pubkey) -> String {
    let params = CreateVaultParams { vault_id: [7; 32], encryption_key: [8; 32] };
    let instruction = instruction::create_vault(wallet.pubkey(), payer, params);
    let message = VersionedMessage::Legacy(Message::new(&[instruction], Some(&payer)));
    let signatures = vec![Signature::default(), wallet.sign_message(&message.serialize())];
    BASE64_STANDARD.encode(wincode::serialize(&VersionedTransaction { signatures, message }).unwrap())
}

async fn send(client: &Client, token: &str, transaction: &str) -> Answer {
    ask(client, Method::POST, "/v1/relay", Some(token), Some(&json!({ "transaction": transaction }))).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_without_a_key_pays_for_nobody(pool: PgPool) {
    let client = crate::sign_in::client(&pool).await;
    let (token, _) = sign_in(&client, &wallet(1)).await;
    assert_eq!(client.get("/v1/relay").await.problem(), (404, "relay_off".into()));
    let transaction = vault(&wallet(1), wallet(2).pubkey());
    assert_eq!(send(&client, &token, &transaction).await.problem(), (404, "relay_off".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_terms_name_key_programs_and_limits(pool: PgPool) {
    let (client, key, _folder) = relay(&pool, |_| {}).await;
    let terms = client.get("/v1/relay").await.ok();
    assert_eq!(terms["payer"], key.to_string());
    assert_eq!(terms["programs"][0], PROGRAM_ID.to_string());
    assert_eq!((&terms["max_transaction_bytes"], &terms["max_compute_units"]), (&json!(1232), &json!(600_000)));
}

#[sqlx::test(migrations = "../migrations")]
async fn only_what_the_signed_in_wallet_signed_reaches_the_node(pool: PgPool) {
    let (client, key, _folder) = relay(&pool, |_| {}).await;
    let (token, _) = sign_in(&client, &wallet(1)).await;
    let own = vault(&wallet(1), key);
    assert_eq!(send(&client, &token, &own).await.problem(), (503, "relay_unavailable".into()), "the node is asked");

    for transaction in [vault(&wallet(2), key), vault(&wallet(1), wallet(3).pubkey()), String::new(), "AAAA".into()] {
        assert_eq!(send(&client, &token, &transaction).await.problem(), (422, "transaction_refused".into()));
    }
    assert_eq!(send(&client, &token, "?").await.problem(), (400, "invalid_body".into()));
    assert_eq!(send(&client, "none", &own).await.problem(), (401, "not_signed_in".into()));
    assert_eq!(ask(&client, Method::DELETE, "/v1/sessions", Some(&token), None).await.status, 204);
    assert_eq!(send(&client, &token, &own).await.problem(), (401, "session_ended".into()));

    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM protected.relayed").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0, "nothing was reserved");
}

#[sqlx::test(migrations = "../migrations")]
async fn one_wallet_does_not_keep_the_node_busy(pool: PgPool) {
    let (client, _, _folder) = relay(&pool, |config| config.relay.wallet_per_minute = 2).await;
    let (alice, _) = sign_in(&client, &wallet(1)).await;
    let (bob, _) = sign_in(&client, &wallet(2)).await;
    for code in ["transaction_refused", "transaction_refused", "rate_limited"] {
        assert_eq!(send(&client, &alice, "AAAA").await.problem().1, code);
    }
    assert_eq!(send(&client, &bob, "AAAA").await.problem().1, "transaction_refused");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_relay_that_cannot_work_does_not_start(pool: PgPool) {
    let start = |config: &ApiConfig| {
        let (_folder, blobs) = open_blobs(BlobConfig::default());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        router(pool.clone(), config, Stores { blobs, keys: keys(&pool) }, metrics).unwrap_err()
    };
    let mut config = config();
    config.relay.keypair = Some(PathBuf::from("/nonexistent/relay.json"));
    let refused = start(&config);
    assert!(refused.starts_with("relay.keypair"), "{refused}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.json");
    write_keypair_file(&Keypair::new(), &file).unwrap();
    config.relay.keypair = Some(file);
    let refused = start(&config);
    assert!(refused.starts_with("relay.rpc_url"), "{refused}");
}
