//! Emergencies off the chain: who keeps shares, what opens them, and what a clinician then reads.

use aegle_decision::{Document, Emergency, Key as Account, RuleId, Statement};
use aegle_disclosure::{Entry, Operation, Outcome};
use aegle_envelope::{Custodian, CustodianPlan, EncryptionKey};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Answer, Client, config},
    facts::{FINALIZED, Key, base58, key, now},
    sign_in::wallet,
    world::{Grant, Session, World, labels},
};

const ETREAT: &str = "ETREAT";
const REFUSED: (u16, &str) = (403, "not_permitted");
const CUSTODIANS: [u8; 3] = [31, 32, 33];

/// A vault that allows emergencies, a record whose key is split over three custodians, and a clinician.
struct Scene {
    world: World,
    clinician: Keypair,
    credential: Key,
    record: Key,
    /// Not split.
    other: Key,
}

impl Scene {
    async fn new(pool: &PgPool) -> Self {
        Self::with(pool, Client::new(pool)).await
    }

    async fn with(pool: &PgPool, client: Client) -> Self {
        let mut world = World::with(pool, client).await;
        let vault = world.vault;
        world.ledger.emergency_policy(FINALIZED - 30, vault, 1).await;
        let clinician = wallet(2);
        let credential = world.credential(&clinician, "practitioner").await;
        sqlx::query("UPDATE credential SET emergency = true WHERE credential = $1")
            .bind(credential)
            .execute(pool)
            .await
            .unwrap();
        for number in CUSTODIANS {
            world.credential(&wallet(number), "custodian").await;
        }
        let record = world.record(&labels(&["laboratory"]), &[]).await;
        let other = world.record(&labels(&["imaging"]), &[]).await;
        let scene = Self { world, clinician, credential, record, other };
        let dealt = json!({
            "vault": base58(&scene.world.vault),
            "records": [{ "record": base58(&record), "shares": CUSTODIANS.map(|number| share(number, number)) }],
        });
        let stored = scene.world.session(&scene.world.patient).await.post("/v1/custodian-shares", &dealt).await.ok();
        assert_eq!(stored["data"]["stored"], 3);
        scene
    }

    fn statement(&self) -> Statement {
        Statement {
            kind: Default::default(),
            vault: Account(self.world.vault),
            break_glass_id: key(61),
            clinician: Account(self.clinician.pubkey().to_bytes()),
            credential: Account(self.credential),
            encryption_key: key(223),
            records: [Account(self.record), Account(self.other)].into(),
            reason: "Unconscious after a fall".into(),
            expires_at: now() + 3_600,
        }
    }

    /// The clinician's statement as the server keeps it, before it is on chain.
    async fn state(&self, statement: Statement) -> Key {
        keep_statement(&self.world, statement, &self.clinician).await
    }

    /// What is stated, on chain.
    async fn open(&mut self, statement: Statement, slot: i64) -> Key {
        open_emergency(&mut self.world, statement, &self.clinician, slot).await
    }

    async fn custodian(&self, place: usize) -> Session<'_> {
        self.world.session(&wallet(CUSTODIANS[place])).await
    }

    async fn clinician(&self) -> Session<'_> {
        self.world.session(&self.clinician).await
    }

    /// The patient's log from its end: what was asked and by which rule it was refused or released.
    async fn log(&self) -> Vec<(Operation, Result<Vec<(Account, RuleId)>, RuleId>)> {
        let patient = self.world.session(&self.world.patient).await;
        let uri = format!("/v1/disclosures?patient={}&limit=200", base58(&self.world.vault));
        let page = patient.get(&uri, "PATRQT").await.ok();
        let entries = page["data"].as_array().unwrap().iter();
        let entries = entries.map(|row| serde_json::from_str::<Entry>(row["entry"].as_str().unwrap()).unwrap());
        let told = entries.filter(|entry| entry.purpose == ETREAT).map(|entry| {
            let outcome = match entry.outcome {
                Outcome::Permit { records, .. } => Ok(records.iter().map(|one| (one.record, one.rule)).collect()),
                Outcome::Deny { rule, .. } => Err(rule),
            };
            (entry.operation, outcome)
        });
        told.collect()
    }
}

/// Keeps a statement as the server does; the account of its opening.
async fn keep_statement(world: &World, statement: Statement, clinician: &Keypair) -> Key {
    let break_glass = key(statement.break_glass_id[0] + 100);
    let records: Vec<Vec<u8>> = statement.records.iter().map(|record| record.0.to_vec()).collect();
    let (statement, salt) = (Document::new(statement), key(62));
    let signature: [u8; 64] = clinician.sign_message(statement.bytes()).into();
    sqlx::query(
        "INSERT INTO protected.emergency (break_glass, vault, clinician, statement, records, signature, salt,
                                          commitment, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(break_glass)
    .bind(statement.value().vault.0)
    .bind(statement.value().clinician.0)
    .bind(std::str::from_utf8(statement.bytes()).unwrap())
    .bind(records)
    .bind(signature)
    .bind(salt)
    .bind(Emergency::commitment(&statement, &signature, &salt))
    .bind(statement.value().expires_at)
    .execute(&world.pool)
    .await
    .unwrap();
    break_glass
}

/// Keeps a statement and has its opening on chain; the account of the opening.
pub async fn open_emergency(world: &mut World, statement: Statement, clinician: &Keypair, slot: i64) -> Key {
    let (id, vault, expires_at) = (statement.break_glass_id, statement.vault.0, statement.expires_at);
    let break_glass = keep_statement(world, statement, clinician).await;
    world.ledger.break_glass(slot, vault, break_glass, id, expires_at).await;
    sqlx::query(
        "UPDATE break_glass b SET commitment = e.commitment FROM protected.emergency e
         WHERE e.break_glass = b.break_glass AND b.break_glass = $1",
    )
    .bind(break_glass)
    .execute(&world.pool)
    .await
    .unwrap();
    world.advance().await;
    break_glass
}

trait InAnEmergency {
    async fn etreat(&self, uri: &str, body: &Value) -> Answer;
}

impl InAnEmergency for Session<'_> {
    async fn etreat(&self, uri: &str, body: &Value) -> Answer {
        self.send(Method::POST, uri, Some(ETREAT), Some(body)).await
    }
}

/// Two of these.
pub fn plan(vault: Key, custodians: &[Keypair]) -> CustodianPlan {
    let named = custodians.iter().map(|custodian| Custodian {
        custodian: Account(custodian.pubkey().to_bytes()),
        encryption_key: EncryptionKey(key(223)),
    });
    CustodianPlan { kind: Default::default(), vault: Account(vault), threshold: 2, custodians: named.collect() }
}

pub fn signed_plan(plan: &CustodianPlan, by: &Keypair) -> Value {
    let document = Document::new(plan.clone());
    let signature: [u8; 64] = by.sign_message(document.bytes()).into();
    let text = std::str::from_utf8(document.bytes()).unwrap();
    json!({ "plan": text, "signature": BASE64_STANDARD.encode(signature) })
}

fn share(custodian: u8, fill: u8) -> Value {
    json!({
        "custodian": wallet(custodian).pubkey().to_string(), "recipient": hex::encode(key(223)), "threshold": 2,
        "share": sealed(fill),
    })
}

fn sealed(fill: u8) -> String {
    BASE64_STANDARD.encode([fill; 81])
}

fn releases(break_glass: Key) -> String {
    format!("/v1/releases/{}", base58(&break_glass))
}

fn collecting(break_glass: Key) -> String {
    format!("/v1/emergencies/{}/shares", base58(&break_glass))
}

fn released(record: Key, fill: u8) -> Value {
    json!({ "shares": [{ "record": base58(&record), "share": sealed(fill) }] })
}

fn column(answer: &Value, name: &str) -> Vec<String> {
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_1_shares_go_from_custodians_to_the_clinician_once_the_opening_is_confirmed(pool: PgPool) {
    let mut scene = Scene::new(&pool).await;
    let (record, rule) = (scene.record, RuleId::BreakGlass { break_glass: Account(key(161)) });
    for custodian in 0..3 {
        assert_eq!(column(&scene.custodian(custodian).await.get("/v1/releases", ETREAT).await.ok(), "vault").len(), 0);
    }
    assert_eq!(scene.clinician().await.get(&record_of(record), ETREAT).await.problem().0, 403);

    let break_glass = scene.state(scene.statement()).await;
    let custodian = scene.custodian(0).await;
    assert_eq!(column(&custodian.get("/v1/releases", ETREAT).await.ok(), "vault").len(), 0, "stated, and not opened");
    assert_eq!(custodian.get(&releases(break_glass), ETREAT).await.problem(), (REFUSED.0, REFUSED.1.into()));
    drop(custodian);
    sqlx::query("DELETE FROM protected.emergency").execute(&pool).await.unwrap();

    // Confirmed is enough.
    let break_glass = scene.open(scene.statement(), FINALIZED + 3).await;
    for (place, number) in CUSTODIANS.into_iter().enumerate().take(2) {
        let custodian = scene.custodian(place).await;
        let pending = custodian.get("/v1/releases", ETREAT).await.ok();
        assert_eq!(column(&pending, "break_glass"), [base58(&break_glass)]);
        assert_eq!(pending["data"][0]["opened"], true);
        let fetched = custodian.get(&releases(break_glass), ETREAT).await.ok();
        assert_eq!(column(&fetched, "share"), [sealed(number)], "the own share alone");
        for stored in [1, 0] {
            let answer = custodian.etreat(&releases(break_glass), &released(record, 50 + place as u8)).await.ok();
            assert_eq!(answer["data"]["stored"], stored, "once");
        }
        assert_eq!(column(&custodian.get("/v1/releases", ETREAT).await.ok(), "vault").len(), 0, "nothing is left");
    }
    let custodian = scene.custodian(2).await;
    let others = custodian.etreat(&releases(break_glass), &released(scene.other, 1)).await.ok();
    assert_eq!(others["data"]["stored"], 0, "of a record of which it keeps no share");
    assert_eq!(custodian.get(&collecting(break_glass), ETREAT).await.problem(), (REFUSED.0, REFUSED.1.into()));

    let clinician = scene.clinician().await;
    let collected = clinician.get(&collecting(break_glass), ETREAT).await.ok();
    let mut shares = column(&collected, "share");
    shares.sort();
    let mut expected = vec![sealed(50), sealed(51)];
    expected.sort();
    assert_eq!(shares, expected);
    assert_eq!(collected["data"][0]["threshold"], 2);
    let held = clinician.get(&record_of(record), ETREAT).await.ok();
    assert_eq!(held["data"]["key"]["state"], "key_pending");
    assert_eq!(clinician.get(&record_of(record), "TREAT").await.problem(), (REFUSED.0, REFUSED.1.into()));
    // The blob of this record is none: that it is looked for says that it would be served.
    assert_eq!(clinician.get(&format!("{}/content", record_of(record)), ETREAT).await.status.as_u16(), 500);

    let log = scene.log().await;
    let of = |operation: Operation| {
        let entries = log.iter().filter(move |(of, _)| *of == operation);
        entries.map(|(_, outcome)| outcome.clone()).collect::<Vec<_>>()
    };
    let one = || Ok(vec![(Account(record), rule)]);
    assert_eq!(of(Operation::FetchShares), [Err(RuleId::EmergencyNotOpened), one(), one()][1..], "{log:?}");
    assert_eq!(of(Operation::ReleaseShares)[..4], [one(), Ok(vec![]), one(), Ok(vec![])]);
    assert_eq!(of(Operation::CollectShares).last(), Some(&one()));
    assert_eq!(of(Operation::ReadRecord)[1], one());
}

fn record_of(record: Key) -> String {
    format!("/v1/records/{}", base58(&record))
}

type Spoil = fn(&mut Statement);

#[sqlx::test(migrations = "../migrations")]
async fn inv_1_nothing_is_released_for_what_is_over_forbidden_or_not_what_the_chain_has(pool: PgPool) {
    let mut scene = Scene::new(&pool).await;
    let statement = scene.statement();
    let over = Statement { expires_at: now() - 1, ..statement.clone() };
    let over = scene.open(over, FINALIZED - 3).await;
    let held = Statement { break_glass_id: key(63), ..statement };
    let break_glass = scene.open(held, FINALIZED - 3).await;
    let refused = async |scene: &Scene, break_glass: Key, what: &str| {
        let custodian = scene.custodian(0).await;
        let expected = (REFUSED.0, REFUSED.1.to_owned());
        assert_eq!(custodian.get(&releases(break_glass), ETREAT).await.problem(), expected, "{what}");
        let answer = custodian.etreat(&releases(break_glass), &released(scene.record, 1)).await;
        assert_eq!(answer.problem(), expected, "{what}");
        assert_eq!(scene.clinician().await.get(&collecting(break_glass), ETREAT).await.problem(), expected, "{what}");
    };
    refused(&scene, over, "over").await;
    refused(&scene, key(250), "nowhere").await;
    scene.custodian(0).await.get(&releases(break_glass), ETREAT).await.ok();

    let stranger = scene.world.session(&wallet(9)).await;
    assert_eq!(stranger.get(&releases(break_glass), ETREAT).await.problem(), (REFUSED.0, REFUSED.1.into()));
    let patient = scene.world.session(&scene.world.patient).await;
    assert_eq!(patient.get(&releases(break_glass), ETREAT).await.problem(), (REFUSED.0, REFUSED.1.into()));

    sqlx::query("UPDATE break_glass SET commitment = $1").bind(key(1)).execute(&pool).await.unwrap();
    scene.world.advance().await;
    refused(&scene, break_glass, "another commitment").await;
    sqlx::query(
        "UPDATE break_glass b SET commitment = e.commitment FROM protected.emergency e
                 WHERE e.break_glass = b.break_glass",
    )
    .execute(&pool)
    .await
    .unwrap();
    scene.world.advance().await;
    scene.custodian(0).await.get(&releases(break_glass), ETREAT).await.ok();

    let vault = scene.world.vault;
    scene.world.ledger.emergency_policy(FINALIZED + 4, vault, 0).await;
    scene.world.advance().await;
    refused(&scene, break_glass, "forbidden, confirmed").await;
}

/// A scene whose server has a relay and a node that does not answer: what is decided before it is asked.
async fn about_to_open(pool: &PgPool) -> (Scene, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.json");
    write_keypair_file(&Keypair::new(), &file).unwrap();
    let mut config = config();
    config.relay.keypair = Some(file);
    config.relay.rpc_url = Some(serde_json::from_value(json!("http://127.0.0.1:9")).unwrap());
    (Scene::with(pool, Client::with(pool, &config)).await, folder)
}

pub fn signed(statement: &Statement, by: &Keypair) -> Value {
    let document = Document::new(statement.clone());
    let signature: [u8; 64] = by.sign_message(document.bytes()).into();
    json!({
        "statement": std::str::from_utf8(document.bytes()).unwrap(),
        "signature": BASE64_STANDARD.encode(signature), "salt": hex::encode(key(62)),
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_9_an_opening_is_decided_and_logged_before_the_chain_is_asked(pool: PgPool) {
    let (mut scene, _folder) = about_to_open(&pool).await;
    let statement = scene.statement();
    let open = async |scene: &Scene, statement: &Statement| {
        scene.clinician().await.etreat("/v1/emergencies", &signed(statement, &scene.clinician)).await
    };
    let spoiled: [(RuleId, Spoil); 3] = [
        (RuleId::EmergencyExpired, |signed| signed.expires_at = now() - 1),
        (RuleId::CredentialMissing, |signed| signed.credential = Account(key(9))),
        (RuleId::OpeningMismatch, |signed| signed.clinician = Account(wallet(9).pubkey().to_bytes())),
    ];
    for (rule, spoil) in spoiled {
        let mut spoilt = statement.clone();
        spoil(&mut spoilt);
        let by = if rule == RuleId::OpeningMismatch { wallet(9) } else { scene.clinician.insecure_clone() };
        let answer = scene.clinician().await.etreat("/v1/emergencies", &signed(&spoilt, &by)).await;
        assert_eq!(answer.problem(), (REFUSED.0, REFUSED.1.into()), "{rule:?}");
        assert!(answer.headers.contains_key("aegle-receipt"));
        assert_eq!(scene.log().await.last().unwrap(), &(Operation::OpenEmergency, Err(rule)));
    }
    let set = async |sql: &'static str| {
        sqlx::query(sql).execute(&pool).await.unwrap();
        scene.world.advance().await;
    };
    for (rule, spoil, undo) in [
        (
            RuleId::CredentialNotForEmergencies,
            "UPDATE credential SET emergency = false WHERE kind = 'practitioner'",
            "UPDATE credential SET emergency = true WHERE kind = 'practitioner'",
        ),
        (
            RuleId::EmergencyForbidden,
            "UPDATE vault_change SET emergency_policy = 0 WHERE emergency_policy = 1",
            "UPDATE vault_change SET emergency_policy = 1 WHERE emergency_policy = 0",
        ),
    ] {
        set(spoil).await;
        assert_eq!(open(&scene, &statement).await.problem(), (REFUSED.0, REFUSED.1.into()), "{rule:?}");
        assert_eq!(scene.log().await.last().unwrap(), &(Operation::OpenEmergency, Err(rule)));
        set(undo).await;
    }

    assert_eq!(open(&scene, &statement).await.problem(), (503, "relay_unavailable".into()));
    let rule = RuleId::BreakGlass {
        break_glass: Account(
            aegle_client::pda::find_break_glass(&scene.world.vault.into(), &statement.break_glass_id).0.to_bytes(),
        ),
    };
    let opened = Ok(statement.records.iter().map(|record| (*record, rule)).collect());
    assert_eq!(scene.log().await.last().unwrap(), &(Operation::OpenEmergency, opened));
    let own = scene.clinician().await.get("/v1/emergencies", ETREAT).await.ok();
    assert_eq!((own["data"][0]["opened"].clone(), own["data"][0]["reviewed"].clone()), (json!(false), json!(false)));
    assert_eq!(scene.clinician().await.get(&record_of(scene.record), ETREAT).await.problem().0, 403, "not on chain");

    // It may be about to land, so no other may be opened; the same may be tried again.
    let second = Statement { break_glass_id: key(64), ..statement.clone() };
    assert_eq!(open(&scene, &second).await.problem(), (REFUSED.0, REFUSED.1.into()));
    assert_eq!(scene.log().await.last().unwrap().1, Err(RuleId::EmergencyUnreviewed));
    assert_eq!(open(&scene, &statement).await.problem(), (503, "relay_unavailable".into()));
    let other = json!({ "salt": hex::encode(key(65)) });
    let mut resalted = signed(&statement, &scene.clinician);
    resalted["salt"] = other["salt"].clone();
    let answer = scene.clinician().await.etreat("/v1/emergencies", &resalted).await;
    assert_eq!(answer.problem(), (409, "commitment_mismatch".into()));

    // An earlier one that landed blocks until it is reviewed.
    sqlx::query("UPDATE protected.emergency SET stored_at = now() - interval '1 hour'").execute(&pool).await.unwrap();
    let earlier = Statement { break_glass_id: key(66), ..statement.clone() };
    let earlier = scene.open(earlier, FINALIZED - 2).await;
    assert_eq!(open(&scene, &second).await.problem(), (REFUSED.0, REFUSED.1.into()));
    assert_eq!(scene.log().await.last().unwrap().1, Err(RuleId::EmergencyUnreviewed));
    let vault = scene.world.vault;
    scene.world.ledger.review_break_glass(FINALIZED + 4, vault, earlier).await;
    scene.world.advance().await;
    assert_eq!(open(&scene, &second).await.problem(), (503, "relay_unavailable".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_statement_is_one_by_its_clinician_and_a_server_without_relay_opens_nothing(pool: PgPool) {
    let (scene, _folder) = about_to_open(&pool).await;
    let clinician = scene.clinician().await;
    let statement = scene.statement();
    let answer = clinician.etreat("/v1/emergencies", &signed(&statement, &wallet(9))).await;
    assert_eq!(answer.problem(), (403, "signature_invalid".into()));
    for spoil in [|signed: &mut Statement| signed.records.clear(), |signed: &mut Statement| signed.reason.clear()] {
        let mut spoilt = statement.clone();
        spoil(&mut spoilt);
        let answer = clinician.etreat("/v1/emergencies", &signed(&spoilt, &scene.clinician)).await;
        assert_eq!(answer.problem(), (400, "invalid_body".into()));
    }
    assert_eq!(column(&clinician.get("/v1/emergencies", ETREAT).await.ok(), "vault").len(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_patient_sees_who_opened_and_why_and_nobody_else_does(pool: PgPool) {
    let mut scene = Scene::new(&pool).await;
    let break_glass = scene.open(scene.statement(), FINALIZED - 3).await;
    let uri = format!("/v1/emergencies?patient={}", base58(&scene.world.vault));
    let patient = scene.world.session(&scene.world.patient).await;
    let told = patient.get(&uri, "PATRQT").await.ok();
    assert_eq!(column(&told, "break_glass"), [base58(&break_glass)]);
    assert!(told["data"][0]["statement"].as_str().unwrap().contains("Unconscious after a fall"));
    let others = [scene.clinician().await, scene.custodian(0).await, scene.world.session(&wallet(9)).await];
    for (place, other) in others.iter().enumerate() {
        assert_eq!(other.get(&uri, "PATRQT").await.problem(), (REFUSED.0, REFUSED.1.into()));
        let own = other.get("/v1/emergencies", ETREAT).await.ok();
        assert_eq!(column(&own, "vault").len(), usize::from(place == 0), "the clinician's own");
    }
    assert_eq!(column(&others[2].get("/v1/releases", ETREAT).await.ok(), "vault").len(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_clinicians_key_is_given_by_custodians_and_never_left_to_the_patients_next_session(pool: PgPool) {
    let mut scene = Scene::new(&pool).await;
    let clinician = scene.clinician.insecure_clone();
    scene.world.grant(&clinician, Grant::default()).await;
    let emergency = Statement { records: [Account(scene.other)].into(), ..scene.statement() };
    sqlx::query("UPDATE consent SET purposes = 1").execute(&pool).await.unwrap();
    sqlx::query("UPDATE protected.opening SET policy = $1")
        .bind(json!({ "kind": "aegle:policy:v1", "base": "deny" }).to_string())
        .execute(&pool)
        .await
        .unwrap();
    scene.open(emergency, FINALIZED - 3).await;
    scene.clinician().await.get(&record_of(scene.other), ETREAT).await.ok();
    let patient = scene.world.session(&scene.world.patient).await;
    let pending = patient.of("wraps/pending", scene.world.vault).await.ok();
    assert!(!column(&pending, "holder").contains(&clinician.pubkey().to_string()), "{pending}");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_3_who_keeps_shares_is_the_owners_to_say_and_shares_end_with_the_plan_and_the_content(pool: PgPool) {
    let scene = Scene::new(&pool).await;
    let vault = scene.world.vault;
    let plan = plan(vault, &CUSTODIANS.map(wallet));
    let put = async |who: &Keypair, by: &Keypair, plan: &CustodianPlan| {
        let body = signed_plan(plan, by);
        scene.world.session(who).await.send(Method::PUT, "/v1/custodians", None, Some(&body)).await
    };
    let (patient, stranger) = (&scene.world.patient, &wallet(9));
    let uri = format!("/v1/custodians?patient={}", base58(&vault));
    let owner = scene.world.session(patient).await;
    assert_eq!(owner.get(&uri, "PATRQT").await.ok()["data"]["plan"], Value::Null);
    assert_eq!(put(stranger, stranger, &plan).await.problem(), (REFUSED.0, REFUSED.1.into()));
    assert_eq!(put(patient, stranger, &plan).await.problem(), (403, "signature_invalid".into()));
    let unmet = CustodianPlan { threshold: 4, ..plan.clone() };
    assert_eq!(put(patient, patient, &unmet).await.problem(), (400, "invalid_body".into()));

    let dealt = async || column(&owner.of("custodian-shares", vault).await.ok(), "custodian").len();
    assert_eq!(dealt().await, 3);
    put(patient, patient, &plan).await.ok();
    assert_eq!(dealt().await, 0, "those of another plan end");
    let kept = owner.get(&uri, "PATRQT").await.ok();
    assert!(kept["data"]["plan"].as_str().unwrap().contains("\"threshold\":2"));
    for other in [stranger, &scene.clinician, &wallet(CUSTODIANS[0])] {
        let other = scene.world.session(other).await;
        assert_eq!(other.get(&uri, "PATRQT").await.problem(), (REFUSED.0, REFUSED.1.into()));
        assert_eq!(other.of("custodian-shares", vault).await.problem(), (REFUSED.0, REFUSED.1.into()));
        let shares = json!({
            "vault": base58(&vault), "records": [{ "record": base58(&scene.record), "shares": [share(31, 1)] }],
        });
        assert_eq!(other.post("/v1/custodian-shares", &shares).await.problem(), (REFUSED.0, REFUSED.1.into()));
    }
    let shares = |record: Key, threshold: u8| {
        let mut shares = CUSTODIANS.map(|number| share(number, number));
        shares.iter_mut().for_each(|share| share["threshold"] = threshold.into());
        json!({ "vault": base58(&vault), "records": [{ "record": base58(&record), "shares": shares }] })
    };
    for threshold in [0, 4] {
        let answer = owner.post("/v1/custodian-shares", &shares(scene.record, threshold)).await;
        assert_eq!(answer.problem(), (400, "invalid_body".into()));
    }
    for _ in 0..2 {
        owner.post("/v1/custodian-shares", &shares(scene.record, 3)).await.ok();
        assert_eq!(dealt().await, 3, "in the place of earlier ones");
    }
    let upload = owner.upload(&[5; 200]).await;
    let wrap = json!({
        "holder": base58(&vault), "recipient": hex::encode(key(203)), "wrapped_key": BASE64_STANDARD.encode([9; 80]),
    });
    let anew =
        json!({ "vault": base58(&vault), "upload": upload, "wraps": [wrap], "shares": [share(31, 1), share(32, 2)] });
    // The blob that goes was made up.
    owner.send(Method::PUT, &format!("{}/content", record_of(scene.record)), None, Some(&anew)).await.ok();
    assert_eq!(dealt().await, 2, "shares of the old key end with it");
    owner.delete(&uri).await.ok();
    assert_eq!(dealt().await, 0);
}
