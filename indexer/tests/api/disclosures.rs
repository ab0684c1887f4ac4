//! The disclosure log: what is decided is logged before it is answered, and what is missing shows.

use aegle_decision::{Document, Key, RuleId};
use aegle_disclosure::{
    Audit, Chain, Digest, Entry, HeadProof, Inclusion, Link, Log, Logged, Operation, Outcome, SignIn, SignedReceipt,
    commitment,
};
use aegle_envelope::{Custodian, CustodianPlan, EncryptionKey, SecretKey};
use aegle_indexer::api::openapi;
use axum::{
    body::Body,
    http::{Method, Request},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::join_all;
use serde_json::{Value, json};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, config},
    facts::{base58, key},
    sign_in::{request_key, wallet},
    world::{Grant, Session, TREAT, World, labels, opening, signature},
};

const PATRQT: &str = "PATRQT";

async fn log(world: &World) -> Log {
    world.client.get("/v1/log").await.ok()["verifier"].as_str().unwrap().parse().unwrap()
}

fn receipt(answer: &Answer) -> SignedReceipt {
    SignedReceipt::from_text(answer.headers["aegle-receipt"].to_str().unwrap()).unwrap()
}

fn digest(value: &Value) -> Digest {
    value.as_str().unwrap().parse().unwrap()
}

/// Everything the patient is told, checked as a client does that keeps nothing.
async fn own(patient: &Session<'_>, vault: [u8; 32]) -> (Chain, Vec<Logged>) {
    let (mut chain, mut entries) = (Chain::new(Key(vault)), Vec::new());
    let mut uri = format!("/v1/disclosures?patient={}&limit=7", base58(&vault));
    loop {
        let page = patient.get(&uri, PATRQT).await.ok();
        for row in page["data"].as_array().unwrap() {
            let previous = chain.head().map_or(Digest::default(), |head| head.commitment);
            let link = Link { vault: Key(vault), number: row["number"].as_u64().unwrap(), previous };
            let entry = Document::read(row["entry"].as_str().unwrap().into()).unwrap();
            let (link_salt, salt) = (digest(&row["link_salt"]).0, digest(&row["salt"]).0);
            entries.push(Logged { index: row["index"].as_u64().unwrap(), link, link_salt, entry, salt });
            chain.push(entries.last().unwrap()).unwrap();
        }
        let Some(next) = page["next"].as_str() else { return (chain, entries) };
        uri = format!("/v1/disclosures?patient={}&limit=7&cursor={next}", base58(&vault));
    }
}

async fn inclusion(world: &World, index: u64, size: u64) -> Inclusion {
    let proof = world.client.get(format!("/v1/log/inclusion?index={index}&size={size}")).await.ok();
    Inclusion { index, size, path: proof["path"].as_array().unwrap().iter().map(digest).collect() }
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_what_is_answered_and_what_is_refused_is_in_the_patients_log(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let lab = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let mut secret = labels(&["laboratory"]);
    secret.sensitivity.insert("HIV".parse().unwrap());
    let secret = world.record(&secret, &[&doctor]).await;
    let consent = world.grant(&doctor, Grant::default()).await;
    let log = log(&world).await;
    let session = world.session(&doctor).await;

    let answered = session.record(lab).await;
    let refused = session.record(secret).await;
    let listed = session.get(&format!("/v1/records?patient={}", base58(&world.vault)), TREAT).await;
    let absent = session.record(key(250)).await;
    assert_eq!([&answered, &refused, &listed, &absent].map(|answer| answer.status.as_u16()), [200, 403, 200, 403]);
    let receipts = [&answered, &refused, &listed, &absent].map(|answer| log.check(&receipt(answer)).unwrap());
    assert_eq!(receipts.map(|receipt| receipt.index), [0, 1, 2, 3]);
    assert_ne!(receipts[0].request, receipts[1].request);

    let patient = world.session(&world.patient).await;
    let (_, entries) = own(&patient, world.vault).await;
    let outcomes: Vec<_> = entries.iter().map(|logged| logged.entry.value()).collect();
    assert_eq!(outcomes.len(), 3, "the reading of the log joins it when it is over");
    let seen = |entry: &Entry| (entry.operation, entry.record, entry.caller.key, entry.purpose.clone());
    let doctor = Key(doctor_key(&doctor));
    assert_eq!(seen(outcomes[0]), (Operation::ReadRecord, Some(Key(lab)), doctor, TREAT.into()));
    let Outcome::Permit { consents, records, .. } = &outcomes[0].outcome else { panic!("{:?}", outcomes[0]) };
    assert_eq!((consents[0].consent, records[0].record), (Key(consent), Key(lab)));
    let denied = Outcome::Deny { rule: RuleId::Sensitivity, consent: Some(Key(consent)) };
    assert_eq!((outcomes[1].record, &outcomes[1].outcome), (Some(Key(secret)), &denied));
    assert_eq!(outcomes[2].operation, Operation::ListRecords);
    for (logged, receipt) in entries.iter().zip(receipts) {
        assert_eq!(logged.commitment(), receipt.commitment);
        assert_eq!((logged.entry.value().request, logged.entry.value().at), (receipt.request, receipt.at));
    }
    let (_, entries) = own(&patient, world.vault).await;
    assert_eq!(entries[3].entry.value().operation, Operation::ListDisclosures);

    // The reader opens what was answered, and learns neither why a refusal came nor how often others read.
    let opened = session.get("/v1/receipts/0", TREAT).await.ok();
    let entry = Document::<Entry>::read(opened["entry"].as_str().unwrap().into()).unwrap();
    let entry = Digest(entry.commitment(&digest(&opened["salt"]).0));
    assert_eq!(commitment(&digest(&opened["link"]), &entry), receipts[0].commitment);
    assert!(opened.get("number").is_none() && opened.get("link_salt").is_none());
    for index in [1, 3, 99] {
        assert_eq!(session.get(&format!("/v1/receipts/{index}"), TREAT).await.problem().0, 403, "{index}");
    }
    let others = session.get(&format!("/v1/disclosures?patient={}", base58(&world.vault)), TREAT).await;
    assert_eq!(others.problem(), (403, "not_permitted".into()));
}

fn doctor_key(doctor: &solana_keypair::Keypair) -> [u8; 32] {
    use solana_signer::Signer;
    doctor.pubkey().to_bytes()
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_the_log_can_be_checked_by_anybody_and_the_own_end_by_its_patient(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctors = [world.practitioner(2).await, world.practitioner(3).await];
    let record = world.record(&labels(&["laboratory"]), &[&doctors[0], &doctors[1]]).await;
    world.grant(&doctors[0], Grant::default()).await;
    // Two processes append to the one log.
    let other = Client::new(&pool);
    let [first, second] = [world.session(&doctors[0]).await, world.session(&doctors[1]).await];
    let sessions = [first, Session { client: &other, token: second.token.clone() }];
    let log = log(&world).await;
    let patient = world.session(&world.patient).await;
    let head = |size: Option<u64>| {
        let size = size.map(|size| format!("&size={size}")).unwrap_or_default();
        let uri = format!("/v1/disclosures/head?patient={}{size}", base58(&world.vault));
        let patient = &patient;
        async move { patient.get(&uri, PATRQT).await.ok() }
    };
    let mut stated = Vec::new();
    for round in 0..3_u64 {
        // Many at once, to one log, by two callers, about a record and about none.
        let asked = (0..40).map(|number| {
            let session = &sessions[number % 2];
            async move { session.record(if number % 5 == 0 { key(250) } else { record }).await.status.as_u16() }
        });
        assert!(join_all(asked).await.iter().all(|status| [200, 403].contains(status)));
        let end = head(None).await;
        let checkpoint = log.read(end["checkpoint"].as_str().unwrap()).unwrap();
        let proof: HeadProof = serde_json::from_value(end["proof"].clone()).unwrap();
        assert!(proof.holds(&Key(world.vault), &checkpoint.heads));
        let (chain, entries) = own(&patient, world.vault).await;
        let ended = proof.head.unwrap();
        let own = entries[..ended.entries as usize].iter().filter(|logged| is_own(logged)).count() as u64;
        assert_eq!(ended.entries - own, 32 * (round + 1), "eight of forty were about no record");
        assert_eq!(entries[ended.entries as usize - 1].commitment(), ended.commitment);
        assert!(chain.len() >= ended.entries);
        for logged in &entries[..ended.entries as usize] {
            let proof = inclusion(&world, logged.index, checkpoint.tree.size).await;
            assert!(proof.proves(&logged.commitment(), &checkpoint.tree.root));
        }
        stated.push(checkpoint.tree);
    }
    let (before, after) = (stated[0], stated[2]);
    let uri = format!("/v1/log/consistency?from={}&to={}", before.size, after.size);
    let path = world.client.get(uri).await.ok()["path"].as_array().unwrap().iter().map(digest).collect();
    let grown = aegle_disclosure::Consistency { from: before.size, to: after.size, path };
    assert!(grown.proves(&before.root, &after.root));
    let earlier = head(Some(before.size)).await;
    let proof: HeadProof = serde_json::from_value(earlier["proof"].clone()).unwrap();
    let checkpoint = log.read(earlier["checkpoint"].as_str().unwrap()).unwrap();
    assert_eq!(checkpoint.tree, before);
    assert!(proof.holds(&Key(world.vault), &checkpoint.heads), "heads of an earlier checkpoint are proved too");

    let leaves = world.client.get("/v1/log/leaves").await.ok();
    let mut audit = Audit::new(stated.clone()).unwrap();
    leaves["leaves"].as_array().unwrap().iter().for_each(|leaf| audit.push(&digest(leaf)).unwrap());
    assert_eq!(audit.finish().unwrap().root(), after.root);
}

/// Whether it is a reading of the log by its patient.
fn is_own(logged: &Logged) -> bool {
    logged.entry.value().operation == Operation::ListDisclosures
}

/// What an operator would do who wants something forgotten.
#[sqlx::test(migrations = "../migrations")]
async fn inv_9_rows_do_not_change_and_those_that_are_made_to_are_found(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let session = world.session(&doctor).await;
    for _ in 0..6 {
        session.record(record).await.ok();
    }
    let patient = world.session(&world.patient).await;
    let log = log(&world).await;
    let end = patient.get(&format!("/v1/disclosures/head?patient={}", base58(&world.vault)), PATRQT).await.ok();
    let stated = log.read(end["checkpoint"].as_str().unwrap()).unwrap().tree;

    for change in [
        "UPDATE protected.disclosure SET entry = replace(entry, 'TREAT', 'HRESCH') WHERE index = 2",
        "DELETE FROM protected.disclosure WHERE index = 5",
        "TRUNCATE protected.disclosure",
    ] {
        assert!(sqlx::query(sqlx::AssertSqlSafe(change)).execute(&pool).await.is_err(), "{change}");
    }
    sqlx::query("ALTER TABLE protected.disclosure DISABLE TRIGGER append_only").execute(&pool).await.unwrap();
    sqlx::query("UPDATE protected.disclosure SET commitment = salt WHERE index = 2").execute(&pool).await.unwrap();
    let leaves = world.client.get("/v1/log/leaves").await.ok();
    let mut audit = Audit::new(vec![stated]).unwrap();
    let found = leaves["leaves"].as_array().unwrap().iter().try_for_each(|leaf| audit.push(&digest(leaf)));
    assert!(found.is_err());

    sqlx::query("DELETE FROM protected.disclosure WHERE index = 4").execute(&pool).await.unwrap();
    let page = patient.get(&format!("/v1/disclosures?patient={}", base58(&world.vault)), PATRQT).await.ok();
    let numbers: Vec<_> = page["data"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert!(!numbers.contains(&4) && numbers.contains(&5), "the gap shows");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_what_cannot_be_logged_is_not_answered(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let session = world.session(&doctor).await;
    session.record(record).await.ok();
    sqlx::query("ALTER TABLE protected.disclosure_log RENAME TO gone").execute(&pool).await.unwrap();
    let unlogged = session.record(record).await;
    assert_eq!(unlogged.problem(), (503, "unavailable".into()));
    assert!(!unlogged.headers.contains_key("aegle-receipt"));
    let listed = session.get(&format!("/v1/records?patient={}", base58(&world.vault)), TREAT).await;
    assert_eq!(listed.status.as_u16(), 503);
    sqlx::query("ALTER TABLE protected.gone RENAME TO disclosure_log").execute(&pool).await.unwrap();
    session.record(record).await.ok();
}

/// The patient's entries, each as who is named in it asked for.
async fn asked(world: &World) -> Vec<Entry> {
    let (_, entries) = own(&world.session(&world.patient).await, world.vault).await;
    let mut asked = Vec::new();
    for logged in &entries {
        let entry = logged.entry.value().clone();
        let digest = entry.signed.as_ref().unwrap().sign_in;
        let text = world.client.get(format!("/v1/log/sign-ins/{digest}")).await.ok();
        let sign_in: SignIn = serde_json::from_value(text).unwrap();
        entry.check_signed(Some(&sign_in)).unwrap();
        asked.push(entry);
    }
    asked
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_keys_and_content_go_out_for_what_the_session_signed_and_for_nothing_else(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    let other = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let session = world.session(&doctor).await;
    let uri = format!("/v1/records/{}", base58(&record));
    let send = async |uri: &str, headers: &[(&'static str, String)]| {
        let mut request = Request::get(uri)
            .header("authorization", format!("Bearer {}", session.token))
            .header("aegle-purpose", TREAT);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        world.client.send(request.body(Body::empty()).unwrap()).await
    };
    let list = format!("/v1/records?patient={}", base58(&world.vault));
    for uri in [&uri, &format!("{uri}/content"), &list] {
        let refused = send(uri, &[]).await;
        assert_eq!(refused.problem(), (401, "request_unsigned".into()), "{uri}");
        assert!(!refused.headers.contains_key("aegle-receipt"), "nothing was decided");
    }
    let good = signature(&Method::GET, &uri, TREAT);
    let [input, signed] = good.clone();
    let elsewhere = signature(&Method::GET, &format!("/v1/records/{}", base58(&other)), TREAT);
    let payment = signature(&Method::GET, &uri, "HPAYMT");
    let own_key = request_key().pubkey();
    let stranger = (input.0, input.1.replace(&own_key.to_string(), &base58(&[9; 32])));
    for (what, headers) in [
        ("another record's", elsewhere.to_vec()),
        ("another purpose's", payment.to_vec()),
        ("another request's", vec![input.clone(), elsewhere[1].clone()]),
        ("another key", vec![stranger, signed.clone()]),
        ("two at once", vec![(input.0, format!("{}, other=()", input.1)), signed.clone()]),
        ("no text", vec![(input.0, "x".repeat(10)), signed.clone()]),
    ] {
        let refused = send(&uri, &headers).await;
        assert_eq!(refused.problem(), (401, "request_signature_invalid".into()), "{what}");
    }
    assert_eq!(send(&uri, std::slice::from_ref(&input)).await.problem(), (401, "request_unsigned".into()));
    sqlx::query("UPDATE protected.session SET request_key = $1").bind(key(9)).execute(&pool).await.unwrap();
    assert_eq!(send(&uri, &good).await.problem(), (401, "request_signature_invalid".into()), "another session's");
    sqlx::query("UPDATE protected.session SET request_key = $1").bind(own_key.to_bytes()).execute(&pool).await.unwrap();
    send(&uri, &good).await.ok();
    session.record(key(77)).await;
    assert_eq!(send(&list, &signature(&Method::GET, &list, TREAT)).await.status, 200);

    let entries = asked(&world).await;
    assert_eq!(entries.len(), 2, "the patient's own entry is not among them");
    assert_eq!(entries[0].operation, Operation::ReadRecord);
    let unknown = world.client.get(format!("/v1/log/sign-ins/{}", "00".repeat(32))).await;
    assert_eq!(unknown.problem(), (404, "not_found".into()));
    assert_eq!(world.client.get("/v1/log/sign-ins/x").await.problem(), (400, "invalid_address".into()));
    for change in ["UPDATE protected.sign_in SET at = 0", "DELETE FROM protected.sign_in", "TRUNCATE protected.sign_in"]
    {
        assert!(sqlx::query(change).execute(&pool).await.is_err(), "{change}");
    }
}

/// What needs no entry, and why.
const UNLOGGED: [(&str, &str); 13] = [
    ("/v1/inbox", "that something happened, without names, labels or records"),
    ("get /v1/events", "the same"),
    ("/v1/subscriptions", "who is told the same, for those who set it up"),
    ("post /v1/emergencies", "it takes a server with a relay: see `custodians.rs`"),
    ("get /v1/sessions", "the caller's own sessions"),
    ("delete /v1/sessions", "the caller's own sessions"),
    ("post /v1/sessions/renew", "the caller's own session"),
    ("delete /v1/sessions/{session}", "the caller's own session"),
    ("/v1/uploads", "ciphertext of the caller's own, before it is anybody's record"),
    ("/v1/relay", "the caller's own transactions, which are public"),
    ("get /v1/receipts/{index}", "what the caller was told before, and what was logged of it"),
    ("/v1/chain/", "what the chain says to everybody"),
    ("/v1/profiles/{account}", "a name that its owner, or who attests it, shows everybody"),
];

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_every_operation_on_what_is_a_patients_is_logged(pool: PgPool) {
    let mut config = config();
    let folder = tempfile::tempdir().unwrap();
    let agent = folder.path().join("agent.json");
    solana_keypair::write_keypair_file(&solana_keypair::Keypair::new(), &agent).unwrap();
    config.agent = Some(agent);
    let mut world = World::with(&pool, Client::with(&pool, &config)).await;
    let doctor = world.practitioner(2).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let (patient, at_work) = (world.session(&world.patient).await, world.session(&doctor).await);
    let stranger = world.session(&wallet(5)).await;
    let (vault, record, id) = (base58(&world.vault), base58(&record), hex::encode(key(61)));
    let opening = opening(&labels(&["laboratory"]), "anew").0;
    let wrapped = "BQUF".repeat(26) + "BQU=";
    let wrap = json!({ "holder": vault, "recipient": hex::encode(key(7)), "wrapped_key": wrapped });
    let policy = json!({ "kind": "aegle:policy:v1", "base": "all-normal" });
    let consent = json!({
        "vault": vault, "consent_id": id, "grantee": vault, "salt": id, "policy": policy.to_string(),
        "policy_salt": id, "encryption_key": id,
    });
    let mail = json!({
        "vault": vault, "upload": id, "opening": opening, "recipient": hex::encode([203; 32]), "wrapped_key": wrapped,
    });
    let plan = Document::new(CustodianPlan {
        kind: Default::default(),
        vault: Key(world.vault),
        threshold: 1,
        custodians: vec![Custodian { custodian: Key(key(8)), encryption_key: EncryptionKey(key(9)) }],
    });
    let signature: [u8; 64] = world.patient.sign_message(plan.bytes()).into();
    let plan = json!({
        "plan": std::str::from_utf8(plan.bytes()).unwrap(), "signature": BASE64_STANDARD.encode(signature),
    });
    let none = Value::Null;
    let of = |route: &str| format!("/v1/{route}?patient={vault}");
    let item = format!("/v1/mailbox/{vault}/{id}");
    let asked = [
        (&at_work, "get", "/v1/patients", "/v1/patients".to_owned(), none.clone(), 200),
        (&at_work, "get", "/v1/records", of("records"), none.clone(), 200),
        (&at_work, "get", "/v1/records/{record}", format!("/v1/records/{record}"), none.clone(), 200),
        (&stranger, "get", "/v1/records/{record}/content", format!("/v1/records/{record}/content"), none.clone(), 403),
        (
            &patient,
            "post",
            "/v1/records",
            "/v1/records".into(),
            json!({ "vault": vault, "record_id": id, "upload": id, "opening": opening, "wraps": [wrap] }),
            409,
        ),
        (
            &patient,
            "put",
            "/v1/records/{record}/content",
            format!("/v1/records/{record}/content"),
            json!({ "vault": vault, "upload": id, "wraps": [wrap] }),
            409,
        ),
        (&patient, "get", "/v1/consents", of("consents"), none.clone(), 200),
        (&at_work, "post", "/v1/consents", "/v1/consents".into(), consent, 403),
        (
            &patient,
            "post",
            "/v1/consents/draft",
            "/v1/consents/draft".into(),
            json!({ "vault": vault, "purposes": 1, "policy": policy }),
            200,
        ),
        (
            &patient,
            "get",
            "/v1/explain",
            format!("/v1/explain?patient={vault}&grantee={vault}&purpose=TREAT"),
            none.clone(),
            200,
        ),
        (&patient, "get", "/v1/wraps", of("wraps"), none.clone(), 200),
        (&patient, "get", "/v1/wraps/pending", of("wraps/pending"), none.clone(), 200),
        (&patient, "post", "/v1/wraps", "/v1/wraps".into(), json!({ "vault": vault, "wraps": [] }), 200),
        (&patient, "get", "/v1/keyrings", of("keyrings"), none.clone(), 200),
        (
            &patient,
            "post",
            "/v1/keyrings",
            "/v1/keyrings".into(),
            json!({ "vault": vault, "key_epoch": 0, "keyring": "ring" }),
            200,
        ),
        (&patient, "get", "/v1/guardian-shares", "/v1/guardian-shares".into(), none.clone(), 200),
        (
            &patient,
            "post",
            "/v1/guardian-shares",
            "/v1/guardian-shares".into(),
            json!({ "vault": vault, "key_epoch": 0, "holder": vault, "share": "share" }),
            403,
        ),
        (&patient, "get", "/v1/mailbox", of("mailbox"), none.clone(), 200),
        (&stranger, "post", "/v1/mailbox", "/v1/mailbox".into(), mail, 403),
        (&patient, "delete", "/v1/mailbox/{vault}/{item}", item.clone(), none.clone(), 403),
        (&patient, "get", "/v1/mailbox/{vault}/{item}/content", format!("{item}/content"), none.clone(), 403),
        (
            &patient,
            "post",
            "/v1/mailbox/{vault}/{item}/accept",
            format!("{item}/accept"),
            json!({ "record_id": id }),
            403,
        ),
        (&patient, "get", "/v1/access-requests", of("access-requests"), none.clone(), 200),
        (
            &at_work,
            "post",
            "/v1/access-requests",
            "/v1/access-requests".into(),
            json!({ "vault": vault, "purposes": 1, "actions": 1 }),
            200,
        ),
        (
            &patient,
            "delete",
            "/v1/access-requests/{vault}/{request}",
            format!("/v1/access-requests/{vault}/{id}"),
            none.clone(),
            403,
        ),
        (&patient, "get", "/v1/records/{record}/erasure", format!("/v1/records/{record}/erasure"), none.clone(), 200),
        (&patient, "get", "/v1/endings", of("endings"), none.clone(), 200),
        (&patient, "get", "/v1/holds", of("holds"), none.clone(), 200),
        (&patient, "get", "/v1/agent", of("agent"), none.clone(), 200),
        (&patient, "get", "/v1/custodians", of("custodians"), none.clone(), 200),
        (&patient, "put", "/v1/custodians", "/v1/custodians".into(), plan, 200),
        (&patient, "delete", "/v1/custodians", of("custodians"), none.clone(), 200),
        (&patient, "get", "/v1/custodian-shares", of("custodian-shares"), none.clone(), 200),
        (
            &patient,
            "post",
            "/v1/custodian-shares",
            "/v1/custodian-shares".into(),
            json!({ "vault": vault, "records": [] }),
            200,
        ),
        (&patient, "get", "/v1/emergencies", of("emergencies"), none.clone(), 200),
        (
            &at_work,
            "get",
            "/v1/emergencies/{break_glass}/shares",
            format!("/v1/emergencies/{record}/shares"),
            none.clone(),
            403,
        ),
        (&at_work, "get", "/v1/releases", "/v1/releases".into(), none.clone(), 200),
        (&at_work, "get", "/v1/releases/{break_glass}", format!("/v1/releases/{record}"), none.clone(), 403),
        (
            &at_work,
            "post",
            "/v1/releases/{break_glass}",
            format!("/v1/releases/{record}"),
            json!({ "shares": [] }),
            403,
        ),
        (&patient, "get", "/v1/disclosures", of("disclosures"), none.clone(), 200),
        (&patient, "get", "/v1/disclosures/accounting", of("disclosures/accounting"), none.clone(), 200),
        (&patient, "get", "/v1/disclosures/head", of("disclosures/head"), none.clone(), 200),
    ];
    let log = log(&world).await;
    let mut places = std::collections::BTreeSet::new();
    for (session, method, path, uri, body, status) in &asked {
        let body = (!body.is_null()).then_some(body);
        let answer = session.send(method.to_uppercase().parse().unwrap(), uri, Some(TREAT), body).await;
        assert_eq!(answer.status.as_u16(), *status, "{method} {path}: {}", answer.text);
        assert!(answer.headers.contains_key("aegle-receipt"), "{method} {path} is not logged");
        assert!(places.insert(log.check(&receipt(&answer)).unwrap().index), "{method} {path} has another's entry");
        assert_eq!(answer.status == 403, answer.json()["sealed"].is_string(), "{method} {path}");
    }
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let operated = format!("{method} {path}");
            let exempt = UNLOGGED.iter().any(|(name, _)| operated == *name || path.starts_with(name));
            let logged = asked.iter().any(|(_, of, at, ..)| (of, at) == (&method.as_str(), &path.as_str()));
            assert!(operation["security"].is_null() || logged || exempt, "nothing says that {operated} is logged");
        }
    }
    // Every one of them is in the patient's own log, each list of patients in that of each who is on it.
    let (_, entries) = own(&patient, world.vault).await;
    let mut operations: Vec<_> = entries.iter().map(|logged| logged.entry.value().operation).collect();
    operations.sort_unstable_by_key(|operation| format!("{operation:?}"));
    operations.dedup();
    // Head and account are of the same operation as the log; lists of shares and releases, and openings that are not
    // there, are nobody's.
    assert_eq!(operations.len(), asked.len() - 7, "{operations:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_7_a_refusal_tells_its_patient_why_and_nobody_else_anything(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let secret = SecretKey::generate(&mut rand::rngs::OsRng);
    sqlx::query("UPDATE vault SET encryption_key = $1").bind(secret.encryption_key().0).execute(&pool).await.unwrap();
    let doctor = world.practitioner(2).await;
    let mut withheld = labels(&["laboratory"]);
    withheld.sensitivity.insert("HIV".parse().unwrap());
    let withheld = world.record(&withheld, &[&doctor]).await;
    let consent = world.grant(&doctor, Grant::default()).await;
    let log = log(&world).await;
    let session = world.session(&doctor).await;
    let [denied, absent] = [session.record(withheld).await, session.record(key(250)).await];
    let nowhere = session.get(&format!("/v1/records?patient={}", base58(&key(251))), TREAT).await;
    let sealed = [&denied, &absent, &nowhere].map(|answer| {
        assert_eq!(answer.problem(), (403, "not_permitted".into()));
        let problem = answer.json();
        let names: Vec<_> = problem.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["code", "detail", "request_id", "sealed", "status", "title", "type"]);
        BASE64_STANDARD.decode(problem["sealed"].as_str().unwrap()).unwrap()
    });
    assert!(sealed.iter().all(|sealed| sealed.len() == 4_144), "all look alike");
    let opened = aegle_envelope::open_refusal(&sealed[0], &secret).unwrap();
    let logged = Logged::of_detail(&opened).unwrap();
    let receipt = log.check(&receipt(&denied)).unwrap();
    assert_eq!((logged.index, logged.commitment()), (receipt.index, receipt.commitment));
    let expected = Outcome::Deny { rule: RuleId::Sensitivity, consent: Some(Key(consent)) };
    assert_eq!(logged.entry.value().outcome, expected);
    for nobodys in &sealed[1..] {
        assert!(aegle_envelope::open_refusal(nobodys, &secret).is_err());
    }
}
