//! Nothing that a caller may not see shows in anything they get (INV-1, INV-7).

use std::collections::BTreeSet;

use aegle_client::state::Purpose;
use aegle_decision::{ConsentOpening, Decision, Labels, Request, Views, decide};
use aegle_disclosure::SignedReceipt;
use axum::http::HeaderMap;
use jiff::civil::date;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{self, CONFIRMED, FINALIZED, base58},
    sign_in::wallet,
    timing,
    world::{Grant, Session, TREAT, World, labels, policy},
};

const CATEGORIES: [&str; 4] = ["laboratory", "vital-signs", "imaging", "document"];
const SENSITIVITIES: [&str; 3] = ["HIV", "PSY", "SDV"];
/// Random worlds; each is asked some forty requests, twice.
const WORLDS: u64 = 10;

/// A permissive stand-in for the engine: whoever asks is taken for the owner.
fn permit_everything(views: &Views, openings: &[ConsentOpening], request: &Request) -> Decision {
    let mut views = views.clone();
    for view in [&mut views.finalized, &mut views.confirmed] {
        if let Some(vault) = &mut view.vault {
            vault.owner = request.caller.key;
        }
    }
    decide(&views, openings, request)
}

fn some_labels(rng: &mut ChaCha8Rng) -> Labels {
    let mut labels =
        labels(&CATEGORIES.choose_multiple(rng, 2).copied().take(1 + rng.gen_range(0..2)).collect::<Vec<_>>());
    if rng.gen_bool(0.3) {
        labels.sensitivity.insert(SENSITIVITIES.choose(rng).unwrap().parse().unwrap());
    }
    if rng.gen_bool(0.8) {
        let from = date(2020 + rng.gen_range(0..5), rng.gen_range(1..=12), rng.gen_range(1..=28));
        (labels.from, labels.until) = (Some(from), Some(from));
    }
    labels
}

fn some_grant(rng: &mut ChaCha8Rng, records: &[facts::Key]) -> Grant {
    let base = ["deny", "basic-normal", "all-normal", "all-normal"].choose(rng).unwrap();
    let permit =
        json!([{ "categories": CATEGORIES.choose_multiple(rng, 3).collect::<Vec<_>>(), "from": "2021-01-01" }]);
    let denied: Vec<_> = records.choose_multiple(rng, 2).map(|record| base58(record)).collect();
    let mut grant = Grant {
        policy: policy(json!({
            "base": base, "permit": permit, "deny": [{ "records": denied }],
            "sensitivity": [SENSITIVITIES.choose(rng).unwrap()],
        })),
        ..Grant::default()
    };
    match rng.gen_range(0..6) {
        0 => grant.slot = FINALIZED + 2,
        1 => grant.days.1 = facts::day(CONFIRMED),
        2 => grant.purposes = Purpose::Research as u16,
        _ => {}
    }
    grant
}

/// What a caller sees of an answer: everything but what differs between any two.
fn seen(headers: &HeaderMap, status: u16, text: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date", "aegle-lag-seconds"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .map(|(name, value)| match name.as_str() {
            "aegle-receipt" => (name, same_of(&value)),
            _ => (name, value),
        })
        .collect();
    headers.sort();
    // The id of the request, the second of the answer and how long ago the node was asked.
    let text = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(mut value) => {
            value.as_object_mut().map(|object| object.remove("request_id"));
            if let Some(sealed) = value["sealed"].as_str().map(str::len) {
                value["sealed"] = sealed.into();
            }
            if let Some(meta) = value["meta"].as_object_mut() {
                meta.retain(|name, _| !["evaluated_at", "lag_seconds"].contains(&name.as_str()));
            }
            value.to_string()
        }
        Err(_) => text.to_owned(),
    };
    (status, headers, text)
}

/// What two receipts for the same request have in common: place, commitment, time and signature differ.
fn same_of(receipt: &str) -> String {
    let signed = SignedReceipt::from_text(receipt).unwrap().receipt;
    // The request's digest is of what was sent, which is another each time.
    format!("{} characters, {}, {}", receipt.len(), signed.finalized_slot, signed.confirmed_slot)
}

/// Everything that `session` can be told about these vaults and records.
async fn ask_everything(
    session: &Session<'_>,
    vaults: &[facts::Key],
    records: &[facts::Key],
) -> Vec<(String, (u16, Vec<(String, String)>, String))> {
    let mut uris = vec!["/v1/patients".to_owned(), "/v1/patients?limit=1".to_owned()];
    for vault in vaults.iter().map(|vault| base58(vault)) {
        for query in ["", "&limit=1", "&limit=3&sort=date", "&sort=-minted", "&category=laboratory", "&from=2022-01-01"]
        {
            uris.push(format!("/v1/records?patient={vault}{query}"));
        }
        for route in ["consents", "wraps", "wraps/pending", "keyrings", "mailbox", "access-requests", "disclosures"] {
            uris.push(format!("/v1/{route}?patient={vault}"));
        }
        uris.push(format!("/v1/explain?patient={vault}&grantee={vault}&purpose=TREAT"));
    }
    for record in records.iter().map(|record| base58(record)) {
        uris.push(format!("/v1/records/{record}"));
        uris.push(format!("/v1/records/{record}/content"));
    }
    let mut answers = Vec::new();
    for uri in uris {
        let mut next = Some(uri);
        while let Some(uri) = next {
            let answer = session.get(&uri, TREAT).await;
            let seen = seen(&answer.headers, answer.status.as_u16(), &answer.text);
            next = serde_json::from_str::<serde_json::Value>(&answer.text)
                .ok()
                .and_then(|page| page["next"].as_str().map(str::to_owned))
                .map(|cursor| format!("{}&cursor={cursor}", uri.split("&cursor").next().unwrap()))
                .filter(|uri| uri.contains('?'));
            answers.push((uri, seen));
        }
    }
    answers
}

struct Outcome {
    /// Requests whose answers changed with what may not be seen.
    leaks: Vec<String>,
    denied: usize,
    permitted: usize,
}

/// Asks everything, takes away what may not be seen, and asks again.
async fn compare(pool: &PgPool, seed: u64, client: Client) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::with(pool, client).await;
    let doctor = world.practitioner(2).await;
    let (other_patient, other_doctor) = (wallet(5), world.practitioner(6).await);
    let other = world.vault(&other_patient).await;
    let mut records = Vec::new();
    for place in 0..rng.gen_range(6..14) {
        let vault = if place % 4 == 3 { other } else { world.vault };
        let labels = some_labels(&mut rng);
        let slot = if rng.gen_bool(0.15) { FINALIZED + 1 } else { FINALIZED - 20 };
        records.push((vault, world.record_in(vault, slot, &labels, &[&doctor]).await));
    }
    let addresses: Vec<_> = records.iter().map(|(_, record)| *record).collect();
    for _ in 0..rng.gen_range(0..6) {
        let consent = world.grant(&doctor, some_grant(&mut rng, &addresses)).await;
        if rng.gen_bool(0.25) {
            world.ledger.revoke(FINALIZED + 3, world.vault, consent).await;
        }
    }
    world.grant_in(other, &other_doctor, Grant::default()).await;

    let session = world.session(&doctor).await;
    let vaults = [world.vault, other];
    let before = ask_everything(&session, &vaults, &addresses).await;

    // What may be read is asked of the engine, here and not in the server.
    let honest = Session { client: &Client::new(pool), token: session.token.clone() };
    let mut permitted = BTreeSet::new();
    for vault in vaults {
        if honest.get(&format!("/v1/records?patient={}", base58(&vault)), TREAT).await.status == 200 {
            permitted.extend(honest.records(vault, "").await);
        }
    }
    let denied: Vec<_> = addresses.iter().filter(|record| !permitted.contains(&base58(*record))).copied().collect();
    for record in &denied {
        sqlx::query("DELETE FROM protected.content WHERE record = $1").bind(record).execute(pool).await.unwrap();
    }
    let after = ask_everything(&session, &vaults, &addresses).await;
    let changed = before.iter().filter(|answer| !after.contains(answer));
    let leaks = changed.map(|(uri, (status, _, text))| format!("{uri} {status} {text}")).collect();
    Outcome { leaks, denied: denied.len(), permitted: permitted.len() }
}

async fn clear(pool: &PgPool) {
    sqlx::query("TRUNCATE slot, checkpoint, node_tip, protected.content, protected.opening, protected.session CASCADE")
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_7_every_answer_is_that_of_a_server_without_what_is_denied(pool: PgPool) {
    let (mut denied, mut permitted) = (0, 0);
    for seed in 0..WORLDS {
        clear(&pool).await;
        let outcome = compare(&pool, seed, Client::new(&pool)).await;
        assert_eq!(outcome.leaks, [""; 0], "seed {seed}");
        (denied, permitted) = (denied + outcome.denied, permitted + outcome.permitted);
    }
    assert!(denied > 20 && permitted > 10, "{denied} denied, {permitted} permitted");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_1_without_the_engine_the_comparison_finds_leaks(pool: PgPool) {
    let mut leaks = 0;
    for seed in 0..WORLDS {
        clear(&pool).await;
        leaks += compare(&pool, seed, Client::deciding_by(&pool, permit_everything)).await.leaks.len();
    }
    assert!(leaks > 0, "nothing depends on the engine");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_1_row_level_security_keeps_strangers_out_also_without_the_engine(pool: PgPool) {
    let mut world = World::with(&pool, Client::deciding_by(&pool, permit_everything)).await;
    let (stranger, dismissed) = (world.practitioner(2).await, world.practitioner(3).await);
    let record = world.record(&labels(&["laboratory"]), &[&stranger, &dismissed]).await;
    let consent = world.grant(&dismissed, Grant::default()).await;
    let held = world.session(&dismissed).await.token;
    let session = Session { client: &world.client, token: held.clone() };
    assert_eq!(session.record(record).await.status, 200, "the wall alone does not judge policies");
    world.ledger.revoke(FINALIZED + 1, world.vault, consent).await;
    world.advance().await;
    let token = world.session(&stranger).await.token;
    for token in [token, held] {
        let session = Session { client: &world.client, token };
        assert_eq!(session.record(record).await.problem(), (403, "not_permitted".into()));
        assert_eq!(session.records(world.vault, "").await, [""; 0]);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_7_a_refusal_takes_as_long_whether_something_is_there_or_not(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let doctor = world.practitioner(2).await;
    let mut secret = labels(&["laboratory"]);
    secret.sensitivity.insert("HIV".parse().unwrap());
    let denied = world.record(&secret, &[]).await;
    world.grant(&doctor, Grant::default()).await;
    let token = world.session(&doctor).await.token;
    // Few pairs, so that the bound is wide; the benchmark asks 10,000.
    let area = timing::distinguish(&world.client, &token, denied, 400, 4).await;
    assert!(area < 0.62, "{area}");
}
