//! Names that people show: only what the chain commits to, and only by whom it is about.

use aegle_client::commitment::commit;
use axum::http::Method;
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    facts::{CONFIRMED, FINALIZED, base58, day, key},
    sign_in::wallet,
    world::{Session, World},
};

const REGISTRAR: [u8; 32] = [90; 32];
const DOCTOR: &str = r#"{"name":"Dr Ada Example","specialty":"cardiology"}"#;
const BOARD: &str = r#"{"name":"Example Board"}"#;

/// A doctor's credential of a board, both of which commit to their profiles.
async fn world(pool: &PgPool) -> (World, Keypair, Keypair, [u8; 32]) {
    let mut world = World::new(pool).await;
    let (board, doctor) = (wallet(5), wallet(6));
    world.ledger.registrar(FINALIZED - 35, REGISTRAR, 0b1).await;
    let credential = world.credential(&doctor, "practitioner").await;
    sqlx::query("UPDATE registrar SET registrar_authority = $1, profile_commitment = $2 WHERE registrar = $3")
        .bind(board.pubkey().to_bytes())
        .bind(commit(&key(31), BOARD.as_bytes()))
        .bind(REGISTRAR)
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("UPDATE credential SET registrar = $1, profile_commitment = $2 WHERE credential = $3")
        .bind(REGISTRAR)
        .bind(commit(&key(32), DOCTOR.as_bytes()))
        .bind(credential)
        .execute(pool)
        .await
        .unwrap();
    (world, board, doctor, credential)
}

fn body(salt: u8, profile: &str) -> Value {
    json!({ "salt": hex::encode(key(salt)), "profile": profile })
}

async fn put(session: &Session<'_>, account: [u8; 32], body: &Value) -> (u16, String) {
    let answer = session.send(Method::PUT, &format!("/v1/profiles/{}", base58(&account)), None, Some(body)).await;
    if answer.status == 204 { (204, String::new()) } else { answer.problem() }
}

async fn shown(world: &World, query: &str) -> Vec<String> {
    let body = world.client.get(format!("/v1/profiles?{query}")).await.ok();
    body["data"].as_array().unwrap().iter().map(|one| one["profile"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_name_that_the_chain_commits_to_is_shown_to_everybody_and_found(pool: PgPool) {
    let (world, board, doctor, credential) = world(&pool).await;
    let (by_board, by_doctor) = (world.session(&board).await, world.session(&doctor).await);
    assert_eq!(put(&by_board, REGISTRAR, &body(31, BOARD)).await.0, 204);
    assert_eq!(put(&by_doctor, credential, &body(32, DOCTOR)).await.0, 204);
    assert_eq!(put(&by_board, credential, &body(32, DOCTOR)).await.0, 204, "who attests it may, and again");

    let both = format!("accounts={},{}", base58(&credential), base58(&REGISTRAR));
    let told = world.client.get(format!("/v1/profiles?{both}")).await.ok()["data"].clone();
    let doctor_told = told.as_array().unwrap().iter().find(|one| one["account"] == base58(&credential)).unwrap();
    assert_eq!(doctor_told["subject"], doctor.pubkey().to_string());
    assert_eq!((&doctor_told["salt"], &doctor_told["profile"]), (&json!(hex::encode(key(32))), &json!(DOCTOR)));
    assert_eq!(shown(&world, &both).await.len(), 2);
    for found in ["search=EXAMPLE", "search=ada", "search=cardio"] {
        assert_eq!(shown(&world, found).await, [DOCTOR], "{found}: people, no registrars");
    }
    for nobody in ["search=board", "search=nobody", "search=100%25", "search=__"] {
        assert!(shown(&world, nobody).await.is_empty(), "{nobody}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_name_goes_when_it_is_withdrawn_or_when_the_chain_no_longer_commits_to_it(pool: PgPool) {
    let (mut world, _, doctor, credential) = world(&pool).await;
    let path = format!("/v1/profiles/{}", base58(&credential));
    {
        let session = world.session(&doctor).await;
        assert_eq!(put(&session, credential, &body(32, DOCTOR)).await.0, 204);
        assert_eq!(session.delete(&path).await.status, 204);
        assert!(shown(&world, "search=example").await.is_empty());
        assert_eq!(session.delete(&path).await.problem(), (404, "not_found".into()));
        assert_eq!(put(&session, credential, &body(32, DOCTOR)).await.0, 204);
    }
    world.ledger.renew_credential(CONFIRMED, credential, 1, (day(1), day(2_000))).await;
    world.advance().await;
    assert!(shown(&world, "search=example").await.is_empty(), "the credential commits to another profile");
    assert!(shown(&world, &format!("accounts={}", base58(&credential))).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn another_name_than_the_committed_one_and_somebody_elses_are_refused(pool: PgPool) {
    let (world, board, doctor, credential) = world(&pool).await;
    let stranger = world.session(&wallet(7)).await;
    let (board, doctor) = (world.session(&board).await, world.session(&doctor).await);
    let right = body(32, DOCTOR);
    for (what, session, account) in [
        ("a stranger", &stranger, credential),
        ("the registrar's by its subject", &doctor, REGISTRAR),
        ("no account", &doctor, key(33)),
    ] {
        assert_eq!(put(session, account, &right).await, (403, "not_permitted".into()), "{what}");
        let path = format!("/v1/profiles/{}", base58(&account));
        assert_eq!(session.delete(&path).await.problem(), (403, "not_permitted".into()), "{what}");
    }
    for (what, wrong, problem) in [
        ("another salt", body(31, DOCTOR), (409, "commitment_mismatch")),
        ("another name", body(32, r#"{"name":"Dr Bob Example"}"#), (409, "commitment_mismatch")),
        ("no name", body(32, "{}"), (400, "invalid_body")),
        ("a name that hides", body(32, r#"{"name":"A\u202eB"}"#), (400, "invalid_body")),
        ("too long", body(32, &format!(r#"{{"name":"A","more":"{}"}}"#, "x".repeat(4_096))), (400, "invalid_body")),
    ] {
        assert_eq!(put(&doctor, credential, &wrong).await, (problem.0, problem.1.into()), "{what}");
    }
    assert_eq!(put(&board, REGISTRAR, &right).await, (409, "commitment_mismatch".into()));
    for wrong in ["", "search=a", "search=a&accounts=b", "accounts=nobody", "search=%20%20%20"] {
        let refused = world.client.get(format!("/v1/profiles?{wrong}")).await;
        assert_eq!(refused.problem(), (400, "invalid_parameter".into()), "{wrong}");
    }
    assert!(shown(&world, "search=example").await.is_empty());
}
