//! Sign-in and sessions, with real signatures.

use std::{collections::BTreeSet, time::Duration};

use aegle_indexer::api::{ApiConfig, end_sessions};
use axum::{
    body::Body,
    http::{Method, Request},
};
use futures::future::join_all;
use serde_json::{Value, json};
use solana_keypair::{Keypair, keypair_from_seed};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, config},
    facts::{Ledger, base58},
};

pub fn wallet(number: u8) -> Keypair {
    keypair_from_seed(&[number; 32]).unwrap()
}

pub async fn client(pool: &PgPool) -> Client {
    Ledger::new(pool).await;
    Client::new(pool)
}

pub async fn ask(client: &Client, method: Method, uri: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    client.send(request.body(body).unwrap()).await
}

pub async fn post(client: &Client, uri: &str, body: &Value) -> Answer {
    ask(client, Method::POST, uri, None, Some(body)).await
}

/// Signs the requests of every session of the tests.
pub fn request_key() -> Keypair {
    wallet(250)
}

/// A request for a challenge of the wallet's.
fn asked(wallet: &Keypair) -> Value {
    json!({ "address": wallet.pubkey().to_string(), "request_key": request_key().pubkey().to_string() })
}

async fn challenge(client: &Client, wallet: &Keypair) -> Value {
    post(client, "/v1/sign-in/challenge", &asked(wallet)).await.ok()
}

fn sign(key: &Keypair, text: &str) -> String {
    key.sign_message(text.as_bytes()).to_string()
}

fn text(challenge: &Value) -> &str {
    challenge["message"].as_str().unwrap()
}

fn answer(challenge: &Value, wallet: &Keypair) -> Value {
    json!({ "challenge": challenge["challenge"], "signature": sign(wallet, text(challenge)) })
}

/// A challenge, answered and not sent.
pub async fn answered_challenge(client: &Client, wallet: &Keypair) -> Value {
    answer(&challenge(client, wallet).await, wallet)
}

/// A session of the wallet: its token and what is told of it.
pub async fn sign_in(client: &Client, wallet: &Keypair) -> (String, Value) {
    let challenge = challenge(client, wallet).await;
    let signed_in = post(client, "/v1/sign-in", &answer(&challenge, wallet)).await.ok();
    (signed_in["token"].as_str().unwrap().to_owned(), signed_in["session"].clone())
}

/// A session of an organization whose practitioner signs too.
async fn sign_in_for(client: &Client, organization: &Keypair, practitioner: &Keypair) -> (String, Value) {
    let body = json!({
        "address": organization.pubkey().to_string(), "practitioner": practitioner.pubkey().to_string(),
        "request_key": request_key().pubkey().to_string(),
    });
    let challenge = post(client, "/v1/sign-in/challenge", &body).await.ok();
    let mut body = answer(&challenge, organization);
    body["practitioner_signature"] = sign(practitioner, text(&challenge)).into();
    let signed_in = post(client, "/v1/sign-in", &body).await.ok();
    (signed_in["token"].as_str().unwrap().to_owned(), signed_in["session"].clone())
}

async fn sessions(client: &Client, token: &str) -> Answer {
    ask(client, Method::GET, "/v1/sessions", Some(token), None).await
}

async fn end(client: &Client, token: &str, id: &Value) -> Answer {
    let uri = format!("/v1/sessions/{}", id.as_str().unwrap());
    ask(client, Method::DELETE, &uri, Some(token), None).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wallet_signs_in_and_is_refused_as_soon_as_its_session_is_ended(pool: PgPool) {
    let client = client(&pool).await;
    let (token, session) = sign_in(&client, &wallet(1)).await;
    assert_eq!(session["wallet"], wallet(1).pubkey().to_string());
    assert_eq!((&session["practitioner"], &session["current"]), (&Value::Null, &json!(true)));

    let (other, _) = sign_in(&client, &wallet(1)).await;
    let listed = sessions(&client, &other).await.ok();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert_eq!(end(&client, &other, &session["id"]).await.status, 204);

    let refused = sessions(&client, &token).await;
    assert_eq!(refused.problem(), (401, "session_ended".into()));
    assert_eq!(refused.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    assert_eq!(sessions(&client, &other).await.status, 200);
    assert_eq!(ask(&client, Method::DELETE, "/v1/sessions", Some(&other), None).await.status, 204);
    assert_eq!(sessions(&client, &other).await.problem(), (401, "session_ended".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_text_is_that_of_sign_in_with_solana(pool: PgPool) {
    let client = client(&pool).await;
    let asked = challenge(&client, &wallet(1)).await;
    let field = |name: &str| asked[name].as_str().unwrap().to_owned();
    let expected = format!(
        "localhost:8080 wants you to sign in with your Solana account:\n{}\n\nSign in to Aegle.\n\n\
         URI: http://localhost:8080\nVersion: 1\nChain ID: solana:localnet\nNonce: {}\nIssued At: {}\n\
         Expiration Time: {}\nResources:\n- aegle:request-key:{}",
        wallet(1).pubkey(),
        field("nonce"),
        field("issuedAt"),
        field("expirationTime"),
        request_key().pubkey(),
    );
    assert_eq!(text(&asked), expected);
    assert_eq!(asked["resources"], json!([format!("aegle:request-key:{}", request_key().pubkey())]));
    for (name, value) in [
        ("domain", "localhost:8080"),
        ("uri", "http://localhost:8080"),
        ("version", "1"),
        ("chainId", "solana:localnet"),
        ("statement", "Sign in to Aegle."),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    assert!(field("nonce").len() >= 8 && field("nonce").bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[sqlx::test(migrations = "../migrations")]
async fn of_twenty_parallel_answers_to_a_challenge_exactly_one_signs_in(pool: PgPool) {
    let client = client(&pool).await;
    let challenge = challenge(&client, &wallet(1)).await;
    let body = answer(&challenge, &wallet(1));
    let answers = join_all((0..20).map(|_| post(&client, "/v1/sign-in", &body))).await;
    let (signed_in, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(signed_in.len(), 1);
    assert!(refused.iter().all(|answer| answer.problem() == (409, "challenge_ended".into())));
    assert_eq!(post(&client, "/v1/sign-in", &body).await.problem(), (409, "challenge_ended".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_challenge_ends_by_time_and_at_no_other_server_than_those_that_share_its_key(pool: PgPool) {
    let here = client(&pool).await;
    let mut brief = config();
    brief.sign_in.challenge_seconds = 1;
    let late = challenge(&Client::with(&pool, &brief), &wallet(1)).await;

    let asked = challenge(&here, &wallet(1)).await;
    let body = answer(&asked, &wallet(1));
    let other_key = ApiConfig { cursor_key: Some("08".repeat(32)), ..config() };
    let refused = post(&Client::with(&pool, &other_key), "/v1/sign-in", &body).await;
    assert_eq!(refused.problem(), (409, "challenge_ended".into()));
    let beside = Client::new(&pool);
    post(&beside, "/v1/sign-in", &body).await.ok();
    assert_eq!(post(&here, "/v1/sign-in", &body).await.problem(), (409, "challenge_ended".into()), "used up there");
    let mut forged = body.clone();
    forged["challenge"] = text(&asked).into();
    assert_eq!(post(&here, "/v1/sign-in", &forged).await.problem(), (409, "challenge_ended".into()));

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let refused = post(&here, "/v1/sign-in", &answer(&late, &wallet(1))).await;
    assert_eq!(refused.problem(), (409, "challenge_ended".into()));
    sqlx::query("UPDATE protected.used_challenge SET expires_at = expires_at - 4000").execute(&pool).await.unwrap();
    sign_in(&here, &wallet(2)).await;
    assert_eq!(used(&pool).await, 1, "what is long over is swept");
}

async fn used(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM protected.used_challenge").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_signature_over_any_other_text_is_refused(pool: PgPool) {
    let client = client(&pool).await;
    let wallet = wallet(1);
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 10] = [
        ("another domain", |text| text.replacen("localhost:8080", "evil.example", 1)),
        ("another page", |text| text.replace("URI: http://localhost:8080", "URI: http://evil.example")),
        ("another chain", |text| text.replace("solana:localnet", "solana:mainnet")),
        ("another version", |text| text.replace("Version: 1", "Version: 2")),
        ("another statement", |text| text.replace("Sign in to Aegle.", "Sign in.")),
        ("another nonce", |text| text.replace("Nonce: ", "Nonce: 0")),
        ("no expiry", |text| text.split("\nExpiration Time").next().unwrap().to_owned()),
        ("a line more", |text| format!("{text}\n- https://evil.example")),
        ("another request key", |text| text.replace("request-key:", "request-key:1")),
        ("fields in another order", |text| {
            let (head, tail) = text.split_once("Version: 1\n").unwrap();
            format!("{head}{tail}\nVersion: 1")
        }),
    ];
    for (what, change) in changes {
        let challenge = challenge(&client, &wallet).await;
        let changed = change(text(&challenge));
        assert_ne!(changed, text(&challenge), "{what}");
        let mut body = json!({ "challenge": challenge["challenge"], "signature": sign(&wallet, &changed) });
        assert_eq!(post(&client, "/v1/sign-in", &body).await.problem(), (403, "signature_invalid".into()), "{what}");

        let challenge = self::challenge(&client, &wallet).await;
        body = answer(&challenge, &wallet);
        body["signed_message"] = change(text(&challenge)).into();
        assert_eq!(post(&client, "/v1/sign-in", &body).await.problem(), (403, "signature_invalid".into()), "{what}");
    }
    let challenge = challenge(&client, &wallet).await;
    let mut body = answer(&challenge, &wallet);
    body["signed_message"] = text(&challenge).into();
    post(&client, "/v1/sign-in", &body).await.ok();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_challenge_of_another_server_is_refused(pool: PgPool) {
    let here = client(&pool).await;
    let mut elsewhere = config();
    elsewhere.sign_in.uri = "https://evil.example".into();
    let elsewhere = Client::with(&pool, &elsewhere);
    let challenge = challenge(&elsewhere, &wallet(1)).await;
    assert!(text(&challenge).starts_with("evil.example wants"));
    let refused = post(&here, "/v1/sign-in", &answer(&challenge, &wallet(1))).await;
    assert_eq!(refused.problem(), (403, "signature_invalid".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_of_small_order_signs_nothing(pool: PgPool) {
    let client = client(&pool).await;
    // With the neutral element as key and as the signature's point, and zero as its scalar, the plain
    // equation of Ed25519 holds for every text.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let body = json!({ "address": base58(&neutral), "request_key": base58(&neutral) });
    let challenge = post(&client, "/v1/sign-in/challenge", &body).await.ok();
    let body = json!({ "challenge": challenge["challenge"], "signature": base58(&signature) });
    assert_eq!(post(&client, "/v1/sign-in", &body).await.problem(), (403, "signature_invalid".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organization_signs_in_together_with_its_practitioner(pool: PgPool) {
    let client = client(&pool).await;
    let (clinic, doctor, nurse) = (wallet(1), wallet(2), wallet(3));
    let address = |key: &Keypair| key.pubkey().to_string();
    let mut body = asked(&clinic);
    body["practitioner"] = address(&doctor).into();
    let ask = || post(&client, "/v1/sign-in/challenge", &body);

    let asked = ask().await.ok();
    assert!(text(&asked).contains(&address(&clinic)) && text(&asked).contains(&address(&doctor)));
    let alone = post(&client, "/v1/sign-in", &answer(&asked, &clinic)).await;
    assert_eq!(alone.problem(), (403, "signature_invalid".into()));
    for (first, second) in [(&clinic, &nurse), (&doctor, &clinic), (&clinic, &clinic), (&doctor, &doctor)] {
        let asked = ask().await.ok();
        let mut body = answer(&asked, first);
        body["practitioner_signature"] = sign(second, text(&asked)).into();
        assert_eq!(post(&client, "/v1/sign-in", &body).await.problem(), (403, "signature_invalid".into()));
    }
    let asked = challenge(&client, &clinic).await;
    let mut uninvited = answer(&asked, &clinic);
    uninvited["practitioner_signature"] = sign(&doctor, text(&asked)).into();
    assert_eq!(post(&client, "/v1/sign-in", &uninvited).await.problem(), (403, "signature_invalid".into()));
    let mut itself = body.clone();
    itself["practitioner"] = address(&clinic).into();
    assert_eq!(post(&client, "/v1/sign-in/challenge", &itself).await.problem(), (400, "invalid_body".into()));

    let (by_doctor, session) = sign_in_for(&client, &clinic, &doctor).await;
    assert_eq!((&session["wallet"], &session["practitioner"]), (&json!(address(&clinic)), &json!(address(&doctor))));
    let (by_nurse, of_nurse) = sign_in_for(&client, &clinic, &nurse).await;
    let (alone, _) = sign_in(&client, &clinic).await;

    let count = async |token| sessions(&client, token).await.ok()["data"].as_array().unwrap().len();
    assert_eq!((count(&by_doctor).await, count(&by_nurse).await, count(&alone).await), (1, 1, 3));
    assert_eq!(end(&client, &by_doctor, &of_nurse["id"]).await.problem(), (404, "not_found".into()));
    assert_eq!(end(&client, &alone, &of_nurse["id"]).await.status, 204);
    assert_eq!(sessions(&client, &by_nurse).await.problem(), (401, "session_ended".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_sees_or_ends_the_session_of_another(pool: PgPool) {
    let client = client(&pool).await;
    let (alice, of_alice) = sign_in(&client, &wallet(1)).await;
    let (bob, of_bob) = sign_in(&client, &wallet(2)).await;
    let listed = sessions(&client, &bob).await.ok();
    assert_eq!(listed["data"], json!([of_bob]));

    let theirs = end(&client, &bob, &of_alice["id"]).await;
    let unknown = end(&client, &bob, &json!("00".repeat(16))).await;
    let no_id = end(&client, &bob, &json!("nothing")).await;
    for refused in [&theirs, &unknown, &no_id] {
        assert_eq!(refused.problem(), (404, "not_found".into()));
        assert_eq!(refused.detail(), unknown.detail());
    }
    assert_eq!(ask(&client, Method::DELETE, "/v1/sessions", Some(&bob), None).await.status, 204);
    assert_eq!(sessions(&client, &alice).await.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_ends_the_sessions_of_a_wallet_or_all_at_once(pool: PgPool) {
    let client = client(&pool).await;
    let [alice, again, bob] = [1, 1, 2].map(wallet);
    let [alices, agains, bobs] = [&alice, &again, &bob].map(|wallet| async { sign_in(&client, wallet).await.0 });
    let (alices, agains, bobs) = (alices.await, agains.await, bobs.await);
    assert!(end_sessions(&pool, Some("nobody")).await.is_err());
    assert_eq!(end_sessions(&pool, Some(&alice.pubkey().to_string())).await.unwrap(), 2);
    for ended in [&alices, &agains] {
        assert_eq!(sessions(&client, ended).await.status, 401);
    }
    assert_eq!(sessions(&client, &bobs).await.status, 200);
    assert_eq!(end_sessions(&pool, None).await.unwrap(), 1);
    assert_eq!(sessions(&client, &bobs).await.status, 401);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_expires_unless_renewed_and_ends_however_often_it_is(pool: PgPool) {
    let client = client(&pool).await;
    let (token, session) = sign_in(&client, &wallet(1)).await;
    let pass = async |seconds: i64| {
        sqlx::query(
            "UPDATE protected.session SET created_at = created_at - $1, expires_at = expires_at - $1,
             ends_at = ends_at - $1",
        )
        .bind(seconds)
        .execute(&pool)
        .await
        .unwrap();
    };
    let renew = async || ask(&client, Method::POST, "/v1/sessions/renew", Some(&token), None).await;

    pass(800).await;
    let renewed = renew().await.ok();
    assert!(renewed["expires_at"].as_str() > session["created_at"].as_str());
    pass(800).await;
    assert_eq!(sessions(&client, &token).await.status, 200, "renewed");
    pass(200).await;
    assert_eq!(sessions(&client, &token).await.problem(), (401, "session_ended".into()));
    assert_eq!(renew().await.problem(), (401, "session_ended".into()));

    let (token, _) = sign_in(&client, &wallet(2)).await;
    sqlx::query("UPDATE protected.session SET ends_at = expires_at").execute(&pool).await.unwrap();
    let before = sessions(&client, &token).await.ok()["data"][0]["expires_at"].clone();
    let renewed = ask(&client, Method::POST, "/v1/sessions/renew", Some(&token), None).await.ok();
    assert_eq!(renewed["expires_at"], before, "not beyond its last moment");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_the_token_itself_is_a_token_and_it_is_not_stored(pool: PgPool) {
    let client = client(&pool).await;
    let (token, _) = sign_in(&client, &wallet(1)).await;
    assert_eq!(token.len(), 43);
    let send = async |values: &[String]| {
        let request = values
            .iter()
            .fold(Request::get("/v1/sessions"), |request, value| request.header("authorization", value.as_bytes()));
        client.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(send(&[format!("bearer {token}")]).await.status, 200, "schemes have no case");
    let wrong: [&[String]; 9] = [
        &[],
        &[format!("{token} ")],
        &[format!("Basic {token}")],
        &["Bearer ".into()],
        &[format!("Bearer {token}=")],
        &[format!("Bearer {}", &token[1..])],
        &[format!("Bearer  {token}")],
        &[format!("Bearer {}", "A".repeat(43))],
        &[format!("Bearer {token}"), format!("Bearer {token}")],
    ];
    for values in wrong {
        let refused = send(values).await;
        assert_eq!(refused.problem(), (401, "not_signed_in".into()), "{values:?}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }

    let stored: String =
        sqlx::query_scalar("SELECT string_agg(s::text, ' ') FROM protected.session s").fetch_one(&pool).await.unwrap();
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &token).unwrap();
    assert!(!stored.contains(&token) && !stored.contains(&hex::encode(bytes)), "{stored}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wallet_signs_in_often_at_once_and_no_stranger_keeps_it_out(pool: PgPool) {
    let client = client(&pool).await;
    let owner = wallet(1);
    let first = challenge(&client, &owner).await;
    // From the very network of the owner: behind a proxy all share one.
    let asked = join_all((0..100).map(|_| challenge(&client, &owner))).await;
    for challenge in &asked[..20] {
        let wrong = post(&client, "/v1/sign-in", &answer(challenge, &wallet(2))).await;
        assert_eq!(wrong.problem(), (403, "signature_invalid".into()));
    }
    assert_eq!(used(&pool).await, 0, "strangers store nothing");
    let wrong = post(&client, "/v1/sign-in", &answer(&first, &wallet(2))).await;
    assert_eq!(wrong.problem(), (403, "signature_invalid".into()));
    post(&client, "/v1/sign-in", &answer(&first, &wallet(1))).await.ok();

    let tokens = join_all((0..30).map(|_| sign_in(&client, &owner))).await;
    let tokens: BTreeSet<_> = tokens.into_iter().map(|(token, _)| token).collect();
    assert_eq!((tokens.len(), used(&pool).await), (30, 31));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_that_is_not_what_the_route_takes_is_refused(pool: PgPool) {
    let client = client(&pool).await;
    let address = wallet(1).pubkey().to_string();
    for body in [
        json!({}),
        json!({ "address": format!("{address}\nURI: http://evil.example"), "request_key": address }),
        json!({ "address": "1", "request_key": address }),
        json!({ "address": [1, 2], "request_key": address }),
        json!({ "address": address, "practitioner": "x", "request_key": address }),
        json!({ "address": address, "domain": "evil.example", "request_key": address }),
        json!({ "address": address }),
        json!({ "address": address, "request_key": format!("{address}\n- https://evil.example") }),
        json!([]),
    ] {
        let refused = post(&client, "/v1/sign-in/challenge", &body).await;
        assert_eq!(refused.problem(), (400, "invalid_body".into()), "{body}");
    }
    for body in [
        json!({ "challenge": 1, "signature": base58(&[1; 64]) }),
        json!({ "challenge": "sealed", "signature": base58(&[1; 63]) }),
        json!({ "nonce": "00".repeat(16), "signature": base58(&[1; 64]) }),
    ] {
        let refused = post(&client, "/v1/sign-in", &body).await;
        assert_eq!(refused.problem(), (400, "invalid_body".into()));
    }
    let request = Request::post("/v1/sign-in/challenge").body(Body::from("{}")).unwrap();
    assert_eq!(client.send(request).await.problem(), (415, "unsupported_media_type".into()));
    let long = json!({ "address": "a".repeat(70_000) });
    assert_eq!(post(&client, "/v1/sign-in/challenge", &long).await.problem(), (413, "payload_too_large".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn before_the_mirror_has_begun_nobody_signs_in(pool: PgPool) {
    let client = Client::new(&pool);
    let body = asked(&wallet(1));
    assert_eq!(post(&client, "/v1/sign-in/challenge", &body).await.problem(), (503, "not_ready".into()));
}
