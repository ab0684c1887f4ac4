use sqlx::PgPool;

use crate::{
    client::{Client, config},
    facts::{Ledger, base58, day, key},
};

const VAULT: [u8; 32] = [10; 32];
const OTHER: [u8; 32] = [11; 32];

/// Seven of everything in one vault, two records in another, and seven registrars, the first of whom
/// issued seven credentials, as many as the second's to the same subjects.
async fn filled(pool: &PgPool) -> Ledger {
    let mut ledger = Ledger::new(pool).await;
    ledger.vault(101, VAULT).await;
    ledger.vault(101, OTHER).await;
    for number in 0..7 {
        ledger.record(110, VAULT, key(20 + number), 1, None).await;
        ledger.consent(110, VAULT, key(40 + number), day(110), day(1_000)).await;
        ledger.delegate(110, VAULT, key(60 + number), 1, day(1_000)).await;
        ledger.propose_recovery(110, VAULT, key(70 + number), 1).await;
        ledger.registrar(110, key(80 + number), 1).await;
        ledger.break_glass(110, VAULT, key(130 + number), key(140 + number), 1).await;
        ledger.credential(110, key(90 + number), key(80), key(100 + number), (day(110), day(1_000))).await;
        ledger.credential(110, key(120 + number), key(81), key(100), (day(110), day(1_000))).await;
    }
    ledger.record(110, OTHER, key(30), 1, None).await;
    ledger.record(110, OTHER, key(31), 1, None).await;
    ledger
}

fn list(vault: [u8; 32], name: &str) -> String {
    format!("/v1/chain/vaults/{}/{name}", base58(&vault))
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_hold_each_element_of_the_vault_once(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    for (path, id, first) in [
        (list(VAULT, "records") + "?", "record", 20),
        (list(VAULT, "consents") + "?", "consent", 40),
        (list(VAULT, "delegates") + "?", "delegate", 60),
        (list(VAULT, "recoveries") + "?", "recovery", 70),
        (list(VAULT, "break-glass") + "?", "break_glass", 130),
        ("/v1/chain/registrars?".into(), "registrar", 80),
        (format!("/v1/chain/credentials?registrar={}&", base58(&key(80))), "credential", 90),
        (format!("/v1/chain/credentials?registrar={}&", base58(&key(81))), "credential", 120),
    ] {
        for limit in [1, 3, 7, 8, 200] {
            let path = format!("{path}limit={limit}");
            let (mut uri, mut seen) = (path.clone(), Vec::new());
            loop {
                let body = client.get(&uri).await.ok();
                let page = body["data"].as_array().unwrap();
                assert!(page.len() <= limit);
                seen.extend(page.iter().map(|element| element[id].as_str().unwrap().to_owned()));
                let Some(next) = body["next"].as_str() else { break };
                uri = format!("{path}&cursor={next}");
            }
            let expected: Vec<_> = (0..7).map(|number| base58(&key(first + number))).collect();
            assert_eq!(seen, expected, "{path}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wallet_has_the_vaults_that_it_owns_and_no_more_those_that_a_recovery_took(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    let client = Client::new(&pool);
    let of = async |owner: [u8; 32], query: &str| {
        let body = client.get(format!("/v1/chain/vaults?owner={}{query}", base58(&owner))).await.ok();
        let vaults = body["data"].as_array().unwrap().iter();
        vaults.map(|vault| vault["vault"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(key(200), "").await, [base58(&VAULT), base58(&OTHER)]);
    assert_eq!(of(key(99), "").await, [""; 0]);
    assert_eq!(client.get("/v1/chain/vaults").await.problem(), (400, "invalid_parameter".into()));

    ledger.execute_recovery(152, VAULT, key(70)).await;
    assert_eq!(of(key(200), "&commitment=confirmed").await, [base58(&OTHER)]);
    assert_eq!(of(key(214), "&commitment=confirmed").await, [base58(&VAULT)]);
    assert_eq!(of(key(200), "").await, [base58(&VAULT), base58(&OTHER)], "not final yet");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_of_an_unknown_vault_is_not_found(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    for name in ["records", "consents", "delegates", "recoveries", "break-glass"] {
        assert_eq!(client.get(list(key(99), name)).await.problem(), (404, "not_found".into()));
        let before = format!("{}?as_of_slot=100", list(VAULT, name));
        assert_eq!(client.get(before).await.problem(), (404, "not_found".into()));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_holds_only_for_the_list_and_the_state_it_was_made_for(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let body = client.get(format!("{}?limit=1", list(VAULT, "records"))).await.ok();
    let cursor = body["next"].as_str().unwrap();
    client.get(format!("{}?cursor={cursor}&limit=200", list(VAULT, "records"))).await.ok();

    let events = format!("/v1/chain/events?after={cursor}");
    for uri in [
        format!("{}?cursor={cursor}", list(OTHER, "records")),
        format!("{}?cursor={cursor}", list(VAULT, "consents")),
        format!("{}?cursor={cursor}", list(VAULT, "delegates")),
        format!("{}?cursor={cursor}", list(VAULT, "recoveries")),
        format!("/v1/chain/registrars?cursor={cursor}"),
        format!("/v1/chain/credentials?cursor={cursor}"),
        format!("{}?cursor={cursor}&commitment=confirmed", list(VAULT, "records")),
        format!("{}?cursor={cursor}&as_of_slot=120", list(VAULT, "records")),
        format!("/v1/chain/records/{}?cursor={cursor}", base58(&key(20))),
        events,
    ] {
        assert_eq!(client.get(&uri).await.problem(), (400, "invalid_cursor".into()), "{uri}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn credentials_are_filtered_by_registrar_subject_and_kind(pool: PgPool) {
    let mut ledger = filled(&pool).await;
    ledger.credential_of("custodian", 110, key(150), key(82), key(100), (day(110), day(1_000))).await;
    ledger.credential_of("custodian", 110, key(151), key(82), key(101), (day(110), day(1_000))).await;
    ledger.credential(110, key(152), key(82), key(107), (day(110), day(1_000))).await;
    let client = Client::new(&pool);
    let (registrar, subject) = (format!("registrar={}", base58(&key(80))), format!("subject={}", base58(&key(100))));
    for (filter, expected) in [
        (String::new(), (90..97).chain(120..127).chain(150..153).collect()),
        (registrar.clone(), (90..97).collect()),
        (subject.clone(), [90].into_iter().chain(120..127).chain([150]).collect()),
        (format!("{registrar}&{subject}"), vec![90]),
        (format!("registrar={}", base58(&key(82))), vec![150, 151, 152]),
        (format!("registrar={}", base58(&key(83))), vec![]),
        ("kind=custodian".into(), vec![150, 151]),
        ("kind=agent".into(), vec![]),
        (format!("{subject}&kind=custodian"), vec![150]),
        (format!("registrar={}&kind=pharmacy", base58(&key(82))), vec![152]),
        (format!("{registrar}&{subject}&kind=pharmacy"), vec![90]),
        (format!("{registrar}&{subject}&kind=custodian"), vec![]),
        (format!("subject={}&as_of_slot=109", base58(&key(100))), vec![]),
    ] {
        let body = client.get(format!("/v1/chain/credentials?{filter}")).await.ok();
        let seen = body["data"].as_array().unwrap().iter();
        let seen: Vec<_> = seen.map(|credential| credential["credential"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<_> = expected.into_iter().map(|number: u8| base58(&key(number))).collect();
        assert_eq!(seen, expected, "{filter}");
    }

    let body = client.get(format!("/v1/chain/credentials?limit=1&{subject}")).await.ok();
    let cursor = body["next"].as_str().unwrap();
    let others = format!("subject={}", base58(&key(101)));
    for filter in [String::new(), registrar, others, format!("{subject}&kind=pharmacy")] {
        let answer = client.get(format!("/v1/chain/credentials?{filter}&cursor={cursor}")).await;
        assert_eq!(answer.problem(), (400, "invalid_cursor".into()), "{filter}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_that_was_changed_or_made_elsewhere_is_refused(pool: PgPool) {
    filled(&pool).await;
    let client = Client::new(&pool);
    let path = list(VAULT, "records");
    let body = client.get(format!("{path}?limit=1")).await.ok();
    let cursor = body["next"].as_str().unwrap();
    for index in 0..cursor.len() {
        let mut changed = cursor.as_bytes().to_vec();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let answer = client.get(format!("{path}?cursor={changed}")).await;
        assert_eq!(answer.problem(), (400, "invalid_cursor".into()), "character {index}");
    }
    for other in ["", "A", "%00", "null", &cursor[1..], &cursor[..cursor.len() - 4], &"A".repeat(1_000)] {
        let answer = client.get(format!("{path}?cursor={other}")).await;
        assert_eq!(answer.problem(), (400, "invalid_cursor".into()), "{other}");
    }

    let mut elsewhere = config();
    elsewhere.cursor_key = Some("08".repeat(32));
    let elsewhere = Client::with(&pool, &elsewhere);
    let answer = elsewhere.get(format!("{path}?cursor={cursor}")).await;
    assert_eq!(answer.problem(), (400, "invalid_cursor".into()));
}
