//! Keyrings, guardians' shares and wrapped content keys: whose they are.

use aegle_client::state::{ALL_RIGHTS, Right};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    facts::{Key, base58, key},
    sign_in::wallet,
    world::{Grant, Session, World, labels, policy},
};

const FORBIDDEN: (u16, &str) = (403, "not_permitted");

fn again<'a>(world: &'a World, token: &str) -> Session<'a> {
    Session { client: &world.client, token: token.to_owned() }
}

fn keyring(vault: Key, text: &str, guardians: &[&Keypair]) -> Value {
    let shares = guardians.iter().map(|guardian| {
        let guardian = guardian.pubkey().to_string();
        json!({ "share": format!("share for {guardian}"), "guardian": guardian })
    });
    json!({ "vault": base58(&vault), "key_epoch": 0, "keyring": text, "shares": shares.collect::<Vec<_>>() })
}

fn wrap(record: Key, holder: Key, recipient: Key, number: u8) -> Value {
    let wrap = json!({
        "holder": base58(&holder), "recipient": hex::encode(recipient),
        "wrapped_key": BASE64_STANDARD.encode([number; 80]),
    });
    json!({ "record": base58(&record), "wrap": wrap })
}

fn wraps(vault: Key, wraps: &[Value]) -> Value {
    json!({ "vault": base58(&vault), "wraps": wraps })
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_3_a_keyring_is_the_owners_alone_and_after_a_recovery_the_new_owners(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, carer, stranger, heir) = (world.practitioner(2).await, wallet(3), wallet(4), wallet(5));
    world.grant(&doctor, Grant::default()).await;
    world.delegate(&carer, ALL_RIGHTS).await;
    let token = world.session(&world.patient).await.token;

    for text in ["first", "second"] {
        again(&world, &token).post("/v1/keyrings", &keyring(world.vault, text, &[])).await.ok();
    }
    let kept = json!([{ "key_epoch": 0, "keyring": "second" }]);
    assert_eq!(again(&world, &token).of("keyrings", world.vault).await.ok()["data"], kept);
    for other in [&doctor, &carer, &stranger, &heir] {
        let session = world.session(other).await;
        assert_eq!(session.of("keyrings", world.vault).await.problem(), (FORBIDDEN.0, FORBIDDEN.1.into()));
        let stored = session.post("/v1/keyrings", &keyring(world.vault, "third", &[])).await;
        assert_eq!(stored.problem(), (FORBIDDEN.0, FORBIDDEN.1.into()));
    }

    world.recover(&heir).await;
    world.advance().await;
    assert_eq!(again(&world, &token).of("keyrings", world.vault).await.status, 403, "the vault is another's");
    assert_eq!(world.session(&heir).await.of("keyrings", world.vault).await.ok()["data"], kept);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_share_is_seen_by_its_guardian_and_by_the_new_owner_whom_that_one_hands_it(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (first, second, heir, stranger) = (wallet(2), wallet(3), wallet(4), wallet(5));
    let patient = world.session(&world.patient).await;
    patient.post("/v1/keyrings", &keyring(world.vault, "ring", &[&first, &second])).await.ok();
    let seen = async |world: &World, who: &Keypair| {
        let shares = world.session(who).await.get("/v1/guardian-shares", "TREAT").await.ok();
        let shares = shares["data"].as_array().unwrap().clone();
        shares.into_iter().map(|share| share["share"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for guardian in [&first, &second] {
        assert_eq!(seen(&world, guardian).await, [format!("share for {}", guardian.pubkey())]);
    }
    for other in [&heir, &stranger, &world.patient] {
        assert_eq!(seen(&world, other).await, [""; 0]);
    }

    let handed = json!({
        "vault": base58(&world.vault), "key_epoch": 0, "holder": heir.pubkey().to_string(), "share": "handed",
    });
    let early = world.session(&first).await.post("/v1/guardian-shares", &handed).await;
    assert_eq!(early.status, 403, "no recovery names the heir");
    world.propose_recovery(&heir).await;
    for (who, permitted) in [(&stranger, false), (&heir, false), (&world.patient, false), (&first, true)] {
        let answer = world.session(who).await.post("/v1/guardian-shares", &handed).await;
        assert_eq!(answer.status == 200, permitted, "{}", answer.text);
    }
    let mut other_epoch = handed.clone();
    other_epoch["key_epoch"] = 1.into();
    assert_eq!(world.session(&first).await.post("/v1/guardian-shares", &other_epoch).await.status, 403);
    assert_eq!(seen(&world, &heir).await, ["handed"]);
    assert_eq!(seen(&world, &second).await.len(), 1, "not what another guardian handed on");
    assert_eq!(seen(&world, &stranger).await, [""; 0]);
}

#[sqlx::test(migrations = "../migrations")]
async fn texts_that_are_too_long_or_no_database_holds_and_epochs_far_ahead_are_refused(pool: PgPool) {
    let world = World::new(&pool).await;
    let guardian = wallet(2);
    let patient = world.session(&world.patient).await;
    let mut share = keyring(world.vault, "ring", &[&guardian]);
    share["shares"][0]["share"] = "a\0b".into();
    let many: Vec<_> = (10..43).map(wallet).collect();
    for body in [
        keyring(world.vault, "a\0b", &[]),
        keyring(world.vault, &"a".repeat(48 * 1024 + 1), &[]),
        keyring(world.vault, "ring", &many.iter().collect::<Vec<_>>()),
        share,
    ] {
        assert_eq!(patient.post("/v1/keyrings", &body).await.problem(), (400, "invalid_body".into()));
    }
    patient.post("/v1/keyrings", &keyring(world.vault, "ring", &[&guardian])).await.ok();
    let mut early = keyring(world.vault, "ring", &[]);
    for (epoch, status) in [(1, 200), (2, 400)] {
        early["key_epoch"] = epoch.into();
        assert_eq!(patient.post("/v1/keyrings", &early).await.status, status, "epoch {epoch} of a vault at 0");
    }
    let handed = json!({
        "vault": base58(&world.vault), "key_epoch": 0, "holder": wallet(3).pubkey().to_string(), "share": "\0",
    });
    let handed = world.session(&guardian).await.post("/v1/guardian-shares", &handed).await;
    assert_eq!(handed.problem(), (400, "invalid_body".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn pending_keys_are_the_vaults_and_those_of_what_is_open(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, carer, agent) = (world.practitioner(2).await, wallet(3), wallet(4));
    world.delegate(&carer, Right::Read as u8).await;
    world.delegate(&agent, Right::Mint as u8).await;
    let lab = world.record(&labels(&["laboratory"]), &[]).await;
    let vital = world.record(&labels(&["vital-signs"]), &[]).await;
    let labs = policy(json!({ "permit": [{ "categories": ["laboratory"] }] }));
    world.grant(&doctor, Grant { policy: labs, ..Grant::default() }).await;

    let patient = world.session(&world.patient).await;
    let grantee = doctor.pubkey().to_bytes();
    let (own, doctors) = (key(203), grantee);
    let pending = |record: Key, holder: Key, recipient: Key| json!({ "record": base58(&record), "holder": base58(&holder), "recipient": hex::encode(recipient) });
    let mut expected =
        [pending(lab, world.vault, own), pending(vital, world.vault, own), pending(lab, grantee, doctors)];
    let sorted = |answer: Value| {
        let mut data = answer["data"].as_array().unwrap().clone();
        data.sort_by_key(Value::to_string);
        data
    };
    expected.sort_by_key(Value::to_string);
    assert_eq!(sorted(patient.of("wraps/pending", world.vault).await.ok()), expected);

    let missing = wraps(
        world.vault,
        &[
            wrap(lab, world.vault, own, 1),
            wrap(vital, world.vault, own, 1),
            wrap(lab, grantee, doctors, 1),
            wrap(key(250), grantee, doctors, 1),
        ],
    );
    for (who, permitted) in [(&doctor, false), (&agent, false), (&carer, true)] {
        let session = world.session(who).await;
        assert_eq!(session.of("wraps/pending", world.vault).await.status == 200, permitted);
        assert_eq!(session.of("wraps", world.vault).await.status == 200, permitted);
        let stored = session.post("/v1/wraps", &missing).await;
        assert_eq!(stored.status == 200, permitted, "{}", stored.text);
        if permitted {
            assert_eq!(stored.json()["data"]["stored"], 3, "not for a record that is not there");
        }
    }
    assert_eq!(patient.of("wraps/pending", world.vault).await.ok()["data"], json!([]));
    let read = world.session(&doctor).await.record(lab).await.ok();
    assert_eq!(read["data"]["key"]["wrapped_key"], BASE64_STANDARD.encode([1; 80]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_replaced_for_its_holder_only_and_has_80_bytes(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let (doctor, other) = (world.practitioner(2).await, wallet(5));
    let others_vault = world.vault(&other).await;
    let record = world.record(&labels(&["laboratory"]), &[&doctor]).await;
    world.grant(&doctor, Grant::default()).await;
    let holder = doctor.pubkey().to_bytes();

    let patient = world.session(&world.patient).await;
    let stored = async |session: &Session<'_>, vault: Key, holder: Key| {
        let body = wraps(vault, &[wrap(record, holder, doctor.pubkey().to_bytes(), 9)]);
        session.post("/v1/wraps", &body).await.ok()["data"]["stored"].clone()
    };
    let kept = async || {
        let read = world.session(&doctor).await.record(record).await.ok();
        BASE64_STANDARD.decode(read["data"]["key"]["wrapped_key"].as_str().unwrap()).unwrap()[0]
    };
    assert_eq!(stored(&patient, world.vault, key(99)).await, 0, "the recipient's key is another holder's");
    let stranger = world.session(&other).await;
    assert_eq!(stored(&stranger, others_vault, holder).await, 0, "the record is in another vault");
    assert_eq!(kept().await, 7);
    assert_eq!(stored(&patient, world.vault, holder).await, 1);
    assert_eq!(kept().await, 9);

    let mut short = wraps(world.vault, &[wrap(record, holder, key(3), 9)]);
    short["wraps"][0]["wrap"]["wrapped_key"] = BASE64_STANDARD.encode([9; 79]).into();
    assert_eq!(patient.post("/v1/wraps", &short).await.problem(), (400, "invalid_body".into()));
}
