//! The accounting of disclosures as a patient asks for it.

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request},
};
use serde_json::Value;
use solana_signer::Signer;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::{
    client::peer,
    facts::base58,
    world::{Grant, Session, TREAT, World, labels},
};

const PATRQT: &str = "PATRQT";

/// Asks as `session` for what `accept` names.
async fn ask(session: &Session<'_>, query: &str, accept: &str) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = Request::get(format!("/v1/disclosures/accounting?{query}"))
        .header("authorization", format!("Bearer {}", session.token))
        .header("aegle-purpose", PATRQT)
        .header("accept", accept)
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert::<ConnectInfo<_>>(peer("192.0.2.1:1000"));
    let (parts, body) = session.client.router().oneshot(request).await.unwrap().into_parts();
    (parts.status.as_u16(), parts.headers, to_bytes(body, 16 << 20).await.unwrap().into())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_patient_gets_the_accounting_in_the_form_asked_for_and_asking_is_logged(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let secret = world.record(&labels(&["imaging"]), &[]).await;
    world.grant(&doctor, Grant::default()).await;
    let [session, patient] = [world.session(&doctor).await, world.session(&world.patient).await];
    session.record(record).await.ok();
    session.of("records", world.vault).await.ok();
    patient.get(&format!("/v1/records/{}", base58(&secret)), PATRQT).await.ok();

    let query = format!("patient={}", base58(&world.vault));
    let (status, headers, body) = ask(&patient, &query, "application/json").await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/json"));
    assert!(headers.contains_key("aegle-receipt"));
    let account: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&account["standing"], &account["vault"]), (&"stated".into(), &base58(&world.vault).into()));
    let lines = account["disclosures"].as_array().unwrap();
    assert_eq!(lines.len(), 2, "the patient's own reading is no disclosure: {account}");
    assert_eq!(lines[0]["description"], "Labels and keys of 1 record: laboratory");
    assert_eq!(lines[0]["recipient"]["key"], doctor.pubkey().to_string());
    assert_eq!((&lines[0]["place"], &lines[1]["place"]), (&0.into(), &1.into()));
    assert_eq!(lines[0]["purpose"]["code"], TREAT);
    // The reading itself is the last entry that the checkpoint covers.
    assert_eq!(account["log"]["entries"], 4);
    assert!(account["log"]["checkpoint"].as_str().unwrap().contains("\n4\n"), "{account}");

    let (status, headers, body) = ask(&patient, &query, "text/csv").await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/csv"));
    let text = String::from_utf8(body).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(headers["content-disposition"].to_str().unwrap().ends_with(".csv\""));
    let (status, headers, body) = ask(&patient, &query, "application/pdf").await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
    assert!(body.starts_with(b"%PDF-"));

    let log = patient.get(&format!("/v1/disclosures?{query}"), PATRQT).await.ok();
    let operations: Vec<Value> = log["data"].as_array().unwrap()[3..]
        .iter()
        .map(|row| serde_json::from_str::<Value>(row["entry"].as_str().unwrap()).unwrap()["operation"].clone())
        .collect();
    assert_eq!(operations, ["list_disclosures"; 3]);
}

#[sqlx::test(migrations = "../migrations")]
async fn others_get_none_and_no_period_is_longer_than_is_accounted_for(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let [session, patient] = [world.session(&doctor).await, world.session(&world.patient).await];
    session.record(record).await.ok();
    let query = format!("patient={}", base58(&world.vault));
    let (status, headers, _) = ask(&session, &query, "application/json").await;
    assert_eq!(status, 403);
    assert!(headers.contains_key("aegle-receipt"), "the refusal is logged");
    let (status, ..) = ask(&patient, &query, "text/html").await;
    assert_eq!(status, 406);
    for period in ["from=1990-01-01", "until=9999-01-01", "from=2025-01-02&until=2025-01-01", "from=soon"] {
        let (status, _, body) = ask(&patient, &format!("{query}&{period}"), "*/*").await;
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &problem["code"]), (400, &"invalid_parameter".into()), "{period}: {problem}");
    }
    let (_, _, body) = ask(&patient, &format!("{query}&from=2025-01-01&until=2025-01-01"), "*/*").await;
    let account: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(account["disclosures"], serde_json::json!([]));
}
