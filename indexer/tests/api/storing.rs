//! Storing records and consents, and what patients are shown before and after they allow something.

use aegle_client::{
    commitment::{Opening, commit},
    pda,
    state::{ALL_RIGHTS, Right},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    facts::{FINALIZED, Key, base58, key},
    sign_in::wallet,
    world::{Grant, World, labels, opening, policy},
};

fn record(vault: Key, record_id: Key, upload: &str) -> Value {
    json!({
        "vault": base58(&vault), "record_id": hex::encode(record_id), "upload": upload,
        "opening": opening(&labels(&["laboratory"]), "record").0,
        "wraps": [{
            "holder": base58(&vault), "recipient": hex::encode(key(203)),
            "wrapped_key": BASE64_STANDARD.encode([5; 80]),
        }],
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_5_a_content_is_stored_once_and_only_with_the_commitment_on_chain(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let commitment = opening(&labels(&["laboratory"]), "record").1;
    let agreed = world.mint(world.vault, FINALIZED - 3, key(61), commitment).await;
    world.mint(world.vault, FINALIZED - 3, key(62), key(1)).await;

    let patient = world.session(&world.patient).await;
    let upload = patient.upload(b"content").await;
    let other = patient.post("/v1/records", &record(world.vault, key(62), &upload)).await;
    assert_eq!(other.problem(), (409, "commitment_mismatch".into()));
    let stored = patient.post("/v1/records", &record(world.vault, key(61), &upload)).await.ok();
    let expected = json!({ "record": base58(&agreed), "commitment": hex::encode(commitment), "minted": true });
    assert_eq!(stored["data"], expected, "the refusal did not use the upload up");

    let again = patient.post("/v1/records", &record(world.vault, key(63), &upload)).await;
    assert_eq!(again.problem(), (409, "no_such_upload".into()));
    let upload = patient.upload(b"another content").await;
    let again = patient.post("/v1/records", &record(world.vault, key(61), &upload)).await;
    assert_eq!(again.problem(), (409, "record_stored".into()));
    let later = patient.post("/v1/records", &record(world.vault, key(63), &upload)).await.ok();
    assert_eq!(later["data"]["minted"], false);

    let content = patient.get(&format!("/v1/records/{}/content", base58(&agreed)), "TREAT").await;
    assert_eq!((content.status.as_u16(), &*content.text), (200, "content"));
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_3_contents_are_stored_by_who_may_mint_and_of_own_uploads(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, reader, agent) = (world.practitioner(2).await, wallet(3), wallet(4));
    world.grant(&doctor, Grant::default()).await;
    world.delegate(&reader, Right::Read as u8).await;
    world.delegate(&agent, Right::Mint as u8).await;
    let foreign = world.session(&world.patient).await.upload(b"the patient's").await;
    for (who, permitted) in [(&doctor, false), (&reader, false), (&agent, true)] {
        let session = world.session(who).await;
        let upload = session.upload(b"content").await;
        let taken = session.post("/v1/records", &record(world.vault, key(61), &foreign)).await;
        assert_eq!(taken.status, if permitted { 409 } else { 403 });
        let stored = session.post("/v1/records", &record(world.vault, key(61), &upload)).await;
        assert_eq!(stored.status == 200, permitted, "{}", stored.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn labels_and_keys_that_are_none_are_refused(pool: PgPool) {
    let world = World::new(&pool).await;
    let patient = world.session(&world.patient).await;
    let upload = patient.upload(b"content").await;
    let whole = record(world.vault, key(61), &upload);
    for labels in [
        "",
        "{}",
        "null",
        r#"{"kind":"aegle:labels:v2","categories":["laboratory"]}"#,
        r#"{"kind":"aegle:labels:v1","categories":[]}"#,
        r#"{"kind":"aegle:labels:v1","categories":["laboratory"],"from":"2024-03-02","until":"2024-03-01"}"#,
        r#"{"kind":"aegle:labels:v1","categories":["laboratory"],"code":"718-7"}"#,
    ] {
        let mut wrong = whole.clone();
        wrong["opening"]["labels"] = labels.into();
        assert_eq!(patient.post("/v1/records", &wrong).await.problem(), (400, "invalid_body".into()), "{labels}");
    }
    for length in [0, 79, 81] {
        let mut wrong = whole.clone();
        wrong["wraps"][0]["wrapped_key"] = BASE64_STANDARD.encode(vec![1; length]).into();
        assert_eq!(patient.post("/v1/records", &wrong).await.problem(), (400, "invalid_body".into()), "{length}");
    }
    patient.post("/v1/records", &whole).await.ok();
}

/// What is posted of a consent, and the handle and policy commitment that it opens.
fn consent(vault: Key, consent_id: Key, grantee: Key, policy: &str) -> (Value, [u8; 32], [u8; 32]) {
    let body = json!({
        "vault": base58(&vault), "consent_id": hex::encode(consent_id), "grantee": base58(&grantee),
        "salt": hex::encode(key(50)), "policy": policy, "policy_salt": hex::encode(key(51)),
        "encryption_key": hex::encode(grantee),
    });
    let opening = Opening { vault: vault.into(), consent_id, grantee: grantee.into(), salt: key(50) };
    (body, opening.handle(), commit(&key(51), policy.as_bytes()))
}

#[sqlx::test(migrations = "../migrations")]
async fn an_opening_is_stored_once_by_who_may_grant_and_opens_what_is_on_chain(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, reader) = (world.practitioner(2).await, wallet(3));
    world.delegate(&reader, Right::Read as u8).await;
    let policy = r#"{"kind":"aegle:policy:v1","base":"all-normal"}"#;
    let grantee = doctor.pubkey().to_bytes();
    let (body, handle, policy_commitment) = consent(world.vault, key(71), grantee, policy);
    let address = pda::find_consent(&world.vault.into(), &key(71)).0.to_bytes();
    let day = crate::facts::day(FINALIZED);
    world.ledger.consent(FINALIZED - 2, world.vault, address, day - 5, day + 9).await;
    let write = async |handle: [u8; 32]| {
        sqlx::query("UPDATE consent SET consent_id = $1, handle = $2, policy_commitment = $3 WHERE consent = $4")
            .bind(key(71))
            .bind(handle)
            .bind(policy_commitment)
            .bind(address)
            .execute(&pool)
            .await
            .unwrap();
    };
    write(key(1)).await;

    let patient = world.session(&world.patient).await;
    assert_eq!(patient.post("/v1/consents", &body).await.problem(), (409, "commitment_mismatch".into()));
    write(handle).await;
    let mut other_policy = body.clone();
    other_policy["policy"] = r#"{"kind":"aegle:policy:v1"}"#.into();
    assert_eq!(patient.post("/v1/consents", &other_policy).await.problem(), (409, "commitment_mismatch".into()));
    for malformed in ["", "{}", r#"{"kind":"aegle:policy:v1","base":"everything"}"#, "[]"] {
        let mut wrong = body.clone();
        wrong["policy"] = malformed.into();
        assert_eq!(patient.post("/v1/consents", &wrong).await.problem(), (400, "invalid_body".into()), "{malformed}");
    }
    let recipient = |key: [u8; 32]| format!(r#"{{"kind":"aegle:policy:v2","recipient":"{}"}}"#, hex::encode(key));
    for wrong in [recipient(key(9)), recipient(grantee).replace("v2", "v1"), r#"{"kind":"aegle:policy:v2"}"#.into()] {
        let (body, ..) = consent(world.vault, key(73), grantee, &wrong);
        assert_eq!(patient.post("/v1/consents", &body).await.problem(), (400, "invalid_body".into()), "{wrong}");
    }
    let (named, ..) = consent(world.vault, key(73), grantee, &recipient(grantee));
    patient.post("/v1/consents", &named).await.ok();
    for who in [&doctor, &reader, &wallet(9)] {
        let refused = world.session(who).await.post("/v1/consents", &body).await;
        assert_eq!(refused.problem(), (403, "not_permitted".into()));
    }
    let stored = patient.post("/v1/consents", &body).await.ok();
    assert_eq!((&stored["data"]["opened"], &stored["data"]["consent"]), (&json!(true), &json!(base58(&address))));
    assert_eq!(patient.post("/v1/consents", &body).await.ok()["data"], stored["data"]);
    let ahead = consent(world.vault, key(72), grantee, policy).0;
    assert_eq!(patient.post("/v1/consents", &ahead).await.ok()["data"]["opened"], false, "not on chain yet");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_draft_shows_what_is_read_once_it_is_granted(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let mut lab = Vec::new();
    for _ in 0..3 {
        lab.push(world.record(&labels(&["laboratory"]), &[&doctor]).await);
    }
    world.record(&labels(&["imaging"]), &[&doctor]).await;
    let mut secret = labels(&["laboratory"]);
    secret.sensitivity.insert("HIV".parse().unwrap());
    world.record(&secret, &[&doctor]).await;
    let asked = json!({
        "kind": "aegle:policy:v1",
        "permit": [{ "categories": ["laboratory"] }], "deny": [{ "records": [base58(&lab[0])] }],
    });

    let draft = json!({ "vault": base58(&world.vault), "purposes": 1, "policy": asked });
    let patient = world.session(&world.patient).await;
    let shown = patient.post("/v1/consents/draft", &draft).await.ok()["data"].clone();
    let mut expected: Vec<_> = lab[1..].iter().map(|record| base58(record)).collect();
    let mut records: Vec<_> =
        shown["records"].as_array().unwrap().iter().map(|record| record.as_str().unwrap().to_owned()).collect();
    expected.sort();
    records.sort();
    assert_eq!((&records, &shown["withheld"]), (&expected, &json!(3)));
    let preview = shown["preview"].as_str().unwrap();
    assert_eq!(hex::encode(Sha256::digest(preview)), shown["hash"].as_str().unwrap());
    assert_eq!(world.session(&doctor).await.post("/v1/consents/draft", &draft).await.status, 403);

    let mut granted = asked.clone();
    granted.as_object_mut().unwrap().remove("kind");
    granted["preview"] = shown["hash"].clone();
    world.grant(&doctor, Grant { policy: policy(granted), ..Grant::default() }).await;
    world.advance().await;
    let mut read = world.session(&doctor).await.records(world.vault, "").await;
    read.sort();
    assert_eq!(read, expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_grantee_sees_and_why_is_explained_to_the_patient_alone(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, carer) = (world.practitioner(2).await, wallet(3));
    world.delegate(&carer, ALL_RIGHTS).await;
    let lab = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let imaging = world.record(&labels(&["imaging"]), &[&doctor]).await;
    let labs = policy(json!({ "permit": [{ "categories": ["laboratory"] }] }));
    let consent = world.grant(&doctor, Grant { policy: labs, ..Grant::default() }).await;
    let uri = |purpose: &str| {
        let (vault, grantee) = (base58(&world.vault), doctor.pubkey());
        format!("/v1/explain?patient={vault}&grantee={grantee}&purpose={purpose}")
    };
    let explained = world.session(&world.patient).await.get(&uri("TREAT"), "TREAT").await.ok();
    let records = explained["data"]["records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        let permitted = record.to_string().contains(&base58(&consent)) && record["record"] == base58(&lab);
        assert!(permitted || record["record"] == base58(&imaging), "{record}");
    }
    for other in [&doctor, &carer, &wallet(9)] {
        let refused = world.session(other).await.get(&uri("TREAT"), "TREAT").await;
        assert_eq!(refused.problem(), (403, "not_permitted".into()));
    }
    let no_purpose = world.session(&world.patient).await.get(&uri("CURIOSITY"), "TREAT").await;
    assert_eq!(no_purpose.problem(), (400, "no_purpose".into()));
}
